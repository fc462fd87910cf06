"""What a mail looks like: its headers, its two parts, its languages (ux.md, rules 26-29)."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import html5lib
import pytest

from portal.i18n import STAFF_TONGUES, TONGUES, Speaker
from portal.mail import render as rendering
from portal.mail.messages import Message
from portal.mail.mime import header_text
from portal.mail.render import NotRenderable, kinds, render
from tests.mail.posts import AT, HOUSE, REFERENCE, every_message, parsed, sheet_of

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = os.environ.get("SNAPSHOT_UPDATE") == "1"
NAMES = sorted(every_message("nl"))
BREAKS = ["\r\n", "\n", "\r", "\r\n ", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x00"]
ADDRESS = re.compile(r"https?://[^\s<>\"]+")


class Pseudo(Speaker):
    """A language whose catalogue knows everything: each text in brackets."""

    def __init__(self, lang: str, whole: bool = True) -> None:
        super().__init__(TONGUES[lang], "student")
        self.whole = whole
        self.gettext = lambda message: f"⟦{message}⟧"
        self.ngettext = lambda one, many, number: f"⟦{one if number == 1 else many}⟧"

    def knows(self, message: str) -> bool:
        return self.whole or message != "Goedendag,"


def mail(message: Message, by_code: bool = False) -> EmailMessage:
    return parsed(render(sheet_of(message, by_code), HOUSE))


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert isinstance(found, EmailMessage)
    return str(found.get_content()).replace("\r\n", "\n")


def picture(message: EmailMessage) -> str:
    """A mail as a snapshot keeps it: headers, text and HTML, decoded."""
    headers = "\n".join(f"{name}: {value}" for name, value in message.items())
    return f"{headers}\n\n{part(message, 'plain')}\n{'=' * 80}\n{part(message, 'html')}"


def test_every_kind_has_a_function_and_both_templates():
    made = {message.kind for message in every_message("nl").values()}
    assert made == kinds(), "give the kind a function in messages.py, both templates, and a line in every_message"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", list(TONGUES))
def test_each_mail_in_each_language_is_the_snapshot(name: str, lang: str):
    """SNAPSHOT_UPDATE=1 writes them; a language whose catalogue lacks a text of the mail gets the Dutch one."""
    message = every_message(lang)[name]
    if message.staff and lang not in STAFF_TONGUES:
        return
    made = mail(message)
    translated = lang in str(made["Content-Language"])
    kept = SNAPSHOTS / f"{name}.{lang if translated else 'nl'}.txt"
    if not translated and name == "sign_in":
        made = mail(replace(message, arguments={**message.arguments, "path": "/nl/sign-in/t0ken"}))
    seen = picture(made)
    if UPDATE and (translated or lang == "nl"):
        SNAPSHOTS.mkdir(exist_ok=True)
        kept.write_text(seen, encoding="utf-8")
    assert kept.is_file(), f"no snapshot {kept.name}: read the mail, then SNAPSHOT_UPDATE=1 pytest {__file__}"
    assert seen == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_subject_is_neutral_and_the_one_address_is_ours(name: str):
    message = every_message("nl")[name]
    made = mail(message)
    subject = str(made["Subject"])
    account = rendering.SUBJECTS_OF_ACCOUNT.get(message.kind, "Uw link om in te loggen")
    assert subject == (f"Bericht over {REFERENCE}" if "reference" in message.arguments else account)
    if message.kind in rendering.SUBJECTS_OF_ACCOUNT:
        assert account in part(made, "plain"), "the subject is a line of its template: so it is translated"
    for text in (part(made, "plain"), part(made, "html")):
        addresses = set(ADDRESS.findall(text))
        assert len(addresses) == 1
        assert addresses.pop().startswith(HOUSE.base_url + "/")
    assert message.to not in part(made, "plain")
    assert not list(made.iter_attachments())


@pytest.mark.parametrize("name", NAMES)
def test_headers_are_stable_and_say_that_nobody_typed_this(name: str):
    message = every_message("nl")[name]
    whole, again = (render(sheet_of(message), HOUSE) for _ in range(2))
    assert whole == again
    made = parsed(whole)
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Message-ID"] == sheet_of(message).message_id
    assert made["Date"].datetime == AT
    assert made["From"] == "Taalschool De Brug <privacy@school.example>"
    assert made.get_content_type() == "multipart/alternative"
    assert whole.content.isascii()


@pytest.mark.parametrize("lang", ["ar", "fa", "uk", "ti"])
def test_chosen_language_first_then_dutch_each_marked(lang: str, monkeypatch: pytest.MonkeyPatch):
    speakers = {"nl": rendering.speaker("nl"), lang: Pseudo(lang)}
    monkeypatch.setattr(rendering, "speaker", speakers.__getitem__)
    made = mail(every_message(lang)["receipt"])
    tree = html5lib.parse(part(made, "html"), namespaceHTMLElements=False)
    blocks = list(tree.iter("div"))
    assert [(node.get("lang"), node.get("dir")) for node in blocks] == [(lang, TONGUES[lang].dir), ("nl", "ltr")]
    assert (tree.get("lang"), tree.get("dir")) == (lang, TONGUES[lang].dir)
    text = part(made, "plain")
    assert text.index("⟦Goedendag,⟧") < text.index("\nGoedendag,")
    assert made["Content-Language"] == f"{lang}, nl"
    assert "⟦De Nederlandse tekst telt.⟧" in text
    if TONGUES[lang].dir == "rtl":
        assert "\u20664812 0375 9921\u2069" in text, "groups of digits keep their order"


def test_half_a_translation_is_not_sent(monkeypatch: pytest.MonkeyPatch):
    speakers = {"nl": rendering.speaker("nl"), "tr": Pseudo("tr", whole=False)}
    monkeypatch.setattr(rendering, "speaker", speakers.__getitem__)
    made = mail(every_message("tr")["decided"])
    assert made["Content-Language"] == "nl"
    assert "⟦" not in picture(made)


def test_who_has_no_account_is_sent_to_the_page_of_the_code():
    message = every_message("nl")["decided"]
    known, unknown = part(mail(message), "plain"), part(mail(message, by_code=True), "plain")
    assert f"{HOUSE.base_url}/nl/me/requests/{REFERENCE}" in known
    assert f"{HOUSE.base_url}/nl/code\n" in unknown
    assert "U hebt uw code nodig." in unknown
    assert "U hebt uw code nodig." not in known


@pytest.mark.parametrize("line_break", BREAKS)
def test_no_line_break_reaches_a_header(line_break: str):
    evil = f"x{line_break}Bcc: thief@example.net"
    assert not set(header_text(evil)) & set("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\x00")
    house = replace(HOUSE, school=evil, mail_from=f"{evil} <privacy@school.example>")
    message = every_message("nl")["decided"]
    sheet = replace(
        sheet_of(message), arguments={"reference": evil}, message_id=f"<1@school.example>{line_break}Bcc: t@example.net"
    )
    for tried in (replace(sheet, arguments=message.arguments), sheet):
        try:
            made = parsed(render(tried, house))
        except NotRenderable:
            continue
        assert "Bcc" not in made
        assert len(made.get_all("Subject", [])) == 1


@pytest.mark.parametrize("line_break", BREAKS)
def test_an_address_with_a_line_break_makes_no_mail(line_break: str):
    sheet = replace(sheet_of(every_message("nl")["decided"]), to=f"a@example.org{line_break}Bcc: b@example.org")
    with pytest.raises(NotRenderable, match="bad_address"):
        render(sheet, HOUSE)


@pytest.mark.parametrize("to", ["", "nobody", "@example.org", "a@", "a b@example.org", "a@b@", "x" * 255 + "@a.nl"])
def test_what_is_no_address_makes_no_mail(to: str):
    with pytest.raises(NotRenderable, match="bad_address"):
        render(replace(sheet_of(every_message("nl")["decided"]), to=to), HOUSE)


@pytest.mark.parametrize(
    ("domain", "sent_to"), [("faß.example", "xn--fa-hia.example"), ("Exämple.nl", "xn--exmple-cua.nl")]
)
def test_a_domain_in_other_letters_is_that_domain_and_no_other(domain: str, sent_to: str):
    """Python's own codec sends what is for faß to whoever has fass."""
    made = render(replace(sheet_of(every_message("nl")["decided"]), to=f"jan@{domain}"), HOUSE)
    assert made.recipient == str(parsed(made)["To"]) == f"jan@{sent_to}"


def test_a_missing_argument_or_an_unknown_kind_makes_no_mail():
    sheet = sheet_of(every_message("nl")["receipt"])
    with pytest.raises(NotRenderable, match="not_renderable"):
        render(replace(sheet, arguments={"reference": REFERENCE}), HOUSE)
    for kind in ("layout", "parts", "../base", "nothing"):
        with pytest.raises(NotRenderable, match="unknown_kind"):
            render(replace(sheet, kind=kind), HOUSE)


def test_html_is_escaped_and_a_link_never_leaves_our_domain():
    sheet = sheet_of(every_message("nl")["receipt"])
    made = parsed(render(replace(sheet, arguments={**sheet.arguments, "code": "<script>alert(1)</script>"}), HOUSE))
    assert "<script" not in part(made, "html")
    for path in ("//evil.example/x", "https://evil.example", "/a\r\nb"):
        with pytest.raises(NotRenderable, match="bad_link"):
            render(replace(sheet, arguments={**sheet.arguments, "path": path}), HOUSE)
