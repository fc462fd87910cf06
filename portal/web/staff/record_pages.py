"""A request that came by another door: write it down, then find out whose it is."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from portal.domain.clock import WARN_DAYS_BEFORE
from portal.domain.refusal import Refused
from portal.domain.vocabulary import OBJECTABLE, Channel, LegalBasis, RequestKind
from portal.services import match_case
from portal.services.casework import ChangedMeanwhile, Contact, Opened
from portal.services.known_asker import known_asker
from portal.services.record_request import Recorded, days_left, record_request
from portal.web.forms import clean
from portal.web.language import _, current_speaker
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import blueprint, policy
from portal.web.staff.case_pages import changed, load, shown
from portal.web.staff.forms import MatchForm, RecordForm, SearchForm, choices
from portal.web.staff.student_pages import open_reason

SLIP = "slip"  # in the cookie of whoever recorded it: reference and case code, until the next one
SOON = max(WARN_DAYS_BEFORE)
FIELD_OF = {
    "received_in_future": "received_on",
    "received_too_long_ago": "received_on",
    "not_another_door": "channel",
    "unknown_language": "language",
    "unknown_case": "about",
    "nothing_asked": "words",
}


@blueprint.route("/record", methods=["GET", "POST"])
def record() -> Response:
    form = RecordForm()
    _offer(form)
    if form.accepted():
        try:
            opened = record_request(current_actor(), current_clock(), _recorded(form), form.digest())
        except Refused as refusal:
            form.deny(refusal, FIELD_OF.get(refusal.code, ""))
        else:
            return _recorded_as(opened, form)
    elif request.method == "GET":
        _fill_in(form, request.args.get("student", type=UUID))
    return make_response(render_template("staff/record.html", form=form), 422 if form.errors else 200)


def _fill_in(form: RecordForm, student_id: UUID | None) -> None:
    """From the file that is open in this browser. Whose the request is, is still matched by hand."""
    if student_id is not None and open_reason(student_id):
        asker = known_asker(current_actor(), current_clock(), student_id)
        form.name.data, form.student_number.data, form.language.data = asker.name, asker.student_number, asker.language


def _offer(form: RecordForm) -> None:
    rules = policy()
    languages = [(code, each.name) for code, each in rules.languages.items()]
    form.language.choices = choices(languages, _("Kies een taal"))
    asked = OBJECTABLE | {LegalBasis.CONSENT}
    form.activities.choices = choices(
        (each.code, _(each.label)) for each in rules.activities.values() if each.basis in asked
    )


def _recorded(form: RecordForm) -> Recorded:
    kind = RequestKind(form.kind.data)
    return Recorded(
        kind=kind,
        channel=Channel(form.channel.data),
        received_on=form.received_on.data,
        language=form.language.data,
        contact=Contact(
            name=clean(form.name.data),
            email=clean(form.email.data),
            phone=clean(form.phone.data),
            address=clean(form.address.data),
            student_number=clean(form.student_number.data),
        ),
        words=(clean(form.words.data),),
        helper=clean(form.helper.data),
        about=clean(form.about.data) if kind is RequestKind.COMPLAINT else "",
        activities=tuple(form.activities.data or ()),
    )


def _recorded_as(opened: Opened, form: RecordForm) -> Response:
    term = policy().term
    left = days_left(
        form.received_on.data,
        RequestKind(form.kind.data),
        term.answer_days,
        term.complaint_days,
        current_clock().today(),
    )
    if left < 0:
        flash(_("Let op: de termijn van dit verzoek is al voorbij."), "warning")
    elif left <= SOON:
        day = current_speaker().numeric_date(opened.answer_by)
        flash(_("Let op: dit verzoek moet al op %(day)s beantwoord zijn.", day=day), "warning")
    if opened.code:
        session[SLIP] = {"reference": opened.reference, "code": opened.code}
    return redirect(url_for("staff.recorded", reference=opened.reference))


@blueprint.get("/recorded/<reference>")
def recorded(reference: str) -> Response:
    """The receipt: reference, and the case code for a paper slip as long as this browser keeps it."""
    page = load(reference)
    slip = session.get(SLIP) or {}
    code = slip.get("code", "") if slip.get("reference") == reference else ""
    return shown("staff/recorded.html", page, code_for_slip=code)


@blueprint.route("/cases/<reference>/match", methods=["GET", "POST"])
def match(reference: str) -> Response:
    page = load(reference)
    search = SearchForm()
    typed = clean(search.q.data)[:200]
    found = match_case.search(current_actor(), current_clock(), reference, typed) if not page.matched else ()
    form = MatchForm()
    form.student.choices = choices((each.id, each.name) for each in found)
    moved = None
    if request.form.get("act") != "search" and form.accepted():
        chosen = next(each for each in found if str(each.id) == form.student.data)
        try:
            match_case.match(current_actor(), current_clock(), reference, form.seen(), chosen.id)
        except ChangedMeanwhile:
            moved = changed(page)
        except Refused as refusal:
            form.deny(refusal)
        else:
            flash(_("Het verzoek is gekoppeld."), "ok")
            return redirect(url_for("staff.case", reference=reference))
    form.version.data = str(page.version)
    return shown(
        "staff/match.html",
        page,
        409 if moved else 422 if form.errors else 200,
        form=form,
        search=search,
        typed=typed,
        people=found,
        moved=moved,
    )
