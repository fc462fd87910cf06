"""Load for a while at a fixed rate: students and staff from eight clients, some of them writing, on SQLite.

Twenty thousand students and five thousand open cases. A third of the way the worker is killed and started again; half
way a backup is made; each minute all eight file a request at the same moment. A request that comes late because the one
before it was slow counts from when it should have begun. The floor is asked at the same rate by a ninth client.
BENCH_SECONDS and BENCH_RATE (requests a second, of all together) name how long and how fast. With BENCH_IN_WEB=yes the
worker lives in a web process, as on a small machine; then nothing is killed, for a page would go with it.
"""

from __future__ import annotations

import itertools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from benchmarks.kit.client import Client, token
from benchmarks.kit.estate import Estate, estate
from benchmarks.kit.scene import case_in_hand, rich_student
from benchmarks.kit.school import School, make_school
from benchmarks.kit.served import FLOOR, PORTAL, Served, served
from benchmarks.kit.telling import sizes, tell, tell_bar
from benchmarks.kit.visits import signed_in
from benchmarks.kit.worker import start, stop
from config import ROOT
from portal.services.backup import make_recovery_key

STUDENTS, CASES = 20_000, 25_000  # one in five cases is open
CLIENTS, STUDENT_CLIENTS = 8, 5
IN_WEB = {"WORKER_IN_WEB": "yes"} if os.environ.get("BENCH_IN_WEB") == "yes" else {}
TOGETHER = 60  # seconds between the moments at which all eight write
OFTEN = 8  # one in so many requests writes


@dataclass
class Taken:
    """What one client saw."""

    seconds: list[float] = field(default_factory=list)
    writes: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass
class Soak:
    web: Served
    place: Estate
    until: float
    pause: float  # seconds between two requests of one client
    students: Iterator[UUID]
    lock: threading.Lock = field(default_factory=threading.Lock)
    gate: threading.Barrier = field(default_factory=lambda: threading.Barrier(CLIENTS))

    def next_student(self) -> UUID:
        with self.lock:
            return next(self.students)


def main() -> None:
    seconds, rate = sizes("BENCH_SECONDS", (60,))[-1], sizes("BENCH_RATE", (16,))[-1]
    with estate("sqlite", BACKUP_RECOVERY_KEY=make_recovery_key(recovery_file()), **IN_WEB) as place:
        school = make_school(place.app, place.app.extensions["clock"], STUDENTS, CASES)
        known = rich_student(place.app, school, 60)
        reference = case_in_hand(place.app, known, school.handler)
        apart = {name: value for name, value in place.environment.items() if name not in IN_WEB}
        with served(PORTAL, place.environment, workers=2) as web, served(FLOOR, apart) as bare:
            soak = Soak(web, place, time.monotonic() + seconds, CLIENTS / rate, (each for each, _ in school.students))
            taken, floor = run(soak, school, known, reference, bare)
        told = sum(said_busy(path) for path in place.folder.glob("*.log"))
    report(taken, floor, told, seconds, rate)


def recovery_file() -> Path:
    return Path(tempfile.mkdtemp(prefix="portal-bench-")) / "recovery"


def run(soak: Soak, school: School, known: UUID, reference: str, bare: Served) -> tuple[list[Taken], Taken]:
    taken, floor = [Taken() for _ in range(CLIENTS)], Taken()
    lives = [
        threading.Thread(target=live, args=(soak, number, seen, school, known, reference))
        for number, seen in enumerate(taken)
    ]
    lives.append(threading.Thread(target=ask_floor, args=(soak, bare, reference, floor)))
    lives.append(threading.Thread(target=trouble, args=(soak, floor)))
    for each in lives:
        each.start()
    for each in lives:
        each.join()
    return taken, floor


# --- the clients


def live(soak: Soak, number: int, seen: Taken, school: School, known: UUID, reference: str) -> None:
    """One client: reads at its rate, writes now and then, and at the gate together with all others."""
    student = number < STUDENT_CLIENTS
    who = ("student", known) if student else ("staff", school.handlers[0])
    client = soak.web.client(signed_in(soak.place.app, *who))
    client.origin = f"192.0.2.{number + 1}"
    cases = school.references[number::CLIENTS] or [reference]
    pages = itertools.cycle(student_pages(reference) if student else staff_pages(cases))
    notes = itertools.cycle(cases)
    due, together = time.monotonic() + number * soak.pause / CLIENTS, time.monotonic() + TOGETHER
    for turn in itertools.count(1):
        if due >= soak.until:
            return
        time.sleep(max(0.0, due - time.monotonic()))
        if due >= together:
            together += TOGETHER
            file_at_once(soak, number, seen)
            due = time.monotonic()
        elif turn % OFTEN == 0:
            write = (lambda: file_request(soak, number, seen)) if student else (lambda: note(client, next(notes), seen))
            timed(seen, due, write)
        else:
            timed(seen, due, lambda: expect(client.get(next(pages)).status, 200))
        due += soak.pause


def timed(seen: Taken, due: float, do: Callable[[], None]) -> None:
    try:
        do()
    except Exception as error:  # whatever went wrong is what a person would have met
        seen.errors.append(f"{type(error).__name__}: {error}")
    seen.seconds.append(time.monotonic() - due)


def expect(status: int, wanted: int) -> None:
    if status != wanted:
        raise AssertionError(f"status {status}")


def student_pages(reference: str) -> list[str]:
    return ["/nl/", "/nl/me", "/nl/new", f"/nl/me/requests/{reference}", "/nl/rights"]


def staff_pages(cases: list[str]) -> list[str]:
    return [
        "/staff/",
        "/staff/?tab=all",
        f"/staff/cases/{cases[0]}",
        "/staff/?tab=overdue",
        f"/staff/cases/{cases[-1]}",
    ]


def note(client: Client, reference: str, seen: Taken) -> None:
    page = client.get(f"/staff/cases/{reference}")
    expect(page.status, 200)
    form = {"csrf_token": token(page), "once": hidden(page.text, "once"), "note": "Gebeld, morgen weer."}
    expect(client.post(f"/staff/cases/{reference}/note", **form).status, 302)
    seen.writes += 1


def hidden(html: str, name: str) -> str:
    """The last field of that name on the page: the note's own."""
    return re.findall(rf'name="{name}"[^>]*value="([^"]*)"', html)[-1]


def ready_to_file(soak: Soak, number: int) -> tuple[Client, str, dict[str, str]]:
    """A student's browser before the button that sends."""
    client = soak.web.client(signed_in(soak.place.app, "student", soak.next_student()))
    client.origin = f"198.51.{number}.{next(ORIGINS) % 250}"
    chosen = client.post("/nl/new", csrf_token=token(client.get("/nl/new")), kind="access")
    page = chosen.headers["location"]
    done = client.post(page, csrf_token=token(client.get(page)), scope="all", words="Graag alles van 2026.")
    path = done.headers["location"]
    return client, path, {"csrf_token": token(client.get(path))}


ORIGINS = itertools.count()


def file_request(soak: Soak, number: int, seen: Taken) -> None:
    client, path, form = ready_to_file(soak, number)
    expect(client.post(path, **form).status, 302)
    client.close()
    seen.writes += 1


def file_at_once(soak: Soak, number: int, seen: Taken) -> None:
    """All eight press the button at the same moment; only the answer to it is timed."""
    try:
        client, path, form = ready_to_file(soak, number)
        soak.gate.wait(30)
    except Exception as error:
        seen.errors.append(f"before all at once, {type(error).__name__}: {error}")
        return
    began = time.monotonic()
    timed(seen, began, lambda: expect(client.post(path, **form).status, 302))
    client.close()
    seen.writes += 1


def ask_floor(soak: Soak, bare: Served, reference: str, seen: Taken) -> None:
    client, due = bare.client(), time.monotonic()
    while due < soak.until:
        time.sleep(max(0.0, due - time.monotonic()))
        timed(seen, due, lambda: expect(client.get(f"/floor/{reference}").status, 200))
        due += soak.pause


# --- what happens meanwhile


def trouble(soak: Soak, seen: Taken) -> None:
    """The worker is killed and started again; a backup is made while everybody goes on."""
    began, whole = time.monotonic(), soak.until - time.monotonic()
    backing_up = threading.Thread(target=back_up, args=(soak, began + whole / 2, seen))
    backing_up.start()
    if not IN_WEB:
        kill_a_worker(soak, whole, seen)
    backing_up.join()


def kill_a_worker(soak: Soak, whole: float, seen: Taken) -> None:
    log = soak.place.folder / "worker.log"
    worker = start(soak.place.environment, log)
    try:
        time.sleep(whole / 3)
        worker.kill()
        worker.wait()
        time.sleep(min(10, whole / 12))
        worker = start(soak.place.environment, log)
        time.sleep(max(0.0, soak.until - time.monotonic()))
        if worker.poll() is not None:
            seen.errors.append(f"the worker ended: {worker.returncode}")
    finally:
        stop(worker)


def back_up(soak: Soak, at: float, seen: Taken) -> None:
    time.sleep(max(0.0, at - time.monotonic()))
    line = [sys.executable, "-m", "flask", "--app", "portal", "backup", str(soak.place.folder / "backup")]
    said = subprocess.run(line, cwd=ROOT, env=soak.place.environment, capture_output=True, text=True, check=False)
    if said.returncode:
        seen.errors.append(f"backup: {said.stderr[-300:]}")


def said_busy(log: Path) -> int:
    """How often the database let nobody in for so long that somebody was told so (portal/web/errors.py)."""
    return sum("database not available" in line for line in log.read_text(errors="replace").splitlines())


def report(taken: list[Taken], floor: Taken, locked: int, seconds: int, rate: int) -> None:
    every = [each for seen in taken for each in seen.seconds]
    errors = [error for seen in (*taken, floor) for error in seen.errors]
    for error in sorted(set(errors))[:10]:
        print(error, file=sys.stderr)
    figures = {"engine": "sqlite", "seconds": seconds, "rate": rate, "requests": len(every), "in_web": bool(IN_WEB)}
    tell("soak", "floor", p50_ms=percentile(floor.seconds, 50), p95_ms=percentile(floor.seconds, 95))
    more = {"p50_ms": percentile(every, 50), "p95_ms": percentile(every, 95), "writes": sum(s.writes for s in taken)}
    tell_bar("soak", "errors", len(errors), most=0, **figures, **more)
    tell_bar("soak", "a database too busy in a log", locked, most=0, engine="sqlite")


def percentile(seconds: list[float], hundredth: int) -> float:
    return round(statistics.quantiles(seconds, n=100)[hundredth - 1] * 1000, 1)


if __name__ == "__main__":
    main()
