"""The log: entries a second under eight writers, and the time to verify a chain of a hundred thousand."""

from __future__ import annotations

import os
import threading
import time

from sqlalchemy import insert

from benchmarks.kit.estate import Estate, estate
from benchmarks.kit.meter import own_cpu
from benchmarks.kit.school import make_school
from benchmarks.kit.telling import engines, sizes, tell_bar
from portal.audit import log
from portal.audit.verifier import Report
from portal.domain.permissions import SYSTEM
from portal.records.db import db
from portal.records.tables.proof import Audit
from portal.services.unit import writing
from portal.services.verify_audit import verify_audit

WRITERS, EACH = 8, 40
APPEND, VERIFY = 200, 3  # a second; seconds for 100,000
FULL = 100_000


def main() -> None:
    for engine in engines():
        with estate(engine) as place:
            append(place)
            verify(place, sizes("BENCH_ENTRIES", (FULL,))[-1])


def append(place: Estate) -> None:
    """Each entry in a unit of work of its own, eight threads at once."""
    app, clock = place.app, place.app.extensions["clock"]
    school = make_school(app, clock, 50, 0)
    failed: list[BaseException] = []

    def write(number: int) -> None:
        with app.app_context():
            try:
                for _ in range(EACH):
                    with writing(SYSTEM, clock) as work:
                        work.note("view_student", "student", school.students[number][0], reason="case")
            except BaseException as error:
                failed.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began
    assert not failed, failed
    rate = WRITERS * EACH / taken
    tell_bar("audit", "append, 8 writers, a second", rate, least=APPEND, engine=place.engine, entries=WRITERS * EACH)


def verify(place: Estate, entries: int) -> None:
    """The chain is made in one go; verifying it is the portal's own, over all its entries."""
    app, clock = place.app, place.app.extensions["clock"]
    with app.app_context():
        seq, previous = log.head(db.session())
        db.session.rollback()
        rows, at = [], clock.now()
        for number in range(seq + 1, entries + 1):
            entry = log.Entry("view_student", "staff", None, "student", None)
            committed = os.urandom(32)
            digest = log.chained(previous, number, at, entry, committed)
            kept = {"actor_kind": entry.actor_kind, "subject_kind": entry.subject_kind}
            rows.append(
                {
                    "seq": number,
                    "at": at,
                    "act": entry.act,
                    **kept,
                    "commitment": committed,
                    "previous": previous,
                    "digest": digest,
                }
            )
            previous = digest
        with db.engine.begin() as connection:
            connection.execute(insert(Audit), rows)
        spent = own_cpu(lambda: checked(verify_audit(clock), entries))
    scaled = spent * FULL / entries
    tell_bar("audit", "verify 100,000, seconds", scaled, most=VERIFY, engine=place.engine, entries=entries)


def checked(report: Report, entries: int) -> None:
    assert not report.faults, report.faults
    assert report.entries == entries, report.entries


if __name__ == "__main__":
    main()
