"""Where an import says otherwise than what was corrected here: one value at a time, side by side, with a reason."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import HiddenField, TextAreaField

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.services import conflicts as disputes
from portal.services.conflicts import Choice
from portal.web.forms import AtMost, Required
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff import describe
from portal.web.staff.blueprint import blueprint, words_of
from portal.web.staff.forms import ONE_OF_THESE, Radio, StaffForm, choices

SHOW = "show"


class ConflictForm(StaffForm):
    act = HiddenField(default="decide")
    choice = Radio(
        N_("Welke waarde is goed?"),
        choices=choices(
            [
                (Choice.OURS.value, N_("Die van het portaal. De administratie moet hem overnemen.")),
                (Choice.THEIRS.value, N_("Die van het bestand. Het portaal neemt hem over.")),
            ]
        ),
        validators=[Required(ONE_OF_THESE)],
    )
    reason = TextAreaField(N_("Waarom?"), [Required(N_("Schrijf de reden op.")), AtMost(disputes.MOST_WORDS)])


@blueprint.get("/conflicts", endpoint="conflicts")
def conflict_list() -> str:
    found = disputes.open_conflicts(current_actor(), current_clock())
    return render_template("staff/conflicts.html", found=found, most=disputes.MOST)


@blueprint.route("/conflicts/<uuid:finding_id>", methods=["GET", "POST"])
def conflict(finding_id: UUID) -> Response:
    """A sensitive value is shown by a press of its own; each showing is on the student's list of who looked."""
    form = ConflictForm()
    actor, clock = current_actor(), current_clock()
    show = request.method == "POST" and request.form.get("act") == SHOW
    try:
        if not show and form.accepted():
            disputes.resolve(actor, clock, finding_id, Choice(form.choice.data), form.reason.data)
            flash(_("Besloten. Dit staat in het logboek."), "ok")
            return redirect(url_for("staff.conflicts"))
        found = disputes.conflict(actor, clock, finding_id, show)
    except NotAllowed:
        raise
    except Refused as refusal:
        flash(words_of(refusal), "error")
        here = refusal.code == "value_restricted"
        return redirect(url_for("staff.conflict", finding_id=finding_id) if here else url_for("staff.conflicts"))
    html = render_template("staff/conflict.html", form=form, found=found, describe=describe)
    return make_response(html, 422 if form.errors and not show else 200)
