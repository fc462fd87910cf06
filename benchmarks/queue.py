"""The staff's queue at growing numbers of cases: first page, next page, each single filter, the pairs used most.

Two bars. At the smallest size a page costs at most four times the floor of the same run; at each larger size at most
1.2 times what it cost at the smallest. Like is compared with like: a narrow list that is full at a larger size and
shows a few lines at the smallest is held against a full list there, narrowed too where it is. A handler sees two of
four branches and what nobody has placed, the privacy officer sees everything; both are measured.
BENCH_CASES=1000,100000,1000000 names the sizes.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.kit.client import Client
from benchmarks.kit.estate import Estate, estate
from benchmarks.kit.pages import cost_of
from benchmarks.kit.quiet import quiet_medians, walk
from benchmarks.kit.school import School, make_school
from benchmarks.kit.served import FLOOR, PORTAL, Served, served
from benchmarks.kit.telling import engines, sizes, tell, tell_bar
from benchmarks.kit.visits import signed_in

ROUNDS = 9
REQUESTS = 24
FLOORS = [f"floor {n}" for n in range(1, 5)]  # taken so often: all ratios stand on it
TIMES_FLOOR, GROWTH = 4, 1.2
STUDENTS = 10  # cases for one student


def main() -> None:
    for engine in engines():
        with ExitStack() as stack:
            measure_on(engine, [stack.enter_context(queue_of(engine, size)) for size in at()])


def at() -> list[int]:
    return sizes("BENCH_CASES", (1_000, 50_000))


@contextmanager
def queue_of(engine: str, size: int) -> Iterator[dict[str, Page]]:
    """The measurements at one size, by name; the floor among them."""
    with estate(engine) as place:
        school = make_school(place.app, place.app.extensions["clock"], max(200, size // STUDENTS), size)
        with (
            served(PORTAL, place.environment, place.server) as web,
            served(FLOOR, place.environment, place.server) as bare,
        ):
            handler = web.client(signed_in(place.app, "staff", school.handler))
            officer = web.client(signed_in(place.app, "staff", school.officer))
            floor = cost_of(bare, bare.client(), f"/floor/{school.references[0]}", REQUESTS)
            found = dict.fromkeys(FLOORS, Page("", floor, 0))
            for name, query in addresses(place, school).items():
                found[name] = page_of(web, handler, query)
            for name, query in EVERY_BRANCH.items():
                found[f"{name}{EVERY}"] = page_of(web, officer, query)
            yield found


@dataclass(frozen=True, slots=True)
class Page:
    query: str
    measure: Callable[[], float]
    lines: int


def page_of(web: Served, client: Client, query: str) -> Page:
    measure = cost_of(web, client, f"/staff/{query}", REQUESTS)
    return Page(query, measure, max(0, client.get(f"/staff/{query}").text.count('<tr role="row">') - 1))


EVERY = ", every branch"
EVERY_BRANCH = {
    "first page": "",
    "kind": "?tab=all&kind=erasure",
    "branch": "?tab=all&branch=hoorn",
    "state": "?tab=all&state=received",
    "state and kind": "?tab=all&state=received&kind=access",
    "closed": "?tab=closed",
}


def addresses(place: Estate, school: School) -> dict[str, str]:
    """What is asked for, by name. Of pairs those that staff use most: what of a kind or state is mine or nobody's, what
    of a branch is due or late, what came in by post or in a language, and what came in lately of a kind."""
    today = place.app.extensions["clock"].today()
    lately, soon = today - timedelta(days=7), today + timedelta(days=7)
    me = school.handler
    due = f"due_from={today:%d-%m-%Y}&due_until={soon:%d-%m-%Y}"
    return {
        "first page": "",
        "next page": f"?tab=all&after={school.references[0]}",
        "far page": f"?tab=all&after={school.references[-1]}",
        "mine": "?tab=mine",
        "unassigned": "?tab=unassigned",
        "this week": "?tab=this_week",
        "late": "?tab=overdue",
        "to carry out": "?tab=to_carry_out",
        "complaints": "?tab=complaints",
        "closed": "?tab=closed",
        "by receipt": "?tab=all&order=received",
        "kind": "?tab=all&kind=erasure",
        "state": "?tab=all&state=received",
        "branch": "?tab=all&branch=langedijk",
        "handler": f"?tab=all&handler={me}",
        "channel": "?tab=all&channel=letter",
        "language": "?tab=all&language=ti",
        "received": f"?tab=all&received_from={lately:%d-%m-%Y}",
        "due": f"?tab=all&{due}",
        "state and kind": "?tab=all&state=received&kind=access",
        "mine and state": "?tab=mine&state=in_progress",
        "branch and kind": "?tab=all&branch=langedijk&kind=access",
        "branch and due": f"?tab=all&branch=langedijk&{due}",
        "handler and kind": f"?tab=all&handler={me}&kind=erasure",
        "channel and branch": "?tab=all&branch=langedijk&channel=letter",
        "language and kind": "?tab=all&language=ti&kind=access",
        "kind and received": f"?tab=all&kind=access&received_from={lately:%d-%m-%Y}",
    }


def full_one(name: str, smallest: dict[str, Page]) -> str:
    """A list that is full at the smallest size, of the same person, and narrowed where this one is."""
    who = EVERY if name.endswith(EVERY) else ""
    narrowed = "&" in smallest[name].query and "after=" not in smallest[name].query
    return ("state" if narrowed else "first page") + who


def measure_on(engine: str, by_size: list[dict[str, Page]]) -> None:
    measures = {  # the sizes of a page one after the other: what is compared meets the same neighbours
        f"{size} {name}": found[name].measure for name in by_size[0] for size, found in zip(at(), by_size, strict=True)
    }
    smallest = at()[0]
    quiet = quiet_medians(measures, ROUNDS, walk())
    cost = quiet.medians
    tell("queue", "measurements", engine=engine, **quiet.telling())
    floor = statistics.median(cost[f"{smallest} {name}"] for name in FLOORS)
    tell("queue", "floor", engine=engine, cases=smallest, ms=round(floor, 2))
    for name in (name for name in by_size[0] if name not in FLOORS):
        first = cost[f"{smallest} {name}"]
        tell_bar(
            "queue",
            name,
            first / floor,
            most=TIMES_FLOOR,
            engine=engine,
            cases=smallest,
            ms=round(first, 2),
            lines=by_size[0][name].lines,
            of="floor",
        )
        for size, larger in zip(at()[1:], by_size[1:], strict=True):
            grown, lines = cost[f"{size} {name}"], larger[name].lines
            like = name if by_size[0][name].lines >= lines else full_one(name, by_size[0])
            tell_bar(
                "queue",
                name,
                grown / cost[f"{smallest} {like}"],
                most=GROWTH,
                engine=engine,
                cases=size,
                ms=round(grown, 2),
                lines=lines,
                of=f"{'' if like == name else f'{like}, full as this, '}at {smallest}",
            )


if __name__ == "__main__":
    main()
