"""The student's mail address: what is on file, asking for another one, stopping that."""

from __future__ import annotations

from flask import flash, render_template
from werkzeug.wrappers import Response
from wtforms import StringField

from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level
from portal.i18n import N_
from portal.services import change_email, stop_email_change
from portal.services.end_sign_ins import end_other_sign_ins
from portal.services.own_sign_ins import own_sign_ins
from portal.services.stop_email_change import StopState
from portal.web.forms import BaseForm, Check, Required, clean, looks_like_email
from portal.web.language import _, current_speaker
from portal.web.place import place
from portal.web.public.frame import PREFIX, go
from portal.web.sessions import current_clock
from portal.web.student.routes import blueprint, me
from portal.web.typed import KeptForm
from portal.wording import REFUSALS

BESIDE = frozenset({"email_invalid", "same_address", "change_waiting"})


class AddressForm(KeptForm):
    email = StringField(
        N_("Uw nieuwe e-mailadres"), [Required(N_("Vul uw e-mailadres in.")), Check(looks_like_email)], filters=[clean]
    )


@blueprint.route(f"{PREFIX}/me/email", methods=["GET", "POST"])
def email(lang: str) -> str | Response:
    """Changing it asks for a second channel: whoever reads the address can sign in (regulation, L3)."""
    signed_in, _shared = me()
    form = AddressForm()
    sure = signed_in.actor.level >= Level.SECOND_CHANNEL
    if sure and form.accepted():
        try:
            told = change_email.ask_change(signed_in.actor, current_clock(), form.email.data)
        except Refused as refused:
            if refused.code not in BESIDE:
                raise
            form.refuse("email", REFUSALS[refused.code])
        else:
            day = current_speaker().date(told.from_on)
            flash(_("Wij gebruiken uw nieuwe adres vanaf %(day)s.", day=day), "ok")
            return go("student.email")
    contact = change_email.own_contact(signed_in.actor, current_clock())
    seen = own_sign_ins(signed_in.actor, current_clock())
    return render_template("student/email.html", form=form, contact=contact, sure=sure, sign_ins=seen)


@blueprint.post(f"{PREFIX}/me/email/stop")
def email_stop(lang: str) -> Response:
    signed_in, _shared = me()
    if stop_email_change.stop_own(signed_in.actor, current_clock()):
        flash(_("Uw adres blijft zoals het was."), "ok")
    return go("student.email")


@blueprint.post(f"{PREFIX}/me/email/sign-out")
def sign_out_others(lang: str) -> Response:
    """Ends the student's sessions in every other browser."""
    signed_in, _shared = me()
    end_other_sign_ins(signed_in.actor, current_clock())
    flash(_("Op andere plekken bent u nu uitgelogd."), "ok")
    return go("student.email")


@blueprint.route(f"{PREFIX}/stop-email/<token>", methods=["GET", "POST"])
def stop_email(lang: str, token: str) -> str | Response:
    """The link that the old address got. Opening it changes nothing; the button stops the change."""
    form = BaseForm()
    stopped = form.accepted()
    clock = current_clock()
    state = stop_email_change.stop_by_link(clock, token, place()) if stopped else stop_email_change.look(clock, token)
    return render_template("student/stop_email.html", form=form if state is StopState.WAITING else None, state=state)
