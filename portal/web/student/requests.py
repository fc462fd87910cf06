"""A student's own requests: the list, one request, a message, taking it back, the copy of the data."""

from __future__ import annotations

from io import BytesIO

from flask import flash, render_template, request, send_file
from werkzeug.wrappers import Response

from portal.domain.refusal import Refused
from portal.domain.vocabulary import Outcome, RequestKind
from portal.services import own_cases
from portal.web.forms import BaseForm, fresh_key
from portal.web.language import _
from portal.web.public.frame import PREFIX, go, once_bytes
from portal.web.sessions import current_clock, current_session
from portal.web.student import case_view
from portal.web.student.routes import MessageForm, blueprint, me
from portal.wording import KINDS, OUTCOME_KINDS, OUTCOMES, REFUSALS, STATE_ICONS, STATE_KINDS, STATES

EXPORTED = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY})


@blueprint.get(f"{PREFIX}/me/requests", endpoint="requests")
def list_requests(lang: str) -> str:
    signed_in = current_session()
    assert signed_in is not None
    lines, shared = own_cases.own_cases(signed_in, current_clock())
    return render_template(
        "student/requests.html",
        lines=lines,
        shared=shared,
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
    found = own_cases.own_case(signed_in.actor, current_clock(), reference)
    form = MessageForm()
    if form.accepted():
        try:
            key = once_bytes(request.form.get("once") or fresh_key())
            own_cases.write_message(signed_in.actor, current_clock(), found.reference, form.text.data, key)
        except Refused as refused:
            if refused.code not in REFUSALS or refused.code == "too_many":
                raise
            form.refuse("text", REFUSALS[refused.code])
        else:
            flash(_("Wij hebben uw bericht."), "ok")
            return go("student.request", reference=reference)
    answer = case_view.answer(reference)
    released = found.kind in EXPORTED and found.outcome in {Outcome.GRANTED, Outcome.PARTLY}
    return render_template(
        "student/request.html",
        form=form,
        once=fresh_key(),
        answer=answer,
        released=released,
        sure_enough=case_view.may_receive(signed_in.actor.level),
        **case_view.around(found, with_data=True),
    )


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
    return render_template("student/take_back.html", form=form, case=found, words=KINDS[found.kind])


@blueprint.get(f"{PREFIX}/me/requests/<reference>/copy/<any(json, html):kind>")
def download(lang: str, reference: str, kind: str) -> Response:
    """The copy of the data, as an attachment; only to who is known well enough (regulation, L2)."""
    from portal.services.export import download as fetch

    signed_in, _shared = me()
    found = fetch(signed_in.actor, current_clock(), reference, kind)
    response = send_file(
        BytesIO(found.content), mimetype=found.media_type, as_attachment=True, download_name=found.name, max_age=0
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "no-store"
    return response
