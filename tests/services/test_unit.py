"""What the services that one page asks share, and that it ends with the page and with whatever is written."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from portal.domain.clock import FixedClock
from portal.domain.lifecycle import CaseState
from portal.domain.vocabulary import RequestKind
from portal.records.db import WRITE, begin_write, db, end_reading
from portal.records.tables.cases import Case
from portal.services.unit import abandon, begin_page, end_page, reading, writing
from portal.vault.envelope import Holder
from portal.vault.vault import Vault
from tests.factories import SYSTEM, make_student
from tests.services.cases import opened


def state_of(clock: FixedClock, reference: str) -> tuple[str, Vault]:
    with reading(SYSTEM, clock) as work:
        case = work.once(("case", reference), lambda: db.session.query(Case).filter_by(reference=reference).one())
        return case.state, work.vault


def close(reference: str) -> None:
    """Behind the page's back, as another process does it."""
    with db.engine.begin() as connection:
        connection.execute(Case.__table__.update().where(Case.reference == reference).values(state=CaseState.CLOSED))


def test_the_units_of_a_page_ask_once_and_open_keys_once(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        reference = opened(RequestKind.ACCESS, make_student())
        begin_page()
        before, keys = state_of(clock, reference)
        db.session.rollback()  # or SQLite would not let the other write and PostgreSQL not show it
        close(reference)
        assert state_of(clock, reference)[1] is keys
        end_page()
        after, others = state_of(clock, reference)
    assert (before != CaseState.CLOSED, after) == (True, CaseState.CLOSED)
    assert others is not keys


def test_what_is_written_in_a_page_is_read_anew_after_it(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        reference = opened(RequestKind.ACCESS, make_student())
        begin_page()
        _, keys = state_of(clock, reference)
        with writing(SYSTEM, clock) as work:
            assert work.vault is not keys
            work.session.query(Case).filter_by(reference=reference).one().state = CaseState.CLOSED
        state, anew = state_of(clock, reference)
        abandon()
        assert state_of(clock, reference)[1] is not anew
        end_page()
    assert state == CaseState.CLOSED
    assert anew is not keys


def test_what_reads_inside_a_unit_that_writes_is_part_of_it(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        reference = opened(RequestKind.ACCESS, make_student())
        with writing(SYSTEM, clock) as work:
            work.session.query(Case).filter_by(reference=reference).one().state = CaseState.CLOSED
            state, keys = state_of(clock, reference)
            assert keys is work.vault
        after, others = state_of(clock, reference)
    assert (state, after) == (CaseState.CLOSED, CaseState.CLOSED)
    assert others is not keys


def test_a_unit_that_writes_sees_what_was_changed_since_it_was_read(app: Flask, clock: FixedClock) -> None:
    """In the transaction that read it."""
    with app.app_context():
        reference = opened(RequestKind.ACCESS, make_student())
        case = db.session.query(Case).filter_by(reference=reference).one()
        held = db.session().connection()
        assert case.state != CaseState.CLOSED
        close(reference)
        with writing(SYSTEM, clock) as work:
            assert work.session.connection() is held
            assert held.get_execution_options()[WRITE]
            assert case.state == CaseState.CLOSED


def test_units_outside_a_page_share_nothing(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        reference = opened(RequestKind.ACCESS, make_student())
        first, second = state_of(clock, reference), state_of(clock, reference)
        assert not db.session().in_transaction()
    assert first[0] == second[0]
    assert first[1] is not second[1]


def test_what_pages_ask_stays_prepared(postgres_app: Flask) -> None:
    """After a ROLLBACK psycopg would forget what it prepared, and PostgreSQL plan each statement of each page anew."""
    clock: FixedClock = postgres_app.extensions["clock"]
    with postgres_app.app_context():
        student = make_student()
        reference = opened(RequestKind.ACCESS, student)
        for _ in range(12):
            begin_page()
            _, vault = state_of(clock, reference)
            vault.preload([Holder.student(student)])
            end_page()
        prepared = text("SELECT statement FROM pg_prepared_statements WHERE generic_plans > 0")
        for engine, table in ((db.engines[None], 'FROM "case"'), (db.engines["keys"], "FROM data_key")):
            with engine.connect() as connection:
                assert any(table in statement for statement in connection.execute(prepared).scalars())


def test_what_was_begun_to_write_and_not_committed_is_undone(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        reference = opened(RequestKind.ACCESS, make_student())
        before, _ = state_of(clock, reference)
        begin_write()
        db.session.execute(Case.__table__.update().values(state=CaseState.CLOSED))
        end_reading()
        assert state_of(clock, reference)[0] == before
