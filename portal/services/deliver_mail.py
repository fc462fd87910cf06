"""Deliver the mails that are due (security.md, "Mail outbox"): claim, send outside any transaction, mark.

A crash between the server's "250" and the mark sends the same mail again, with the same Message-ID: at least once. What
cannot be delivered to a student flags the case, so that staff use the post; the clock of the case keeps running.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from sqlalchemy import Connection, update
from uuid_utils.compat import uuid7

from config import Settings
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.permissions import SYSTEM
from portal.mail import delivery, messages
from portal.mail.delivery import EXPIRED, FAILED, QUARANTINED, SENT, Claimed
from portal.mail.render import NotRenderable
from portal.mail.transports import Later, Paused, Refused, Transport, transport_for
from portal.records import casebook
from portal.records.db import db, hold_writing
from portal.records.tables.cases import Case
from portal.services import address_change, erasures, retention, tell_campaigns
from portal.services.casework import staff_for
from portal.services.mail_batch import SHREDDED, Batch
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import INSTALLATION

log = logging.getLogger("portal.mail")
BATCH, MOST = 10, 40  # mails claimed at once: more of them while the server is quick, so that a slow one's are shared
QUICK = 0.25  # seconds for a batch
SPARE = timedelta(minutes=2)  # what a slow server may still take of a lease
SILENT = frozenset({"silence", "garbage", "folder"})  # faults of the server, not of the mail: the batch ends
COUNTS_AS_TOLD = frozenset({"extended", "erasure_planned", "email_change_asked"})


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the mails of one run, by state; `paused` holds the fault that stopped the queue."""

    sent: int = 0
    waiting: int = 0
    failed: int = 0
    quarantined: int = 0
    expired: int = 0
    paused: str = ""

    def as_dict(self) -> dict[str, int | str]:
        return {name: getattr(self, name) for name in self.__slots__}


def never() -> bool:
    return False


def deliver(
    clock: Clock, transport: Transport | None = None, stopping: Callable[[], bool] = never, batch: int = BATCH
) -> Delivered:
    """Sends everything that is due; returns when nothing is left, the queue is paused, or `stopping` says so."""
    settings: Settings = current_app.config["SETTINGS"]
    line = transport or transport_for(settings.mail_url)
    with db.engine.connect() as connection:
        run = _Run(clock, line, stopping, connection, batch)
        try:
            while run.one_batch():
                pass
        finally:
            line.close()
    return Delivered(**run.counts, paused=run.paused)


class _Run:
    def __init__(
        self, clock: Clock, transport: Transport, stopping: Callable[[], bool], marks: Connection, most: int
    ) -> None:
        self.clock, self.transport, self.stopping, self.marks = clock, transport, stopping, marks
        self.most = most
        self.worker = uuid7()
        self.counts: Counter[str] = Counter()
        self.paused = ""
        self.more = False  # the last batch was full

    def one_batch(self) -> bool:
        """Claims and sends one batch; whether there may be more to do."""
        if self.stopping() or not (self.more or self._anything_due()):
            return False
        began = time.monotonic()
        with writing(SYSTEM, self.clock) as work:
            work.require(Act.DELIVER_MAIL)
            pause = delivery.pause(work.session)
            if pause is not None and work.now < pause.until:
                self.paused = pause.fault
                return False
            probing = pause is not None
            mails = delivery.claim(work.session, work.now, self.worker, 1 if probing else self.most)
        self.more = len(mails) == self.most
        batch = Batch(self.clock, mails)
        for place, mail in enumerate(mails):
            too_late = self.clock.now() > mail.lease_until - SPARE
            if self.stopping() or too_late or not self._one(batch, place, probing):
                self._give_back(mails[place:])
                return False
        if time.monotonic() < began + QUICK:
            self.most = min(self.most * 2, MOST)
        return bool(mails)

    def _anything_due(self) -> bool:
        with reading(SYSTEM, self.clock) as work:
            return delivery.anything_due(work.session, work.now)

    def _one(self, batch: Batch, place: int, probing: bool) -> bool:
        """Sends one mail; whether the next one may be tried."""
        mail = batch.mails[place]
        if mail.expires_at is not None and mail.expires_at <= self.clock.now():
            self._end(mail, EXPIRED, "too_old")
            return True
        try:
            letter = batch.letter(place)
        except NotRenderable as error:
            self._quarantine(mail, error.fault)
            return True
        try:
            self.transport.send(letter.mail, meanwhile=lambda: batch.write(place + 1))
        except Paused as fault:
            self._pause(fault.fault)
            return False
        except Later as fault:
            self._later(mail, letter.staff, fault.fault)
            return fault.fault not in SILENT
        except Refused as fault:
            self._fail(mail, letter.staff, fault.fault)
            return True
        self._sent(mail, probing)
        return True

    def _sent(self, mail: Claimed, probing: bool) -> None:
        """Most marks write nothing else and need no unit; nor do they have to give way, the server is spoken to
        between two of them."""
        if probing or mail.kind in COUNTS_AS_TOLD:
            with writing(SYSTEM, self.clock) as work:
                mine = self._mark_sent(work.session.connection(), mail)
                if probing and delivery.end_pause(work.session):
                    log.warning("mail queue resumed")
                if mine:
                    _count_as_told(work, mail)
        else:
            with self.marks.begin():
                hold_writing(self.marks)
                self._mark_sent(self.marks, mail)
        self.counts[SENT] += 1

    def _mark_sent(self, connection: Connection, mail: Claimed) -> bool:
        now = self.clock.now()
        return delivery.mark(connection, mail, self.worker, SENT, attempts=mail.attempts + 1, sent_at=now)

    def _end(self, mail: Claimed, state: str, fault: str) -> None:
        with writing(SYSTEM, self.clock) as work:
            delivery.mark(work.session.connection(), mail, self.worker, state, fault)
        self.counts[state] += 1

    def _quarantine(self, mail: Claimed, fault: str) -> None:
        """Nobody was told, so whoever it was for gets a letter; but for mails whose key went with what they told of."""
        log.error("mail quarantined", extra={"mail": str(mail.id), "kind": mail.kind, "fault": fault})
        with writing(SYSTEM, self.clock) as work:
            mine = delivery.mark(work.session.connection(), mail, self.worker, QUARANTINED, fault)
            if mine and fault != SHREDDED:
                _flag(work, mail, mail.holder == INSTALLATION, fault)
        self.counts[QUARANTINED] += 1

    def _later(self, mail: Claimed, to_staff: bool, fault: str) -> None:
        with writing(SYSTEM, self.clock) as work:
            state = delivery.mark_later(work.session, mail, self.worker, work.now, fault)
            if state == FAILED:
                _flag(work, mail, to_staff, fault)
        self.counts[state] += 1

    def _fail(self, mail: Claimed, to_staff: bool, fault: str) -> None:
        with writing(SYSTEM, self.clock) as work:
            if delivery.mark(work.session.connection(), mail, self.worker, FAILED, fault, attempts=mail.attempts + 1):
                _flag(work, mail, to_staff, fault)
        self.counts[FAILED] += 1

    def _pause(self, fault: str) -> None:
        with writing(SYSTEM, self.clock) as work:
            pause = delivery.begin_pause(work.session, work.now, fault)
        self.paused = fault
        log.error("mail queue paused", extra={"fault": fault, "until": pause.until.isoformat(), "trips": pause.trips})

    def _give_back(self, mails: list[Claimed]) -> None:
        with writing(SYSTEM, self.clock) as work:
            delivery.release(work.session, mails, self.worker)


def _flag(work: Work, mail: Claimed, to_staff: bool, fault: str) -> None:
    """The student's case goes on by post: its timeline says why, staff are told, and the letter is on their list (rule
    29 of ux.md). The case's version stays: nobody who is deciding loses a form over it."""
    log.warning("mail undeliverable", extra={"mail": str(mail.id), "kind": mail.kind, "fault": fault})
    if to_staff:
        return
    if mail.case_id is None:
        tell_campaigns.mail_failed(work, mail.id)
        retention.mail_failed(work, mail.id)
        return
    work.session.execute(update(Case).where(Case.id == mail.case_id).values(by_post=True))
    failed = EventKind.MAIL_FAILED.value
    work.session.add(
        casebook.new_event(
            work.vault,
            mail.case_id,
            failed,
            work.now,
            work.actor.kind.value,
            None,
            mail=mail.kind,
            fault=fault,
        )
    )
    work.note("mail_failed", "case", mail.case_id, kind=mail.kind, fault=fault)
    case = work.session.get_one(Case, mail.case_id)
    for staff in staff_for(work, case):
        work.send(messages.staff_by_post(staff.email, staff.language, staff.id, case.id, case.reference, mail.id))


def _count_as_told(work: Work, mail: Claimed) -> None:
    """The mail server took a notice that counts from when the student is told: of an extension (regulation, "The
    clock"), of an erasure or of another address, which can still be stopped."""
    from portal.services import extend_case

    if mail.kind == "extended" and mail.case_id is not None:
        extend_case.mark_told(work, mail.case_id, work.today)
    elif mail.kind == "erasure_planned":
        erasures.mail_sent(work, mail.id)
    elif mail.kind == "email_change_asked":
        address_change.notice_sent(work, mail.id)
