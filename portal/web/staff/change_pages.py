"""The change list for the student administration: what is open, as a file, and confirming what was applied there."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain.refusal import Refused
from portal.domain.vocabulary import StepState
from portal.services import change_list
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import blueprint
from portal.web.staff.forms import StaffForm


@blueprint.route("/changes", methods=["GET", "POST"])
def changes() -> Response:
    """Fields and numbers without values; a tick and one press confirm what the administration has applied."""
    form = StaffForm()
    if form.accepted():
        state = StepState.IMPOSSIBLE if request.form.get("state") == "impossible" else StepState.DONE
        try:
            change_list.confirm_changes(current_actor(), current_clock(), _chosen(), state)
        except Refused as refusal:
            form.deny(refusal)
        else:
            flash(_("De regels zijn bijgewerkt."), "ok")
            return redirect(url_for("staff.changes"))
    rows = change_list.open_changes(current_actor(), current_clock())
    html = render_template("staff/changes.html", form=form, rows=rows, kinds=change_list.KINDS)
    return make_response(html, 422 if form.errors else 200)


def _chosen() -> list[UUID]:
    found = []
    for text in request.form.getlist("line")[: change_list.MOST]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


@blueprint.post("/changes/file")
def changes_file() -> Response:
    """The lines with their values: a view of each student, so it is logged and no page for GET."""
    wanted = change_list.XLSX if request.form.get("form") == change_list.XLSX else change_list.CSV
    response = make_response(change_list.as_file(current_actor(), current_clock(), wanted, _))
    response.headers["Content-Type"] = change_list.MEDIA[wanted]
    response.headers["Content-Disposition"] = f'attachment; filename="changes.{wanted}"'
    return response
