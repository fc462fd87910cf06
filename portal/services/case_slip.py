"""A slip with the code of a case, for who has no usable mail or lost the code: on paper, with a square to scan."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from sqlalchemy import delete

from config import Settings
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.digits import only_digits
from portal.domain.permissions import Actor
from portal.i18n import best, speaker
from portal.letters.slip import SlipKind, slip_pdf
from portal.records import casebook
from portal.records.tables.access import Login
from portal.services import limits
from portal.services.held_case import held_case
from portal.services.unit import writing


@dataclass(frozen=True, slots=True)
class CaseSlip:
    """A PDF that holds the only copy of the code."""

    content: bytes
    name: str


def print_case_slip(actor: Actor, clock: Clock, reference: str, known: str = "") -> CaseSlip:
    """A slip in the asker's language with a new code: the one before opens nothing any more, and whoever came in by it
    is signed out. Where `known` is the code of this case, the slip has that one and nothing changes.

    Raises NotFound, NotAllowed, TooMany.
    """
    limits.demand(clock, "second_made", str(actor.id))
    settings: Settings = current_app.config["SETTINGS"]
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.PRINT_LETTER)
        lang, policy, today = best([case.language]), work.policy, work.today
        work.note("print_case_slip", "case", case.id)
        of_code = work.vault.find(casebook.CODE_LOOKUP, only_digits(known), "case") if known else ()
        code = known if case.id in of_code else casebook.new_code()
        if code != known:
            work.session.execute(delete(Login).where(Login.case_id == case.id))
            work.session.flush()
            # Last: the keys' database commits by itself. A crash behind it leaves a code that nobody has; printing
            # again makes another.
            work.vault.index(casebook.holder(case.id), casebook.CLASS, [(casebook.CODE_LOOKUP, only_digits(code))])
    content = slip_pdf(
        SlipKind.CASE,
        speaker(lang),
        code,
        f"{settings.base_url.rstrip('/')}/{lang}/code",
        policy=policy,
        on=today,
        reference=reference,
    )
    return CaseSlip(content, f"{reference}.pdf")
