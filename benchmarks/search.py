"""Finding a student by what staff type, at growing numbers of students: a whole word of a name, a number, a reference.

Against the cost at the smallest size in the same run. The name is one that five students bear at every size; a given
name that one student in two hundred bears is printed beside it, without a bar. BENCH_STUDENTS=1000,100000 names the
sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.kit.estate import estate
from benchmarks.kit.pages import cost_of
from benchmarks.kit.scene import acting
from benchmarks.kit.school import make_school
from benchmarks.kit.served import PORTAL, served
from benchmarks.kit.telling import engines, medians, sizes, tell, tell_bar
from benchmarks.kit.visits import signed_in
from portal.services.search_queue import seal_words

ROUNDS, REQUESTS, LOOK_UPS = 3, 8, 20
GROWTH = 1.5
CASES = 2_000  # at every size: what is searched among is students


def main() -> None:
    at = sizes("BENCH_STUDENTS", (1_000, 20_000))
    for engine in engines():
        with ExitStack() as stack:
            by_size = [stack.enter_context(search_of(engine, size)) for size in at]
            measures = {
                f"{size} {name}": each for size, found in zip(at, by_size, strict=True) for name, each in found.items()
            }
            cost = medians(measures, ROUNDS)
        for name in by_size[0]:
            first = cost[f"{at[0]} {name}"]
            tell("search", name, engine=engine, students=at[0], ms=round(first, 2))
            for size in at[1:]:
                grown = cost[f"{size} {name}"]
                figures = {"engine": engine, "students": size, "ms": round(grown, 2)}
                if name.endswith("many bear"):
                    tell("search", name, **figures, ratio=round(grown / first, 2))
                else:
                    tell_bar("search", name, grown / first, most=GROWTH, **figures)


@contextmanager
def search_of(engine: str, size: int) -> Iterator[dict[str, Callable[[], float]]]:
    with estate(engine) as place:
        clock = place.app.extensions["clock"]
        school = make_school(place.app, clock, size, CASES)
        with place.app.app_context():
            actor = acting(school.handler, clock)
            tokens = {
                "queue by a name": seal_words(actor, clock, school.name),
                "queue by a number": seal_words(actor, clock, school.number),
                "queue by a name that many bear": seal_words(actor, clock, school.common),
            }
        with served(PORTAL, place.environment, place.server) as web:
            handler = web.client(signed_in(place.app, "staff", school.handler))
            found = {
                name: cost_of(web, handler, f"/staff/?tab=everything&who={token}", REQUESTS)
                for name, token in tokens.items()
            }
            found["queue by a reference"] = cost_of(
                web, handler, f"/staff/?tab=everything&reference={school.references[0]}", REQUESTS
            )
            yield found


if __name__ == "__main__":
    main()
