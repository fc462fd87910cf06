"""Mails on their way out, over a real server, on both engines (security.md, "Mail outbox")."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Role
from portal.mail import delivery, messages
from portal.mail.delivery import Claimed
from portal.mail.mime import Mail
from portal.mail.transports import Later, Meanwhile, Paused, Refused, SmtpTransport, Transport, nothing
from portal.records.db import begin_write, db
from portal.records.tables.cases import CaseEvent
from portal.records.tables.proof import OutMail
from portal.services import deliver_mail, mail_batch
from portal.services.deliver_mail import deliver
from portal.services.unit import writing
from portal.vault.envelope import Holder
from tests.factories import make_staff, vault
from tests.mail.posts import Line, case_of, file_case, row_of, rows, send_all
from tests.mail.servers import real_server
from tests.services.test_queue import statements

pytestmark = pytest.mark.slow

TO = "somebody@example.org"


def send(clock: FixedClock, port: int) -> dict[str, int | str]:
    return deliver(clock, SmtpTransport("127.0.0.1", port, seconds=5)).as_dict()


def events_of(case_id: object) -> list[str]:
    return list(db.session.execute(select(CaseEvent.kind).where(CaseEvent.case_id == case_id)).scalars())


def test_an_accepted_mail_is_sent_once(app: Flask, clock: FixedClock):
    with app.app_context(), real_server() as (box, port):
        case_id = file_case(clock)
        assert send(clock, port)["sent"] == 1
        assert send(clock, port)["sent"] == 0
        row = row_of(case_id)
        assert (row.state, row.attempts, row.sent_at, row.leased_by) == ("sent", 1, clock.now(), None)
        (mail,) = box.mails
        assert mail["Message-ID"] == row.message_id
        assert box.envelopes[0][1] == [TO]
        assert case_of(case_id).reference in str(mail["Subject"])


def test_a_450_waits_a_minute_then_two_and_is_then_sent(app: Flask, clock: FixedClock):
    with app.app_context(), real_server() as (box, port):
        box.answers[TO] = ["450 busy", "451 busy"]
        case_id = file_case(clock)
        assert send(clock, port)["waiting"] == 1
        assert row_of(case_id).next_at == clock.now() + timedelta(minutes=1)
        assert send(clock, port)["waiting"] == 0, "not before its time"
        clock.advance(timedelta(minutes=1))
        send(clock, port)
        row = row_of(case_id)
        assert (row.attempts, row.fault, row.next_at) == (2, "smtp_451", clock.now() + timedelta(minutes=2))
        clock.advance(timedelta(minutes=2))
        assert send(clock, port)["sent"] == 1
        assert not case_of(case_id).by_post
        assert len(box.mails) == 1


def test_a_550_fails_and_the_case_goes_on_by_post(app: Flask, clock: FixedClock):
    with app.app_context(), real_server() as (box, port):
        box.answers[TO] = ["550 no such user"]
        case_id = file_case(clock)
        version = case_of(case_id).version
        assert send(clock, port)["failed"] == 1
        case = case_of(case_id)
        assert (row_of(case_id).state, row_of(case_id).fault) == ("failed", "smtp_550")
        assert case.by_post
        assert case.version == version, "whoever is deciding loses no form over it"
        assert "mail_failed" in events_of(case_id)
        assert not box.mails


def test_staff_are_told_by_mail_that_a_letter_must_be_posted(app: Flask, clock: FixedClock):
    with app.app_context(), real_server() as (box, port):
        make_staff("officer", Role.PRIVACY_OFFICER)
        box.answers[TO] = ["550 no such user"]
        reference = case_of(file_case(clock)).reference
        send(clock, port)
        send(clock, port)
        told = [str(mail.get_body(("plain",))) for mail in box.mails]
        assert sum("kwam niet aan" in text and reference in text and "/staff/post" in text for text in told) == 1


def test_five_days_of_not_now_fail_and_flag_the_case(sqlite_app: Flask):
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        case_id = file_case(clock)
        began = clock.now()
        line = Line(*(Later("smtp_450") for _ in range(100)))
        while row_of(case_id).state == "waiting":
            clock.set(row_of(case_id).next_at)
            deliver(clock, line)
        assert timedelta(days=4, hours=18) <= clock.now() - began <= timedelta(days=5)
        assert row_of(case_id).state == "failed"
        assert case_of(case_id).by_post
        assert line.tries < 40


def test_waits_double_from_one_minute_to_six_hours():
    waits = [delivery.wait_before(number) for number in range(1, 12)]
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert max(waits) == timedelta(hours=6)


@pytest.mark.parametrize("reply", ["421 closing", "452 no room"])
def test_a_server_that_takes_nothing_pauses_the_queue(app: Flask, clock: FixedClock, reply: str):
    with app.app_context(), real_server() as (box, port):
        first, second = file_case(clock, "first@example.org"), file_case(clock, "second@example.org")
        box.answers["first@example.org"] = [reply]
        assert send(clock, port)["paused"] == f"smtp_{reply[:3]}"
        for case_id in (first, second):
            row = row_of(case_id)
            assert (row.state, row.attempts, row.leased_by) == ("waiting", 0, None), "no attempt is counted"
        assert send(clock, port)["sent"] == 0, "nothing is tried while the queue is paused"
        clock.advance(timedelta(minutes=1))
        assert send(clock, port)["sent"] == 2
        assert delivery.pause(db.session()) is None


def test_a_pause_grows_while_the_server_stays_away_and_tries_one_mail_at_a_time(sqlite_app: Flask):
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        file_case(clock, "first@example.org")
        file_case(clock, "second@example.org")
        line = Line(*(Paused("unreachable") for _ in range(8)))
        lengths = []
        for tries in range(1, 9):
            deliver(clock, line)
            assert line.tries == tries
            found = delivery.pause(db.session())
            assert found is not None
            assert found.trips == tries
            lengths.append((found.until - clock.now()) / timedelta(minutes=1))
            clock.set(found.until)
        assert lengths == [1, 2, 4, 8, 16, 30, 30, 30]
        assert deliver(clock, line).sent == 2


def test_a_silent_server_ends_the_batch_and_the_others_wait_for_the_next_run(sqlite_app: Flask):
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        first, second = file_case(clock, "first@example.org"), file_case(clock, "second@example.org")
        line = Line(Later("silence"))
        deliver(clock, line)
        assert line.tries == 1
        assert {row_of(first).attempts, row_of(second).attempts} == {0, 1}
        assert deliver(clock, line).sent == 1


def test_a_crash_between_the_server_and_the_mark_sends_again_with_the_same_id(
    app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
):
    with app.app_context(), real_server() as (box, port):
        case_id = file_case(clock)
        with monkeypatch.context() as patch:
            patch.setattr(delivery, "mark", crash)
            with pytest.raises(Crash):
                send(clock, port)
        assert send(clock, port)["sent"] == 0, "its lease still runs"
        clock.advance(delivery.LEASE)
        assert send(clock, port)["sent"] == 1
        assert [mail["Message-ID"] for mail in box.mails] == [row_of(case_id).message_id] * 2
        assert box.mails[0].as_bytes() == box.mails[1].as_bytes()


class Crash(BaseException):
    """The process dies here."""


def crash(*_: object, **__: object) -> None:
    raise Crash


def test_a_worker_whose_lease_was_taken_over_marks_nothing(app: Flask, clock: FixedClock):
    with app.app_context():
        case_id = file_case(clock)
        slow, quick = uuid4(), uuid4()
        with writing(SYSTEM, clock) as work:
            (mail,) = delivery.claim(work.session, clock.now(), slow, 5)
        with writing(SYSTEM, clock) as work:
            assert delivery.claim(work.session, clock.now(), quick, 5) == []
        clock.advance(delivery.LEASE)
        with writing(SYSTEM, clock) as work:
            (again,) = delivery.claim(work.session, clock.now(), quick, 5)
        with writing(SYSTEM, clock) as work:
            assert not delivery.mark(work.session.connection(), mail, slow, state="failed")
            assert delivery.mark(work.session.connection(), again, quick, state="sent")
        assert row_of(case_id).state == "sent"


def test_an_old_sign_in_link_is_not_sent(app: Flask, clock: FixedClock):
    with app.app_context(), real_server() as (box, port):
        old = messages.sign_in(TO, "nl", "t0ken", "123456", "sign_in:1", clock.now() + timedelta(minutes=30))
        send_all(clock, [old])
        clock.advance(timedelta(minutes=30))
        assert send(clock, port)["expired"] == 1
        assert rows()[0].state == "expired"
        assert not box.mails


def test_what_cannot_be_rendered_is_quarantined_and_the_next_goes_on(app: Flask, clock: FixedClock):
    with app.app_context(), real_server() as (box, port):
        bad, gone, moved, good = (file_case(clock, f"{name}@example.org") for name in ("bad", "gone", "moved", "good"))
        foreign = row_of(good).sealed
        begin_write()
        db.session.execute(update(OutMail).where(OutMail.case_id == bad).values(kind="no_such_kind"))
        db.session.execute(update(OutMail).where(OutMail.case_id == moved).values(sealed=foreign))
        db.session.commit()
        vault().destroy(Holder.case(gone))
        counts = send(clock, port)
        assert (counts["quarantined"], counts["sent"]) == (3, 1)
        faults = {row.case_id: (row.state, row.fault) for row in rows()}
        assert faults[bad] == ("quarantined", "unknown_kind")
        assert faults[gone] == ("quarantined", "shredded")
        assert faults[moved] == ("quarantined", "tampered")
        assert len(box.mails) == 1
        assert [case_of(each).by_post for each in (bad, moved, gone, good)] == [True, True, False, False]
        assert all("mail_failed" in events_of(each) for each in (bad, moved)), "nobody was told: a letter tells them"


def test_whoever_loses_the_key_while_the_batch_is_sent_is_not_written_to(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
):
    """Letters are written ahead: one that has lain for longer than `FRESH` is read again before it goes."""
    monkeypatch.setattr(mail_batch, "FRESH", 0)
    clock = sqlite_app.extensions["clock"]

    class Erasing(Line):
        def send(self, mail: Mail, meanwhile: Meanwhile = nothing) -> None:
            super().send(mail, meanwhile)
            vault().destroy(Holder.case(gone))

    with sqlite_app.app_context():
        first, gone = file_case(clock, "first@example.org"), file_case(clock, "second@example.org")
        counts = deliver(clock, Erasing())
        assert (counts.sent, counts.quarantined) == (1, 1)
        assert (row_of(first).state, row_of(gone).fault) == ("sent", "shredded")


def test_one_more_mail_in_a_batch_is_one_more_statement(sqlite_app: Flask):
    """Each mark is a transaction of its own; everything else is asked for the whole batch."""
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():

        def cost(mails: int) -> int:
            for number in range(mails):
                file_case(clock, f"student{number}@example.org")
            with statements() as seen:
                assert deliver(clock, Line(), batch=20).sent == mails
            return len(seen)

        assert cost(12) - cost(4) == 8


@pytest.mark.parametrize(("quick", "claimed"), [(60.0, [2, 4, 8, 16]), (0.0, [2, 2, 2])])
def test_a_quick_server_gets_more_at_once_and_a_slow_ones_mails_are_shared(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch, quick: float, claimed: list[int]
):
    clock, asked, claim = sqlite_app.extensions["clock"], [], delivery.claim

    def claims(session: Session, now: datetime, worker: UUID, most: int) -> list[Claimed]:
        asked.append(most)
        return claim(session, now, worker, most)

    monkeypatch.setattr(deliver_mail, "QUICK", quick)
    monkeypatch.setattr(delivery, "claim", claims)
    later = clock.now() + timedelta(hours=1)
    with sqlite_app.app_context():
        many = sum(claimed) - 1
        send_all(clock, (messages.sign_in(TO, "nl", "t", "1", f"sign_in:{number}", later) for number in range(many)))
        assert deliver(clock, Line(), batch=2).sent == many
    assert asked == claimed


def test_a_mail_to_staff_that_fails_does_not_send_the_case_to_the_post(app: Flask, clock: FixedClock):
    with app.app_context():
        make_staff("officer", Role.PRIVACY_OFFICER)
        case_id = file_case(clock, email="")
        deliver(clock, Line(Refused("smtp_550")))
        assert "mail_failed" not in events_of(case_id)
        assert rows()[0].state == "failed"


def test_a_mail_to_staff_that_cannot_be_written_sends_no_case_to_the_post(sqlite_app: Flask):
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        make_staff("officer", Role.PRIVACY_OFFICER)
        case_id = file_case(clock, email="")
        begin_write()
        db.session.execute(update(OutMail).values(sealed=b"spoilt" * 20))
        db.session.commit()
        assert deliver(clock, Line()).quarantined == 1
        assert "mail_failed" not in events_of(case_id)


def test_a_stopping_worker_finishes_the_mail_in_hand_and_gives_back_the_rest(app: Flask, clock: FixedClock):
    with app.app_context():
        for number in range(3):
            file_case(clock, f"student{number}@example.org")
        line = Line()
        deliver(clock, line, stopping=lambda: bool(line.accepted))
        assert len(line.accepted) == 1
        assert sorted((row.state, row.leased_by) for row in rows()) == [
            ("sent", None),
            ("waiting", None),
            ("waiting", None),
        ]


def test_an_extension_counts_as_told_when_its_mail_is_accepted(app: Flask, clock: FixedClock):
    with app.app_context():
        case_id = file_case(clock)
        case = case_of(case_id)
        begin_write()
        db.session.execute(delete(OutMail))
        case.extended_days = 14
        db.session.add(case)
        db.session.commit()
        send_all(clock, [messages.extended(TO, "nl", case_id, case.reference, case.due_on + timedelta(days=14))])
        first: Transport = Line(Later("smtp_450"))
        deliver(clock, first)
        assert case_of(case_id).extension_told_on is None
        clock.advance(timedelta(minutes=1))
        deliver(clock, first)
        told = case_of(case_id)
        assert told.extension_told_on == clock.today()
        assert told.due_on == told.original_due_on + timedelta(days=14)


def test_two_workers_never_hold_the_same_mail(app: Flask, clock: FixedClock):
    with app.app_context():
        send_all(
            clock,
            [
                messages.sign_in(TO, "nl", "t", "1", f"sign_in:{number}", clock.now() + timedelta(hours=1))
                for number in range(7)
            ],
        )
        held = []
        for _ in range(4):
            with writing(SYSTEM, clock) as work:
                held += [mail.id for mail in delivery.claim(work.session, clock.now(), uuid4(), 2)]
        assert len(held) == len(set(held)) == 7


def test_a_fault_is_a_code_never_an_address(app: Flask, clock: FixedClock):
    with app.app_context(), real_server() as (box, port):
        box.answers[TO] = [f"550 <{TO}> unknown here"]
        case_id = file_case(clock)
        send(clock, port)
        assert row_of(case_id).fault == "smtp_550"
