"""A student's own requests: the list, one request, a message, taking it back, the copy of the data."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from uuid import UUID

from flask import flash, render_template, request, send_file
from markupsafe import Markup
from werkzeug.wrappers import Response

from portal.domain.refusal import Refused
from portal.i18n import N_, Speaker
from portal.services import export, merge_duplicate, own_cases, raise_cases, read_letters, representing
from portal.services.read_upload import overview
from portal.web.forms import BaseForm, fresh_key
from portal.web.language import _, current_speaker
from portal.web.pieces import pieces
from portal.web.public.frame import PREFIX, go, once_bytes, page
from portal.web.sessions import current_clock, current_session
from portal.web.student import case_view
from portal.web.student.routes import MessageForm, blueprint, me
from portal.web.typed import typed_before
from portal.wording import KINDS, OUTCOME_KINDS, OUTCOMES, REFUSALS, STATE_ICONS, STATE_KINDS, STATES


@blueprint.get(f"{PREFIX}/me/requests", endpoint="requests")
def list_requests(lang: str) -> str:
    signed_in = current_session()
    assert signed_in is not None
    lines, shared = own_cases.own_cases(signed_in, current_clock())
    return render_template(
        "student/requests.html",
        lines=lines,
        shared=shared,
        letters=read_letters.own_letters(signed_in.actor, current_clock()),
        acting_for=representing.whom(signed_in, current_clock()),
        kinds=KINDS,
        states=STATES,
        state_kinds=STATE_KINDS,
        state_icons=STATE_ICONS,
        outcomes=OUTCOMES,
        outcome_kinds=OUTCOME_KINDS,
    )


@blueprint.route(f"{PREFIX}/me/requests/<reference>", methods=["GET", "POST"], endpoint="request")
def show_request(lang: str, reference: str) -> str | Response:
    signed_in, _shared = me()
    actor, clock = signed_in.actor, current_clock()
    found = own_cases.own_case(actor, clock, reference)
    form = MessageForm() if request.method == "POST" or typed_before() is not None else None
    if form is not None and form.accepted():
        try:
            key = once_bytes(request.form.get("once") or fresh_key())
            own_cases.write_message(actor, clock, found.reference, form.text.data, key)
        except Refused as refused:
            if refused.code not in REFUSALS or refused.code == "too_many":
                raise
            form.refuse("text", REFUSALS[refused.code])
        else:
            flash(_("Wij hebben uw bericht."), "ok")
            return go("student.request", reference=reference)
    answer = case_view.answer(reference)
    return render_template(
        "student/request.html",
        form=form,
        field="" if form else _untouched(current_speaker()),
        once=fresh_key(),
        answer=answer,
        helps=raise_cases.what_helps(actor, clock, reference),
        stoppable=case_view.stoppable(found, reference) if signed_in.kind == "student" else None,
        upload=signed_in.kind == "student" and overview(actor, clock, reference),
        letters=read_letters.letters_of(actor, clock, reference),
        sure_enough=case_view.may_receive(actor.level),
        **case_view.around(found, with_data=True),
    )


@cache
def _untouched(said: Speaker) -> Markup:
    """The field in which nobody typed."""
    hint = said.text(N_("Schrijf hier geen BSN of andere geheime gegevens."))
    return pieces(said).textarea(MessageForm(formdata=None).text, hint, rows=4)


@blueprint.post(f"{PREFIX}/me/requests/<reference>/mine")
def claim(lang: str, reference: str) -> Response:
    """ "I asked this", or "I want this too": a request of another's session becomes as sure as this one."""
    signed_in, _shared = me()
    raise_cases.claim(signed_in.actor, current_clock(), reference)
    flash(_("Dank u. Nu kunnen wij verder met uw vraag."), "ok")
    return go("student.request", reference=reference)


@blueprint.route(f"{PREFIX}/me/requests/<reference>/take-back", methods=["GET", "POST"])
def take_back(lang: str, reference: str) -> str | Response:
    """Asks once more before a request is stopped."""
    signed_in, _shared = me()
    found = own_cases.own_case(signed_in.actor, current_clock(), reference)
    form = BaseForm()
    if form.accepted():
        version = request.form.get("version", 0, int)
        own_cases.take_back(signed_in.actor, current_clock(), reference, version)
        flash(_("U stopte deze vraag."), "ok")
        return go("student.request", reference=reference)
    if not found.may_take_back:
        return go("student.request", reference=reference)
    also = merge_duplicate.go_on_in(signed_in.actor, current_clock(), reference)
    return render_template("student/take_back.html", form=form, case=found, words=KINDS[found.kind], also=also)


@blueprint.post(f"{PREFIX}/me/requests/<reference>/copy/<any(json, html, zip):kind>")
def download(lang: str, reference: str, kind: str) -> Response:
    """The copy of the data, as an attachment; only to who is known well enough (regulation, L2).

    Reading it is noted, so it is no page for GET.
    """
    signed_in, _shared = me()
    try:
        found = export.download(signed_in.actor, current_clock(), reference, kind)
    except Refused as refused:
        return _no_copy(refused, reference)
    return _attached(found.content, found.media_type, found.name)


@blueprint.post(f"{PREFIX}/me/requests/<reference>/letters/<uuid:letter_id>")
def letter(lang: str, reference: str, letter_id: UUID) -> Response:
    """A letter as PDF, as it was issued. One that holds a sensitive value asks for more first."""
    signed_in, _shared = me()
    try:
        found = read_letters.take_letter(signed_in.actor, current_clock(), reference, letter_id)
    except Refused as refused:
        return _no_copy(refused, reference)
    return _attached(found.content, "application/pdf", found.name)


@blueprint.post(f"{PREFIX}/me/letters/<uuid:letter_id>")
def own_letter(lang: str, letter_id: UUID) -> Response:
    """A letter that is about no request."""
    signed_in, _shared = me()
    found = read_letters.take_own_letter(signed_in.actor, current_clock(), letter_id)
    return _attached(found.content, "application/pdf", found.name)


def _attached(content: bytes, media_type: str, name: str) -> Response:
    return send_file(BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name, max_age=0)


@blueprint.post(f"{PREFIX}/me/requests/<reference>/copy")
def renew(lang: str, reference: str) -> Response:
    """A fresh copy after the first one expired."""
    signed_in, _shared = me()
    try:
        export.renew(signed_in.actor, current_clock(), reference)
    except Refused as refused:
        return _no_copy(refused, reference)
    flash(_("Uw kopie staat weer klaar."), "ok")
    return go("student.request", reference=reference)


NO_COPY = {
    "not_released": N_("Uw kopie staat nog niet klaar."),
    "package_not_ready": N_("Wij pakken uw gegevens nog in."),
    "export_expired": N_("Deze kopie is te oud. Vraag een nieuwe."),
}


def _no_copy(refused: Refused, reference: str) -> Response:
    if refused.code == "level":
        level = int(str(refused.params["needs"]))
        return go("account.confirm", level=level, next=page("student.request", reference=reference))
    if refused.code not in NO_COPY:
        raise refused
    flash(_(NO_COPY[refused.code]), "warning")
    return go("student.request", reference=reference)
