"""The second factor: giving it while signing in, and setting one up.

An app and recovery codes need no JavaScript. A passkey does: the page's script asks for the challenge by posting the
same form with the act `options`, and then sends the browser's answer with it.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain.acts import Act
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.services import passkeys, recovery_codes, second_factor, staff_sign_in, totp
from portal.services.limits import TooMany
from portal.services.own_sessions import NewSession
from portal.services.second_factor import Enrolled, Factors
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff import known_browser
from portal.web.staff.account_forms import AppForm, ConfirmAppForm, NewPasskeyForm, PasskeyForm, RecoveryForm
from portal.web.staff.blueprint import FULL, blueprint, words_of
from portal.web.staff.entry import go_on, next_page, stage, take
from portal.web.staff.forms import StaffForm

APP, PASSKEY, RECOVERY = "totp", "passkey", "recovery"
FORMS: dict[str, type[StaffForm]] = {APP: AppForm, PASSKEY: PasskeyForm, RECOVERY: RecoveryForm}
OPTIONS = "options"  # the act by which the script asks for a challenge


@blueprint.route("/factor", methods=["GET", "POST"])
def factor() -> Response:
    """The second step of signing in, in the way that the account has or that was asked for."""
    if stage() == FULL:
        return redirect(next_page(FULL))
    actor, clock = current_actor(), current_clock()
    if request.form.get("act") == OPTIONS:
        return _options(lambda: passkeys.authentication_options(actor, clock))
    have = second_factor.own_factors(actor, clock)
    ways = _ways(have)
    asked = request.form.get("act") or request.args.get("way")
    way = asked if asked in ways else ways[0]
    form = FORMS[way]()
    code = 200
    if form.accepted():
        try:
            return _given(form, way)
        except TooMany as refusal:
            form.deny(refusal)
            code = 429
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, "" if way == PASSKEY else "code")
    code = 422 if form.errors and code == 200 else code
    others = [each for each in ways if each != way]
    page = render_template("staff/factor.html", form=form, way=way, others=others, next=request.args.get("next"))
    return make_response(page, code)


def _ways(have: Factors) -> list[str]:
    """What this account can answer with, the lightest first; never nothing."""
    offered = {
        PASSKEY: bool(have.passkeys) and passkeys.available(),
        APP: have.totp,
        RECOVERY: have.codes_left > 0 or not have.totp,
    }
    first = [APP, PASSKEY, RECOVERY] if have.totp else [PASSKEY, APP, RECOVERY]
    return [way for way in first if offered[way]]


def _given(form: StaffForm, way: str) -> Response:
    actor, clock = current_actor(), current_clock()
    username = staff_sign_in.username_of(actor)
    mark = known_browser.mark_of(username)
    if way == PASSKEY:
        made = passkeys.enter(actor, clock, form["answer"].data, mark)
    else:
        enter: Callable[..., NewSession] = totp.enter if way == APP else recovery_codes.enter
        made = enter(actor, clock, form["code"].data, mark)
    response = go_on(made)
    if way == RECOVERY:
        left = second_factor.own_factors(current_actor(), clock).codes_left
        flash(_("Deze herstelcode is nu op. U hebt er nog %(count)s.", count=left), "warning")
    return known_browser.remember(response, username)


def _options(ask: Callable[[], str]) -> Response:
    """The challenge for the script as JSON, or in words why there is none."""
    try:
        return make_response(ask(), {"Content-Type": "application/json"})
    except TooMany as refusal:
        return make_response(jsonify(error=words_of(refusal)), 429)
    except Refused as refusal:
        return make_response(jsonify(error=words_of(refusal)), 422)


@blueprint.route("/enrol", methods=["GET", "POST"])
def enrol() -> Response:
    """Sets up an app or a passkey: the first one while signing in, another one later with a fresh sign-in."""
    _demand_fresh()
    actor, clock = current_actor(), current_clock()
    act = request.form.get("act")
    if act == OPTIONS:
        return _options(lambda: passkeys.registration_options(actor, clock))
    app_form, key_form = ConfirmAppForm(), NewPasskeyForm()
    form: StaffForm = key_form if act == PASSKEY else app_form
    code = 200
    try:
        if request.method == "POST" and act == "begin":
            totp.begin(actor, clock)
            return redirect(url_for("staff.enrol", next=request.args.get("next")) + "#app")
        if act == "confirm" and app_form.accepted():
            return _enrolled(totp.confirm(actor, clock, app_form.code.data))
        if act == PASSKEY and key_form.accepted():
            return _enrolled(passkeys.register(actor, clock, key_form.answer.data, key_form["name"].data))
    except TooMany as refusal:
        form.deny(refusal)
        code = 429
    except NotAllowed:
        raise
    except Refused as refusal:
        form.deny(refusal, {"factor_wrong": "code", "name_missing": "name"}.get(refusal.code, ""))
    page = render_template(
        "staff/enrol.html",
        form=form,
        app_form=app_form if form is app_form else ConfirmAppForm(formdata=None),
        key_form=key_form if form is key_form else NewPasskeyForm(formdata=None),
        pending=totp.pending(actor, clock),
        have=second_factor.own_factors(actor, clock),
        passkeys=passkeys.available(),
        first=stage() != FULL,
        next=request.args.get("next"),
    )
    return make_response(page, 422 if form.errors and code == 200 else code)


def _demand_fresh() -> None:
    if stage() == FULL and not current_actor().fresh_sign_in:
        raise NotAllowed("fresh_sign_in_needed", act=Act.MANAGE_OWN_ACCOUNT)


def _enrolled(made: Enrolled) -> Response:
    """The first factor comes with recovery codes: they stand in this one answer and nowhere else."""
    username = staff_sign_in.username_of(current_actor())
    take(made.session)
    way = next_page(made.session.stage)
    if made.codes:
        response = shown_codes(made.codes, way)
    else:
        flash(_("Uw tweede stap is ingesteld. Op andere apparaten bent u uitgelogd."), "ok")
        response = redirect(url_for("staff.me") if made.session.stage == FULL else way)
    return known_browser.remember(response, username)


def shown_codes(codes: tuple[str, ...], way_on: str) -> Response:
    return make_response(render_template("staff/codes.html", codes=codes, way_on=way_on))


@blueprint.get("/enrol/qr.svg")
def enrol_qr() -> Response:
    """The key of the app that is being set up, as a picture to scan; kept by nobody (no-store)."""
    _demand_fresh()
    picture = totp.qr(current_actor(), current_clock())
    if picture is None:
        abort(404)
    return make_response(picture, {"Content-Type": "image/svg+xml", "Cache-Control": "no-store"})
