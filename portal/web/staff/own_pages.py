"""The own account: name, roles, language, second factor, and where one is signed in."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.domain.acts import Act
from portal.domain.permissions import NotAllowed, could
from portal.domain.refusal import Refused
from portal.services import calendar_feed, own_sessions, passkeys, recovery_codes, second_factor, staff_sign_in, totp
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock, current_session
from portal.web.staff.blueprint import acted, blueprint, words_of
from portal.web.staff.entry import take
from portal.web.staff.factor_pages import shown_codes
from portal.web.staff.forms import LanguageForm
from portal.web.staff.wording import ROLES


@blueprint.route("/me", methods=["GET", "POST"])
def me() -> Response:
    actor, clock = current_actor(), current_clock()
    form = LanguageForm(language=_own_language())
    if form.accepted():
        staff_sign_in.own_language(actor, clock, form.language.data)
        flash(_("Bewaard."), "ok")
        return redirect(url_for("staff.me"))
    at_work = could(actor, Act.MANAGE_OWN_ACCOUNT)  # somebody may hold no role today
    signed_in = current_session()
    page = render_template(
        "staff/me.html",
        form=form,
        role_words=ROLES,
        have=second_factor.own_factors(actor, clock) if at_work else None,
        sessions=own_sessions.own_sessions(actor, clock) if at_work else (),
        passkeys=passkeys.available(),
        calendar_since=calendar_feed.made_at(actor, clock) if at_work else None,
        ends_at=signed_in.ends_at if signed_in else None,
    )
    return make_response(page, 422 if form.errors else 200)


def _own_language() -> str:
    signed_in = current_session()
    return (signed_in.language if signed_in else None) or "nl"


@blueprint.post("/me/codes")
def codes() -> Response:
    """Ten new recovery codes, in this one answer; the old ones are dead."""
    try:
        return shown_codes(recovery_codes.renew(current_actor(), current_clock()), url_for("staff.me"))
    except NotAllowed:
        return redirect(url_for("staff.again", next=url_for("staff.me")))
    except Refused as refusal:
        flash(words_of(refusal), "error")
        return redirect(url_for("staff.me"))


@blueprint.post("/me/app/remove")
def app_remove() -> Response:
    return acted(
        lambda: take(totp.remove(current_actor(), current_clock())),
        _("De app is weggehaald. Op andere apparaten bent u uitgelogd."),
        url_for("staff.me"),
    )


@blueprint.post("/me/passkeys/<uuid:passkey_id>/remove")
def passkey_remove(passkey_id: UUID) -> Response:
    return acted(
        lambda: take(passkeys.remove(current_actor(), current_clock(), passkey_id)),
        _("De passkey is weggehaald. Op andere apparaten bent u uitgelogd."),
        url_for("staff.me"),
    )


@blueprint.post("/me/sessions")
def sessions_end() -> Response:
    return acted(
        lambda: own_sessions.end_other_sessions(current_actor(), current_clock()),
        _("Op andere apparaten bent u uitgelogd."),
        url_for("staff.me"),
    )


@blueprint.post("/me/sessions/<uuid:session_id>")
def session_end(session_id: UUID) -> Response:
    return acted(
        lambda: own_sessions.end_own_session(current_actor(), current_clock(), session_id),
        _("Op dat apparaat bent u uitgelogd."),
        url_for("staff.me"),
    )
