"""Public pages answer "not changed" to a browser that has them; a page with anything of a person is never kept."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from flask import Flask

from config import ROOT
from portal.web.public.steady import STEADY
from tests import factories
from tests.commands.processes import environment
from tests.engines import sqlite_settings
from tests.web.visitor import Visitor, sign_in

FETCH = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "none"}


@pytest.mark.parametrize("name", sorted(STEADY))
def test_a_public_page_is_sent_again_only_when_it_changed(sqlite_app: Flask, name: str) -> None:
    client = sqlite_app.test_client()
    with sqlite_app.test_request_context():
        address = sqlite_app.url_for(name, lang="nl")
    first = client.get(address, headers=FETCH)
    assert first.headers["Cache-Control"] == "no-store", "it sets the cookie of the language"
    kept = client.get(address, headers=FETCH)
    assert kept.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in kept.vary
    tag = kept.headers["ETag"]
    again = client.get(address, headers={**FETCH, "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert "Content-Security-Policy" in again.headers
    plain = client.get(address, headers={"If-None-Match": tag})
    assert plain.status_code == 304, "compressed or not, it is the same page"
    other = client.get(address.replace("/nl/", "/ar/"), headers={**FETCH, "If-None-Match": tag})
    assert other.status_code == 200


def test_who_is_signed_in_gets_the_page_itself_and_no_browser_keeps_it(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_student(email="steady@example.org")
    visitor = Visitor(sqlite_app).get("/nl/").get("/nl/")
    tag = visitor.response.headers["ETag"]
    sign_in(sqlite_app, "steady@example.org", visitor)
    answer = visitor.client.get("/nl/", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


HEAVY = {
    *("weasyprint", "fontTools", "tinycss2", "openpyxl", "PIL", "phonenumbers", "segno", "webauthn", "OpenSSL"),
    *("alembic", "mako", "flask_migrate", "apscheduler", "procrastinate", "prometheus_client"),
    *("psycopg", "sqlalchemy.dialects.postgresql"),
}
ASK = """
import json, sys
from portal import create_app
app = create_app()
client = app.test_client()
said = [client.get(path).status_code for path in ("/nl/", "/nl/about", "/nl/sign-in", "/staff/sign-in")]
print(json.dumps([said, sorted(sys.modules)]))
"""


def test_a_web_process_that_serves_pages_loads_nothing_that_only_the_worker_needs() -> None:
    with sqlite_settings() as settings:
        said = subprocess.run(
            [sys.executable, "-c", ASK], cwd=ROOT, env=environment(settings), capture_output=True, text=True, check=True
        )
    codes, loaded = json.loads(said.stdout.splitlines()[-1])
    assert codes == [200] * 4
    assert {"flask", "sqlalchemy"} <= set(loaded)
    assert [name for name in HEAVY if name in loaded] == []
