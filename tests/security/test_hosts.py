"""A forged Host, a forged forwarding header, a forged way back: none of them steers a link, a redirect or a counter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask, request

from portal.mail.render import render
from portal.services import limits
from portal.web.access import safe_next
from portal.web.place import place
from tests import engines
from tests.conftest import build
from tests.factories import make_student
from tests.mail.posts import HOUSE, every_message, parsed, sheet_of
from tests.security.browsing import address, routes
from tests.web.principals import enter, make_school
from tests.web.visitor import Visitor, mails

BASE = "https://privacy.school.example"
FORGED = (
    {"Host": "evil.example"},
    {"Host": "privacy.school.example.evil.example"},
    {"Host": "evil.example:443"},
    {"Host": "privacy.school.example@evil.example"},
    {"Host": "localhost"},
    {"Host": "127.0.0.1"},
)
FORWARDED = (
    {"X-Forwarded-Host": "evil.example"},
    {"Forwarded": "host=evil.example;proto=http"},
    {"X-Host": "evil.example"},
    {"X-Original-URL": "/staff/"},
    {"X-Rewrite-URL": "/staff/"},
    {"X-Forwarded-Proto": "http"},
    {"X-Forwarded-Prefix": "//evil.example"},
)
SPELT = """//evil.example|///evil.example|////evil.example|/\\evil.example|\\\\evil.example|/\\/evil.example
https://evil.example|http:evil.example|https:/evil.example|HTTPS://evil.example/nl/me|javascript:alert(1)
data:text/html,x|vbscript:x|evil.example|@evil.example|.evil.example|/nl\\@evil.example|?next=//evil.example|#//x
https://127.0.0.1@evil.example|//127.0.0.1@evil.example|//[::1]|http://[::1""".replace("\n", "|").split("|")
ELSEWHERE = (
    *SPELT,
    *("", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/\x00/evil.example"),
    *("\r\n//evil.example", "/%09/../..//evil.example\r\nSet-Cookie: x=1", "/\u2028/evil.example\x7f"),
)


@pytest.fixture
def production() -> Iterator[Flask]:
    more = {
        "PORTAL_ENV": "production",
        "BASE_URL": BASE,
        "MAIL_URL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "privacy@school.example",
    }
    key_file = engines.SCRATCH / "key-encryption-key"
    with engines.sqlite_settings() as settings:
        list(build(settings))  # makes the key file
        again = engines.settings_for(
            settings.database_url, settings.keys_database_url, KEY_ENCRYPTION_KEY_FILE=str(key_file), **more
        )
        builder = build(again)
        yield next(builder)
        next(builder, None)


@pytest.mark.parametrize("headers", FORGED, ids=lambda headers: next(iter(headers.values())))
def test_a_host_that_is_not_ours_gets_no_page(production: Flask, headers: dict[str, str]) -> None:
    for path in ("/", "/nl/", "/nl/sign-in", "/staff/sign-in", "/nl/me", "/healthz"):
        answer = production.test_client().get(path, base_url=BASE, headers=headers)
        assert answer.status_code == 400, path
        assert "evil" not in answer.get_data(as_text=True)
        assert "evil" not in str(answer.headers)


@pytest.mark.parametrize("headers", FORWARDED, ids=lambda headers: next(iter(headers)))
def test_a_forwarding_header_that_no_proxy_of_ours_set_steers_nothing(
    production: Flask, headers: dict[str, str]
) -> None:
    for path in ("/", "/nl/", "/nl/me", "/nl/sign-in", "/staff/", "/favicon.ico", "/.well-known/security.txt", "/nl"):
        answer = production.test_client().get(path, base_url=BASE, headers=headers, buffered=True)
        assert answer.status_code < 400
        assert "evil" not in answer.get_data(as_text=True), path
        location = urlsplit(answer.headers.get("Location", ""))
        assert location.netloc in {"", "privacy.school.example"}, path


def test_a_sign_in_mail_asked_for_with_a_forged_host_links_to_our_own_address(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        make_student(email="hanan@example.org")
    visitor = Visitor(sqlite_app)
    visitor.environ |= {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_FORWARDED": "host=evil.example"}
    visitor.get("/nl/sign-in").press("link", email="hanan@example.org")
    assert "evil" not in str(mails(sqlite_app, "sign_in"))


def test_every_mail_of_every_language_links_to_our_own_address_only() -> None:
    links = 0
    for language in ("nl", "en", "ar", "fa", "ti", "tr", "uk"):
        for name, message in every_message(language).items():
            for part in parsed(render(sheet_of(message), HOUSE)).walk():
                if part.get_content_maintype() == "text":
                    for found in re.findall(r"(?:https?:)?//[^\s\"'<>]+", str(part.get_content())):
                        links += 1
                        assert found.startswith(f"{HOUSE.base_url}/"), (name, language, found)
    print(f"{links} links in mails, all our own")
    assert links > 100


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_way_back_leads_to_our_own_pages_only(target: str) -> None:
    assert safe_next(target, "/fallback") == "/fallback"


@pytest.mark.parametrize("target", ["/nl/me", "/staff/cases/V-1?tab=x", "/nl/me/requests?page=2"])
def test_a_way_back_to_a_page_of_ours_is_kept(target: str) -> None:
    assert safe_next(target, "/fallback") == target


def test_no_page_that_takes_a_way_back_leads_elsewhere(sqlite_app: Flask) -> None:
    """Every page, for everybody who may stand before it, with every forged way back in its address."""
    with sqlite_app.app_context():
        school = make_school(sqlite_app)
    tried = 0
    for who in ("anonymous", "student_l1", "student_l3", "handler", "unacknowledged"):
        client = enter(sqlite_app, school, who)
        for rule in routes(sqlite_app):
            if "GET" not in (rule.methods or set()) or rule.endpoint == "static":
                continue
            for target in ELSEWHERE[:: 1 if "next" in rule.endpoint or rule.endpoint in TAKE_NEXT else 11]:
                answer = client.get(address(sqlite_app, rule, school.arguments()), query_string={"next": target})
                tried += 1
                location = urlsplit(answer.headers.get("Location", ""))
                assert location.netloc in {"", "127.0.0.1", "localhost"}, (rule.endpoint, target)
                assert location.scheme in {"", "http"}, (rule.endpoint, target)
                assert "Set-Cookie: x" not in str(answer.headers)
    print(f"ways back: {tried} tried")


STEERING = {  # words that Flask's url_for, or a call of ours, takes for something else than a part of the address
    **dict.fromkeys(("_scheme", "_external", "_anchor", "_method", "endpoint", "self", "lang", "values"), "javascript"),
    "_script_root": "//evil.example",
}


def test_no_word_in_an_address_steers_a_link_of_its_page(sqlite_app: Flask) -> None:
    """A language's link repeats what the address asked for: it must stay a link to the same page."""
    with sqlite_app.app_context():
        school = make_school(sqlite_app)
    links = 0
    for who in ("anonymous", "student_l3"):
        client = enter(sqlite_app, school, who)
        for rule in routes(sqlite_app):
            if "GET" not in (rule.methods or set()) or rule.endpoint == "static" or rule.endpoint.startswith("staff."):
                continue
            answer = client.get(address(sqlite_app, rule, school.arguments()), query_string=STEERING)
            assert answer.status_code < 500, (who, rule.endpoint)
            for link in re.findall(r'(?:href|src|action)="([^"]*)"', answer.text):
                links += 1
                assert urlsplit(link).scheme in {"", "https", "mailto", "tel"}, (rule.endpoint, link)
                assert urlsplit(link).netloc not in {"evil.example", "127.0.0.1"}, (rule.endpoint, link)
    assert links > 500


TAKE_NEXT = {"account.sign_in", "account.confirm", "staff.sign_in", "staff.again", "staff.confidentiality"}


def test_signing_in_with_a_forged_way_back_leads_to_the_start(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        make_student(email="hanan@example.org")
    for target in ("//evil.example", "https://evil.example", "/\\evil.example"):
        visitor = Visitor(sqlite_app)
        visitor.get(f"/nl/sign-in?next={target}").press("link", email="hanan@example.org")
        code = str(mails(sqlite_app, "sign_in")[-1]["arguments"]["code"])  # type: ignore[index]
        visitor.press("Inloggen", code=code)
        assert visitor.url == "/nl/me"


def test_a_forged_forwarding_address_does_not_become_another_place_for_the_limits(sqlite_app: Flask) -> None:
    seen = set()
    for number in range(5):
        headers = {"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}"}
        with sqlite_app.test_request_context("/", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.1"}):
            seen.add((place(), request.remote_addr))
    assert seen == {("192.0.2.1", "192.0.2.1")}


def test_behind_one_proxy_only_the_address_that_it_saw_counts() -> None:
    with engines.sqlite_settings(TRUSTED_PROXIES="1") as settings:
        builder = build(settings)
        app = next(builder)
        most = limits.LIMITS["case_code_place"].count
        codes = []
        visitor = Visitor(app, "10.0.0.1")
        visitor.get("/nl/code")
        for number in range(most + 1):
            visitor.environ["HTTP_X_FORWARDED_FOR"] = f"203.0.113.{number}, 192.0.2.7"
            visitor.get("/nl/code").press("Bekijk", code="123456789012")
            codes.append(visitor.status)
        assert codes[-1] == 429, "what a visitor writes before the proxy's own entry must not count"
        visitor.environ["HTTP_X_FORWARDED_FOR"] = "192.0.2.8"
        assert visitor.get("/nl/code").press("Bekijk", code="123456789012").status == 200
        next(builder, None)
