"""Memory of an installation on one machine, two web processes and the worker: PSS, after warm-up and after many
requests of every kind. BENCH_REQUESTS names how many.

First as a small machine has it, with the worker in one of the web processes; then as two services. The worker has
letters printed before. The process that prints them is told by itself; what is counted begins when it has ended, as it
does after each handful of letters.
"""

from __future__ import annotations

import itertools
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kit.client import Client
from benchmarks.kit.estate import Estate, estate
from benchmarks.kit.meter import pss_mib, tree
from benchmarks.kit.scene import acting, case_in_hand, rich_student
from benchmarks.kit.school import School, make_school
from benchmarks.kit.served import PORTAL, Served, served
from benchmarks.kit.telling import sizes, tell, tell_bar
from benchmarks.kit.visits import signed_in
from benchmarks.kit.worker import working
from portal.records.db import db
from portal.records.tables.papers import IssuedLetter
from portal.services.search_queue import seal_words

MIB, GROWTH = 200, 1.05
WARM_UP = 0.3  # of the requests
LANGUAGES = ("nl", "ar", "ti", "en", "uk", "tr", "fa")


def main() -> None:
    requests = sizes("BENCH_REQUESTS", (2_000,))[-1]
    one = measured(requests, {"WORKER_IN_WEB": "yes"})
    tell("memory", "printing, for as long as it lasts, MiB", engine="sqlite", mib=round(one.printing))
    tell("memory", "after warm-up, MiB", engine="sqlite", mib=round(one.warm))
    tell_bar("memory", "PSS, MiB", one.mib, most=MIB, engine="sqlite", mib=round(one.mib), requests=requests)
    tell_bar("memory", "growth after warm-up", one.mib / one.warm, most=GROWTH, engine="sqlite", mib=round(one.mib))
    two = measured(requests, {})
    parts = {"web_mib": round(two.web), "worker_mib": round(two.mib - two.web), "requests": requests}
    tell("memory", "as two services, MiB", engine="sqlite", mib=round(two.mib), **parts)
    grown = two.mib / two.warm
    tell_bar("memory", "growth after warm-up, two services", grown, most=GROWTH, engine="sqlite", mib=round(two.mib))


@dataclass(frozen=True, slots=True)
class Measured:
    """In MiB."""

    printing: float
    warm: float
    web: float
    mib: float


def measured(requests: int, more: dict[str, str]) -> Measured:
    with estate("sqlite", **more) as place:
        school = make_school(place.app, place.app.extensions["clock"], students=1_000, cases=2_000)
        paths = visits(place, school)
        own = nullcontext() if more else working(place.environment)
        with served(PORTAL, place.environment, workers=2) as web, own as worker:
            pids = [web.process.pid, *([worker.pid] if worker else [])]
            clients = signed_in_clients(web, place, school)
            wait_for_letters(place)
            printing = sum(pss_mib(pid) for pid in all_of(pids) if prints(pid))
            wait_until_printed(pids)
            round_of(clients, paths, int(requests * WARM_UP))
            warm = sum(pss_mib(pid) for pid in pids)
            round_of(clients, paths, requests - int(requests * WARM_UP))
            return Measured(printing, warm, web.pss(), sum(pss_mib(pid) for pid in pids))


def visits(place: Estate, school: School) -> dict[str, list[str]]:
    """Who asks for what; the letter of the request is printed by the worker."""
    clock = place.app.extensions["clock"]
    student = rich_student(place.app, school, 60)
    reference = case_in_hand(place.app, student, school.handler)
    school.students.insert(0, (student, 0))
    with place.app.app_context():
        name = seal_words(acting(school.handler, clock), clock, school.name)
    me = [f"/{lang}/me" for lang in LANGUAGES]
    public = [f"/{lang}/{page}" for lang in LANGUAGES for page in ("", "about", "rights")]
    staff = ["/staff/", "/staff/?tab=all", f"/staff/?tab=everything&who={name}", f"/staff/cases/{reference}"]
    return {
        "student": [*me, "/nl/new", f"/nl/me/requests/{reference}", *public[::3]],
        "staff": [*staff, *(f"/staff/cases/{each}" for each in school.references[:20])],
        "public": public,
    }


def signed_in_clients(web: Served, place: Estate, school: School) -> dict[str, Client]:
    return {
        "student": web.client(signed_in(place.app, "student", school.students[0][0])),
        "staff": web.client(signed_in(place.app, "staff", school.handler)),
        "public": web.client(),
    }


def round_of(clients: dict[str, Client], paths: dict[str, list[str]], requests: int) -> None:
    """New connections now and then, so that both processes have their share."""
    turns = itertools.cycle(("student", "staff", "student", "public"))
    at = {who: itertools.cycle(addresses) for who, addresses in paths.items()}
    for number in range(requests):
        who = next(turns)
        if number % 20 == 0:
            for client in clients.values():
                client.close()
        path = next(at[who])
        answer = clients[who].get(path)
        assert answer.status == 200, f"{path}: {answer.status}"


def wait_for_letters(place: Estate, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    with place.app.app_context():
        while db.session.query(IssuedLetter).filter(IssuedLetter.written_at.is_(None)).count():
            db.session.rollback()
            assert time.monotonic() < until, "letters wait"
            time.sleep(0.5)
        db.session.remove()


def all_of(pids: list[int]) -> list[int]:
    return [each for pid in pids for each in tree(pid)]


def prints(pid: int) -> bool:
    try:
        return b"portal.letters.printing" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:  # it has just ended
        return False


def wait_until_printed(pids: list[int], seconds: float = 60) -> None:
    """Until no process prints any more: it ends when nothing came for a while."""
    until = time.monotonic() + seconds
    while any(prints(pid) for pid in all_of(pids)):
        assert time.monotonic() < until, "the process that prints stays"
        time.sleep(0.5)


if __name__ == "__main__":
    main()
