"""The look holds in both directions, for every reader: logical properties, tokens, icons with words, no bare text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import ROOT
from portal.policy.loader import load_policy
from portal.web.headers import fingerprint
from portal.wording import EVENT_ICONS, KINDS, STATE_ICONS, STATES, TRACKER, TRACKER_ICONS

STATIC = ROOT / "portal" / "static"
TEMPLATES = ROOT / "portal" / "templates"
SHEETS = sorted(STATIC.glob("*.css"))
PHYSICAL = re.compile(
    r"\b(?:left|right)\b|(?<![-\w])(?:(?:min-|max-)?(?:width|height)|top|bottom|(?:margin|padding|border)-(?:top|bottom))\s*:"
)
CONDITION = re.compile(r"@(?:media|container|supports)[^{]*")  # asks for a width; lays nothing out
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")
# A text that a person reads, in markup or in an attribute that is read aloud.
SPOKEN = re.compile(r"\b(?:alt|title|placeholder|aria-label|aria-description|label)\s*=\s*\"([^\"]*)\"")
WORD = re.compile(r"[^\W\d_]{2,}")
# (template, word): why it stands there without being a text of a catalogue.
BARE = {
    ("staff/case.html", "SHA"): "the name of a digest",
}
# The demonstration's own pages, absent in production; what goes to organisations, which is in Dutch alone.
OF_NO_CATALOGUE = ("dev/", "letters/recipient.html", "letters/year_report.html")


def rules(sheet: str) -> str:
    """The sheet without comments, conditions and the tokens at its top."""
    plain = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return CONDITION.sub("@", plain)


def physical(sheet: str) -> list[str]:
    return PHYSICAL.findall(rules(sheet))


def colours(sheet: str) -> list[str]:
    """Colours that are no token: a dark or printed page would not change them."""
    return list(COLOUR.findall(re.sub(r":root\s*\{[^}]*\}", "", rules(sheet))))


def bare_text(source: str) -> set[str]:
    """Words of a template that no catalogue knows."""
    plain = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    plain = re.sub(r"\{%-?\s*set [^%]*%\}", "", plain, flags=re.DOTALL)
    plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "\0", plain, flags=re.DOTALL)
    plain = re.sub(r"<(style|script)\b.*?</\1>|<!doctype[^>]*>|<!--.*?-->", "", plain, flags=re.DOTALL | re.IGNORECASE)
    found = {word for text in SPOKEN.findall(plain) for word in WORD.findall(text)}
    visible = re.sub(r"<[a-zA-Z/](?:[^>\"']|\"[^\"]*\"|'[^']*')*>", " ", plain)
    visible = re.sub(r"&[a-z]+;", " ", visible)
    return found | set(WORD.findall(visible))


def templates() -> list[Path]:
    found = sorted(path for path in TEMPLATES.rglob("*.*") if path.suffix in {".html", ".txt"})
    return [path for path in found if not path.relative_to(TEMPLATES).as_posix().startswith(OF_NO_CATALOGUE)]


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_a_style_sheet_knows_no_left_and_no_right(path: Path) -> None:
    assert physical(path.read_text()) == [], "use the logical property: inline-start, block-end, inline-size"


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_every_colour_is_a_token(path: Path) -> None:
    assert set(colours(path.read_text())) <= {"#000", "#fff"}, "name it at the top; print alone says black and white"


def test_the_style_sheet_is_small_and_answers_the_reader() -> None:
    sheet = (STATIC / "style.css").read_text()
    assert len(sheet.encode()) <= 27_000
    for condition in ("prefers-color-scheme: dark", "prefers-contrast: more", "forced-colors: active", "print"):
        assert f"@media ({condition})" in sheet or f"@media {condition}" in sheet
    assert "prefers-reduced-motion" in sheet
    assert "font-size: 16px" not in sheet
    assert not re.search(r"font(?:-size)?:\s*[^;}]*\d(?:px)", sheet), "letters grow with the reader's own setting"


def test_a_font_is_named_by_its_content() -> None:
    """So that it may be kept for ever, and a new one is fetched."""
    named = re.findall(r'url\("([^"?]+)\?v=(\w+)"\)', (STATIC / "style.css").read_text())
    assert len(named) == 3
    assert dict(named) == {name: fingerprint(name) for name, _ in named}


def test_no_template_says_left_or_right() -> None:
    wrong = [
        path.name
        for path in templates()
        if re.search(
            r"align=|float:|text-align:\s*(?:left|right)|margin-(?:left|right)", path.read_text(encoding="utf-8")
        )
    ]
    assert wrong == []


def test_no_page_or_mail_holds_text_that_no_catalogue_knows() -> None:
    found = {
        (path.relative_to(TEMPLATES).as_posix(), word)
        for path in templates()
        for word in bare_text(path.read_text(encoding="utf-8"))
    }
    assert found - set(BARE) == set(), 'say it with _("…")'
    assert set(BARE) - found == set(), "take the exception out"


def test_each_right_each_state_and_each_group_has_a_picture_of_its_own() -> None:
    drawn = re.findall(r'id="([\w-]+)"', (STATIC / "icons.svg").read_text())
    assert len(drawn) == len(set(drawn))
    rights = [words.icon for words in KINDS.values()]
    groups = [group.icon for group in load_policy().groups.values()]
    assert len(set(rights)) == len(rights) == 8
    assert len(set(groups)) == len(groups) == 10
    assert set(STATE_ICONS) == set(STATES)
    assert set(TRACKER_ICONS) == set(TRACKER)
    used = {*rights, *groups, *STATE_ICONS.values(), *TRACKER_ICONS.values(), *EVENT_ICONS.values()}
    assert used <= set(drawn)


def test_every_picture_named_in_a_template_is_drawn_and_hidden_from_screen_readers() -> None:
    """The words beside it are what is read."""
    drawn = set(re.findall(r'id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    named = {
        each
        for path in templates()
        for each in re.findall(r"(?<![\w_])icon\(\"([\w-]+)\"|icon_id=\"([\w-]+)\"", path.read_text(encoding="utf-8"))
        for each in each
        if each
    }
    assert len(named) > 20
    assert named <= drawn
    assert 'aria-hidden="true"' in (TEMPLATES / "components" / "page.html").read_text()


def test_the_detectors_find_planted_faults() -> None:
    for planted in ("a { margin-left: 1px }", "a { text-align: right }", "a { width: 1px }", "a { padding-top: 0 }"):
        assert physical(planted), planted
    for harmless in ("@media (max-width: 1px) { a { inline-size: 1px } }", "a { border-width: 1px; line-height: 1 }"):
        assert physical(harmless) == [], harmless
    assert colours(":root { --ink: #123 } a { color: #123 }") == ["#123"]
    assert bare_text("<p>Klaar</p>") == {"Klaar"}
    assert bare_text('<img alt="Klaar">') == {"Klaar"}
    assert bare_text('{# Klaar #}<p class="x">{{ _("Klaar") }} · {% if klaar %}1{% endif %}</p>') == set()
