"""Two worker machines instead of one, on one PostgreSQL: mails a second against a server that takes 50 ms for each, and
packages. Each "machine" is a worker with a data folder of its own.

The mails are counted where they arrive, each must come once. What is timed is from the first to the last of them: a
worker's start is not what a second one is bought for. BENCH_MAILS and BENCH_PACKAGES name how many.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from benchmarks.kit.estate import Estate, estate
from benchmarks.kit.scene import case_in_hand, rich_student
from benchmarks.kit.school import School, make_school
from benchmarks.kit.served import free_port
from benchmarks.kit.telling import sizes, tell, tell_bar
from benchmarks.kit.worker import working
from portal.domain.permissions import SYSTEM
from portal.mail import messages
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.records.tables.papers import IssuedLetter, Package
from portal.records.tables.proof import Audit, OutMail
from portal.runners.queue_schema import prepare
from portal.services.export import build_export
from portal.services.unit import writing

SECONDS_A_MAIL = 0.05
TIMES, PATIENCE = 1.8, 900


@dataclass
class Slow:
    """Takes every mail after a while; remembers when, and which."""

    taken: list[tuple[float, str]] = field(default_factory=list)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        await asyncio.sleep(SECONDS_A_MAIL)
        header = BytesHeaderParser().parsebytes(envelope.content)["Message-ID"]
        self.taken.append((time.perf_counter(), str(header)))
        return "250 taken"

    def rate(self) -> float:
        """Mails a second between the first and the last."""
        moments = [moment for moment, _ in self.taken]
        return (len(moments) - 1) / (max(moments) - min(moments))


@contextmanager
def slow_server() -> Iterator[tuple[Slow, int]]:
    slow, port = Slow(), free_port()
    controller = Controller(slow, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield slow, port
    finally:
        controller.stop()


def main() -> None:
    mails, packages = sizes("BENCH_MAILS", (400,))[-1], sizes("BENCH_PACKAGES", (12,))[-1]
    with estate("postgres") as place:
        prepare(place.environment["DATABASE_URL"])
        school = make_school(place.app, place.app.extensions["clock"], students=200, cases=500)
        rates = {machines: mail_rate(place, machines, mails) for machines in (1, 2)}
        built = {machines: package_rate(place, school, machines, packages) for machines in (1, 2)}
    tell("machines", "mails a second", machines=1, number=mails, a_second=round(rates[1], 1))
    figures = {"machines": 2, "number": mails, "a_second": round(rates[2], 1)}
    tell_bar("machines", "mails a second", rates[2] / rates[1], least=TIMES, **figures)
    for machines, rate in built.items():
        more = {"ratio": round(rate / built[1], 2)} if machines > 1 else {}
        tell("machines", "packages a second", machines=machines, number=packages, a_second=round(rate, 2), **more)


@contextmanager
def working_machines(place: Estate, many: int, port: int) -> Iterator[None]:
    with ExitStack() as stack:
        for number in range(many):
            folder = place.folder / f"machine-{many}-{number}"
            folder.mkdir(exist_ok=True)
            own = {"PORTAL_DATA": str(folder), "MAIL_URL": f"smtp://127.0.0.1:{port}"}
            stack.enter_context(working({**place.environment, **own}))
        yield


def mail_rate(place: Estate, machines: int, mails: int) -> float:
    clock = place.app.extensions["clock"]
    with place.app.app_context(), slow_server() as (slow, port):
        later = clock.now().replace(year=clock.now().year + 1)
        with writing(SYSTEM, clock) as work:
            work.session.query(OutMail).delete()
        with writing(SYSTEM, clock) as work:
            for number in range(mails):
                key = f"machines:{machines}:{number}"
                work.send(messages.sign_in("a@example.org", "nl", "t", "1", key, later))
        with working_machines(place, machines, port):
            wait_for(lambda: len(slow.taken) >= mails)
            time.sleep(2)  # what would come twice would come now
        twice = [name for name, times in Counter(name for _, name in slow.taken).items() if times > 1]
        assert not twice, f"sent twice: {twice}"
        return slow.rate()


def package_rate(place: Estate, school: School, machines: int, packages: int) -> float:
    """Letters are printed before, so that only packages are in it; every package is built once, says the log."""
    clock = place.app.extensions["clock"]
    references = [case_in_hand(place.app, rich_student(place.app, school, 60), school.handler) for _ in range(packages)]
    with place.app.app_context(), slow_server() as (_, port):
        with writing(SYSTEM, clock) as work:
            work.session.query(OutMail).delete()
            work.session.query(IssuedLetter).delete()
        before = built_so_far()
        with working_machines(place, machines, port):
            time.sleep(8)  # they run, and have nothing to do
            with writing(SYSTEM, clock) as work:
                for reference in references:
                    build_export(
                        work, work.session.execute(select(Case).where(Case.reference == reference)).scalar_one()
                    )
            began = time.perf_counter()
            wait_for(lambda: not waiting_packages())
            taken = time.perf_counter() - began
        assert built_so_far() - before == packages, "a package was built twice"
        return packages / taken


def waiting_packages() -> int:
    return counted(select(func.count()).select_from(Package).where(Package.state == "waiting"))


def built_so_far() -> int:
    return counted(select(func.count()).select_from(Audit).where(Audit.act == "build_package"))


def counted(statement: Any) -> int:
    found = int(db.session.execute(statement).scalar_one())
    db.session.rollback()
    return found


def wait_for(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.1)


if __name__ == "__main__":
    main()
