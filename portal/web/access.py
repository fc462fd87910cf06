"""Deny by default: every endpoint stands in one table, and what is not in it does not answer.

The table says who may come to the door; a service asks `permissions.may` again with the object at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.domain.acts import Act
from portal.domain.permissions import could
from portal.domain.vocabulary import Level
from portal.web.language import _, current_language
from portal.web.sessions import current_session

PUBLIC, CASE, STUDENT, STAFF, HALF = "public", "case", "student", "staff", "half"
ASKER, ACTING = "asker", "representative"
OUTSIDE = {STUDENT: {"student"}, ASKER: {"student", "representative"}, ACTING: {"representative"}}  # kinds of session
FULL = "full"  # the stage of a whole sign-in


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may come to an endpoint.

    Also asker (a student, or somebody who acts for one) | representative (only the latter);
    audience: public (reason required) | case (a case code or a student) | student | staff | half (staff, also with
    half a sign-in in one of these stages); level: the least assurance of a student; act: what staff must be allowed
    to do.
    """

    audience: str
    reason: str = ""
    level: Level = Level.NONE
    act: Act | None = None
    stages: frozenset[str] = frozenset()


def rules() -> Mapping[str, Rule]:
    """The whole table: endpoint -> rule."""
    from portal.web.account.access import TABLE as account
    from portal.web.dev import TABLE as dev
    from portal.web.public.access import TABLE as public
    from portal.web.staff.access import TABLE as staff
    from portal.web.student.access import TABLE as student
    from portal.web.system import TABLE as system

    return {**system, **dev, **public, **account, **student, **staff}


def register(app: Flask) -> None:
    table = rules()
    undeclared = {rule.endpoint for rule in app.url_map.iter_rules()} - set(table)
    if undeclared:
        raise RuntimeError(f"endpoints without a line in the access table: {', '.join(sorted(undeclared))}")

    @app.before_request
    def guard() -> Response | None:
        if request.endpoint is None:
            return None  # no such page: Flask answers 404 or 405
        answer = check(table[request.endpoint])
        if answer is None:
            from portal.web import typed

            typed.remember_whose()
        return answer


def check(rule: Rule) -> Response | None:
    """None when the request may go on; a redirect to the lightest way in, or 403/404."""
    if rule.audience == PUBLIC:
        return None
    signed_in = current_session()
    if rule.audience in {STAFF, HALF}:
        if signed_in is None or signed_in.kind != "staff":
            return to_staff_sign_in()
        if signed_in.stage != FULL and signed_in.stage not in rule.stages:
            return redirect(url_for(f"staff.{signed_in.stage}", next=_wanted(rule)))
        if rule.act is not None and not could(signed_in.actor, rule.act):
            abort(403)
        return None
    if signed_in is None or signed_in.kind == "staff":
        return to_code() if rule.audience == CASE else to_sign_in()
    if signed_in.kind not in OUTSIDE.get(rule.audience, {signed_in.kind}):
        if signed_in.kind == ACTING:
            abort(403)  # signing in again would not help
        return to_sign_in()
    if signed_in.actor.level < rule.level:
        return redirect(url_for("account.confirm", lang=current_language(), level=int(rule.level), next=way_back()))
    return None


def to_sign_in() -> Response:
    flash(_("Log eerst in. Daarna gaat u verder."), "info")
    return redirect(url_for("account.sign_in", lang=current_language(), next=way_back()))


def to_code() -> Response:
    flash(_("Vul uw code in. Daarna gaat u verder."), "info")
    return redirect(url_for("public.code", lang=current_language(), next=way_back()))


def to_staff_sign_in() -> Response:
    return redirect(url_for("staff.sign_in", next=way_back()))


def way_back() -> str | None:
    """The page to come back to after signing in; what was typed there when the session had ended is kept."""
    from portal.web import typed

    return typed.keep() or here()


def _wanted(rule: Rule) -> str | None:
    """Where somebody wanted to go who must finish signing in first."""
    return request.args.get("next") or (here() if rule.audience == STAFF else None)


def here() -> str | None:
    """This page's own address, to come back to after signing in; only of pages that a link may open."""
    return request.full_path.rstrip("?") if request.method == "GET" else None


def safe_next(target: str | None, fallback: str) -> str:
    """A relative address of ours, else the fallback (ASVS 3.7.2)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return fallback
    if any(ord(character) < 32 or ord(character) == 127 for character in target):
        return fallback
    parts = urlsplit(target)
    return fallback if parts.scheme or parts.netloc else target
