"""One case by its code: status, messages and decision without data."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response
from wtforms import StringField, TextAreaField

from portal.domain.digits import only_digits
from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.services import case_code, own_cases
from portal.services.read_upload import overview
from portal.web import sessions
from portal.web.access import safe_next
from portal.web.forms import BaseForm, Check, Required, clean, fresh_key
from portal.web.language import _
from portal.web.place import place
from portal.web.public.frame import PREFIX, go, once_bytes, page
from portal.web.public.routes import blueprint
from portal.web.sessions import current_actor, current_clock, current_session
from portal.web.student import case_view
from portal.web.typed import KeptForm
from portal.wording import REFUSALS


class CaseCodeForm(BaseForm):
    code = StringField(
        N_("Uw code"),
        [
            Required(N_("Vul uw code in.")),
            Check(lambda text: None if len(only_digits(text)) == 12 else N_("Een code heeft 12 cijfers.")),
        ],
        filters=[clean],
    )


class MessageForm(KeptForm):
    text = TextAreaField(N_("Uw bericht"), filters=[clean])


@blueprint.route(f"{PREFIX}/code", methods=["GET", "POST"])
def code(lang: str) -> str | Response:
    form = CaseCodeForm()
    if form.accepted():
        session_id = case_code.enter(current_clock(), form.code.data, place())
        if session_id:
            sessions.begin(session_id)
            return redirect(safe_next(request.args.get("next"), page("public.case")))
        form.refuse("code", N_("Deze code kennen wij niet."))
    return render_template("public/code.html", form=form)


@blueprint.route(f"{PREFIX}/case", methods=["GET", "POST"])
def case(lang: str) -> str | Response:
    signed_in = current_session()
    if signed_in is None or signed_in.kind != "case":
        return redirect(page("student.requests"))
    found = own_cases.case_of_code(current_actor(), current_clock())
    form = MessageForm()
    if form.accepted():
        try:
            key = once_bytes(_posted_key())
            own_cases.write_message(current_actor(), current_clock(), found.reference, form.text.data, key)
        except Refused as refused:
            if refused.code not in REFUSALS or refused.code == "too_many":
                raise
            form.refuse("text", REFUSALS[refused.code])
        else:
            flash(_("Wij hebben uw bericht."), "ok")
            return go("public.case")
    answer = case_view.answer(None)
    return render_template(
        "public/case.html",
        form=form,
        once=fresh_key(),
        answer=answer,
        stoppable=case_view.stoppable(found, None),
        upload=overview(current_actor(), current_clock(), found.reference),
        **case_view.around(found, with_data=False),
    )


def _posted_key() -> str:
    return request.form.get("once", "") or fresh_key()
