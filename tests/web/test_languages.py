"""Every page in the reader's own language: nothing left in Dutch unmarked, errors too, and switching loses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask, abort, request

from portal.domain.vocabulary import RequestKind, Role
from portal.i18n import TONGUES, speaker
from portal.wording import KINDS
from tests.factories import add_record, make_staff, make_student
from tests.security.browsing import Element, parse
from tests.services import campaigns
from tests.services.cases import officer, opened
from tests.web.test_public import WHAT, WHO
from tests.web.visitor import Visitor, sign_in

EMAIL = "hanan@example.org"
OWN_SCRIPT = {"ar": "\u0600-\u06ff", "fa": "\u0600-\u06ff", "ti": "\u1200-\u139f", "uk": "\u0400-\u04ff"}
LATIN = re.compile(r"[A-Za-z]{2,}")
# Names and marks that stay as they are in every language (translations/glossary.toml, STYLE.md).
KEPT = frozenset(
    {
        *("JAR", "Opleidingen", "DUO", "BSN", "AVG", "UAVG", "Panteia", "Blik", "op", "Werk", "NRTO", "IDW", "BRP"),
        *(
            "IND",
            "COA",
            "DigiD",
            "IBAN",
            "ONA",
            "KNM",
            "MAP",
            "PVT",
            "NT",
            "Argonaut",
            "ID",
            "PDF",
            "JPEG",
            "PNG",
            "MB",
        ),
        *("PC", "AZC", "WCAG", "AA", "AP", "Langedijk", "Alkmaar", "Hoorn", "Den", "Helder", "Overbeek", "van", "Loon"),
        *("Autoriteit", "Persoonsgegevens", "Dorpsstraat"),
    }
)
# Dutch words that stand on the student's papers, in brackets behind the translation.
IN_BRACKETS = re.compile(r"\([^()]*[A-Za-z][^()]*\)")
ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+|\bwww\.[\w.-]+")
ERRORS = (400, 401, 403, 404, 405, 408, 409, 413, 415, 429, 500, 502, 503)


def latin_words(text: str) -> set[str]:
    return set(LATIN.findall(ADDRESS.sub("", IN_BRACKETS.sub("", text))))


def foreign_words(tree: Element, lang: str) -> set[str]:
    """Latin words in a page of another script that are neither marked, nor somebody's own, nor a known name."""
    found: set[str] = set()

    def walk(element: Element, own: bool) -> None:
        mine = own and element.get("lang", lang) == lang and element.tag not in {"bdi", "script", "style", "q"}
        mine = mine and element.get("dir") != "auto" and element.tag not in {"textarea", "input"}
        if mine and element.text:
            found.update(latin_words(element.text))
        for child in element:
            if isinstance(child.tag, str):
                walk(child, mine)
            if mine and child.tail:
                found.update(latin_words(child.tail))

    body = next(each for each in tree.iter("body"))
    walk(body, True)
    return found - KEPT


@pytest.fixture
def school(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        make_staff("anna", Role.CASE_HANDLER)
        student = make_student(email=EMAIL)
        for activity in ("training", "diploma_valuation"):
            add_record(student, "consent", activity=activity, date="2025-08-20", regulation_version="5.0")
        opened(RequestKind.ERASURE, student)
        campaigns.sent(officer(), activity="municipality_changed_offer")
    return sqlite_app


def own_pages(visitor: Visitor, lang: str) -> Iterator[str]:
    for path in ("", "about", "regulation", "rights", "help", "accessibility", "new", "code", "sign-in", "confirm"):
        yield f"/{lang}/{path}"
    for path in ("", "/requests", "/consents", "/views", "/helpers", "/helpers/new", "/email"):
        yield f"/{lang}/me{path}"
    visitor.get(f"/{lang}/me")
    values = [href for href, _ in visitor.page.links if "/value/" in href]
    yield from (href for href in values if href.endswith("wrong"))
    visitor.get(f"/{lang}/me/requests")
    yield from (urlsplit(href).path for href, _ in visitor.page.links if "/me/requests/" in href)
    visitor.get(f"/{lang}/me/consents")
    yield from (href for href, _ in visitor.page.links if "/me/consents/" in href)


@pytest.mark.parametrize("lang", list(OWN_SCRIPT))
def test_no_dutch_is_left_over_on_a_page_of_another_script(school: Flask, lang: str) -> None:
    visitor = sign_in(school, EMAIL)
    visitor.get("/nl/confirm").press("Ga verder", birth_date="2-4-1990", known="1723AB")
    left = {}
    count = 0
    for path in list(own_pages(visitor, lang)):
        visitor.get(path)
        assert visitor.status == 200, path
        count += 1
        words = foreign_words(parse(visitor.html), lang)
        if words:
            left[path] = words
    print(f"{lang}: {count} pages")
    assert left == {}


@pytest.mark.parametrize("lang", list(OWN_SCRIPT))
def test_what_is_wrong_is_said_in_the_language_of_the_page(school: Flask, lang: str) -> None:
    """Also what a library found: a bank account, a citizen number, a date, a mail address, a telephone number."""
    visitor = sign_in(school, EMAIL)
    visitor.get("/nl/confirm").press("Ga verder", birth_date="2-4-1990", known="1723AB")
    visitor.get(f"/{lang}/me")
    wrong = [href for href, _ in visitor.page.links if href.endswith("/wrong")]
    pages = [(each, {"value": "1x@@"}) for each in wrong]
    pages += [(f"/{lang}/code", {"code": "12"}), (f"/{lang}/me/helpers/new", {"ends_on": "99-99-2026", "email": "x"})]
    said = 0
    for path, values in pages:
        visitor.get(path)
        form = max(range(len(visitor.page.forms)), key=lambda number: len(visitor.page.forms[number].names))
        known = {name: text for name, text in values.items() if name in visitor.page.forms[form].names}
        visitor.press(form=form, **known)
        for error in (each for each in parse(visitor.html).iter("p") if "error" in (each.get("class") or "").split()):
            text = "".join(error.itertext())
            assert re.search(f"[{OWN_SCRIPT[lang]}]", text), (path, text)
            assert not latin_words(text) - KEPT, (path, text)
            said += 1
    print(f"{lang}: {said} errors")
    assert said > 10


@pytest.mark.parametrize("lang", list(TONGUES))
def test_every_error_is_in_the_readers_language_with_a_way_on(
    school: Flask, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_values: str) -> None:
        abort(int(request.args["code"]))

    monkeypatch.setitem(school.view_functions, "public.help", fails)
    visitor = Visitor(school)
    for code in ERRORS:
        visitor.get(f"/{lang}/help?code={code}")
        assert visitor.status == code
        assert f'<html lang="{lang}" dir="{TONGUES[lang].dir}">' in visitor.html
        main = visitor.html.split("<main", maxsplit=1)[1].split("</main>", maxsplit=1)[0]
        assert f'href="/{lang}/' in main, code
        assert 'href="tel:' in visitor.html
        if lang in OWN_SCRIPT:
            assert foreign_words(parse(visitor.html), lang) == set(), code
    for path in (f"/{lang}/no-such-page", f"/{lang}/me/value/1"):
        assert f'<html lang="{lang}"' in visitor.get(path).html, "also where no page is"


@pytest.mark.parametrize("kind", list(RequestKind))
def test_every_right_is_filed_in_arabic_switching_the_language_on_each_page(
    sqlite_app: Flask, kind: RequestKind
) -> None:
    """The address stays the page's, nothing typed is lost, and seven pages are the most."""
    visitor = Visitor(sqlite_app).get("/ar/new")
    pages = 1
    values: dict[str, object] = {"kind": kind.value}
    while "/receipt" not in visitor.url:
        assert f'<html lang="{visitor.url[1:3]}"' in visitor.html
        here, there = visitor.url[1:3], "ti" if visitor.url[1:3] == "ar" else "ar"
        form = next(
            number
            for number, each in enumerate(visitor.page.forms)
            if each.method == "post" and (not each.action or each.action == visitor.url)
        )
        names = visitor.page.forms[form].names
        typed = {name: value for name, value in values.items() if name in names}
        page = visitor.url
        if typed:
            switched = page.replace(f"/{here}/", f"/{there}/", 1)
            visitor.page.forms[form].action = switched
            visitor.press(form=form, switch_language=there, **typed)  # type: ignore[arg-type]
            assert visitor.url == switched
            held = visitor.page.forms[form].values
            for name, value in typed.items():
                # a text area begins with a line end that does not count
                again = [text.lstrip("\r\n") for text in held[name]]
                assert again == (value if isinstance(value, list) else [value]), name
        visitor.press(form=form)
        pages += 1
        values = {**WHAT[kind], **WHO}
    assert pages <= 7
    assert KINDS[kind].title not in visitor.text


def test_a_sentence_is_closed_once_and_in_its_own_way() -> None:
    assert speaker("nl").sentence("Reglement artikel 4.1") == "Reglement artikel 4.1."
    assert speaker("nl").sentence("Wij gebruiken dat nergens anders voor.") == "Wij gebruiken dat nergens anders voor."
    assert speaker("nl").sentence("Klopt dit?") == "Klopt dit?"
    assert speaker("ti").sentence("Inzage").endswith("።")


def test_a_list_that_a_page_puts_together_has_the_comma_of_its_script() -> None:
    joined = {lang: speaker(lang).comma.join("ab") for lang in ("nl", "en", "tr", "uk", "ar", "fa", "ti")}
    assert joined == {
        **dict.fromkeys(("nl", "en", "tr", "uk"), "a, b"),
        **dict.fromkeys(("ar", "fa"), "a، b"),
        "ti": "a፣ b",
    }
