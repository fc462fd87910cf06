"""Students: find one, say why, see the file. A masked value is shown by a press of its own, and logged."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from portal.domain.assurance import Way
from portal.domain.refusal import Refused
from portal.i18n import TONGUES
from portal.services import student_page as files
from portal.services.correct_at_desk import correct_at_desk, correctable
from portal.services.file_request import WrongValue, read_value
from portal.services.find_students import find_students
from portal.services.why_opened import is_why
from portal.web.forms import clean
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff import describe
from portal.web.staff.blueprint import blueprint, policy, words_of
from portal.web.staff.case_forms import CorrectForm
from portal.web.staff.forms import SearchForm, ViewReasonForm, choices
from portal.web.staff.wording import KINDS, ROLES, STATES

OPENED = "opened"  # in the cookie: the one file that is open, why, and until when
MINUTES = 15


@blueprint.route("/students", methods=["GET", "POST"])
def students() -> Response:
    form = SearchForm()
    typed = clean(form.q.data) if form.accepted() else ""
    found = find_students(current_actor(), current_clock(), typed) if typed else ()
    html = render_template("staff/students.html", form=form, typed=typed, found=found, tongues=TONGUES)
    return make_response(html, 422 if form.errors else 200)


@blueprint.route("/students/<uuid:student_id>", methods=["GET", "POST"])
def student(student_id: UUID) -> Response:
    files.demand_reach(current_actor(), current_clock(), student_id)
    form = ViewReasonForm()
    form.reason.choices = choices(
        (each.code, _(each.for_staff)) for each in policy().reasons.values() if each.use == "view"
    )
    if form.accepted():
        _opened_for(student_id, form.reason.data)
        return redirect(url_for("staff.student", student_id=student_id))
    if request.method == "GET" and (reference := request.args.get("case", "")[:20]):
        _opened_for(student_id, reference)
    reason = _reason(student_id)
    if request.method == "GET" and reason:
        return _file(student_id, reason)
    code = 422 if form.errors else 200
    return make_response(render_template("staff/student_reason.html", form=form), code)


def _opened_for(student_id: UUID, reason: str) -> None:
    """Keeps why the file is open: a reason that was chosen, or the case from which it was opened."""
    until = current_clock().now().timestamp() + MINUTES * 60
    session[OPENED] = {"student": student_id.hex, "reason": reason, "until": int(until)}


def _reason(student_id: UUID) -> str:
    """The reason that was given for this file a short while ago, "" when none, or when its case has ended."""
    opened = session.get(OPENED) or {}
    if opened.get("until", 0) <= current_clock().now().timestamp() or opened.get("student") != student_id.hex:
        return ""
    reason = str(opened.get("reason", ""))
    return reason if is_why(current_actor(), current_clock(), student_id, reason) else ""


def open_reason(student_id: UUID) -> str:
    """Why this file is open in this browser, for the other pages about the same student; "" when it is not."""
    return _reason(student_id)


def _file(student_id: UUID, reason: str, revealed: Any = None) -> Response:
    page = files.student_page(current_actor(), current_clock(), student_id, reason)
    html = render_template(
        "staff/student.html",
        student=page,
        reason=policy().reasons[reason].for_staff if reason in policy().reasons else "",
        reference="" if reason in policy().reasons else reason,
        revealed=revealed,
        describe=describe,
        kinds=KINDS,
        states=STATES,
        tongues=TONGUES,
        roles=ROLES,
    )
    return make_response(html)


@blueprint.route("/students/<uuid:student_id>/correct/<uuid:item>/<field>", methods=["GET", "POST"])
def correct(student_id: UUID, item: UUID, field: str) -> Response:
    """With the student at the desk: what it must be and how we know who it is; then it is decided as any other case."""
    actor, clock = current_actor(), current_clock()
    files.demand_reach(actor, clock, student_id)
    reason = _reason(student_id)
    if not reason:
        return redirect(url_for("staff.student", student_id=student_id))
    form = CorrectForm()
    try:
        found = correctable(actor, clock, student_id, item, field, reason)
        if form.accepted():
            try:
                read_value(found.field, form.value.data or "", clock.today())
            except WrongValue as wrong:
                form.say(wrong.msgid, "value")
            else:
                typed, words = form.value.data or "", form.words.data or ""
                opened = correct_at_desk(
                    actor, clock, student_id, item, field, typed, Way(form.how.data), words, form.digest()
                )
                flash(_("De zaak %(reference)s is geopend. Kijk na en besluit.", reference=opened.reference), "ok")
                return redirect(url_for("staff.decide", reference=opened.reference))
    except Refused as refusal:
        flash(words_of(refusal), "error")
        return redirect(url_for("staff.student", student_id=student_id))
    html = render_template("staff/correct.html", form=form, found=found, student_id=student_id, describe=describe)
    return make_response(html, 422 if form.errors else 200)


@blueprint.post("/students/<uuid:student_id>/reveal")
def reveal(student_id: UUID) -> Response:
    reason = _reason(student_id)
    if not reason:
        return redirect(url_for("staff.student", student_id=student_id))
    item, _separator, code = request.form.get("what", "").partition("|")
    try:
        item_id = UUID(hex=item)
    except ValueError:
        return redirect(url_for("staff.student", student_id=student_id))
    try:
        found = files.reveal(current_actor(), current_clock(), student_id, item_id, code, reason)
    except Refused as refusal:
        flash(words_of(refusal), "error")
        return redirect(url_for("staff.student", student_id=student_id))
    return _file(student_id, reason, revealed=found)
