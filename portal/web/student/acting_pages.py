"""For somebody who acts for a student: for whom, and a little more proof before an answer is handed over."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from portal.domain.vocabulary import Level
from portal.i18n import N_
from portal.services import confirm_represented, representing
from portal.web import sessions
from portal.web.access import safe_next
from portal.web.account.routes import ConfirmForm
from portal.web.forms import BaseForm
from portal.web.language import _
from portal.web.public.frame import PREFIX, go, page
from portal.web.sessions import current_clock, current_session
from portal.web.student.routes import blueprint
from portal.wording import KINDS


@blueprint.route(f"{PREFIX}/me/for", methods=["GET", "POST"])
def act_for(lang: str) -> str | Response:
    """For whom? A student who also acts for another leaves the own session for it."""
    signed_in = current_session()
    assert signed_in is not None  # the access table let nobody else in
    form = BaseForm()
    if form.accepted():
        try:
            chosen = UUID(request.form.get("representative", ""))
        except ValueError:
            abort(404)
        session_id = representing.choose(signed_in, current_clock(), chosen)
        if session_id is None:
            abort(404)
        sessions.begin(session_id)
        return go("student.requests")
    found = representing.choices(signed_in, current_clock())
    return render_template("student/act_for.html", form=form, people=found, kinds=KINDS, now=signed_in.actor.id)


@blueprint.route(f"{PREFIX}/me/for/confirm", methods=["GET", "POST"])
def act_confirm(lang: str) -> str | Response:
    """What only somebody close to the student knows, before the answer is received (level 2)."""
    signed_in = current_session()
    assert signed_in is not None  # the access table let nobody else in
    back = safe_next(request.args.get("next"), page("student.requests"))
    if signed_in.actor.level >= Level.KNOWLEDGE:
        return redirect(back)
    form = ConfirmForm()
    form.birth_date.label.text = N_("De geboortedatum van die persoon")
    form.known.label.text = N_("De postcode of het cursistnummer van die persoon")
    if form.accepted() and form.born is not None:
        session_id = confirm_represented.confirm(signed_in, current_clock(), form.born, form.known.data)
        if session_id:
            sessions.begin(session_id)
            flash(_("Dank u. Dat klopt."), "ok")
            return redirect(back)
        form.refuse("birth_date", N_("Dit klopt niet met onze gegevens."))
    return render_template("student/act_confirm.html", form=form, back=back)
