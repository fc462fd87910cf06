"""What is put together once instead of at each request: addresses, texts in templates, the smallest pieces of pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from flask import Flask, url_for
from jinja2 import nodes
from jinja2.meta import TrackingCodeGenerator
from markupsafe import Markup
from wtforms import Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from config import ROOT
from portal.i18n import speaker
from portal.web.pieces import pieces
from portal.web.templating import TextsInPlace, says_otherwise, spoken_by

HOSTILE = "\"><script>alert('x')</script>"


def test_an_address_is_the_same_the_second_time_and_another_for_other_values(sqlite_app: Flask):
    item = UUID(int=7)
    with sqlite_app.test_request_context("/nl/"):
        for _ in range(2):
            assert url_for("public.start", lang="nl") == "/nl/"
            assert url_for("public.start", lang="ar") == "/ar/"
            assert url_for("student.value", lang="nl", item=item, field="iban") == f"/nl/me/value/{item}/iban"
            assert url_for("public.new", lang="nl", kind=["a", "b"]) == "/nl/new?kind=a&kind=b"
            assert url_for("public.new", lang="nl", page=1) != url_for("public.new", lang="nl", page=True)
            assert url_for("public.start", lang="nl", _anchor="x") == "/nl/#x"
    with sqlite_app.test_request_context("/nl/", environ_overrides={"SCRIPT_NAME": "/below"}):
        assert url_for("public.start", lang="nl") == "/below/nl/"


def test_two_languages_on_one_application_keep_their_own_texts(sqlite_app: Flask):
    visitor = sqlite_app.test_client()
    first = {lang: visitor.get(f"/{lang}/help").get_data(as_text=True) for lang in ("nl", "ar", "uk")}
    again = {lang: visitor.get(f"/{lang}/help").get_data(as_text=True) for lang in ("uk", "nl", "ar")}
    assert first == again
    assert len(set(first.values())) == 3
    assert "Hulp nodig?" in first["nl"]
    assert "Hulp nodig?" not in first["ar"]


@pytest.mark.parametrize("name", ["components/page.html", "components/forms.html"])
def test_pieces_that_are_put_together_once_need_nothing_of_a_page(sqlite_app: Flask, name: str):
    """They are imported without a context: a name that only a page has would be empty, not an error."""
    pages = sqlite_app.jinja_env
    for lang in ("nl", "ar"):
        known = set(pages.globals) | set(spoken_by(speaker(lang)))
        code = TrackingCodeGenerator(pages.overlay())
        code.environment.globals = {}
        code.visit(pages.parse((ROOT / "portal/templates" / name).read_text(encoding="utf-8")))
        assert code.undeclared_identifiers - known == set(), "imported into every page, so it cannot ask the page"


def test_only_what_stands_in_the_template_is_put_in_place(sqlite_app: Flask):
    said = speaker("en")
    source = "{{ _('Ja') }}|{{ _(label) }}|{{ _('Nog %(n)s', n=n) }}|{{ _('Nog %(n)s', n=3) }}"
    with sqlite_app.test_request_context("/en/"):
        tree = TextsInPlace(said).visit(sqlite_app.jinja_env.parse(source))
    left = [node.args[0] for node in tree.find_all(nodes.Call)]
    assert [type(each).__name__ for each in left] == ["Name", "Const"]
    consts = [node.value for node in tree.find_all(nodes.Const)]
    assert said.gettext("Ja") in consts


def test_a_template_that_speaks_to_somebody_else_is_left_to_do_so(sqlite_app: Flask):
    assert says_otherwise(sqlite_app.jinja_env.parse("{% set _ = other.text %}{{ _('Ja') }}"))
    assert says_otherwise(sqlite_app.jinja_env.parse("{% macro said(_) %}{{ _('Ja') }}{% endmacro %}"))
    assert not says_otherwise(sqlite_app.jinja_env.parse("{% set said = _('Ja') %}{{ said }}"))


@pytest.mark.parametrize("piece", ["ltr", "name", "words"])
def test_a_value_in_a_piece_is_escaped(piece: str):
    made = getattr(pieces(speaker("nl")), piece)(HOSTILE)
    assert "<script" not in made
    assert "&lt;script" in made


def test_every_other_piece_escapes_too(sqlite_app: Flask):
    said = pieces(speaker("nl"))

    class Choosing(Form):
        one = SelectField(HOSTILE, choices=[SelectChoice(HOSTILE, HOSTILE)])
        other = StringField(HOSTILE)

    with sqlite_app.test_request_context("/nl/"):
        made = [said.icon(HOSTILE), said.tag(HOSTILE, HOSTILE, HOSTILE), said.select(Choosing().one, translate=False)]
        wrong = Choosing(one=HOSTILE, other=HOSTILE)
        wrong.one.errors = [HOSTILE]
        made += [said.select(wrong.one, HOSTILE), said.text_field(wrong.other, HOSTILE, attrs={"maxlength": HOSTILE})]
    made += [said.value_of(HOSTILE, kind) for kind in ("ltr", "name", "words")]
    assert all("<script" not in each and "&lt;script" in each for each in made)


def test_the_head_of_a_group_tells_a_text_from_markup_that_reads_alike(sqlite_app: Flask):
    said = pieces(speaker("nl"))
    with sqlite_app.test_request_context("/nl/"):
        as_text = said.group_card("one", HOSTILE, "file", HOSTILE, text=HOSTILE, caller=Markup)
        as_markup = said.group_card("one", Markup("<b>Wie</b>"), "file", text="", caller=Markup)
        again = said.group_card("one", "<b>Wie</b>", "file", text="", caller=Markup)
    assert "<script" not in as_text
    assert as_text.count("&lt;script") == 3
    assert "<b>Wie</b>" in as_markup
    assert "<b>Wie</b>" not in again


def test_dates_read_in_the_language_and_in_dutch_figures():
    said = pieces(speaker("en"))
    figures = '<span class="nowrap">(<bdi dir="ltr">03-11-2026</bdi>)</span>'
    assert said.date_both(date(2026, 11, 3)) == f'<time datetime="2026-11-03">3 November 2026 {figures}</time>'
    assert said.value_of(date(2026, 11, 3)) == said.date_both(date(2026, 11, 3))
    assert said.date_short(date(2026, 11, 3)) == '<time datetime="2026-11-03"><bdi dir="ltr">03-11-2026</bdi></time>'
    assert 'datetime="2026-11-03T09:00:00+00:00"' in said.moment(datetime(2026, 11, 3, 9, tzinfo=UTC))
