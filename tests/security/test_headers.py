"""Headers of every answer, whatever its route and status, and every cookie's flags (ASVS 3.3, 3.4, 12.2.1, 14.3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from flask import Flask, Response, abort
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse
from werkzeug.utils import redirect

from portal.services.limits import TooMany
from portal.web import access
from portal.web.headers import static_url
from tests import engines
from tests.conftest import build
from tests.security.browsing import address, routes
from tests.web.principals import enter as sign_in_as
from tests.web.principals import make_school

STATUSES = (200, 302, 400, 403, 404, 405, 409, 413, 429, 500, 503)
HTTPS = "https://privacy.school.example"
WANTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# Answers that are files of their own carry a stricter policy; the test of uploads and copies looks at those.
NEVER_IN_CSP = ("unsafe-inline", "unsafe-eval", "unsafe-hashes", "data:", "blob:", "*", "http", "strict-dynamic")
OURS = "'self'"  # of every kind that a page loads: our own files and nobody else's


def faults(answer: TestResponse, secure: bool, public_file: bool = False) -> list[str]:
    """What is wrong with an answer's headers."""
    headers = answer.headers
    found = [f"{name}: {headers.get(name)}" for name, value in WANTED.items() if headers.get(name) != value]
    csp = headers.get("Content-Security-Policy", "")
    rules = {part.strip().partition(" ")[0]: part.strip().partition(" ")[2] for part in csp.split(";")}
    if rules.get("default-src") != "'none'" or any(word in csp for word in NEVER_IN_CSP):
        found.append(f"CSP: {csp}")
    if "sandbox" not in rules:
        for name, value in (("frame-ancestors", "'none'"), ("base-uri", "'none'"), ("object-src", "'none'")):
            if rules.get(name) != value:
                found.append(f"CSP {name}: {rules.get(name)}")
        for name in ("form-action", "script-src", "style-src", "img-src", "font-src", "connect-src"):
            if rules.get(name) != OURS:
                found.append(f"CSP {name}: {rules.get(name)}")
    if not public_file and not steady(answer) and "no-store" not in headers.get("Cache-Control", ""):
        found.append(f"Cache-Control: {headers.get('Cache-Control')}")
    if secure != (headers.get("Strict-Transport-Security") == "max-age=31536000; includeSubDomains"):
        found.append(f"HSTS: {headers.get('Strict-Transport-Security')}")
    kind = headers.get("Content-Type", "")
    if answer.status_code not in {204, 304} and (
        not kind or (kind.startswith("text/") and "charset=utf-8" not in kind)
    ):
        found.append(f"Content-Type: {kind}")
    if not headers.get("X-Request-ID"):
        found.append("X-Request-ID")
    for name in ("Server", "X-Powered-By"):
        if name in headers and "Werkzeug" in headers[name]:
            found.append(f"{name}: {headers[name]}")
    return found + [fault for cookie in headers.getlist("Set-Cookie") for fault in cookie_faults(cookie, secure)]


def steady(answer: TestResponse) -> bool:
    """A page that says the same to everybody, kept by that browser alone and asked for again each time."""
    known = re.fullmatch(r"/nl/(about|regulation|help|accessibility|rights)?", answer.request.path)
    headers = answer.headers
    return bool(known) and headers.get("Cache-Control") == "private, no-cache" and "ETag" in headers


def cookie_faults(cookie: str, secure: bool) -> list[str]:
    found = []
    for name, morsel in SimpleCookie(cookie).items():
        if not morsel["httponly"] or morsel["samesite"] != "Lax" or morsel["path"] != "/" or morsel["domain"]:
            found.append(f"cookie {name}: {cookie.partition(';')[2]}")
        if secure != name.startswith("__Host-") or secure != bool(morsel["secure"]):
            found.append(f"cookie {name}: secure is {morsel['secure']!r}")
    return found


@pytest.fixture(params=["http", "https"])
def house(request: pytest.FixtureRequest) -> Iterator[tuple[Flask, bool]]:
    more = {"BASE_URL": HTTPS} if request.param == "https" else {}
    with engines.sqlite_settings(**more) as settings:
        builder = build(settings)
        yield next(builder), request.param == "https"
        next(builder, None)


def test_every_route_at_every_status_carries_every_header(
    house: tuple[Flask, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The door of each route is made to answer each status, so that no route has a way around the headers."""
    app, secure = house
    with app.app_context():
        school = make_school(app)
    base = {"base_url": HTTPS if secure else "http://127.0.0.1"}
    client = app.test_client()
    seen: Counter[int] = Counter()
    wrong = []
    for status in (None, *STATUSES):
        monkeypatch.setattr(access, "check", lambda rule, status=status: answering(status))
        for rule in routes(app):
            method = "GET" if "GET" in (rule.methods or set()) else "POST"
            if status is None:
                monkeypatch.undo()
            answer = client.open(address(app, rule, school.arguments()), method=method, buffered=True, **base)
            seen[answer.status_code] += 1
            public = rule.endpoint == "static" and answer.status_code == 200
            wrong += [f"{rule.endpoint} {answer.status_code}: {fault}" for fault in faults(answer, secure, public)]
    for answer in odd_ones(client, base):
        seen[answer.status_code] += 1
        wrong += [f"{answer.request.path} {answer.status_code}: {fault}" for fault in faults(answer, secure)]
    answers = f"{sum(seen.values())} answers {dict(sorted(seen.items()))}"
    print(f"headers {'https' if secure else 'http'}: {answers}, {len(wrong)} wrong")
    assert sorted(set(wrong)) == []
    assert set(STATUSES) <= set(seen)


def answering(status: int | None) -> None:
    """Ends a request with this status as it happens in earnest."""
    if status == 429:
        raise TooMany("too_many", limit="test")
    if status == 500:
        raise RuntimeError("planted")
    if status == 503:
        raise OperationalError("SELECT 1", {}, Exception("planted"))
    if status == 302:
        abort(redirect("/nl/"))
    if status not in (None, 200):
        abort(status)


def odd_ones(client: FlaskClient, base: dict[str, str]) -> Iterator[TestResponse]:
    yield client.get("/no/such/page", **base)
    yield client.get("/nl/no-such-page", **base)
    yield client.get("/staff/no-such-page", **base)
    yield client.delete("/nl/", **base)
    yield client.open("/nl/", method="TRACE", **base)
    yield client.post("/nl/new", data="x" * (2 * 1024 * 1024), content_type="application/x-www-form-urlencoded", **base)
    part = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n'
    yield client.post("/nl/new", data=part * 600 + b"--x--", content_type="multipart/form-data; boundary=x", **base)
    yield client.get("/nl/\x00", **base)
    yield client.get("/nl", **base)


def test_every_cookie_of_signing_in_and_out_has_its_flags(house: tuple[Flask, bool]) -> None:
    app, secure = house
    with app.app_context():
        school = make_school(app)
    base = HTTPS if secure else "http://127.0.0.1"
    cookies = []
    for who in ("student_l2", "handler"):
        client = sign_in_as(app, school, who) if not secure else app.test_client()
        for path in ("/nl/sign-in", "/staff/sign-in", "/nl/new", "/nl/me", "/staff/"):
            cookies += client.get(path, base_url=base).headers.getlist("Set-Cookie")
    assert cookies
    assert [fault for cookie in cookies for fault in cookie_faults(cookie, secure)] == []


def test_signing_out_clears_what_the_browser_kept_of_us_over_tls(house: tuple[Flask, bool]) -> None:
    app, secure = house
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post("/nl/sign-out", base_url=HTTPS if secure else "http://127.0.0.1")
    assert ("Clear-Site-Data" in answer.headers) == secure


def test_whatever_is_downloaded_is_sandboxed_and_kept_by_nobody(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes a page that hands out a file need not think of it."""

    def a_file(_rule: object) -> Response:
        headers = {"Content-Disposition": "attachment; filename=x.html", "Content-Security-Policy": "script-src *"}
        return Response("<script>", headers={**headers, "Cache-Control": "public"}, mimetype="text/html")

    monkeypatch.setattr(access, "check", a_file)
    for path in ("/nl/", "/staff/", "/nl/me"):
        answer = sqlite_app.test_client().get(path)
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["Cache-Control"] == "no-store"
        assert faults(answer, secure=False) == []


def test_static_files_are_kept_only_under_the_name_of_their_content(sqlite_app: Flask) -> None:
    client = sqlite_app.test_client()
    with sqlite_app.test_request_context():
        named = static_url("style.css")
    assert "immutable" in client.get(named, buffered=True).headers["Cache-Control"]
    assert "immutable" not in client.get("/static/style.css", buffered=True).headers.get("Cache-Control", "")
    for wrong in ("/static/style.css?v=000000000000", "/static/../config.py?v=1", "/static/nothing.css?v=1"):
        assert "immutable" not in client.get(wrong, buffered=True).headers.get("Cache-Control", ""), wrong


def test_the_detector_sees_planted_faults(sqlite_app: Flask) -> None:
    answer = sqlite_app.test_client().get("/nl/")
    assert faults(answer, secure=False) == []
    assert faults(answer, secure=True)
    answer.headers["Content-Security-Policy"] += "; script-src 'unsafe-inline'"
    assert faults(answer, secure=False)
    assert cookie_faults("session=x; HttpOnly; Path=/; SameSite=None", secure=False)
    assert cookie_faults("session=x; HttpOnly; Path=/; SameSite=Lax", secure=True)
    assert cookie_faults("__Host-session=x; Secure; HttpOnly; Path=/; SameSite=Lax", secure=True) == []
