"""From an outbox row to a mail: text and HTML, the reader's language first and Dutch below (ux.md, rules 26-29).

Templates live in `templates/mail/`: `layout.txt` and `layout.html` are shared, `<kind>.txt` and `<kind>.html` hold what
a kind says. The HTML ones escape everything; a text part needs no escaping. Nothing that comes from a row reaches a
header with a line break in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import idna
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.audit.verifier import HEADER as LOG_HEAD
from portal.i18n import MASTER, N_, TONGUES, Speaker, speaker, staff_speaker
from portal.mail.mime import CONTROL, Mail, alternatives, header, header_text

FOLDER = Path(__file__).resolve().parent.parent / "templates" / "mail"
BLANK_LINES = re.compile(r"\n{3,}")
SUBJECT_OF_CASE = N_("Bericht over %(reference)s")
SUBJECT_OF_SIGN_IN = N_("Uw link om in te loggen")
# The first line of the mail itself: its template brings it into the catalogue.
SUBJECTS_OF_ACCOUNT = {
    "email_change_asked": "Dit gaat over uw e-mailadres.",
    "email_changed": "Dit gaat over uw e-mailadres.",
    "email_new": "Dit gaat over uw e-mailadres.",
    "representative_added": "Dit gaat over uw toegang.",
    "code_stopped": "Dit gaat over uw toegang.",
    "represented": "Dit gaat over uw toegang.",
    "retention_notice": "Dit gaat over uw gegevens.",
    "consent_asked": "Wij vragen u iets.",
    "staff_retention": "Kijk naar de bewaartermijnen.",
    "staff_assigned": "Een collega droeg werk aan u over.",
    "staff_code_asked": "Een cursist wacht op een code.",
    "staff_digest": "Dit wacht vandaag op u.",
    "staff_password_reset": "U kunt een nieuw wachtwoord kiezen.",
    "staff_factor_reset": "Uw tweede stap bij het inloggen is weggehaald.",
    "staff_sign_in_new": "Er is ingelogd op uw account.",
    "staff_log_head": "Dit is de stand van het logboek.",
}


class NotRenderable(Exception):
    """The row does not make a mail: unknown kind, a missing argument, an address that is none. `fault` is a code."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a mail is made of; everything that varies between two mails."""

    kind: str
    language: str
    to: str
    message_id: str
    created_at: datetime
    arguments: Mapping[str, Any]
    expires_at: datetime | None = None
    staff: bool = False
    by_code: bool = False  # the reader has no account: the page asks for the case code
    log_head: str = ""  # number and digest of the audit log's last entry: each mail is a copy of it outside


@dataclass(frozen=True, slots=True)
class House:
    """What is the same in every mail of an installation."""

    base_url: str
    mail_from: str  # "privacy@school.example" or "School <privacy@school.example>"
    school: str
    phone: str


class Voice:
    """One language's block of a mail; remembers whether its catalogue knew every text."""

    def __init__(self, speaks: Speaker) -> None:
        self.lang, self.dir, self.name = speaks.lang, speaks.dir, speaks.tongue.name
        self.reviewed = speaks.tongue.reviewed
        self.whole = True
        self._speaker = speaks

    def say(self, message: str, **values: object) -> str:
        self.whole = self.whole and self._speaker.knows(message)
        return self._speaker.text(message, **values)

    def plural(self, one: str, many: str, number: int) -> str:
        self.whole = self.whole and self._speaker.knows(one)
        return self._speaker.plural(one, many, number)

    def ltr(self, text: str) -> str:
        """Digits in groups keep their order in a right-to-left line (Unicode isolates: text has no markup)."""
        return f"\u2066{text}\u2069" if self.dir == "rtl" else text

    def when(self, iso: str) -> str:
        """A date in this language and as a Dutch office writes it (ux.md, rule 22)."""
        day = date.fromisoformat(iso)
        return f"{self._speaker.date(day)} ({self.ltr(self._speaker.numeric_date(day))})"


@cache
def environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html"]),
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


@cache
def kinds() -> frozenset[str]:
    """The kinds that have both templates."""
    shared = {"layout", "parts"}
    return frozenset(path.stem for path in FOLDER.glob("*.txt")) & {p.stem for p in FOLDER.glob("*.html")} - shared


def address_of(text: str) -> Address:
    """The one address, or NotRenderable. A line break in it is never mended: the rest might be another address.

    Python's own codec writes a domain with ß as the one with ss, which is somebody else's (RFC 5891 took over from it).
    """
    if not text or len(text) > 254 or CONTROL.search(text) or any(mark in text for mark in ' ,;<>()"'):
        raise NotRenderable("bad_address")
    local, at, domain = text.rpartition("@")
    if not (local and at and domain):
        raise NotRenderable("bad_address")
    try:
        return Address(username=local, domain=idna.encode(domain, uts46=True).decode("ascii"))
    except (ValueError, IndexError) as error:
        raise NotRenderable("bad_address") from error


def link_of(sheet: Sheet, base_url: str, language: str) -> str:
    """The mail's one address, in our own domain."""
    arguments = sheet.arguments
    if "path" in arguments:
        path = str(arguments["path"])
    elif "page" in arguments:  # below a language, whichever the mail is in
        path = f"/{language}/{arguments['page']}"
    elif sheet.staff:
        path = f"/staff/cases/{arguments['reference']}"
    elif sheet.by_code or sheet.kind == "receipt":
        path = f"/{language}/code"
    else:
        path = f"/{language}/me/requests/{arguments['reference']}"
    if not path.startswith("/") or path.startswith("//") or CONTROL.search(path):
        raise NotRenderable("bad_link")
    return base_url + path


def voices_of(sheet: Sheet) -> list[Voice]:
    say = staff_speaker if sheet.staff else speaker
    languages = [sheet.language, MASTER] if sheet.language in TONGUES else [MASTER]
    return [Voice(say(lang)) for lang in dict.fromkeys(languages)]


def render(sheet: Sheet, house: House) -> Mail:
    """The whole mail. Two renderings of one row are the same bytes. Raises NotRenderable."""
    if sheet.kind not in kinds():
        raise NotRenderable("unknown_kind")
    try:
        return _render(sheet, house)
    except NotRenderable:
        raise
    except Exception as error:  # whatever is wrong with a row, the next mail goes on (security.md)
        raise NotRenderable("not_renderable") from error


def _render(sheet: Sheet, house: House) -> Mail:
    voices = voices_of(sheet)
    subject, text, html = _parts(sheet, house, voices)
    if not all(voice.whole for voice in voices):  # half a translation helps nobody: Dutch counts
        voices = [Voice((staff_speaker if sheet.staff else speaker)(MASTER))]
        subject, text, html = _parts(sheet, house, voices)
    sender, from_line = sender_of(house)
    recipient = address_of(sheet.to).addr_spec
    headers = [
        from_line,
        f"To: {recipient}",
        header("Subject", subject),
        header("Date", format_datetime(sheet.created_at)),
        header("Message-ID", sheet.message_id),
        "Auto-Submitted: auto-generated",  # RFC 3834
        "X-Auto-Response-Suppress: All",
        *([header(LOG_HEAD, sheet.log_head)] if sheet.log_head else ()),
    ]
    boundary = "portal-" + re.sub(r"[^0-9A-Za-z]", "", sheet.message_id)[:48]
    content = alternatives(headers, (voice.lang for voice in voices), boundary, text, html)
    return Mail(sender, recipient, header_text(sheet.message_id), sheet.created_at, content)


def _parts(sheet: Sheet, house: House, voices: list[Voice]) -> tuple[str, str, str]:
    if "reference" in sheet.arguments:
        subject = voices[0].say(SUBJECT_OF_CASE, reference=sheet.arguments["reference"])
    else:
        subject = voices[0].say(SUBJECTS_OF_ACCOUNT.get(sheet.kind, SUBJECT_OF_SIGN_IN))
    names = {
        **sheet.arguments,
        "kind": sheet.kind,
        "subject": subject,
        "voices": voices,
        "staff": sheet.staff,
        "by_code": sheet.by_code,
        "school": house.school,
        "phone": house.phone,
        "link": link_of(sheet, house.base_url, voices[0].lang),
    }
    if sheet.expires_at is not None:
        names["minutes"] = max(1, round((sheet.expires_at - sheet.created_at).total_seconds() / 60))
    text = environment().get_template("layout.txt").render(names)
    html = environment().get_template("layout.html").render(names)
    return subject, BLANK_LINES.sub("\n\n", text.strip()) + "\n", html.strip() + "\n"


@lru_cache(maxsize=8)
def sender_of(house: House) -> tuple[str, str]:
    """The address that the installation's mails come from, and their header."""
    name, mailbox = parseaddr(header_text(house.mail_from))
    address = address_of(mailbox)
    whole = Address(display_name=header_text(name or house.school), username=address.username, domain=address.domain)
    return address.addr_spec, SMTP.fold("From", SMTP.header_factory("From", whole)).rstrip()
