"""Rows that are written without a session that watches them: whole, in one transaction, and cheap."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import create_engine, select
from uuid_utils.compat import uuid7

from portal.domain.clock import FixedClock
from portal.records.db import begin_write, db, new_row, prepare_engine, write_new
from portal.records.tables.cases import Case, CaseItem
from portal.vault.bulk import TOGETHER
from tests.services.test_own_data import statements


def case_and_items(number: int, clock: FixedClock) -> list[Case | CaseItem]:
    day = date(2026, 11, 23)
    case = new_row(
        Case,
        id=uuid7(),
        reference="V-2026-0000001",
        kind="access",
        state="received",
        channel="portal",
        language="nl",
        received_on=day,
        entered_at=clock.now(),
        original_due_on=day,
        due_on=day,
        outcome=None,
        policy_version="1",
        sealed=b"case",
    )
    items = [
        new_row(CaseItem, id=uuid7(), case_id=case.id, position=each, target="group", group=each, sealed=b"item")
        for each in range(number)
    ]
    return [case, *items]


@pytest.mark.parametrize("items", [2, TOGETHER])
def test_rows_that_belong_together_are_there_whole(app: Flask, clock: FixedClock, items: int) -> None:
    """In one statement on PostgreSQL, as long as they are few."""
    with app.app_context():
        begin_write()
        rows = case_and_items(items, clock)
        with statements() as seen:
            write_new(db.session(), rows)
        db.session.commit()
        case = db.session.execute(select(Case)).scalar_one()
        found = db.session.execute(select(CaseItem).order_by(CaseItem.position)).scalars().all()
        one = db.engine.dialect.name == "postgresql" and items == 2
    assert len(seen) == (1 if one else 2)
    assert (case.outcome, case.version, case.by_post, case.assured_level) == (None, 1, False, 0)
    assert [(each.case_id, each.group) for each in found] == [(case.id, number) for number in range(items)]


def test_a_row_that_nobody_watches_says_nothing_it_was_not_told(clock: FixedClock) -> None:
    case, *_ = case_and_items(0, clock)
    assert isinstance(case, Case)
    assert (case.reference, case.outcome) == ("V-2026-0000001", None)
    with pytest.raises(Exception, match="lacks instrumentation"):
        _ = case.decided_at


def test_statements_look_for_no_listeners() -> None:
    """With one for what happens at a statement or a transaction, SQLAlchemy asks for all there may be each time."""
    engine = create_engine("sqlite://")
    prepare_engine(engine)
    with engine.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.in_transaction
    assert not engine._has_events  # type: ignore[attr-defined]  # where SQLAlchemy keeps that there are some
