"""Coming in, going out, and what is asked before staff may work."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.services import staff_sign_in
from portal.services.limits import TooMany
from portal.services.staff_sign_in import NewSession
from portal.web.headers import clear_site_data
from portal.web.language import _
from portal.web.sessions import begin, current_actor, current_clock, current_session, leave
from portal.web.staff import known_browser
from portal.web.staff.blueprint import FULL, blueprint, way_on
from portal.web.staff.forms import AgainForm, ConfidentialityForm, LanguageForm, PasswordForm, SignInForm
from portal.web.staff.wording import ROLES

WRONG = N_("Gebruikersnaam en wachtwoord horen niet bij elkaar.")


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    signed_in = current_session()
    if request.method == "GET" and signed_in is not None and signed_in.kind == "staff":
        return redirect(_next_page(signed_in.stage))
    form = SignInForm()
    code = 200
    if form.accepted():
        name = staff_sign_in.normal_name(form.username.data)
        try:
            made = staff_sign_in.sign_in(
                current_clock(), name, form.password.data, request.remote_addr or "", known_browser.mark_of(name)
            )
        except TooMany as refusal:
            form.deny(refusal)
            code = 429
        else:
            if made is not None:
                begin(made.session_id)
                return known_browser.remember(redirect(_next_page(made.stage)), name)
            form.say(WRONG)
            code = 422
    elif request.method == "POST":
        code = 422
    return make_response(render_template("staff/sign_in.html", form=form), code)


def _next_page(stage: str) -> str:
    """The stage that is missing, keeping where the person wanted to go; else there."""
    if stage != FULL:
        return url_for(f"staff.{stage}", next=request.args.get("next"))
    return way_on(request.args.get("next"))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    leave()
    flash(_("U bent uitgelogd."), "ok")
    return clear_site_data(make_response(redirect(url_for("staff.sign_in"))))


@blueprint.route("/confidentiality", methods=["GET", "POST"])
def confidentiality() -> Response:
    form = ConfidentialityForm()
    if form.accepted():
        staff_sign_in.acknowledge(current_actor(), current_clock())
        return redirect(url_for("staff.confidentiality", next=request.args.get("next")))  # who it is, is read afresh
    if current_actor().confidentiality_acknowledged and request.method == "GET" and _stage() == FULL:
        return redirect(_next_page(FULL))
    return make_response(render_template("staff/confidentiality.html", form=form), 422 if form.errors else 200)


def _stage() -> str:
    signed_in = current_session()
    return signed_in.stage if signed_in else ""


@blueprint.route("/password", methods=["GET", "POST"])
def password() -> Response:
    form = PasswordForm()
    if form.accepted():
        try:
            made = staff_sign_in.change_password(current_actor(), current_clock(), form.current.data, form.new.data)
        except Refused as refusal:
            form.deny(refusal, "current" if refusal.code == "password_wrong" else "new")
        else:
            return _continue(made, _("Uw wachtwoord is veranderd."))
    page = render_template("staff/password.html", form=form, first=_stage() == "password")
    return make_response(page, 422 if form.errors else 200)


def _continue(made: NewSession, told: str = "") -> Response:
    begin(made.session_id)
    if told:
        flash(told, "ok")
    return redirect(_next_page(made.stage))


@blueprint.route("/again", methods=["GET", "POST"])
def again() -> Response:
    """A fresh sign-in, for erasures and account changes."""
    form = AgainForm()
    if form.accepted():
        try:
            made = staff_sign_in.prove_again(current_actor(), current_clock(), form.password.data)
        except Refused as refusal:
            form.deny(refusal, "password")
        else:
            return _continue(made)
    return make_response(render_template("staff/again.html", form=form), 422 if form.errors else 200)


@blueprint.route("/me", methods=["GET", "POST"])
def me() -> Response:
    """The own account: name, roles, language."""
    form = LanguageForm(language=_own_language())
    if form.accepted():
        staff_sign_in.own_language(current_actor(), current_clock(), form.language.data)
        flash(_("Bewaard."), "ok")
        return redirect(url_for("staff.me"))
    return make_response(render_template("staff/me.html", form=form, role_words=ROLES), 422 if form.errors else 200)


def _own_language() -> str:
    signed_in = current_session()
    return (signed_in.language if signed_in else None) or "nl"
