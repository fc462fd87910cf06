"""The school's export comes in: uploaded, looked at by the worker, decided on, imported; each step on one page.

Nothing here is in a hurry: the page says how far it is, and a link looks again.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import MultipleFileField, StringField, TextAreaField, ValidationError

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.services import decide_intake, intake_page
from portal.services.intake_page import Standing
from portal.services.intakes import State
from portal.services.upload_export import Sent, upload_export
from portal.web.forms import AtMost, Optional
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint
from portal.web.staff.forms import Boxes, ConfirmForm, MayBeEmpty, StaffForm, VersionMixin, choices
from portal.web.staff.intake_wording import REASONS, STATES

SHOWN = 300  # lines of a report on the page
LIST = 4000  # characters of typed student numbers


class UploadForm(StaffForm):
    files = MultipleFileField(N_("De export van de cursistenadministratie"))

    def validate_files(self, field: Any) -> None:
        if not sent_files(field):
            raise ValidationError(N_("Kies een bestand."))


def sent_files(field: Any) -> list[Sent]:
    return [Sent(each.filename, each.stream) for each in field.data or () if each and each.filename]


class PeopleForm(StaffForm, VersionMixin):
    people = Boxes(N_("Wie neemt u toch op?"), [MayBeEmpty()], choices=[])
    anew = StringField(N_("Cursistnummers van wie gewist is en zich opnieuw inschreef"), [Optional(), AtMost(LIST)])
    reason = TextAreaField(N_("Waarom neemt u hen op?"), [MayBeEmpty(), AtMost(decide_intake.MOST_WORDS)])


@blueprint.route("/intake", methods=["GET", "POST"])
def intake() -> Response:
    """The upload form, or the upload that is under way, and the ones before it."""
    form = UploadForm()
    if form.accepted():
        try:
            intake_id = upload_export(current_actor(), current_clock(), sent_files(form.files))
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, "files")
        else:
            return redirect(url_for("staff.intake_one", intake_id=intake_id))
    found = intake_page.overview(current_actor(), current_clock())
    html = render_template("staff/intake.html", form=form, found=found, states=STATES)
    return make_response(html, 422 if form.errors else 200)


@blueprint.get("/intake/<uuid:intake_id>")
def intake_one(intake_id: UUID) -> str:
    """How it stands, and its report."""
    found = intake_page.standing(current_actor(), current_clock(), intake_id)
    return render_template(
        "staff/intake_one.html", found=found, report=found.told.report, states=STATES, reasons=REASONS, shown=SHOWN
    )


@blueprint.route("/intake/<uuid:intake_id>/people", methods=["GET", "POST"])
def intake_people(intake_id: UUID) -> Response:
    """Who is past the term or was erased: taken in with a reason, or left out."""
    found = intake_page.standing(current_actor(), current_clock(), intake_id)
    if found.state is not State.LOOKED:
        flash(_("De import is intussen een stap verder. Kijk eerst hoe hij er nu voor staat."), "warning")
        return redirect(url_for("staff.intake_one", intake_id=intake_id))
    listed = found.told.report.get("past_term", {}).get("students", [])
    form = PeopleForm()
    form.people.choices = choices((each["student_number"], each["student_number"]) for each in listed)
    if form.accepted():
        numbers = [*form.people.data, *(form.anew.data or "").replace(",", " ").replace(";", " ").split()]
        try:
            decide_intake.admit(
                current_actor(), current_clock(), intake_id, form.seen(), numbers, form.reason.data or ""
            )
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, "reason" if refusal.code == "reason_missing" else "")
        else:
            flash(_("De proef wordt opnieuw gedaan, met wie u opneemt."), "ok")
            return redirect(url_for("staff.intake_one", intake_id=intake_id))
    elif request.method == "GET":
        _as_decided(form, found, {each["student_number"] for each in listed})
    html = render_template("staff/intake_people.html", form=form, found=found, listed=listed)
    return make_response(html, 422 if form.errors else 200)


def _as_decided(form: PeopleForm, found: Standing, listed: set[str]) -> None:
    """The form as it was last sent."""
    admit = found.told.admit
    form.version.data = str(found.version)
    form.people.data = [number for number in admit if number in listed]
    form.anew.data = " ".join(number for number in admit if number not in listed)
    form.reason.data = next(iter(admit.values()), "")


@blueprint.post("/intake/<uuid:intake_id>/confirm")
def intake_confirm(intake_id: UUID) -> Response:
    form = ConfirmForm()
    return acted(
        lambda: decide_intake.confirm(current_actor(), current_clock(), intake_id, form.seen()),
        _("De import begint over een paar tellen."),
        url_for("staff.intake_one", intake_id=intake_id),
    )


@blueprint.post("/intake/<uuid:intake_id>/cancel")
def intake_cancel(intake_id: UUID) -> Response:
    return acted(
        lambda: decide_intake.cancel(current_actor(), current_clock(), intake_id),
        _("De import is gestopt en het bestand is gewist."),
        url_for("staff.intake_one", intake_id=intake_id),
    )
