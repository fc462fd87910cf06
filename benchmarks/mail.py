"""How many mails a second one worker sends: rendering alone, and from the outbox over SMTP to a server beside it.

python -m benchmarks.mail [mails]
"""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.kit.telling import medians, tell, tell_bar
from config import read_settings
from portal import create_app
from portal.domain.clock import SystemClock
from portal.domain.permissions import SYSTEM
from portal.mail import messages
from portal.mail.render import House, Sheet, render
from portal.mail.transports import SmtpTransport
from portal.records.migrating import upgrade
from portal.services.deliver_mail import deliver
from portal.services.unit import writing

ROUNDS = 5
PATIENCE = 20.0  # seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server() -> Iterator[int]:
    """A server that takes everything, in a process of its own as in any installation; its port."""
    port = free_port()
    command = [sys.executable, "-m", "aiosmtpd", "--nosetuid", "--listen", f"127.0.0.1:{port}"]
    process = subprocess.Popen([*command, "--class", "aiosmtpd.handlers.Sink"])
    try:
        until = time.monotonic() + PATIENCE
        while not answers(port):
            assert time.monotonic() < until, "the mail server does not answer"
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    with suppress(OSError), smtplib.SMTP("127.0.0.1", port):
        return True
    return False


def a_letter() -> tuple[Sheet, House]:
    """The sheet of the mails that are delivered below, and a house."""
    now = datetime.now(UTC)
    letter = sign_in(0, now + timedelta(days=1))
    house = House("https://privacy.school.example", "privacy@school.example", "School", "072 123 45 67")
    sheet = Sheet(
        letter.kind, letter.language, letter.to, "<1@school.example>", now, letter.arguments, letter.expires_at
    )
    return sheet, house


def sign_in(number: int, until: datetime) -> messages.Message:
    return messages.sign_in("a@example.org", "nl", "t0ken", "482915", f"sign_in:{number}", until)


def rendering(mails: int) -> float:
    render(*a_letter())
    begun = time.perf_counter()
    for _ in range(mails):
        render(*a_letter())
    return time.perf_counter() - begun


def delivering(mails: int, port: int) -> float:
    """From rows in the outbox until the last is marked as sent."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            read_settings({"PORTAL_DATA": folder, "DATABASE_URL": f"sqlite:///{Path(folder) / 'm.sqlite3'}"})
        )
        with app.app_context():
            upgrade()
            clock = SystemClock()
            with writing(SYSTEM, clock) as work:
                for number in range(mails):
                    work.send(sign_in(number, clock.now() + timedelta(days=1)))
            begun = time.perf_counter()
            done = deliver(clock, SmtpTransport("127.0.0.1", port))
            taken = time.perf_counter() - begun
            assert done.sent == mails, done
            return taken


def bare(mails: int, port: int) -> float:
    """The same mail, rendered before, by smtplib alone over one connection to the same server."""
    mail = render(*a_letter())
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for _ in range(mails):
            connection.sendmail(mail.sender, [mail.recipient], mail.content)
    return time.perf_counter() - began


def main(mails: int) -> None:
    """Mails a second; the bar holds delivery from the outbox against the bare loop of the same run."""
    with server() as port:
        measures = {
            "render": lambda: rendering(mails),
            "smtplib": lambda: bare(mails, port),
            "deliver": lambda: delivering(mails, port),
        }
        took = medians(measures, ROUNDS)
    for what in ("render", "smtplib"):
        tell("mail", what, mails_per_s=round(mails / took[what]))
    rate = round(mails / took["deliver"])
    tell_bar("mail", "deliver", took["smtplib"] / took["deliver"], least=0.5, mails_per_s=rate)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
