"""The audit log: whole, chained, never forked, and still whole when somebody is erased."""

from __future__ import annotations

import threading
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from portal.audit.log import GENESIS, Entry, append, chained, commit_to, verify_chain
from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM
from portal.records.db import begin_write, db
from portal.records.tables.proof import Audit, AuditDetail
from portal.services.unit import reading, writing
from portal.vault.envelope import Holder, Place
from portal.vault.vault import Shredded
from tests import factories
from tests.conftest import NOW

CLOCK = FixedClock(NOW)


def log_some(number: int, subject: UUID | None = None) -> None:
    with writing(SYSTEM, CLOCK) as work:
        for position in range(number):
            work.note("test_act", "student" if subject else "installation", subject, position=position)


def verify() -> tuple[int, int | None]:
    with reading(SYSTEM, CLOCK) as work:
        return verify_chain(work.session)


def rewrite(statement: str, **values: object) -> None:
    """Changes the log behind the triggers' back, as an intruder with the database in hand would."""
    engine = db.engines[None]
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        else:
            connection.execute(text("DROP TRIGGER IF EXISTS audit_no_update"))
            connection.execute(text("DROP TRIGGER IF EXISTS audit_no_delete"))
        connection.execute(text(statement), values)


def test_entries_are_chained_from_the_first(app: Flask) -> None:
    with app.app_context():
        log_some(3)
        log_some(2)
        assert verify() == (5, None)
        first = db.session.execute(select(Audit.previous).where(Audit.seq == 1)).scalar_one()
        assert first == GENESIS


def test_an_act_that_fails_leaves_no_entry(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError), writing(SYSTEM, CLOCK) as work:
            work.note("test_act", "installation", None)
            raise ZeroDivisionError
        assert verify() == (0, None)


@pytest.mark.parametrize(
    ("statement", "caught_at"),
    [
        ("UPDATE audit SET act = 'other' WHERE seq = 3", 3),
        ("UPDATE audit SET subject_kind = 'staff' WHERE seq = 2", 2),
        ("UPDATE audit SET actor_kind = 'staff' WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 2", 3),
        ("UPDATE audit SET commitment = previous WHERE seq = 5", 5),
    ],
)
def test_a_changed_log_no_longer_verifies(app: Flask, statement: str, caught_at: int) -> None:
    with app.app_context():
        log_some(5)
        rewrite(statement)
        assert verify()[1] == caught_at


def test_every_field_of_an_entry_is_in_its_digest() -> None:
    entry = Entry("act", "staff", uuid7(), "student", uuid7())
    reference = chained(GENESIS, 1, NOW, entry, bytes(32))
    others = [
        chained(b"\1" * 32, 1, NOW, entry, bytes(32)),
        chained(GENESIS, 2, NOW, entry, bytes(32)),
        chained(GENESIS, 1, NOW.replace(microsecond=1), entry, bytes(32)),
        chained(GENESIS, 1, NOW, replace(entry, act="other"), bytes(32)),
        chained(GENESIS, 1, NOW, replace(entry, actor_kind="system"), bytes(32)),
        chained(GENESIS, 1, NOW, replace(entry, actor_id=None), bytes(32)),
        chained(GENESIS, 1, NOW, replace(entry, subject_kind="case"), bytes(32)),
        chained(GENESIS, 1, NOW, replace(entry, subject_id=None), bytes(32)),
        chained(GENESIS, 1, NOW, entry, b"\1" * 32),
    ]
    assert len({reference, *others}) == 10


def test_details_are_sealed_and_committed_to(app: Flask) -> None:
    with app.app_context():
        student = uuid7()
        log_some(1, student)
        row = db.session.execute(select(AuditDetail.id, AuditDetail.sealed)).one()
        entry = db.session.execute(select(Audit)).scalar_one()
        db.session.rollback()
        opened = factories.vault().open(
            Holder.student(student), "audit", Place("audit_detail", "sealed", row.id), row.sealed
        )
        assert opened["details"] == {"position": 0}
        assert commit_to(bytes.fromhex(opened["salt"]), opened["details"]) == entry.commitment
        assert b"position" not in row.sealed


def test_the_chain_verifies_after_the_subject_was_erased(app: Flask) -> None:
    with app.app_context():
        student = uuid7()
        log_some(2, student)
        log_some(1)
        factories.vault().destroy(Holder.student(student))
        begin_write()
        row = db.session.execute(select(AuditDetail).where(AuditDetail.holder_id == student).limit(1)).scalar_one()
        with pytest.raises(Shredded):
            factories.vault().open(
                Holder.student(student), "audit", Place("audit_detail", "sealed", row.id), row.sealed
            )
        db.session.execute(delete(AuditDetail).where(AuditDetail.holder_id == student))
        db.session.commit()
        assert verify() == (3, None)


def test_writers_side_by_side_never_fork_the_chain(app: Flask) -> None:
    writers, each = 8, 12

    def write() -> None:
        with app.app_context():
            for _ in range(each):
                log_some(1)

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        assert verify() == (writers * each, None)


def test_two_entries_cannot_share_a_number(app: Flask) -> None:
    with app.app_context():
        log_some(1)
        row = db.session.execute(select(Audit.__table__)).one()._asdict()
        begin_write()
        with pytest.raises(IntegrityError):
            db.session.execute(insert(Audit), [row])
        db.session.rollback()


def test_appending_nothing_writes_nothing(app: Flask) -> None:
    with app.app_context():
        begin_write()
        append(db.session, factories.vault(), NOW, [])
        db.session.commit()
        assert verify() == (0, None)
