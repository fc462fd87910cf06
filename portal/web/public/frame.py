"""The frame that the public, account and student pages share: language in the address, menu, session end, refusals."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from flask import Blueprint, abort, current_app, flash, redirect, request, session, url_for
from markupsafe import Markup
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Response

from portal.domain.permissions import NotAllowed
from portal.domain.vocabulary import Level
from portal.i18n import N_, TONGUES, offered
from portal.services import drafts
from portal.services.recognise import SignedIn
from portal.services.unit import abandon
from portal.web import errors
from portal.web.access import here
from portal.web.application import Portal
from portal.web.language import COOKIE_KEY, _, current_language, is_staff_page
from portal.web.pieces import written
from portal.web.sessions import browser_secret, current_session

LINKS = {
    "home": "public.start",
    "helper": "public.help",
    "privacy": "public.about",
    "rights": "public.rights",
    "regulation": "public.regulation",
    "accessibility": "public.accessibility",
    "sign_in": "account.sign_in",
}
PREFIX = f"/<any({', '.join(TONGUES)}):lang>"


def blueprint_of(name: str) -> Blueprint:
    """A blueprint of pages for students and the public, below a language."""
    made = Blueprint(name, __name__)
    made.url_value_preprocessor(_take_language)
    made.register_error_handler(NotAllowed, _not_allowed)
    made.register_error_handler(drafts.NoDraft, _no_draft)
    return made


def _not_allowed(refusal: NotAllowed) -> Response:
    """More proof where that would help, else a plain no. Another's object is not found before it comes to this."""
    abandon()
    if refusal.code == "level" and request.method in {"GET", "HEAD"}:
        return to_confirm(Level(int(str(refusal.params.get("needs", Level.KNOWLEDGE)))))
    if refusal.code == "not_own":
        return errors.show(NotFound())
    return errors.show(Forbidden())


def _no_draft(refusal: drafts.NoDraft) -> Response:
    abandon()
    if isinstance(refusal, drafts.SignInFirst):
        flash(_("Log weer in. Dan gaat u verder waar u was."), "info")
        return go("account.sign_in", next=here())
    flash(_("Dit formulier is er niet meer. Begin opnieuw."), "warning")
    return go("public.new")


def to_confirm(level: Level) -> Response:
    return redirect(url_for("account.confirm", lang=current_language(), level=int(level), next=here()))


def _take_language(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A language that is not offered has no pages. The choice is kept, without any authority."""
    asked = (values or {}).get("lang")
    if asked is None:
        return
    if asked not in {tongue.code for tongue in offered()}:
        abort(404)
    if session.get(COOKIE_KEY) != asked:
        session[COOKIE_KEY] = asked


def page(endpoint: str, **values: Any) -> str:
    """The address of a page in the language being read."""
    return current_app.url_for(endpoint, lang=current_language(), **values)


def go(endpoint: str, **values: Any) -> Response:
    return redirect(page(endpoint, **values))


def student_session() -> SignedIn | None:
    """The session of a student who is known by name (not: one of several at a shared address)."""
    signed_in = current_session()
    return signed_in if signed_in and signed_in.actor.student_id else None


def once_bytes(key: str) -> bytes:
    """A form's idempotency key as it is stored; bound to the browser, so that nobody can block another's form."""
    return hashlib.sha256(f"{browser_secret()}|{key}".encode()).digest()


@lru_cache(maxsize=64)
def _links(_script_root: str, language: str) -> dict[str, str]:
    return {name: url_for(endpoint, lang=language) for name, endpoint in LINKS.items()}


@lru_cache(maxsize=64)
def _foot(root: str, language: str, _policy: str) -> Markup:
    """What stands below every page of a language."""
    return written("components/foot.html", keeper=policy().controller, way=_links(root, language))


def template_names() -> dict[str, object]:
    """What base.html shows around a page."""
    if is_staff_page():
        return {}
    signed_in, root, lang = current_session(), request.script_root, current_language()
    addresses = cast(Portal, current_app).addresses(lang=lang)
    names: dict[str, object] = {
        "links": _links(root, lang),
        "foot": _foot(root, lang, policy().digest),
        "page": addresses,
    }
    if signed_in is not None and signed_in.kind != "staff":
        names |= {
            "student_nav": _menu(root, lang, signed_in.kind, request.endpoint),
            "sign_out_url": addresses("account.sign_out"),
            "session_ends_at": signed_in.ends_at,
        }
    return names


MENU = {
    "case": (("public.case", N_("Mijn vraag")),),
    "representative": (("student.requests", N_("Vragen voor een ander")), ("student.act_for", N_("Voor wie?"))),
    "student": (
        ("student.data", N_("Mijn gegevens")),
        ("student.requests", N_("Mijn vragen")),
        ("student.consents", N_("Mijn toestemming")),
        ("student.views", N_("Wie keek?")),
        ("student.helpers", N_("Wie mij helpt")),
        ("student.email", N_("Mijn e-mail")),
    ),
}


@dataclass(frozen=True, slots=True)
class MenuItem:
    href: str
    label: str
    current: bool


@lru_cache(maxsize=2048)
def _menu(_script_root: str, language: str, kind: str, here: str | None) -> tuple[MenuItem, ...]:
    """The menu of a kind of session on the page `here`, in the language being read."""
    return tuple(MenuItem(page(endpoint), _(label), here == endpoint) for endpoint, label in MENU[kind])


def policy() -> Any:
    return current_app.extensions["policy"]
