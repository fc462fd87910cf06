"""A code by another way than mail: ask for a letter or a call, and type the code that came (regulation, level 3)."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response
from wtforms import StringField

from portal.domain.digits import only_digits
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level
from portal.i18n import N_
from portal.services import second_channel_use as service
from portal.services.recognise import SignedIn
from portal.services.second_channel import CODE_DIGITS
from portal.services.second_channel_use import CodeState, Ways
from portal.web import sessions
from portal.web.access import safe_next
from portal.web.account.routes import blueprint
from portal.web.forms import BaseForm, Check, Required, clean
from portal.web.language import _
from portal.web.public.frame import PREFIX, go, page, to_confirm
from portal.web.sessions import current_clock, current_session

ERRORS = {
    CodeState.WRONG: N_("Deze code klopt niet. Kijk nog een keer goed."),
    CodeState.SPENT: N_("U probeerde het te vaak. Vraag een nieuwe code."),
    CodeState.NOTHING: N_("Deze code werkt niet. Vraag een nieuwe code."),
}
ASKED = {
    "post": N_("Wij sturen u een brief."),
    "call": N_("Wij bellen u."),
}


class SecondCodeForm(BaseForm):
    code = StringField(
        N_("Vul uw code in"),
        [
            Required(N_("Vul de code in.")),
            Check(lambda text: None if len(only_digits(text)) == CODE_DIGITS else N_("Een code heeft 8 cijfers.")),
        ],
        filters=[clean],
    )


def ways_page(signed_in: SignedIn, found: Ways, needed: Level) -> str:
    """Why more is asked, and each way to it, the lightest first."""
    return render_template(
        "account/second_channel.html",
        ways=[way.value for way in found.offered],
        under_way={each.channel.value: each for each in found.under_way},
        stopped={channel.value for channel in found.stopped},
        needed=int(needed),
        next=_next(),
        back=safe_next(request.args.get("next"), page("student.requests")),
    )


def _next() -> str | None:
    return safe_next(request.args.get("next"), "") or None


@blueprint.post(f"{PREFIX}/confirm/ask")
def second_channel(lang: str) -> Response:
    """Asks for a letter, or to be called."""
    signed_in = current_session()
    assert signed_in is not None  # the access table let nobody else in
    if signed_in.actor.student_id is None:
        return to_confirm(Level.KNOWLEDGE)
    channel = request.form.get("channel", "")
    try:
        service.ask(signed_in, current_clock(), channel)
    except Refused as refused:
        if refused.code not in {"bad_channel", "not_on_file"}:
            raise
        flash(_("Dat kan niet. Kies een andere manier."), "warning")
        return go("account.confirm", level=int(Level.SECOND_CHANNEL), next=_next())
    flash(_(ASKED[channel]), "ok")
    return go("account.second_code", next=_next())


@blueprint.route(f"{PREFIX}/confirm/code", methods=["GET", "POST"])
def second_code(lang: str) -> str | Response:
    """What is under way, and the field for the code."""
    signed_in = current_session()
    assert signed_in is not None  # the access table let nobody else in
    if signed_in.actor.student_id is None:
        return to_confirm(Level.KNOWLEDGE)
    form = SecondCodeForm()
    if form.accepted():
        entered = service.enter(signed_in, current_clock(), form.code.data)
        if entered.session_id:
            sessions.begin(entered.session_id)
            flash(_("Dank u. Wij weten nu zeker wie u bent. Dat geldt 30 minuten."), "ok")
            return redirect(safe_next(request.args.get("next"), page("student.data")))
        form.refuse("code", ERRORS[entered.state])
    found = service.ways(signed_in, current_clock(), Level.SECOND_CHANNEL)
    return render_template("account/second_code.html", form=form, under_way=found.under_way, next=_next())
