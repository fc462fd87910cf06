"""What somebody was typing when their session ended: taken in at the door, back in the form after signing in again.

It is kept unread, for that person in that browser, and opens only after the same person signed in again.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, g, request, session, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from portal.services import kept_forms
from portal.web.forms import BaseForm
from portal.web.forms import kept as as_formdata
from portal.web.forms import typed as typed_now
from portal.web.language import _
from portal.web.place import place
from portal.web.sessions import browser_secret, current_actor, current_clock, current_session

WHO = "whose"  # in the cookie: whose session it was; gone when signing out, and worth nothing by itself
MARK = "kept"  # in the address of a page that has something to show again

# A form is shown where it is posted to, but for these: endpoint -> the page that shows the form.
ELSEWHERE = {
    "staff.message": "staff.case",
    "staff.no_email": "staff.contact",
    "staff.identity_posted": "staff.identity_task",
    "staff.note": "staff.case",
    "staff.hand_over": "staff.queue",
    "staff.campaign_posted": "staff.campaign_paper",
}
# Every form of the staff, and these of students. What is typed while a request is filed lies in its draft.
OF_STUDENTS = {"student.request", "student.wrong", "student.helper_new", "student.email", "public.case"}
NEVER = {"version", "act", "csrf_token"}  # what a page says itself
SECRETS = {"password", "current", "new", "again", "code"}  # a form with one of these is not kept


def remember_whose() -> None:
    """Whoever opens a page with such a form is noted in the cookie."""
    if request.method != "GET" or not _is_kept(request.endpoint):
        return
    person = kept_forms.person_of(current_actor())
    if person is not None and session.get(WHO) != person:
        session[WHO] = person


def keep() -> str | None:
    """A form arrives and nobody is signed in any more: keeps it and returns the address of its page, else None."""
    page = _page()
    if request.method != "POST" or page is None or WHO not in session:
        return None
    found = {name: values for name, values in typed_now().items() if name not in NEVER}
    if not found or SECRETS & set(found):
        return None
    if not kept_forms.keep(current_clock(), browser_secret(), str(session[WHO]), page, found, place()):
        return None
    return f"{page}?{MARK}=1"


def typed_before() -> MultiDict[str, str] | None:
    """What a form on this page begins with, instead of empty; None nearly always."""
    if request.method != "GET" or MARK not in request.args:
        return None
    if "typed_before" not in g:
        found = kept_forms.kept(current_actor(), current_clock(), browser_secret(), request.path)
        g.typed_before = as_formdata(found) if found else None
        if found:
            flash(_("U was uitgelogd. Wat u typte, staat er nog. Het is nog niet verstuurd."), "warning")
    before: MultiDict[str, str] | None = g.typed_before
    return before


def beginning() -> dict[str, Any]:
    """The argument with which a form begins with what was typed before; nothing nearly always."""
    before = typed_before()
    return {} if before is None else {"formdata": before}


class KeptForm(BaseForm):
    """A form that begins with what was typed when a session ended."""

    def __init__(self, *positional: Any, **named: Any) -> None:
        if not positional and "formdata" not in named:
            named |= beginning()
        super().__init__(*positional, **named)


def forget_sent(response: Response) -> Response:
    """After each answer of such pages: a form that was sent after all is not kept any longer."""
    page = _page() if request.method == "POST" else None
    if page is None or response.status_code >= 400 or current_session() is None:
        return response
    if MARK in request.args or page != request.path:
        kept_forms.forget(current_actor(), current_clock(), browser_secret(), page)
    return response


def _is_kept(endpoint: str | None) -> bool:
    return endpoint is not None and (endpoint.startswith("staff.") or endpoint in OF_STUDENTS)


def _page() -> str | None:
    """The page whose form is posted to this address; None for a button of its own, which holds nothing typed."""
    endpoint = ELSEWHERE.get(request.endpoint or "", request.endpoint)
    if endpoint is None or not _is_kept(endpoint):
        return None
    shown = any("GET" in (rule.methods or ()) for rule in current_app.url_map.iter_rules(endpoint))
    return url_for(endpoint, **(request.view_args or {})) if shown else None
