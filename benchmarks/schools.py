"""Ten to ten thousand schools on machines that we do not have, by simulation: how long a page then takes, and what is
full first.

What a page costs the web, the database and the log is measured here on PostgreSQL just before; the simulation puts
requests in line for cores and for each log's lock. It knows no network and no disk that is full: what it says holds
as long as processor time and the log are what people wait for.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import simpy

from benchmarks.kit.client import Client
from benchmarks.kit.estate import estate
from benchmarks.kit.meter import cpu_seconds, tree
from benchmarks.kit.scene import case_in_hand, rich_student
from benchmarks.kit.school import make_school
from benchmarks.kit.served import PORTAL, Served, served
from benchmarks.kit.telling import sizes, tell
from benchmarks.kit.visits import signed_in
from portal.domain.permissions import SYSTEM
from portal.services.unit import writing

SAMPLE = 60  # requests a page is measured with
REQUESTS = 30_000  # a simulation
# An average school: ten staff who open two hundred pages in eight hours, and a student now and then.
A_SECOND = 10 * 200 / (8 * 3600)
RUSH = 3  # times the average: a Monday morning
STEADY, FULL = 0.5, 0.9  # seconds of p95 that people accept; the part of its time at which a thing counts as full


@dataclass(frozen=True, slots=True)
class Page:
    """Seconds that one request keeps a core of the web, a core of the database and, if it writes, its log."""

    share: float  # of all requests
    web: float
    database: float
    log: float = 0.0
    list: bool = False  # may be read from a replica


@dataclass(frozen=True, slots=True)
class Layout:
    """Cores, and for how many schools one database stands (0: for all)."""

    name: str
    web: int  # cores; 0: the pages run on the database's machine
    database: int  # cores of each database machine
    machines: int = 1  # with a database on it
    replica: int = 0  # cores that answer lists
    schools: int = 0  # that share a database, and so a log


LAYOUTS = (
    Layout("one machine of 4 cores", web=0, database=4),
    Layout("web 16, one database of 8", web=16, database=8),
    Layout("web 64, one database of 32", web=64, database=32),
    Layout("web 64, one database of 32, lists from a replica of 32", web=64, database=32, replica=32),
    Layout("web 64, a database a school on 4 machines of 8", web=64, database=8, machines=4, schools=1),
    Layout("web 256, a database a school on 16 machines of 8", web=256, database=8, machines=16, schools=1),
)


def main() -> None:
    pages = measured()
    for name, page in pages.items():
        parts = {part: round(getattr(page, part) * 1000, 2) for part in ("web", "database", "log")}
        tell("schools", "what a request costs", page=name, **parts)
    for schools in sizes("BENCH_SCHOOLS", (10, 100, 1000, 10_000)):
        for layout in LAYOUTS:
            tell("schools", "simulated", schools=schools, layout=layout.name, **simulate(layout, schools, pages))


def measured() -> dict[str, Page]:
    """Pages of the mix with their costs here."""
    with estate("postgres") as place:
        clock = place.app.extensions["clock"]
        school = make_school(place.app, clock, students=200, cases=1000)
        student = rich_student(place.app, school, 60)
        reference = case_in_hand(place.app, student, school.handler)
        with served(PORTAL, place.environment, place.server) as web:
            visitor = web.client(signed_in(place.app, "student", student))
            handler = web.client(signed_in(place.app, "staff", school.handler))
            log = seconds_in_the_log(place.app, clock, school.students[0][0])
            return {
                "queue": replace(cost(web, handler, "/staff/"), share=0.45, list=True),
                "case page": replace(cost(web, handler, f"/staff/cases/{reference}"), share=0.45, log=log),
                "my data": replace(cost(web, visitor, "/nl/me"), share=0.05, list=True),
                "status": replace(cost(web, visitor, f"/nl/me/requests/{reference}"), share=0.05, list=True),
            }


def cost(web: Served, client: Client, path: str) -> Page:
    for _ in range(12):
        assert client.get(path).status == 200
    own, others = tree(web.process.pid), tree(web.database or 0)
    before = cpu_seconds(own), cpu_seconds(others)
    for _ in range(SAMPLE):
        client.get(path)
    return Page(0, (cpu_seconds(own) - before[0]) / SAMPLE, (cpu_seconds(others) - before[1]) / SAMPLE)


def seconds_in_the_log(app: Any, clock: Any, student: Any) -> float:
    """The median of a unit of work that writes one entry: so long nobody else appends to that log."""
    taken = []
    with app.app_context():
        for _ in range(SAMPLE):
            began = time.perf_counter()
            with writing(SYSTEM, clock) as work:
                work.note("view_student", "student", student, reason="case")
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


class Busy(simpy.Resource):
    """Places in line, and how long they were taken."""

    spent = 0.0

    def hold(self, seconds: float) -> Iterator[Any]:
        with self.request() as place:
            yield place
            yield self._env.timeout(seconds)
            self.spent += seconds

    def part(self) -> float:
        return self.spent / self.capacity / self._env.now


def simulate(layout: Layout, schools: int, pages: dict[str, Page]) -> dict[str, object]:
    """Requests come by chance, each from some school; a page that nobody can serve in time makes a line that grows."""
    chance = random.Random(2026)
    world = simpy.Environment()
    databases = [Busy(world, layout.database) for _ in range(layout.machines)]
    web = Busy(world, layout.web) if layout.web else databases[0]
    replica = Busy(world, layout.replica) if layout.replica else None
    logs: dict[int, Busy] = {}
    waited: list[float] = []

    def request(page: Page, school: int) -> Generator[Any, Any, None]:
        came = world.now
        own = school // layout.schools if layout.schools else 0
        database = databases[own % layout.machines]
        yield from web.hold(page.web / 2)
        yield from (replica if replica and page.list else database).hold(page.database)
        if page.log:
            yield from logs.setdefault(own, Busy(world, 1)).hold(page.log)
        yield from web.hold(page.web / 2)
        waited.append(world.now - came)

    def come() -> Generator[Any, Any, None]:
        kinds, shares = list(pages.values()), [page.share for page in pages.values()]
        for _ in range(REQUESTS):
            yield world.timeout(chance.expovariate(A_SECOND * RUSH * schools))
            world.process(request(chance.choices(kinds, shares)[0], chance.randrange(schools)))

    world.process(come())
    world.run()
    parts = {"web": web.part(), "database": max(each.part() for each in databases)}
    parts["log"] = max((each.part() for each in logs.values()), default=0.0)
    if replica:
        parts["replica"] = replica.part()
    p95 = statistics.quantiles(waited, n=20)[18]
    fullest = max(parts, key=lambda name: parts[name])
    return {
        "a_second": round(A_SECOND * RUSH * schools, 1),
        "p95_ms": round(p95 * 1000),
        "holds": "yes" if p95 <= STEADY and parts[fullest] < FULL else "NO",
        "fullest": fullest,
        **{name: round(part, 2) for name, part in parts.items()},
    }


if __name__ == "__main__":
    main()
