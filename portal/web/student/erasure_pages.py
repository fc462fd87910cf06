"""Stopping an erasure in the time to think it over: from the own request, by case code, or with the mailed link."""

from __future__ import annotations

from flask import render_template
from werkzeug.wrappers import Response

from portal.services import erasures
from portal.services.erasures import StopState
from portal.services.retention_pages import own_terms
from portal.web.forms import BaseForm
from portal.web.place import place
from portal.web.public.frame import PREFIX, page
from portal.web.public.routes import blueprint as public
from portal.web.sessions import current_actor, current_clock, current_session
from portal.web.student.routes import blueprint, me


@blueprint.route(f"{PREFIX}/me/requests/<reference>/stop-erasure", methods=["GET", "POST"])
def stop_erasure(lang: str, reference: str) -> str | Response:
    me()
    return _own(reference, page("student.request", reference=reference))


@public.route(f"{PREFIX}/case/stop-erasure", methods=["GET", "POST"], endpoint="stop_erasure")
def stop_by_code(lang: str) -> str | Response:
    signed_in = current_session()
    if signed_in is None or signed_in.kind != "case":
        return _page(StopState.UNKNOWN, BaseForm(), "")
    return _own(None, page("public.case"))


def _own(reference: str | None, back: str) -> str:
    form, actor, clock = BaseForm(), current_actor(), current_clock()
    if form.accepted():
        return _page(erasures.stop_own(actor, clock, reference), form, back)
    found = erasures.planned(actor, clock, reference)
    return _page(found.state if found else StopState.UNKNOWN, form, back)


@blueprint.get(f"{PREFIX}/me/ending")
def ending(lang: str) -> str:
    """Which of the own data go soon, and the copy that can be had first."""
    signed_in, _shared = me()
    return render_template("student/ending.html", terms=own_terms(signed_in.actor, current_clock()))


@blueprint.route(f"{PREFIX}/stop-erasure/<token>", methods=["GET", "POST"])
def erasure_link(lang: str, token: str) -> str:
    """The link of the mail. Opening it changes nothing; the button stops the erasure."""
    form, clock = BaseForm(), current_clock()
    state = erasures.stop_by_link(clock, token, place()) if form.accepted() else erasures.look(clock, token)
    return _page(state, form, "")


def _page(state: StopState, form: BaseForm, back: str) -> str:
    shown = form if state is StopState.WAITING else None
    return render_template("student/stop_erasure.html", form=shown, state=state, back=back)
