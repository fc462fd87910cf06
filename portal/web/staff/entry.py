"""Coming in, going out, and what is asked before staff may work; the second factor has pages of its own."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.services import reset_password, staff_sign_in
from portal.services.limits import TooMany
from portal.services.own_sessions import NewSession
from portal.services.sign_in import LinkState
from portal.web.headers import clear_site_data
from portal.web.language import _
from portal.web.place import place
from portal.web.sessions import begin, current_actor, current_clock, current_session, leave
from portal.web.staff import known_browser
from portal.web.staff.account_forms import ResetForm
from portal.web.staff.blueprint import FULL, blueprint, way_on
from portal.web.staff.forms import AgainForm, ConfidentialityForm, PasswordForm, SignInForm

WRONG = N_("Gebruikersnaam en wachtwoord horen niet bij elkaar.")
DEAD_LINKS = {
    LinkState.USED: N_("Met deze link is al een wachtwoord gekozen."),
    LinkState.REPLACED: N_("Er is een nieuwere link gestuurd. Gebruik die."),
    LinkState.OLD: N_("Deze link is verlopen: hij werkt een uur."),
    LinkState.UNKNOWN: N_("Deze link is niet goed. Is hij helemaal overgenomen?"),
}


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    signed_in = current_session()
    if request.method == "GET" and signed_in is not None and signed_in.kind == "staff":
        return redirect(next_page(signed_in.stage))
    form = SignInForm()
    code = 200
    if form.accepted():
        name = staff_sign_in.normal_name(form.username.data)
        try:
            made = staff_sign_in.sign_in(
                current_clock(), name, form.password.data, place(), known_browser.mark_of(name)
            )
        except TooMany as refusal:
            form.deny(refusal)
            code = 429
        else:
            if made is not None:
                return go_on(made)
            form.say(WRONG)
            code = 422
    elif request.method == "POST":
        code = 422
    return make_response(render_template("staff/sign_in.html", form=form), code)


def next_page(stage: str) -> str:
    """The stage that is missing, keeping where the person wanted to go; else there."""
    if stage != FULL:
        return url_for(f"staff.{stage}", next=request.args.get("next"))
    return way_on(request.args.get("next"))


def take(made: NewSession) -> None:
    """The new session goes into the cookie."""
    begin(made.session_id)


def go_on(made: NewSession, told: str = "") -> Response:
    """With the new session to what is asked next, or to where the person wanted to go."""
    take(made)
    if told:
        flash(told, "ok")
    return redirect(next_page(made.stage))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    leave()
    flash(_("U bent uitgelogd."), "ok")
    return clear_site_data(make_response(redirect(url_for("staff.sign_in"))))


@blueprint.route("/confidentiality", methods=["GET", "POST"])
def confidentiality() -> Response:
    form = ConfidentialityForm()
    if form.accepted():
        try:
            return go_on(staff_sign_in.acknowledge(current_actor(), current_clock()))
        except Refused as refusal:
            form.deny(refusal)
    elif request.method == "GET" and stage() == FULL:
        return redirect(next_page(FULL))
    return make_response(render_template("staff/confidentiality.html", form=form), 422 if form.errors else 200)


def stage() -> str:
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
            return go_on(made, _("Uw wachtwoord is veranderd."))
    page = render_template("staff/password.html", form=form, first=stage() == "password")
    return make_response(page, 422 if form.errors else 200)


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
            return go_on(made)
    return make_response(render_template("staff/again.html", form=form), 422 if form.errors else 200)


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> Response:
    """The mailed link: opening it changes nothing, the form sets the new password and signs nobody in."""
    form = ResetForm()
    code = 200
    state = reset_password.look(current_clock(), token)
    if state is LinkState.READY and form.accepted():
        try:
            state = reset_password.choose(current_clock(), token, form.new.data, place())
        except TooMany as refusal:
            form.deny(refusal)
            code = 429
        except Refused as refusal:
            form.deny(refusal, "new")
        else:
            if state is LinkState.READY:
                flash(_("Uw wachtwoord is gekozen. Log ermee in."), "ok")
                return redirect(url_for("staff.sign_in"))
    if state is not LinkState.READY:
        return make_response(render_template("staff/reset_dead.html", why=DEAD_LINKS[state]), 404)
    code = 422 if form.errors and code == 200 else code
    username = reset_password.whose(current_clock(), token)
    return make_response(render_template("staff/reset.html", form=form, username=username), code)
