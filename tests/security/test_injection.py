"""Hostile text through every field of every form and in every imported value; then every page, mail and file that shows
it is parsed as a browser does: no element, attribute or address that harmless text does not make (ASVS 1.2.1)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Level, RequestKind
from portal.mail.messages import Message
from portal.mail.render import NotRenderable, render
from portal.services import export
from portal.services.answer import answer_html, answer_of
from portal.services.unit import reading
from tests import engines, factories, proofs
from tests.conftest import build
from tests.mail.posts import HOUSE, every_message, parsed, sheet_of
from tests.security import estate, markup
from tests.security.browsing import Form, Page, journey, page_of, parse, read, walk_all
from tests.security.conftest import Walked
from tests.security.payloads import MARK, PAYLOADS, SUM, rotating
from tests.services import cases
from tests.web.principals import School
from tests.web.visitor import mails

WHO = (
    *("anonymous", "case_code", "student_l2", "student_l3", "shared_address", "representative"),
    *("handler", "officer", "administrator"),
)
OTHERS = (*WHO, "director", "other_branch")
EACH = proofs.rounds(2, len(PAYLOADS))  # payloads a form


@pytest.fixture
def ours(walked: Walked) -> markup.Vocabulary:
    """What pages are made of where everybody typed plain text; with what appears only on refusals."""
    trees = [page.tree for page in walked.pages() if page.html]
    return markup.vocabulary([*trees, *refused(walked)])


def refused(walked: Walked) -> list[Element]:
    """The pages of forms that were sent empty."""
    found = []
    for who, client, form in walked.forms():
        if form.method == "post" and who in WHO and not spends(form):
            empty = dict.fromkeys(form.text_fields, "")
            token = next((each.value for each in form.fields if each.name == "csrf_token"), "")
            answer = client.post(form.action, data={**empty, "csrf_token": token}, follow_redirects=True, buffered=True)
            found.append(page_of(who, answer).tree)
    return found


def spends(form: Form) -> bool:
    """Signing out ends the walk; staff's own password is theirs."""
    return form.action.endswith(("/sign-out", "/password")) or not form.text_fields


@pytest.mark.proof
def test_hostile_text_never_becomes_markup(sqlite_app: Flask, ours: markup.Vocabulary) -> None:
    text = rotating()
    school, references = estate.build(sqlite_app, text)
    faults: list[str] = []
    count: Counter[str] = Counter()

    def look(page: Page, how: str) -> None:
        count[how] += 1
        count["showing"] += MARK in page.html
        faults.extend(f"{page.who} {how} {page.url}: {fault}" for fault in markup.foreign(page.tree, ours))

    stored = walk_all(sqlite_app, school, estate.addresses(references), WHO)
    for who, (client, pages) in stored.items():
        for page in pages:
            look(page, "stored")
        if who in {"anonymous", "student_l2"}:
            for kind in RequestKind:
                for page in journey(client, who, kind.value, text):
                    look(page, "filed")
        for form in {form.shape: form for page in pages for form in page.forms}.values():
            if form.text_fields and not spends(form):
                for _ in range(EACH):
                    for page in typed_into(client, who, form, text(4000)):
                        look(page, "typed")
                    count["fields"] += len(form.text_fields)
    for _who, (_client, pages) in walk_all(sqlite_app, school, estate.addresses(references), OTHERS).items():
        for page in pages:
            look(page, "afterwards")
    figures = {**count, "payloads": len(PAYLOADS), "faults": len(faults)}
    proofs.keep("injection", **figures)
    assert sorted({fault.rpartition(": ")[2] for fault in faults}) == [], faults[:10]
    assert count["showing"] > 100
    assert no_mail_holds_markup(sqlite_app) > 5


def typed_into(client: FlaskClient, who: str, form: Form, payload: str) -> list[Page]:
    """Opens the form's page afresh, types the payload in every text field, sends it."""
    page = read(client, who, form.url)
    fresh = next((each for each in page.forms if each.shape == form.shape), None)
    if fresh is None:
        return [page]
    filled = fresh.filled(**dict.fromkeys(fresh.text_fields, payload))
    send = client.post if fresh.method == "post" else client.get
    how = {"data": filled} if fresh.method == "post" else {"query_string": filled}
    return [page, page_of(who, send(fresh.action, follow_redirects=True, buffered=True, **how))]


def no_mail_holds_markup(app: Flask) -> int:
    """Every mail that waits holds nothing that anybody typed, beyond its own address."""
    found = mails(app)
    for mail in found:
        assert MARK not in str({**mail, "to": ""}), mail["kind"]
    return len(found)


def test_a_hostile_argument_of_a_mail_stays_text() -> None:
    """No mail holds what a person typed; should one ever, it is text."""
    for name, message in every_message("ar").items():
        usual = {**message.arguments, **{key: "1234" for key in ("reference", "code") if key in message.arguments}}
        known = markup.vocabulary([parse(html_of(message, usual))])
        for payload in PAYLOADS:
            typed = {key: payload if key in {"reference", "code"} else old for key, old in message.arguments.items()}
            try:
                html = html_of(message, typed)
            except NotRenderable:  # quarantined: a link with a line break in it
                continue
            faults = markup.foreign_in(html, known)
            assert [fault for fault in faults if "style" not in fault] == [], name


def html_of(message: Message, arguments: dict[str, str | int]) -> str:
    mail = parsed(render(replace(sheet_of(message), arguments=arguments), HOUSE))
    assert len(mail.get_all("Subject", [])) == len(mail.get_all("To", [])) == 1
    assert "Set-Cookie" not in mail
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_the_copy_of_the_data_and_the_written_answer_show_hostile_values_as_text(sqlite_app: Flask) -> None:
    text = rotating()
    harmless, hostile = estate.build(sqlite_app), None
    known = markup.vocabulary([parse(each) for each in papers(sqlite_app, *harmless)])
    with engines.sqlite_settings() as settings:
        builder = build(settings)
        other = next(builder)
        hostile = estate.build(other, text)
        shown = papers(other, *hostile)
        next(builder, None)
    assert any(MARK in each for each in shown)
    # These two are files of their own: their style stands inside them, and no script may run under their sandbox.
    faults = [fault for each in shown for fault in markup.foreign_in(each, known) if fault != "<style> holds code"]
    assert faults == []


def papers(app: Flask, school: School, references: dict[str, str]) -> list[str]:
    """The copy as a page, and the answers as letters in two languages."""
    found = []
    with app.app_context():
        actor = factories.student_actor(school.student, Level.SECOND_CHANNEL)
        found.append(export.download(actor, cases.clock(), references["released"], "html").content.decode())
        for name in ("refused", "mended", "waiting", "released", "held"):
            with reading(SYSTEM, cases.clock()) as work:
                answer = answer_of(work, cases.within(work, references[name]))
            assert answer is not None
            policy = app.extensions["policy"]
            found += [f"<main>{answer_html(answer, language, policy)}</main>" for language in ("nl", "en")]
    return found


def test_the_detector_sees_planted_markup() -> None:
    known = markup.vocabulary([parse("<main><p class=a>x</p><a href=/x>y</a></main>")])
    for planted in (
        f"<p class=a onclick={MARK}()>",
        f"<p class={MARK}>",
        "<img src=x>",
        "<a href=javascript:x>y</a>",
        f"<p>{SUM}</p>",
        "<p style=x>",
    ):
        assert markup.foreign_in(f"<main>{planted}</main>", known), planted
    assert markup.foreign_in(f"<main><p class=a>&lt;script&gt;{MARK}</p></main>", known) == []
