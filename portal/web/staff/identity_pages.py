"""Who is it: letters with a code, calls back, an ID seen at the desk; and slips with the code of a case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField

from portal.domain.refusal import Refused
from portal.i18n import N_, TONGUES
from portal.services import second_channel_tasks as service
from portal.services.case_slip import print_case_slip
from portal.web.forms import Required
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint, words_of
from portal.web.staff.forms import DutchDateField, StaffForm
from portal.web.staff.record_pages import SLIP
from portal.web.staff.wording import SECOND_CHANNELS, TASK_STATES

LOOK = {"asked": "soon", "made": "soon", "posted": "plain", "used": "ok"}  # of the tag; else "plain"


class TaskPostedForm(StaffForm):
    on = DutchDateField(N_("Op welke dag ging de brief op de post?"), validators=[Required(N_("Vul de dag in."))])


class DeskForm(StaffForm):
    on = DutchDateField(N_("Op welke dag zag u het identiteitsbewijs?"), validators=[Required(N_("Vul de dag in."))])
    seen = BooleanField(
        N_("Ik zag een geldig identiteitsbewijs van deze cursist"),
        [Required(N_("Zet een vinkje als u het zelf gezien heeft."))],
    )


def _shown(template: str, code: int = 200, **more: Any) -> Response:
    html = render_template(
        template, channels=SECOND_CHANNELS, task_states=TASK_STATES, looks=LOOK, tongues=TONGUES, **more
    )
    return make_response(html, code)


def _paper(paper: Any) -> Response:
    """A PDF that holds the only copy of a code: to be printed at once, kept nowhere."""
    response = make_response(paper.content)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{paper.name}"'
    return response


@blueprint.get("/identity")
def identity_tasks() -> Response:
    """What students wait for."""
    return _shown("staff/identity_tasks.html", tasks=service.tasks(current_actor(), current_clock()))


@blueprint.get("/identity/<uuid:task_id>")
def identity_task(task_id: UUID) -> Response:
    return _task_page(task_id, TaskPostedForm())


@blueprint.post("/identity/<uuid:task_id>/phone")
def identity_phone(task_id: UUID) -> Response:
    """The number to call; the student sees who looked."""
    try:
        number = service.phone(current_actor(), current_clock(), task_id)
    except Refused as refusal:
        return _no(refusal, url_for("staff.identity_task", task_id=task_id))
    if not number:
        flash(_("Er staat geen telefoonnummer meer in het dossier."), "warning")
    return _task_page(task_id, TaskPostedForm(), number)


def _task_page(task_id: UUID, form: TaskPostedForm, phone: str = "") -> Response:
    task = service.task(current_actor(), current_clock(), task_id)
    if request.method == "GET":
        form.on.data = current_clock().today()
    return _shown("staff/identity_task.html", 422 if form.errors else 200, task=task, phone=phone, form=form)


@blueprint.post("/identity/<uuid:task_id>/letter")
def identity_letter(task_id: UUID) -> Response:
    """The letter as PDF, with a fresh code."""
    try:
        return _paper(service.print_letter(current_actor(), current_clock(), task_id))
    except Refused as refusal:
        return _no(refusal, url_for("staff.identity_task", task_id=task_id))


@blueprint.post("/identity/<uuid:task_id>/posted")
def identity_posted(task_id: UUID) -> Response:
    form = TaskPostedForm()
    if form.accepted():
        try:
            service.record_posted(current_actor(), current_clock(), task_id, form.on.data)
        except Refused as refusal:
            form.deny(refusal, "on")
        else:
            flash(_("Vastgelegd dat de brief is gepost."), "ok")
            return redirect(url_for("staff.identity_tasks"))
    return _task_page(task_id, form)


@blueprint.post("/identity/<uuid:task_id>/call")
def identity_call(task_id: UUID) -> Response:
    """A code to read out, shown this once."""
    try:
        spoken = service.call(current_actor(), current_clock(), task_id)
    except Refused as refusal:
        return _no(refusal, url_for("staff.identity_task", task_id=task_id))
    return _shown("staff/identity_call.html", spoken=spoken, task=spoken.task)


@blueprint.post("/identity/<uuid:task_id>/stop")
def identity_stop(task_id: UUID) -> Response:
    return acted(
        lambda: service.stop(current_actor(), current_clock(), task_id),
        _("Gestopt. De cursist kan een andere manier kiezen."),
        url_for("staff.identity_tasks"),
    )


@blueprint.route("/students/<uuid:student_id>/desk", methods=["GET", "POST"])
def identity_desk(student_id: UUID) -> Response:
    """An ID was shown: only that, when and to whom is kept; the student gets a slip with a code."""
    name = service.at_desk(current_actor(), current_clock(), student_id)
    form = DeskForm()
    if form.accepted():
        try:
            return _paper(service.seen_at_desk(current_actor(), current_clock(), student_id, form.on.data))
        except Refused as refusal:
            form.deny(refusal, "on" if refusal.code == "bad_date" else "")
    elif request.method == "GET":
        form.on.data = current_clock().today()
    return _shown("staff/identity_desk.html", 422 if form.errors else 200, form=form, name_of_student=name)


@blueprint.post("/cases/<reference>/slip")
def case_slip(reference: str) -> Response:
    """A slip with a code of the case, in the asker's language: right after it was recorded the same one, else a new."""
    kept = session.get(SLIP) or {}
    known = kept.get("code", "") if "same" in request.form and kept.get("reference") == reference else ""
    try:
        return _paper(print_case_slip(current_actor(), current_clock(), reference, known))
    except Refused as refusal:
        return _no(refusal, url_for("staff.case", reference=reference))


def _no(refusal: Refused, back: str) -> Response:
    flash(words_of(refusal), "error")
    return redirect(back)
