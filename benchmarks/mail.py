"""How many mails a second one worker sends: rendering alone, and from the outbox over SMTP to a server beside it.

python -m benchmarks.mail [mails]
"""

from __future__ import annotations

import smtplib
import socket
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.controller import Controller
from flask_migrate import upgrade

from benchmarks.kit.telling import medians, tell, tell_bar
from config import read_settings
from portal import create_app
from portal.domain.clock import SystemClock
from portal.domain.permissions import SYSTEM
from portal.mail import messages
from portal.mail.render import House, Sheet, render
from portal.mail.transports import SmtpTransport
from portal.services.deliver_mail import deliver
from portal.services.unit import writing


class Taking:
    """A server that takes everything."""

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        return "250 taken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def a_letter() -> tuple[Sheet, House]:
    house = House("https://privacy.school.example", "privacy@school.example", "School", "072 123 45 67")
    written = {"reference": "V-2026-1"}
    return Sheet("decided", "nl", "a@example.org", "<1@school.example>", datetime.now(UTC), written), house


def rendering(mails: int) -> float:
    render(*a_letter())
    begun = time.perf_counter()
    for _ in range(mails):
        render(*a_letter())
    return time.perf_counter() - begun


def delivering(mails: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            read_settings({"PORTAL_DATA": folder, "DATABASE_URL": f"sqlite:///{Path(folder) / 'm.sqlite3'}"})
        )
        server = Controller(Taking(), hostname="127.0.0.1", port=free_port())
        server.start()
        try:
            with app.app_context():
                upgrade()
                clock = SystemClock()
                later = clock.now().replace(year=clock.now().year + 1)
                with writing(SYSTEM, clock) as work:
                    for number in range(mails):
                        work.send(messages.sign_in("a@example.org", "nl", "t", "1", f"sign_in:{number}", later))
                begun = time.perf_counter()
                done = deliver(clock, SmtpTransport("127.0.0.1", server.port))
                taken = time.perf_counter() - begun
                assert done.sent == mails, done
                return taken
        finally:
            server.stop()


def bare(mails: int) -> float:
    """The same mails, rendered before, by smtplib alone over one connection to the same kind of server."""
    whole = render(*a_letter()).as_bytes()
    server = Controller(Taking(), hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        began = time.perf_counter()
        with smtplib.SMTP("127.0.0.1", server.port) as connection:
            for _ in range(mails):
                connection.sendmail("privacy@school.example", ["a@example.org"], whole)
        return time.perf_counter() - began
    finally:
        server.stop()


def main(mails: int) -> None:
    """Mails a second; the bar holds delivery from the outbox against the bare loop of the same run."""
    took = medians(
        {"render": lambda: rendering(mails), "smtplib": lambda: bare(mails), "deliver": lambda: delivering(mails)}, 3
    )
    for what in ("render", "smtplib"):
        tell("mail", what, mails_per_s=round(mails / took[what]))
    rate = round(mails / took["deliver"])
    tell_bar("mail", "deliver", took["smtplib"] / took["deliver"], least=0.5, mails_per_s=rate)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
