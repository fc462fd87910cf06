"""The morning's sweep of warnings should grow with what is due, not with what is open.

Every case is undecided and came in today, but for a hundred that are half-way since today and were not warned of. The
bar holds the sweep at the largest number of open cases against the smallest. BENCH_OPEN=10000,1000000 names the sizes.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from benchmarks.kit.estate import estate
from benchmarks.kit.meter import cpu_seconds, own_cpu, tree
from benchmarks.kit.school import make_school
from benchmarks.kit.telling import engines, sizes, tell, tell_bar
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case
from portal.services.warn import sweep

DUE, BAR = 100, 2
HALF_WAY = timedelta(days=14)


def main() -> None:
    at = sizes("BENCH_OPEN", (2_000, 20_000))
    for engine in engines():
        cost = {size: sweep_of(engine, size) for size in at}
        tell("sweep", f"{DUE} due", engine=engine, open=at[0], ms=round(cost[at[0]] * 1000))
        for size in at[1:]:
            figures = {"engine": engine, "open": size, "ms": round(cost[size] * 1000)}
            tell_bar("sweep", f"{DUE} due", cost[size] / cost[at[0]], most=BAR, **figures)


def sweep_of(engine: str, size: int) -> float:
    """Processor seconds of one sweep that warns of what is due, the database's with it."""
    with estate(engine) as place:
        clock = place.app.extensions["clock"]
        make_school(place.app, clock, 200, size, open_from=clock.today())
        with place.app.app_context():
            some = db.session.execute(select(Case.id).order_by(Case.id).limit(DUE)).scalars().all()
            begin_write()
            received = clock.today() - HALF_WAY
            due = received + 2 * HALF_WAY
            moved = {
                "received_on": received,
                "original_due_on": due,
                "due_on": due,
                "entered_at": clock.now() - HALF_WAY,
            }
            db.session.execute(update(Case).where(Case.id.in_(some)).values(**moved))
            db.session.commit()
            server = tree(place.server) if place.server else []
            before = cpu_seconds(server)
            spent = own_cpu(lambda: checked(sweep(clock).cases))
            return spent + cpu_seconds(server) - before


def checked(cases: int) -> None:
    assert cases == DUE, cases


if __name__ == "__main__":
    main()
