"""Two workers over a mail server that fails at each stage in each way: every mail ends somewhere, and none is lost."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.domain.clock import FixedClock
from portal.mail import delivery
from portal.mail.transports import SmtpTransport
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case, CaseEvent
from portal.records.tables.proof import OutMail
from portal.services.deliver_mail import deliver
from portal.services.to_post import due_letters
from portal.services.unit import reading
from tests.factories import SYSTEM
from tests.faults.faulty import FAULTS, STAGES, FaultyServer, Trouble, faulty_server
from tests.mail.posts import file_case
from tests.proofs import LONG, keep, rounds

pytestmark = pytest.mark.proof

CELLS = [Trouble(stage, fault) for stage in STAGES for fault in FAULTS]
ENDS = {delivery.SENT, delivery.FAILED, delivery.QUARANTINED}
PATIENCE = 0.25  # seconds of silence, in the place of thirty
MAILS = 4
WORKERS = 2


def cells() -> list[Trouble]:
    """All of them in `make proof`; in `make test` each stage and each fault at least once."""
    if LONG:
        return CELLS
    chance = random.Random(20261128)
    faults = list(FAULTS)
    chance.shuffle(faults)
    sample = [Trouble(STAGES[number % len(STAGES)], fault) for number, fault in enumerate(faults)]
    return [*sample, Trouble("RCPT", "550"), Trouble("end", "250-then-drop")]


def work(app: Flask, clock: FixedClock, port: int) -> None:
    """One run of each worker at the same time, each with a connection of its own."""
    faults: list[BaseException] = []

    def one() -> None:
        line = SmtpTransport("127.0.0.1", port, user="portal", password="secret", seconds=PATIENCE)
        with app.app_context():
            try:
                deliver(clock, line, batch=2)
            except BaseException as fault:
                faults.append(fault)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults


def next_moment(clock: FixedClock) -> bool:
    """Moves the clock to when something is to be done again; False when nothing waits."""
    db.session.rollback()
    waits = db.session.execute(
        select(OutMail.next_at, OutMail.lease_until).where(OutMail.state == delivery.WAITING)
    ).all()
    if not waits:
        return False
    pause = delivery.pause(db.session())
    earliest = min(max(row.next_at, row.lease_until or row.next_at) for row in waits)
    clock.set(max(clock.now() + timedelta(seconds=1), earliest, pause.until if pause else earliest))
    return True


def spoil(case_id: UUID) -> None:
    """A row whose contents are not what was sealed: it cannot become a mail."""
    begin_write()
    db.session.execute(update(OutMail).where(OutMail.case_id == case_id).values(sealed=b"spoilt" * 20))
    db.session.commit()


def play(app: Flask, clock: FixedClock, server: FaultyServer, trouble: Trouble, times: int) -> Counter[str]:
    """One cell: some mails, one of them spoilt, through the trouble; what became of them."""
    before = len(server.taken)
    cases = [file_case(clock, f"student{number}@example.org") for number in range(MAILS)]
    spoil(cases[0])
    server.trouble(trouble, times)
    moments = 0
    while next_moment(clock):
        work(app, clock, server.port)
        moments += 1
        assert moments < 60, f"{trouble}: the mails never come to an end"
    server.trouble(None)
    taken = Counter(server.taken[before:])
    found = db.session.execute(
        select(OutMail.case_id, OutMail.state, OutMail.message_id).where(OutMail.case_id.in_(cases))
    ).all()
    for row in found:
        accepted = taken[row.message_id.encode()]
        assert row.state in ENDS, f"{trouble}: {row.state}"
        assert row.state != delivery.SENT or accepted, f"{trouble}: marked as sent and never taken"
        if row.state in {delivery.FAILED, delivery.QUARANTINED}:
            assert_by_post(clock, row.case_id)
    states = Counter(row.state for row in found)
    assert states[delivery.QUARANTINED] == 1
    states["twice"] = sum(number - 1 for number in taken.values())
    return states


def assert_by_post(clock: FixedClock, case_id: UUID) -> None:
    """Staff have the task: the case goes on by post, the letter is on the list, the timeline says why."""
    with reading(SYSTEM, clock) as work_:
        case = work_.session.get_one(Case, case_id, populate_existing=True)
        assert case.by_post
        assert due_letters(work_, case)
        kinds = work_.session.execute(select(CaseEvent.kind).where(CaseEvent.case_id == case_id)).scalars()
        assert "mail_failed" in set(kinds)


def test_every_mail_ends_sent_failed_with_a_task_or_quarantined(app: Flask, clock: FixedClock):
    ends: Counter[str] = Counter()
    played = cells()
    with app.app_context(), faulty_server() as server:
        for trouble in played:
            for times in range(1, rounds(1, 3) + 1):
                ends += play(app, clock, server, trouble, times * 2)
        engine, twice = db.engine.dialect.name, ends.pop("twice", 0)
    keep("faulty_server", engine=engine, cells=len(played), workers=WORKERS, lost=0, duplicates=twice, **ends)
    assert ends[delivery.SENT] > len(played)
    assert ends[delivery.FAILED]


def test_the_server_fails_as_it_is_told_and_only_so_often():
    with faulty_server() as server:
        server.trouble(Trouble("RCPT", "550"), 1)
        assert [server._fault_at(stage) for stage in ("MAIL", "RCPT", "RCPT")] == [None, "550", None]
