"""The public pages and filing without signing in: every right in at most seven pages, errors in words, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import i18n
from portal.domain.vocabulary import RequestKind
from portal.records.db import db
from portal.records.tables.cases import Case
from tests.web.visitor import Visitor, mails

XSS = '"><script>alert(1)</script>\u202eيمين'
WHO = {"name": "Hanan الحسن", "email": "hanan@example.org"}
WHAT: dict[RequestKind, dict[str, str | list[str]]] = {
    RequestKind.ACCESS: {"scope": ["all"]},
    RequestKind.PORTABILITY: {"scope": ["1", "7"]},
    RequestKind.RECTIFICATION: {"words": "Mijn adres is oud", "should": "Dorpsstraat 5"},
    RequestKind.ERASURE: {"scope": ["2"], "words": "Ik betaal niet meer zelf"},
    RequestKind.RESTRICTION: {"scope": ["10"]},
    RequestKind.OBJECTION: {"activities": ["lesson_screenshots"], "words": "Ik wil niet op de foto"},
    RequestKind.WITHDRAWAL: {"activities": ["medical_advice"]},
    RequestKind.COMPLAINT: {"words": "Niemand belt mij terug"},
}


@pytest.fixture
def all_languages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Offers every language, translated or not: a text that is missing reads in Dutch."""
    monkeypatch.setattr(i18n, "_is_whole", lambda lang: True)
    i18n.offered.cache_clear()
    yield
    i18n.offered.cache_clear()


def cases(app: Flask) -> int:
    with app.app_context():
        return db.session.execute(select(func.count()).select_from(Case)).scalar_one()


def begin(app: Flask, kind: RequestKind) -> Visitor:
    return Visitor(app).get("/nl/new").press("Ga verder", kind=kind.value)


def test_languages_stand_under_their_own_names(sqlite_app: Flask, all_languages: None) -> None:
    visitor = Visitor(sqlite_app).get("/")
    for tongue in i18n.TONGUES.values():
        assert f'hreflang="{tongue.code}"' in visitor.html
        assert tongue.name in visitor.text


@pytest.mark.parametrize("path", ["/xx/", "/NL/", "/nl/nothing", "/nl/new/not-a-draft/check", "/nl/me/value/1/bsn"])
def test_what_is_not_there_is_not_found(sqlite_app: Flask, path: str) -> None:
    visitor = Visitor(sqlite_app).get(path)
    assert visitor.status == 404
    assert "Wij vinden deze pagina niet" in visitor.h1


def test_a_language_that_is_not_complete_has_no_pages(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch, all_languages: None
) -> None:
    monkeypatch.setattr(i18n, "_is_whole", lambda lang: lang == "en")
    i18n.offered.cache_clear()
    assert Visitor(sqlite_app).get("/ti/").status == 404
    assert Visitor(sqlite_app).get("/en/").status == 200


def test_what_is_kept_and_why_comes_whole_from_the_policy(sqlite_app: Flask) -> None:
    html = Visitor(sqlite_app).get("/nl/about").html
    policy = sqlite_app.extensions["policy"]
    texts = [group.label for group in policy.groups.values()]
    texts += [field.label for dataset in policy.datasets.values() for field in dataset.fields.values()]
    for activity in policy.activities.values():
        texts += [activity.label, activity.basis_explanation, policy.purposes[activity.purpose].label]
        texts += [policy.recipients[code].name for code in activity.recipients]
    texts += [policy.retention["standard"].explanation, policy.retention["exemption"].explanation, policy.no_profiling]
    assert [text for text in texts if str(escape(text)).replace("&#x27;", "&#39;") not in html] == []


def test_the_regulation_is_there_in_plain_words(sqlite_app: Flask) -> None:
    visitor = Visitor(sqlite_app).get("/nl/regulation")
    for chapter in sqlite_app.extensions["policy"].regulation.chapters:
        assert all(paragraph in visitor.text for paragraph in chapter.paragraphs)


@pytest.mark.parametrize("kind", list(RequestKind))
def test_each_right_is_filed_without_signing_in_in_at_most_seven_pages(sqlite_app: Flask, kind: RequestKind) -> None:
    visitor = begin(sqlite_app, kind)
    pages = 2  # choosing, and where one is now
    if visitor.h1 == "Wat betekent dit?":
        visitor.press("Ik begrijp het")
        pages += 1
    visitor.press("Ga verder", **WHAT[kind])
    pages += 1
    assert visitor.h1 == "Wie bent u?"
    visitor.press("Ga verder", **WHO)
    pages += 1
    assert visitor.h1 == "Klopt dit?"
    visitor.press("Stuur mijn")
    pages += 1
    assert "Wij hebben uw" in visitor.h1
    assert pages <= 7
    reference = next(word for word in visitor.text.split() if word.startswith("V-2026-"))
    with sqlite_app.app_context():
        case = db.session.execute(select(Case)).scalar_one()
        assert (case.kind, case.reference, case.student_id) == (kind, reference, None)
    assert [mail["to"] for mail in mails(sqlite_app, "receipt")] == ["hanan@example.org"]


def test_reloading_the_receipt_and_sending_again_files_nothing_twice(sqlite_app: Flask) -> None:
    visitor = begin(sqlite_app, RequestKind.ACCESS).press("Ga verder", scope=["all"]).press("Ga verder", **WHO)
    check, form = visitor.url, dict(visitor.page.forms[-1].values)
    visitor.press("Stuur mijn vraag")
    receipt = visitor.text
    assert visitor.get(visitor.url).text == receipt
    sent_again = visitor.client.post(check, data=form, follow_redirects=True)
    assert sent_again.status_code == 200
    assert "Wij hebben uw vraag" in sent_again.get_data(as_text=True)
    assert cases(sqlite_app) == 1


def test_an_answer_can_be_changed_from_the_check_page(sqlite_app: Flask) -> None:
    visitor = begin(sqlite_app, RequestKind.ACCESS).press("Ga verder", scope=["all"]).press("Ga verder", **WHO)
    href = next(href for href, text in visitor.page.links if "Wijzig" in text and "Uw naam" in text)
    visitor.get(href)
    assert 'value="Hanan الحسن"' in visitor.html
    visitor.press("Ga verder", name="Omar")
    assert visitor.h1 == "Klopt dit?"
    assert "Omar" in visitor.text


def test_nothing_can_be_sent_before_every_page_is_right(sqlite_app: Flask) -> None:
    visitor = begin(sqlite_app, RequestKind.ACCESS)
    check = visitor.url.replace("/what", "/check")
    assert visitor.get(check).h1 == "Wat wilt u zien?"
    visitor.press("Ga verder", scope=["all"])
    visitor.post(check)
    assert visitor.h1 == "Wie bent u?"
    assert cases(sqlite_app) == 0


@pytest.mark.parametrize(
    ("kind", "typed", "error"),
    [
        (RequestKind.ACCESS, {}, "Kies wat u bedoelt."),
        (RequestKind.ACCESS, {"scope": ["all", "99"], "words": "x" * 4001}, "Deze tekst is te lang."),
        (RequestKind.RECTIFICATION, {"should": "iets"}, "Schrijf op wat er niet klopt."),
        (RequestKind.COMPLAINT, {}, "Schrijf uw klacht op."),
    ],
)
def test_an_error_is_said_first_in_words_with_what_was_typed_kept(
    sqlite_app: Flask, kind: RequestKind, typed: dict[str, str], error: str
) -> None:
    visitor = begin(sqlite_app, kind).press("Ga verder", **typed)
    assert visitor.text.count(error) == 2, "once in the summary, once beside the field"
    assert "<title>Fout:" in visitor.html
    assert all(text in visitor.html for texts in typed.values() for text in ([texts] if isinstance(texts, str) else []))


def test_who_asks_must_say_a_name_and_one_way_to_be_reached(sqlite_app: Flask) -> None:
    visitor = begin(sqlite_app, RequestKind.ACCESS).press("Ga verder", scope=["all"])
    visitor.press("Ga verder", name="", phone="", birth_date="31-02-1990")
    assert "Vul uw naam in." in visitor.text
    assert "Vul in hoe wij u bereiken" in visitor.text
    assert "Deze geboortedatum bestaat niet." in visitor.text
    visitor.press("Ga verder", name="Hanan", phone="06 123", birth_date="1990")
    assert visitor.h1 == "Klopt dit?"


def test_typed_markup_stays_text_on_every_page_that_shows_it(sqlite_app: Flask) -> None:
    visitor = begin(sqlite_app, RequestKind.ACCESS).press("Ga verder", scope=["all"], words=XSS)
    visitor.press("Ga verder", name=XSS, email="hanan@example.org", helper=XSS, address=XSS)
    assert visitor.h1 == "Klopt dit?"
    assert visitor.text.count("<script>alert(1)</script>") >= 4
    assert "<script>alert" not in visitor.html
    assert "\u202e" not in visitor.html, "marks that turn the reading order are dropped"


@pytest.mark.parametrize("kind", [RequestKind.ERASURE, RequestKind.OBJECTION, RequestKind.WITHDRAWAL])
def test_before_what_is_grave_stands_what_it_means_and_a_lighter_way_that_never_blocks(
    sqlite_app: Flask, kind: RequestKind
) -> None:
    visitor = begin(sqlite_app, kind)
    assert visitor.h1 == "Wat betekent dit?"
    visitor.press("Eerst mijn gegevens zien")
    assert visitor.h1 == "Wat wilt u zien?"
    visitor = begin(sqlite_app, kind).press("Alleen even niet gebruiken")
    assert visitor.h1 == "Wat betekent dit?"
    assert "Uw gegevens blijven bestaan." in visitor.text
    assert begin(sqlite_app, kind).press("Ik begrijp het").status == 200


def test_another_language_keeps_the_page_and_what_was_typed(sqlite_app: Flask, all_languages: None) -> None:
    visitor = begin(sqlite_app, RequestKind.ACCESS).press("Ga verder", scope=["all"])
    path = visitor.url
    fields = dict(visitor.page.forms[-1].values) | {"name": "Hanan", "email": "nog geen adres", "switch_language": "ar"}
    arabic = visitor.client.post(path.replace("/nl/", "/ar/"), data=fields, follow_redirects=True)
    html = arabic.get_data(as_text=True)
    assert urlsplit(arabic.request.url).path == path.replace("/nl/", "/ar/")
    assert '<html lang="ar" dir="rtl">' in html
    assert 'value="Hanan"' in html
    assert 'value="nog geen adres"' in html
    assert 'class="error-summary"' not in html


@pytest.mark.parametrize("path", ["/nl/sign-in", "/nl/code", "/nl/new"])
def test_a_single_page_keeps_what_was_typed_in_another_language(
    sqlite_app: Flask, all_languages: None, path: str
) -> None:
    visitor = Visitor(sqlite_app).get(path)
    name = next(each for each in ("email", "code", "kind") if each in visitor.page.forms[-1].names)
    typed = "erasure" if name == "kind" else "nog niet af"
    fields = dict(visitor.page.forms[-1].values) | {name: typed, "switch_language": "tr"}
    response = visitor.client.post(path.replace("/nl/", "/tr/"), data=fields)
    html = response.get_data(as_text=True)
    assert response.status_code == 200
    assert '<html lang="tr"' in html
    assert f'value="{typed}"' in html
    assert 'class="error-summary"' not in html


@pytest.mark.parametrize("path", ["/nl/sign-in", "/nl/sign-in/code", "/nl/new", "/nl/code", "/nl/sign-out"])
def test_a_form_without_its_token_is_refused(sqlite_app: Flask, path: str) -> None:
    response = sqlite_app.test_client().post(path, data={"email": "a@b.nl", "code": "1", "kind": "access"})
    assert response.status_code == 400
    assert "Wij begrijpen deze vraag niet" in response.get_data(as_text=True)


def test_another_browser_does_not_open_a_draft_or_a_receipt(sqlite_app: Flask) -> None:
    visitor = begin(sqlite_app, RequestKind.ACCESS).press("Ga verder", scope=["all"]).press("Ga verder", **WHO)
    visitor.press("Stuur mijn vraag")
    code = " ".join(visitor.text.split("Uw code ")[1].split()[:3])
    stranger = Visitor(sqlite_app).get(visitor.url)
    assert stranger.h1 == "Wat wilt u vragen?"
    assert "Dit formulier is er niet meer." in stranger.text
    assert code not in stranger.html


def test_the_code_of_the_receipt_shows_status_and_messages_without_data(sqlite_app: Flask) -> None:
    visitor = begin(sqlite_app, RequestKind.COMPLAINT).press("Ga verder", words="Geheim verhaal van Hanan")
    visitor.press("Ga verder", **WHO).press("Stuur mijn klacht")
    code = " ".join(visitor.text.split("Uw code ")[1].split()[:3])
    other = Visitor(sqlite_app).get("/nl/code").press("Bekijk", code="1234 1234 1234")
    assert "Deze code kennen wij niet." in other.text
    assert "Een code heeft 12 cijfers." in other.press("Bekijk", code="12").text
    other.press("Bekijk", code=code)
    assert other.h1 == "Klacht"
    assert "Wij kijken ernaar" in other.text
    assert "Geheim verhaal" not in other.html
    assert "hanan@example.org" not in other.html
    other.press("Stuur bericht", text="Bent u er nog?")
    assert "Bent u er nog?" in other.text
    assert other.get("/nl/me").h1 == "Uw e-mailadres"
    assert "Schrijf eerst een bericht." in other.get("/nl/case").press("Stuur bericht", text=" ").text


def test_opening_pages_changes_no_row(sqlite_app: Flask) -> None:
    def rows() -> dict[str, int]:
        with sqlite_app.app_context():
            tables = [table for table in db.metadata.sorted_tables if table.name != "alembic_version"]
            return {
                table.name: db.session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
            }

    before = rows()
    visitor = Visitor(sqlite_app)
    for path in ("", "about", "regulation", "help", "accessibility", "new", "code", "sign-in", "sign-in/code", "me"):
        assert visitor.get(f"/nl/{path}").status == 200
    assert rows() == before
