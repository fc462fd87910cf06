"""Carrying out: the portal's own part in one press, every other step with what was found or done."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Found, Letter, StepKind, StepState
from portal.services.carry_out import carry_out as carry_out_service
from portal.services.carry_out import finish_step
from portal.services.export import download
from portal.services.post_letter import record_posted
from portal.services.review_images import ImageLine, images
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint, policy, words_of
from portal.web.staff.case_forms import ToldForm
from portal.web.staff.case_pages import load, shown
from portal.web.staff.confirming import Tried, answered, done, tried
from portal.web.staff.forms import ConfirmForm, PostedForm, StepForm, choices
from portal.web.staff.wording import FOUND, LETTERS


@blueprint.post("/cases/<reference>/carry-out")
def carry_out(reference: str) -> Response:
    form = ConfirmForm()
    return acted(
        lambda: carry_out_service(current_actor(), current_clock(), reference, form.seen()),
        _("Het portaal heeft zijn deel uitgevoerd."),
        url_for("staff.case", reference=reference),
    )


@blueprint.route("/cases/<reference>/steps/<uuid:step_id>", methods=["GET", "POST"])
def step(reference: str, step_id: UUID) -> Response:
    page = load(reference)
    line = next((each for each in page.steps if each.id == step_id), None)
    if line is None:
        abort(404)
    telling = line.kind is StepKind.RECIPIENT
    form = ToldForm() if telling else StepForm()
    reasons = [each for each in policy().reasons.values() if each.use == "step_impossible"]
    form.reason.choices = choices(((each.code, _(each.label)) for each in reasons), _("Kies een reden"))
    searching = line.task == "search"
    if searching:
        form.ask_what_was_found(FOUND.items())
    if form.accepted():
        found = Found(form.state.data) if form.state.data in FOUND else None
        state = StepState.DONE if found else StepState(form.state.data)
        reason = form.reason.data if state is StepState.IMPOSSIBLE else ""
        try:
            finish_step(
                current_actor(), current_clock(), reference, step_id, state, form.note.data or "", reason, found
            )
        except Refused as refusal:
            place = {"reason_missing": "note", "proof_missing": "note", "scan_missing": "state"}
            form.deny(refusal, place.get(refusal.code, ""))
        else:
            flash(_("De stap is bijgewerkt."), "ok")
            return redirect(url_for("staff.case", reference=reference) + "#steps")
    pages = _pages(reference, step_id) if searching else []
    if pages and not form.is_submitted():
        form.state.data = Found.COPY.value
    code = 422 if form.errors else 200
    notices = [each for each in page.letters if each.target == line.target] if telling else []
    return shown("staff/step.html", page, code, form=form, step=line, searching=searching, pages=pages, notices=notices)


def _pages(reference: str, step_id: UUID) -> list[ImageLine]:
    """What was added to this search; to whoever may look at pictures."""
    found = images(current_actor(), current_clock(), reference)
    return [each for each in found if each.step_id == step_id]


@blueprint.route("/cases/<reference>/posted", methods=["GET", "POST"])
def posted(reference: str) -> Response:
    """A letter went into the post: for somebody without usable e-mail that day counts as told."""
    page = load(reference)
    form = PostedForm()
    form.letter.choices = choices(LETTERS.items())
    outcome: Tried = None
    if form.accepted():
        letter, on = Letter(form.letter.data), form.on.data
        outcome = tried(
            form,
            page,
            lambda: record_posted(current_actor(), current_clock(), reference, form.seen(), letter, on),
            "on",
        )
        if outcome is True:
            told = _("Vastgelegd dat de brief is gepost.")
            return done(page, told, url_for("staff.to_post") if request.args.get("back") == "post" else "")
    elif request.method == "GET":
        form.on.data = current_clock().today()
        form.letter.data = request.args.get("letter", "") if request.args.get("letter") in LETTERS else None
    return answered("staff/posted.html", page, form, outcome)


@blueprint.post("/cases/<reference>/documents/<kind>")
def document(reference: str, kind: str) -> Response:
    """The copy of the data, to hand over at the desk or by post; the service logs who took it."""
    try:
        found = download(current_actor(), current_clock(), reference, kind)
    except NotAllowed:
        raise
    except Refused as refusal:
        flash(words_of(refusal), "error")
        return redirect(url_for("staff.case", reference=reference))
    response = make_response(found.content)
    response.headers["Content-Type"] = found.media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
    return response
