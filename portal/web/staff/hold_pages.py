"""A legal hold on a student's data, by the privacy officer."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.services.place_hold import USE, end_hold, hold_of, place_hold
from portal.web.forms import Choices, Required
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint, policy
from portal.web.staff.forms import ONE_OF_THESE, DutchDateField, Radio, StaffForm, choices


class HoldForm(StaffForm):
    reason = Radio(N_("Waarom moet dit blijven?"), choices=[], validators=[Required(ONE_OF_THESE)])
    until = DutchDateField(N_("Tot en met"), [Required(N_("Vul de dag in."))])
    groups = Choices(N_("Welke gegevens?"), choices=[])


@blueprint.route("/students/<uuid:student_id>/hold", methods=["GET", "POST"])
def hold(student_id: UUID) -> Response:
    """What must be kept from erasure, until when and why; the student reads it in the plan and in the request."""
    form = HoldForm()
    rules = policy()
    form.reason.choices = choices((each.code, _(each.label)) for each in rules.reasons.values() if each.use == USE)
    form.groups.choices = [(str(group.number), _(group.for_staff)) for group in rules.groups.values()]
    actor, clock = current_actor(), current_clock()
    if form.accepted():
        chosen = [int(number) for number in form.groups.data or () if number.isdigit()]
        try:
            place_hold(actor, clock, student_id, chosen, form.until.data, form.reason.data)
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, "reason" if refusal.code == "reason_missing" else "until")
        else:
            flash(_("De gegevens worden bewaard tot en met die dag."), "ok")
            return redirect(url_for("staff.hold", student_id=student_id))
    standing = hold_of(actor, clock, student_id)
    html = render_template("staff/hold.html", form=form, standing=standing, student_id=student_id, groups=rules.groups)
    return make_response(html, 422 if form.errors else 200)


@blueprint.post("/students/<uuid:student_id>/hold/end")
def hold_end(student_id: UUID) -> Response:
    return acted(
        lambda: end_hold(current_actor(), current_clock(), student_id),
        _("De bewaarplicht is beëindigd."),
        url_for("staff.hold", student_id=student_id),
    )
