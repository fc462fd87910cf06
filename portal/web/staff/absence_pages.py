"""Who is away, and which colleague stands in."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain.refusal import Refused
from portal.services.set_absence import absences, end_absence, set_absence
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint
from portal.web.staff.forms import choices
from portal.web.staff.queue_forms import AbsenceForm

BESIDE = {
    **dict.fromkeys(("own_deputy", "deputy_elsewhere"), "deputy"),
    **dict.fromkeys(("ends_before_start", "absence_too_long"), "ends_on"),
}


@blueprint.route("/absence", methods=["GET", "POST"])
def absence() -> Response:
    actor, clock = current_actor(), current_clock()
    known = absences(actor, clock)
    form = AbsenceForm()
    form.staff.choices = choices((each.id, each.name) for each in known.whose)
    form.deputy.choices = choices(((each.id, each.name) for each in known.deputies), _("Kies een collega"))
    if form.accepted():
        try:
            set_absence(
                actor, clock, UUID(form.staff.data), UUID(form.deputy.data), form.starts_on.data, form.ends_on.data
            )
        except Refused as refusal:
            form.deny(refusal, BESIDE.get(refusal.code, ""))
        else:
            flash(_("De vervanging is opgeschreven."), "ok")
            return redirect(url_for("staff.absence"))
    if request.method == "GET" and not form.staff.data:
        form.staff.data = str(actor.id)
    html = render_template("staff/absence.html", form=form, known=known)
    return make_response(html, 422 if form.errors else 200)


@blueprint.post("/absence/<uuid:absence_id>/end")
def absence_end(absence_id: UUID) -> Response:
    return acted(
        lambda: end_absence(current_actor(), current_clock(), absence_id),
        _("De vervanging is gestopt."),
        url_for("staff.absence"),
    )
