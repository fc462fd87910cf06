"""Signing in by a mailed link or code, proving a little more, signing out."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response
from wtforms import StringField

from portal.domain import birth_date
from portal.domain.assurance import Way
from portal.domain.birth_date import NotABirthDate, PartialDate
from portal.domain.digits import only_digits
from portal.domain.vocabulary import Level
from portal.i18n import N_, offered
from portal.services import second_channel_use, step_up
from portal.services import sign_in as service
from portal.services.sign_in import CodeState, LinkState
from portal.web import sessions
from portal.web.access import safe_next
from portal.web.forms import AtMost, BaseForm, Check, Required, clean, looks_like_email
from portal.web.headers import clear_site_data
from portal.web.language import _
from portal.web.place import place
from portal.web.public.frame import PREFIX, blueprint_of, go, page
from portal.web.sessions import browser_secret, current_clock, current_session

blueprint: Blueprint = blueprint_of("account")
KNOWN = frozenset({Way.KNOW_BIRTH_DATE_AND_POSTCODE, Way.KNOW_STUDENT_NUMBER})
NEXT = "next"  # where to go after signing in: kept in the cookie, carries no authority

WHY_NOT = {
    LinkState.FOREIGN: N_("U opent deze link in een andere browser."),
    LinkState.USED: N_("Deze link is al gebruikt."),
    LinkState.OLD: N_("Deze link is te oud. Een link werkt 10 minuten."),
    LinkState.REPLACED: N_("U kreeg later een nieuwe link. Alleen de nieuwste werkt."),
    LinkState.UNKNOWN: N_("Deze link kennen wij niet."),
}
CODE_ERRORS = {
    CodeState.WRONG: N_("Deze code klopt niet. Kijk nog eens in uw e-mail."),
    CodeState.SPENT: N_("U probeerde het te vaak. Vraag een nieuwe code."),
    CodeState.NOTHING_ASKED: N_("Deze code werkt niet meer. Vraag een nieuwe code."),
}


class AddressForm(BaseForm):
    email = StringField(
        N_("Uw e-mailadres"), [Required(N_("Vul uw e-mailadres in.")), Check(looks_like_email)], filters=[clean]
    )


class CodeForm(BaseForm):
    code = StringField(
        N_("De code uit uw e-mail"),
        [
            Required(N_("Vul de code in.")),
            Check(lambda text: None if len(only_digits(text)) == 8 else N_("Een code heeft 8 cijfers.")),
        ],
        filters=[clean],
    )


class ConfirmForm(BaseForm):
    birth_date = StringField(N_("Uw geboortedatum"), [Required(N_("Vul uw geboortedatum in."))], filters=[clean])
    known = StringField(
        N_("Uw postcode of uw cursistnummer"),
        [Required(N_("Vul uw postcode of uw cursistnummer in.")), AtMost(40)],
        filters=[clean],
    )
    born: PartialDate | None = None

    def validate_birth_date(self, field: StringField) -> None:
        try:
            self.born = birth_date.parse(field.data)
        except NotABirthDate as error:
            from wtforms.validators import ValidationError

            from portal.wording import REFUSALS

            raise ValidationError(REFUSALS[error.code]) from error


@blueprint.route(f"{PREFIX}/sign-in", methods=["GET", "POST"])
def sign_in(lang: str) -> str | Response:
    form = AddressForm()
    if form.accepted():
        service.ask(current_clock(), form.email.data, lang, browser_secret(), place())
        return go("account.code")
    if request.method == "GET" and request.args.get("next"):
        session[NEXT] = safe_next(request.args["next"], "")
    return render_template("account/sign_in.html", form=form)


@blueprint.route(f"{PREFIX}/sign-in/code", methods=["GET", "POST"])
def code(lang: str) -> str | Response:
    form = CodeForm()
    if form.accepted():
        entered = service.enter_by_code(current_clock(), form.code.data, browser_secret(), place())
        if entered.session_id:
            return _welcome(entered.session_id)
        form.refuse("code", CODE_ERRORS[CodeState(entered.state)])
    return render_template("account/code.html", form=form)


@blueprint.route(f"{PREFIX}/sign-in/<token>", methods=["GET", "POST"])
def link(lang: str, token: str) -> str | Response | tuple[str, int]:
    """Opening it changes nothing: mail scanners open links. Only the button, in the browser that asked, uses it."""
    form = BaseForm()
    if form.accepted():
        entered = service.enter_by_link(current_clock(), token, browser_secret(), place())
        if entered.session_id:
            return _welcome(entered.session_id)
        state = LinkState(entered.state)
    else:
        state = service.look(current_clock(), token, browser_secret())
    return render_template(
        "account/link.html", state=state.value, why=WHY_NOT.get(state), form=form if state is LinkState.READY else None
    )


def _welcome(session_id: str) -> Response:
    """Takes the fresh session and goes on where the person wanted to go."""
    wanted = session.pop(NEXT, None)
    sessions.begin(session_id)
    signed_in = current_session()
    alone = signed_in is not None and signed_in.kind == "student" and signed_in.actor.student_id is not None
    flash(_("U bent ingelogd."), "ok")
    home = page("student.data" if alone else "student.requests")
    own_pages = {url_for("student.data", lang=tongue.code) for tongue in offered()}
    return redirect(home if wanted in own_pages else safe_next(wanted, home))


@blueprint.route(f"{PREFIX}/confirm", methods=["GET", "POST"])
def confirm(lang: str) -> str | Response:
    """More proof, the lightest way first: what the student knows is enough for level 2; above it, and where the school
    holds nothing that can be asked, a code by another way than mail."""
    signed_in = current_session()
    if signed_in is None:
        return go("account.sign_in")
    if signed_in.kind == "representative":
        return go("student.act_confirm", next=request.args.get("next"))
    asked = request.args.get("level", "")
    needed = Level(int(asked)) if asked in {"2", "3"} else Level.KNOWLEDGE
    fallback = page("student.data")
    if signed_in.actor.level >= needed:
        return redirect(safe_next(request.args.get("next"), fallback))
    found = second_channel_use.ways(signed_in, current_clock(), needed)
    if not KNOWN.intersection(found.offered):
        return ways_page(signed_in, found, needed)
    form = ConfirmForm()
    if form.accepted() and form.born is not None:
        outcome = step_up.confirm(signed_in, current_clock(), form.born, form.known.data)
        if outcome.session_id:
            sessions.begin(outcome.session_id)
            flash(_("Dank u. Dat klopt."), "ok")
            if needed > Level.KNOWLEDGE:
                return redirect(page("account.confirm", level=int(needed), next=request.args.get("next")))
            return redirect(safe_next(request.args.get("next"), fallback))
        if outcome.proof is step_up.Proof.SEVERAL:
            form.refuse("known", N_("Vul uw cursistnummer in."))
        else:
            form.refuse("birth_date", N_("Dit klopt niet met onze gegevens."))
    shared, wanted = signed_in.actor.student_id is None, safe_next(request.args.get("next"), "") or None
    return render_template("account/confirm.html", form=form, shared=shared, more=needed > Level.KNOWLEDGE, next=wanted)


@blueprint.post(f"{PREFIX}/sign-out")
def sign_out(lang: str) -> Response:
    sessions.leave()
    flash(_("U bent uitgelogd."), "ok")
    return clear_site_data(go("public.start"))  # type: ignore[arg-type]  # only headers are set


from portal.web.account.second_channel import ways_page  # noqa: E402 - it adds its pages to the blueprint
