"""The mails that a worker has claimed, as letters: read a batch at once, and each written while the one before is sent.

What was read holds for a second. When the server is slow the rest is read again, so that nobody is written to whose key
went meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from flask import current_app
from sqlalchemy import bindparam, select

from config import Settings
from portal.audit.log import head as log_head
from portal.audit.log import in_header
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.mail import delivery
from portal.mail.delivery import Claimed
from portal.mail.mime import Mail
from portal.mail.render import House, NotRenderable, Sheet, render
from portal.policy.model import Policy
from portal.records.tables.cases import Case
from portal.services.unit import Work, reading
from portal.vault.envelope import Tampered
from portal.vault.vault import Shredded

SHREDDED = "shredded"  # the fault of a mail whose key is gone
FRESH = 1.0  # seconds
KNOWN = select(Case.id).where(Case.id.in_(bindparam("cases", expanding=True)), Case.student_id.is_not(None))


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, and whether it goes to staff."""

    mail: Mail
    staff: bool


class Batch:
    """The letters of some claimed mails, asked for one after the other."""

    def __init__(self, clock: Clock, mails: Sequence[Claimed]) -> None:
        self.mails = mails
        self._clock = clock
        self._house = house()
        self._read_at = float("-inf")
        self._sheets: dict[UUID, Sheet | NotRenderable] = {}
        self._written: dict[UUID, Letter | NotRenderable] = {}

    def letter(self, place: int) -> Letter:
        """The letter at that place of the batch. Raises NotRenderable."""
        if time.monotonic() > self._read_at + FRESH:
            self._read(place)
        self.write(place)
        letter = self._written.pop(self.mails[place].id)
        if isinstance(letter, NotRenderable):
            raise letter
        return letter

    def write(self, place: int) -> None:
        """Writes a letter from what was read, if there is one at that place: asks nothing and never raises."""
        if place >= len(self.mails) or (id := self.mails[place].id) in self._written:
            return
        sheet = self._sheets[id]
        try:
            self._written[id] = Letter(render(sheet, self._house), sheet.staff) if isinstance(sheet, Sheet) else sheet
        except NotRenderable as fault:
            self._written[id] = fault

    def _read(self, place: int) -> None:
        self._written.clear()
        mails = self.mails[place:]
        cases = [mail.case_id for mail in mails if mail.case_id is not None]
        with reading(SYSTEM, self._clock) as work:
            work.vault.preload(mail.holder for mail in mails)
            known = set(work.session.connection().execute(KNOWN, {"cases": cases}).scalars()) if cases else set()
            head = in_header(log_head(work.session))
            self._sheets = {mail.id: _sheet(work, mail, mail.case_id in known, head) for mail in mails}
        self._read_at = time.monotonic()


def house() -> House:
    """What this installation's mails have in common."""
    settings: Settings = current_app.config["SETTINGS"]
    policy = cast(Policy, current_app.extensions["policy"])
    keeper = policy.controller
    return House(settings.base_url, settings.mail_from, keeper.name, keeper.contact_phone or keeper.phone)


def _sheet(work: Work, mail: Claimed, known: bool, log_head: str) -> Sheet | NotRenderable:
    """What the mail says; `known`: its case is a student's."""
    try:
        body = delivery.open_body(work.vault, mail)
        return Sheet(
            kind=mail.kind,
            language=mail.language,
            to=body["to"],
            message_id=mail.message_id,
            created_at=mail.created_at,
            arguments=body["arguments"],
            expires_at=mail.expires_at,
            staff=bool(body["staff"]),
            by_code=mail.case_id is not None and not known and not body["staff"],
            log_head=log_head,
        )
    except Shredded:
        return NotRenderable(SHREDDED)
    except Tampered:
        return NotRenderable("tampered")
    except (KeyError, TypeError):
        return NotRenderable("bad_body")
