"""One student by form: added with the checks of the import, and a programme that ends."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import StringField

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import FieldType
from portal.i18n import N_
from portal.policy.model import Field
from portal.services import end_programme as ending
from portal.services import student_page as files
from portal.services.add_student import WrongValues, add_student, asked_fields, branches_for
from portal.web.forms import Required
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff import describe
from portal.web.staff.blueprint import blueprint, policy
from portal.web.staff.forms import ONE_OF_THESE, DutchDateField, MayBeEmpty, Radio, Select, StaffForm, choices
from portal.web.staff.student_pages import open_reason

LANGUAGE = "preferred_language"


class EndForm(StaffForm):
    programme = Radio(N_("Welk traject?"), choices=[], validators=[Required(ONE_OF_THESE)])
    on = DutchDateField(N_("Op welke dag eindigde het?"), [Required(N_("Vul de dag in."))])


def name_of(field: Field) -> str:
    return f"{field.dataset}_{field.code}"


def may_stay_empty(field: Field) -> list[MayBeEmpty]:
    return [] if field.required else [MayBeEmpty()]


def student_form(allowed: set[str]) -> StaffForm:
    """A field for each one that is asked; `allowed`: the branches in which this person may add somebody."""
    made: dict[str, object] = {}
    for field in asked_fields(policy()):
        if field.type is FieldType.CHOICE:
            offered = [
                (each.code, each.label) for each in field.choices if field.code != "branch" or each.code in allowed
            ]
            made[name_of(field)] = Select(field.label, may_stay_empty(field), choices=choices(offered, " "))
        else:
            made[name_of(field)] = StringField(field.label, may_stay_empty(field))
    kind: type[StaffForm] = type("StudentForm", (StaffForm,), made)
    return kind()


@blueprint.route("/students/new", methods=["GET", "POST"])
def student_new() -> Response:
    actor, clock = current_actor(), current_clock()
    allowed = branches_for(actor, clock)
    form = student_form(allowed)
    fields = asked_fields(policy())
    if form.accepted():
        typed = {(each.dataset, each.code): (form[name_of(each)].data or "").strip() for each in fields}
        try:
            student_id = add_student(actor, clock, typed)
        except WrongValues as wrong:
            for (dataset, code), message in wrong.faults.items():
                field = form[f"{dataset}_{code}"]
                form.refuse(
                    field.name, f"{_(field.label.text)}: {_(message)}"
                )  # in the list above each names its field
        except NotAllowed as refusal:
            if refusal.code != "not_own_branch":
                raise
            form.refuse("person_branch", ONE_OF_THESE)
        except Refused as refusal:
            form.deny(refusal, "person_student_number")
        else:
            flash(_("De cursist is toegevoegd."), "ok")
            return redirect(url_for("staff.student", student_id=student_id))
    elif request.method == "GET":
        known = {f"person_{LANGUAGE}": "nl", "person_branch": next(iter(allowed)) if len(allowed) == 1 else ""}
        for name in known.keys() & set(form._fields):
            form[name].data = known[name]
    parts = [
        (each, [(field, form[name_of(field)]) for field in fields if field.dataset == each.code])
        for each in policy().datasets.values()
        if any(field.dataset == each.code for field in fields)
    ]
    html = render_template("staff/student_new.html", form=form, parts=parts, describe=describe)
    return make_response(html, 422 if form.errors else 200)


@blueprint.route("/students/<uuid:student_id>/end", methods=["GET", "POST"])
def programme_end(student_id: UUID) -> Response:
    """Only with the student's file open, so that who looked stands there."""
    actor, clock = current_actor(), current_clock()
    files.demand_reach(actor, clock, student_id)
    if not open_reason(student_id):
        return redirect(url_for("staff.student", student_id=student_id))
    found = ending.running_programmes(actor, clock, student_id)
    form = EndForm()
    form.programme.choices = choices((each.item_id.hex, _title(each)) for each in found.running)
    if form.accepted():
        try:
            ending.end_programme(actor, clock, student_id, UUID(hex=form.programme.data), form.on.data)
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, "on")
        else:
            flash(_("Het traject is beëindigd. De bewaartermijn is opnieuw berekend."), "ok")
            return redirect(url_for("staff.student", student_id=student_id))
    elif request.method == "GET" and len(found.running) == 1:
        form.programme.data = found.running[0].item_id.hex
    html = render_template("staff/programme_end.html", form=form, found=found, student_id=student_id)
    return make_response(html, 422 if form.errors else 200)


def _title(programme: ending.Running) -> str:
    texts = (describe.value(field, value) for field, value in programme.title)
    return " · ".join(text for text in texts if text)
