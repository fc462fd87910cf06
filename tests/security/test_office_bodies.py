"""The larger limit of the office's upload is for whoever may import; everybody else is cut off where all are."""

from __future__ import annotations

import tempfile

import pytest
from flask import Flask

from tests.security.test_bodies import BOUNDARY, TOKEN
from tests.web.principals import enter, make_school

KIB = 1024


@pytest.fixture
def limited(sqlite_app: Flask) -> Flask:
    """With small limits, so that no test has to send megabytes."""
    sqlite_app.config["MAX_CONTENT_LENGTH"] = 100 * KIB
    sqlite_app.config["BODY_LIMITS"] = {"staff.intake": 700 * KIB}
    return sqlite_app


def send(app: Flask, who: str, size: int, path: str = "/staff/intake") -> int:
    with app.app_context():
        school = make_school(app)
    client = enter(app, school, who)
    page = client.get("/staff/me" if who in {"officer", "handler"} else "/nl/new").get_data(as_text=True)
    found = TOKEN.search(page)
    assert found
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="'
    body = f'{head}csrf_token"\r\n\r\n{found[1]}\r\n{head}files"; filename="export.zip"\r\n\r\n'.encode()
    body += bytes(size) + f"\r\n--{BOUNDARY}--\r\n".encode()
    form = f"multipart/form-data; boundary={BOUNDARY}"
    return client.post(path, data=body, content_type=form, buffered=True).status_code


@pytest.mark.parametrize(("who", "size", "status"), [
    ("officer", 600 * KIB, 422),  # read whole; an upload is under way already
    ("officer", 710 * KIB, 413),
    ("handler", 150 * KIB, 413),
    ("anonymous", 150 * KIB, 413),
    ("unacknowledged", 150 * KIB, 413),
])  # fmt: skip
def test_only_whoever_may_import_sends_more_than_everybody(limited: Flask, who: str, size: int, status: int) -> None:
    assert send(limited, who, size) == status


def test_no_other_endpoint_takes_more(limited: Flask) -> None:
    assert send(limited, "officer", 150 * KIB, "/staff/students/new") == 413


def test_what_is_uploaded_never_touches_a_disk_unsealed(limited: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a file on the disk")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    assert send(limited, "officer", 600 * KIB) == 422
