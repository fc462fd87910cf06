"""A student's pages, the staff's case page and filing a request, each against a bare Flask page in the same run.

The student has 60 sealed records. The floor (kit/floor.py) is a page with a template and one indexed query, under the
same gunicorn with the same connections.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from uuid import UUID

from benchmarks.kit.client import Client, token
from benchmarks.kit.estate import Estate, estate
from benchmarks.kit.pages import cost_of
from benchmarks.kit.quiet import quiet_medians, walk
from benchmarks.kit.scene import case_in_hand, rich_student
from benchmarks.kit.school import School, make_school
from benchmarks.kit.served import FLOOR, PORTAL, Served, served
from benchmarks.kit.telling import engines, tell, tell_bar
from benchmarks.kit.visits import signed_in

RECORDS = 60
ROUNDS = 9
REQUESTS = 150
FILINGS, FIRST = 8, 2  # a round, and before them, not counted: pages are warm again too when they are measured
STUDENTS_PAGE, CASE_PAGE, FILING = 3, 4, 6  # times the floor


def main() -> None:
    for engine in engines():
        with estate(engine) as place:
            measure_on(place)


def measure_on(place: Estate) -> None:
    school = make_school(place.app, place.app.extensions["clock"], students=400, cases=1000)
    student = rich_student(place.app, school, RECORDS)
    reference = case_in_hand(place.app, student, school.handler)
    with served(PORTAL, place.environment, place.server) as web, served(FLOOR, place.environment, place.server) as bare:
        visitor = web.client(signed_in(place.app, "student", student))
        handler = web.client(signed_in(place.app, "staff", school.handler))
        paths = {
            "start page": "/nl/",
            "my data, 60 sealed records": "/nl/me",
            "new request": "/nl/new",
            "status of a request": f"/nl/me/requests/{reference}",
        }
        case_path = f"/staff/cases/{reference}"
        floor = bare.client()
        found = quiet_medians(
            {
                "floor": cost_of(bare, floor, f"/floor/{reference}", REQUESTS * 2),
                "hello": cost_of(bare, floor, "/hello", REQUESTS * 2),
                **{name: cost_of(web, visitor, path, REQUESTS) for name, path in paths.items()},
                "staff case page": cost_of(web, handler, case_path, REQUESTS),
                "filing a request": filing(web, place, school),
            },
            ROUNDS,
            walk(),
        )
        weight = {name: len(visitor.get(path).body) for name, path in paths.items()}
        weight["staff case page"] = len(handler.get(case_path).body)
    cost = found.medians
    for name in ("floor", "hello"):
        tell("pages", name, engine=place.engine, ms=round(cost[name], 2))
    tell("pages", "measurements", engine=place.engine, **found.telling())
    bars = {**dict.fromkeys(paths, STUDENTS_PAGE), "staff case page": CASE_PAGE, "filing a request": FILING}
    for name, bar in bars.items():
        of_all = round(found.of_all[name] / found.of_all["floor"], 2)
        figures = {"engine": place.engine, "ms": round(cost[name], 2), "bytes": weight.get(name, ""), "of_all": of_all}
        tell_bar("pages", name, cost[name] / cost["floor"], most=bar, **figures)


def filing(web: Served, place: Estate, school: School) -> Callable[[], float]:
    """Sends requests that stand ready on their check pages, each of another student; what comes before is not counted,
    nor the first ones of a round."""
    students = (student for student, _ in school.students)
    places = itertools.count(1)

    def measure() -> float:
        waiting = [_ready(web, place, students, places) for _ in range(FIRST + FILINGS)]
        for client, path, form in waiting[:FIRST]:
            _send(client, path, form)
        began = web.cpu()
        for client, path, form in waiting[FIRST:]:
            _send(client, path, form)
        spent = (web.cpu() - began) * 1000 / FILINGS
        for client, _, _ in waiting:
            client.close()
        return spent

    return measure


def _ready(
    web: Served, place: Estate, students: Iterator[UUID], places: Iterator[int]
) -> tuple[Client, str, dict[str, str]]:
    """A student's browser before the button that sends."""
    client = web.client(signed_in(place.app, "student", next(students)))
    client.origin = f"198.51.100.{next(places) % 250}"
    chosen = client.post("/nl/new", csrf_token=token(client.get("/nl/new")), kind="access")
    page = chosen.headers["location"]
    done = client.post(page, csrf_token=token(client.get(page)), scope="all", words="Graag alles van 2026.")
    path = done.headers["location"]
    assert path.endswith("/check"), path
    return client, path, {"csrf_token": token(client.get(path))}


def _send(client: Client, path: str, form: dict[str, str]) -> None:
    answer = client.post(path, **form)
    assert answer.status == 302, answer.status
    assert answer.headers["location"].endswith("/receipt")


if __name__ == "__main__":
    main()
