"""A whole journey over two machines that share nothing but PostgreSQL, the key file's copies and the ledger; on the way
the web of one and the worker of the other lose their power.
"""

from __future__ import annotations

import itertools
import re
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask import Flask, Response, request

from portal.domain.clock import SystemClock
from portal.domain.vocabulary import Role
from portal.records.db import db
from portal.runners.queue_schema import prepare
from portal.services.verify_audit import verify_audit
from tests import factories
from tests.commands.processes import kill, wait_for, web, worker
from tests.conftest import build
from tests.engines import postgres_settings
from tests.mail.posts import rows
from tests.mail.servers import Box, free_port, real_server
from tests.web.staff_door import enter
from tests.web.visitor import Visitor

pytestmark = pytest.mark.postgres
EMAIL = "hanan@example.org"
MINUTES = 240.0  # seconds: until the one that is left takes over a job that the other had begun


@pytest.fixture
def office() -> Iterator[Flask]:
    """The same databases, for what a test must put there and look at."""
    with postgres_settings() as settings:
        for app in build(settings):
            app.extensions["clock"] = SystemClock()
            yield app


def balancer(ports: Sequence[int], name: str) -> Flask:
    """What stands before several machines: gives each request to the next in turn, past whichever is down."""
    app, turn = Flask("balancer", static_folder=None), itertools.count()

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def passed_on(path: str) -> Response:
        first = next(turn)
        headers = {**request.headers, "Host": name, "Connection": "close"}
        for number in range(len(ports)):
            connection = HTTPConnection("127.0.0.1", ports[(first + number) % len(ports)], timeout=60)
            try:
                connection.connect()
            except ConnectionRefusedError:
                continue
            target = request.full_path if request.query_string else request.path
            connection.request(request.method, target, request.get_data(), headers)
            answer = connection.getresponse()
            kept = [each for each in answer.getheaders() if each[0] not in {"Connection", "Transfer-Encoding"}]
            return Response(answer.read(), answer.status, kept)
        return Response(status=502)

    return app


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def all_sent() -> bool:
    return {row.state for row in rows()} == {"sent"}


def newest_code(box: Box) -> str | None:
    for mail in reversed(box.mails):
        text = mail.get_body(("plain",)).get_content()
        if EMAIL in str(mail["To"]) and (found := re.search(r"\b\d{8}\b", text)):
            return found.group()
    return None


def test_a_journey_goes_on_over_two_machines_when_a_web_and_a_worker_die(office: Flask, tmp_path: Path) -> None:
    settings, ports = office.config["SETTINGS"], [free_port(), free_port()]
    prepare(settings.database_url)
    with office.app_context():
        here = factories.make_branch()
        factories.make_student(here, email=EMAIL)
        factories.make_staff("anna", Role.CASE_HANDLER, branch=here)
        db.session.remove()
    with real_server() as (box, smtp), ExitStack() as stack:
        webs, workers, logs = [], [], []
        for number, port in enumerate(ports):
            place = tmp_path / f"machine{number}"
            place.mkdir()
            own = {"PORTAL_DATA": str(place), "KEY_ENCRYPTION_KEY_FILE": str(place / "key")}
            shutil.copy(settings.key_file, place / "key")
            own["MAIL_URL"] = f"smtp://127.0.0.1:{smtp}"
            logs += [place / "web.log", place / "worker.log"]
            webs.append(stack.enter_context(web(settings, logs[-2], port, **own)))
            workers.append(stack.enter_context(worker(settings, logs[-1], **own)))
        wait_for(lambda: all(map(is_open, ports)), "both web machines")
        front = balancer(ports, settings.base_url.removeprefix("http://"))

        student = Visitor(front).get("/nl/sign-in").press("link", email=EMAIL)
        wait_for(lambda: newest_code(box), "the code")
        student.press("Inloggen", code=str(newest_code(box)))
        student.get("/nl/confirm?level=2").press("Ga verder", birth_date="02-04-1990", known="1723AB")
        student.get("/nl/new").press("Ga verder", kind="access").press("Ga verder", scope=["all"], words="Alles")
        kill(webs[0])  # between the check page and its button
        wait_for(lambda: not is_open(ports[0]), "the machine to be off")
        student.press()
        found = re.search(r"V-\d{4}-\d+", student.text)
        assert found, student.text
        reference = found.group()
        wait_for(lambda: any(reference in mail["Subject"] for mail in box.mails), "the receipt")
        with office.app_context():
            wait_for(all_sent, "the mails in hand: what a dead worker holds comes when its lease is over")
        kill(workers[1])

        staff = enter(office, "anna", visitor=Visitor(front)).link(reference).press("Neem in behandeling")
        staff.link("Besluit nemen").press("Besluit nemen", outcome_0="granted").press("Verstuur")
        while "Voer uit in het portaal" not in staff.text:
            staff.link("Afvinken").press("Stap bewaren", state="nothing")
        staff.press("Voer uit in het portaal")

        def packed() -> bool:
            return "Haal alles op in één bestand" in student.get(f"/nl/me/requests/{reference}").text

        wait_for(packed, "the package, built by the worker that is left", MINUTES)
        assert student.press("Haal alles op in één bestand").response.get_data().startswith(b"PK")

        with office.app_context():
            wait_for(all_sent, "every mail", MINUTES)
            assert verify_audit(SystemClock()).whole
            db.session.remove()
        assert [webs[1].poll(), workers[0].poll()] == [None, None]
    sent = [str(mail["Message-ID"]) for mail in box.mails]
    assert len(sent) == len(set(sent)), "no mail came twice"
    assert all('"level": "error"' not in log.read_text() for log in logs)
