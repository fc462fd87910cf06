"""Erasures under random `kill -9`: whoever goes on finds each of them where it stood; all end done, none half."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from contextlib import suppress

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit.log import verify_chain
from portal.domain.erasure_plan import ErasurePlan, Item, plan_erasure
from portal.domain.permissions import SYSTEM
from portal.records import items
from portal.records.db import db
from portal.records.tables.erasure import ChangeLine, Erasure
from portal.records.tables.people import Record, Student, Tombstone
from portal.records.tables.proof import Audit
from portal.services import erasing
from portal.services.unit import Work, writing
from portal.vault.tables import data_key, lookup
from tests import factories
from tests.proofs import keep, rounds

pytestmark = pytest.mark.proof
SEED = 20261129
LONGEST = 0.25  # seconds until the next kill
BOTH = frozenset({"standard", "exemption"})  # all that is kept of them: one half is planned so, by what rows tell


def disconnect() -> None:
    """No connection is shared with a child."""
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()


def plan_everything(app: Flask, count: int) -> None:
    """Students with a record in two classes, whose erasure waits."""
    clock = app.extensions["clock"]
    for _ in range(count):
        student = factories.make_student()
        factories.add_record(student, "exemption", kind="medical")
        with writing(SYSTEM, clock) as work:
            erasing.new_erasure(work, student, erasing.RETENTION, work.now)


def erase_all(app: Flask) -> None:
    """What a worker does: goes on with what was begun, then begins what waits."""
    clock = app.extensions["clock"]
    while ids := _with_state(erasing.RUNNING):
        for erasure_id in ids:
            erasing.run(clock, erasure_id)
    for erasure_id in _with_state(erasing.WAITING):
        with writing(SYSTEM, clock) as work:
            erasure = work.session.get_one(Erasure, erasure_id)
            erasing.begin(work, erasure, BOTH if erasure.student_id.int % 2 else value_by_value(work, erasure))
        erasing.run(clock, erasure_id)


def value_by_value(work: Work, erasure: Erasure) -> ErasurePlan:
    held = items.items_of(work.session, work.vault, erasure.student_id)
    wanted = [
        Item(record.dataset, record.id, code, part.retention, None, ())
        for record in held
        for part in record.parts
        for code in part.values
    ]
    return plan_erasure(wanted, work.today, contract_running=False)


def _with_state(state: str) -> list:
    db.session.rollback()
    found = list(db.session.execute(select(Erasure.id).where(Erasure.state == state)).scalars())
    db.session.rollback()
    return found


def child(app: Flask) -> int:
    """A process of its own that erases until it is done or killed."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        erase_all(app)
        disconnect()
        code = 0
    finally:
        sys.stdout.flush()
        os._exit(code)


def test_every_erasure_ends_done_and_none_half_whenever_its_process_is_killed(sqlite_app: Flask) -> None:
    chance = random.Random(SEED)
    count, kills, finished = rounds(5, 1_000), 0, False
    with sqlite_app.app_context():
        plan_everything(sqlite_app, count)
        disconnect()
        while not finished:
            process = child(sqlite_app)
            deadline = time.monotonic() + chance.random() * LONGEST * (1 + kills / count)  # a slow machine ends too
            while time.monotonic() < deadline and not finished:
                ended, status = os.waitpid(process, os.WNOHANG)
                finished = ended == process and status == 0
                assert ended == 0 or status == 0, "an erasure raised"
                time.sleep(0.001)
            if not finished:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                kills += 1

        states = dict(
            db.session.execute(select(Erasure.state, func.count()).group_by(Erasure.state)).all()  # type: ignore[arg-type]
        )
        left = db.session.execute(select(func.count()).select_from(Record)).scalar_one()
        ended = db.session.execute(select(func.count()).where(Student.state == "erased")).scalar_one()
        told = db.session.execute(select(func.count()).where(Audit.act == "erased")).scalar_one()
        graves = db.session.execute(select(func.count()).where(Tombstone.kind == "student")).scalar_one()
        lines = db.session.execute(select(func.count()).select_from(ChangeLine)).scalar_one()
        certified = db.session.execute(select(func.count()).where(Erasure.certificate.is_not(None))).scalar_one()
        whole = verify_chain(db.session)[1] is None
        db.session.rollback()
        with db.engines["keys"].connect() as connection:
            keys = (
                connection.execute(select(func.count()).where(data_key.c.holder_kind == "student")).scalar_one()
                + connection.execute(select(func.count()).select_from(lookup)).scalar_one()
            )
    keep("killed_erasures", erasures=count, kills=kills, states=states, rows_left=left, keys_left=keys, seed=SEED)
    assert states == {"done": count}
    assert (left, keys) == (0, 0)
    assert (ended, told, graves, lines, certified) == (count, count, count, count, count)
    assert whole
    assert kills > 0
