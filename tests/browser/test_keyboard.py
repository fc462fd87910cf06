"""Every journey of a student from end to end by keyboard alone, in Arabic, Tigrinya and Dutch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Outcome, RequestKind, Role
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.services import second_channel_tasks
from portal.services.representing import Relation
from portal.services.second_channel import Channel, open_tasks
from portal.services.unit import writing
from tests import factories
from tests.browser.keys import Keyboard
from tests.proofs import LONG, keep
from tests.services import campaigns, cases
from tests.web.test_erasure_pages import waiting_erasure
from tests.web.test_public import WHAT, WHO
from tests.web.visitor import mails

pytestmark = pytest.mark.proof
LANGUAGES = ("ar", "ti", "nl")
EMAIL = "hanan@example.org"
MOST_PAGES = 7
KINDS = list(RequestKind)
# Each right in one language in turn; in `make proof` each in all three.
JOURNEYS = [
    (kind, lang) for kind in KINDS for lang in LANGUAGES if LONG or KINDS.index(kind) % 3 == LANGUAGES.index(lang)
]


@pytest.fixture
def app(live: tuple[Flask, str]) -> Flask:
    return live[0]


@pytest.fixture
def person(live: tuple[Flask, str], chromium: Any) -> Iterator[Any]:
    opened: list[Keyboard] = []

    def open_browser(lang: str) -> Keyboard:
        opened.append(Keyboard(chromium, live[1], lang))
        return opened[-1]

    yield open_browser
    for each in opened:
        each.close()


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.execute(select(func.count()).select_from(Case)).scalar_one()


def fill(keys: Keyboard, values: dict[str, Any]) -> None:
    """Whatever of this stands on the page, in the order of the page."""
    for name, value in values.items():
        if not keys.page.locator(f"main [name={name}]").count():
            continue
        if isinstance(value, list):
            for each in value:
                keys.tick(name, each)
        else:
            keys.write(name, value)


def file_a_request(app: Flask, keys: Keyboard, kind: RequestKind) -> int:
    """From the first page of the site to the receipt; the number of pages from the choice on."""
    lang = keys.lang
    keys.open("/")
    keys.follow(f"main a[lang={lang}]")
    keys.follow(f"main a[href='/{lang}/new']")
    keys.choose("kind", kind.value)
    keys.send()
    pages = 1
    while "/receipt" not in keys.page.url:
        pages += 1
        assert keys.page.get_attribute("html", "lang") == lang
        if "/check" not in keys.page.url and "/meaning" not in keys.page.url:
            fill(keys, {**WHAT[kind], **WHO})
        keys.send()
    return pages + 1


@pytest.mark.parametrize(("kind", "lang"), JOURNEYS, ids=str)
def test_every_right_is_filed_by_keyboard_alone_and_going_back_files_nothing_twice(
    app: Flask, person: Any, kind: RequestKind, lang: str
) -> None:
    keys = person(lang)
    pages = file_a_request(app, keys, kind)
    assert pages <= MOST_PAGES
    reference = re.search(r"V-2026-\d+", keys.text)
    assert reference
    assert count(app) == 1
    keys.back()
    assert reference.group() in keys.text, "back from the receipt leads to the receipt, not to a form that can be sent"
    assert count(app) == 1
    keep("keyboard", journey=f"file {kind.value}", language=lang, pages=pages, keys=keys.keys)


@pytest.mark.parametrize("lang", LANGUAGES if LONG else LANGUAGES[1:2])
def test_a_student_signs_in_mends_a_value_reads_the_answer_writes_and_stops_a_consent(
    app: Flask, person: Any, lang: str
) -> None:
    with app.app_context():
        anna = factories.make_staff("anna", Role.PRIVACY_OFFICER)
        student = factories.make_student(email=EMAIL)
        factories.add_record(student, "consent", activity="diploma_valuation", date="2025-08-20")
        answered = cases.opened(RequestKind.RECTIFICATION, student, language=lang)
        cases.decided(answered, factories.staff_actor(anna), Outcome.REFUSED, ground="opinion", reason="Dit klopt.")
        taken = cases.opened(RequestKind.ACCESS, student, language=lang)
    keys = person(lang)
    sign_in(app, keys)
    mend_the_street(keys)
    keys.open(f"/{lang}/me/requests/{answered}")
    assert answered in keys.text
    keys.write("text", "Ik begrijp het niet حنان")
    keys.send("#message-form")
    assert "Ik begrijp het niet حنان" in keys.text
    keys.open(f"/{lang}/me/requests")
    keys.follow(f"main a[href='/{lang}/me/requests/{taken}']")
    keys.follow("main a[href$='/take-back']")
    keys.send()
    keys.follow(f"header a[href='/{lang}/me/consents']")
    keys.send()
    keys.follow("header form button[type=submit]")
    keys.open(f"/{lang}/me")
    assert "/sign-in" in keys.page.url
    keep("keyboard", journey="an account", language=lang, keys=keys.keys)


@pytest.mark.parametrize("lang", LANGUAGES if LONG else LANGUAGES[:1])
def test_a_student_answers_a_question_lets_somebody_help_and_changes_the_address(
    app: Flask, person: Any, lang: str
) -> None:
    with app.app_context():
        student = factories.make_student(email=EMAIL, language=lang)
        campaigns.sent(cases.officer())
    keys = person(lang)
    sign_in(app, keys)
    keys.follow("main a[href*='/me/consents']")
    keys.follow("main a[href*='/me/consents/']")
    keys.follow("button[name=answer][value=no]")
    keys.follow("button[name=answer][value=yes]")
    keys.follow("main .notice a[href$='/me/consents']")
    keys.follow(f"header a[href='/{lang}/me/helpers']")
    keys.follow("main a[href$='/me/helpers/new']")
    fill(keys, {"birth_date": "02-04-1990", "known": "1723 AB"})
    keys.send("#confirm")
    keys.write("name", WHO["name"])
    keys.choose("relation", Relation.FAMILY.value)
    keys.write("email", "helper@example.org")
    keys.tick("kinds", RequestKind.ACCESS.value)
    keys.send("#helper")
    assert WHO["name"] in keys.text
    keys.follow("main form.act[action$='/end'] button")
    assert not keys.page.locator("main form.act[action$='/end']").count()
    keys.follow(f"header a[href='/{lang}/me/email']")
    keys.follow("main a[href*='level=3']")
    keys.follow("main form.act:has([value=call]) button")
    with app.app_context():
        keys.write("code", code_of_call(student))
    keys.send("#second-code")
    keys.write("email", "hanan.new@example.org")
    keys.send()
    assert "hanan.new@example.org" in keys.text
    keys.follow("main form.act[action$='/email/stop'] button")
    assert "hanan.new@example.org" not in keys.text
    keep("keyboard", journey="a question, a helper, an address", language=lang, keys=keys.keys)


@pytest.mark.parametrize("lang", LANGUAGES if LONG else LANGUAGES[2:])
def test_a_request_is_followed_with_its_code_and_an_erasure_stopped_with_its_link(
    app: Flask, person: Any, lang: str
) -> None:
    keys = person(lang)
    file_a_request(app, keys, RequestKind.COMPLAINT)
    reference, code = keys.page.locator(".receipt dd").all_inner_texts()
    apart = person(lang)
    apart.open(f"/{lang}/")
    apart.follow(f"main a[href='/{lang}/code']")
    apart.write("code", code)
    apart.send()
    assert reference in apart.text
    apart.write("text", "Is er al nieuws? حنان")
    apart.send("#message-form")
    assert "Is er al nieuws? حنان" in apart.text
    waiting_erasure(app)
    apart.open(f"/{lang}/{mails(app, 'erasure_planned')[-1]['arguments']['page']}")  # type: ignore[index]
    apart.send()
    assert not apart.page.locator("main form").count(), "it is stopped: nothing is left to press"
    keep("keyboard", journey="a code and a link", language=lang, keys=keys.keys + apart.keys)


def sign_in(app: Flask, keys: Keyboard) -> None:
    keys.open(f"/{keys.lang}/")
    keys.follow("main a[href*='/sign-in']")
    keys.write("email", EMAIL)
    keys.send()
    code = next(mail["arguments"]["code"] for mail in reversed(mails(app)) if mail["to"] == EMAIL)  # type: ignore[index]
    keys.write("code", str(code))
    keys.send()
    assert keys.page.url.endswith(f"/{keys.lang}/me")


def code_of_call(student: UUID) -> str:
    """What staff read aloud to a student who asked for a call."""
    with writing(SYSTEM, cases.clock()) as work:
        (task,) = [each.id for each in open_tasks(work, student, Channel.CALL)]
    return second_channel_tasks.call(cases.handler(), cases.clock(), task).code


def mend_the_street(keys: Keyboard) -> None:
    keys.to("#group-1 > summary")
    keys.press("Enter")
    keys.follow("a[href$='/street/wrong']")
    keys.write("value", "Dorpsstraat 5")
    keys.send()
    assert "/check" in keys.page.url
    keys.back()
    assert keys.page.locator("main [name=value]").count(), "one may go back and look"
    keys.write("value", "Dorpsstraat 7")
    keys.send()
    assert "Dorpsstraat 7" in keys.text
    keys.send()
    assert "/receipt" in keys.page.url
