"""The own calendar of due dates: made and withdrawn on the page of the own account, read without signing in."""

from __future__ import annotations

from flask import Response as Content
from flask import abort, current_app, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.domain.permissions import NotAllowed
from portal.services import calendar_feed
from portal.services.casework import NotFound
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint


@blueprint.post("/me/calendar")
def calendar_renew() -> Response:
    """A new address, in this one answer; the old one is dead."""
    try:
        token = calendar_feed.renew(current_actor(), current_clock())
    except NotAllowed:
        return redirect(url_for("staff.again", next=url_for("staff.me")))
    address = current_app.config["SETTINGS"].base_url + url_for("staff.calendar", token=token)
    return make_response(render_template("staff/calendar.html", address=address))


@blueprint.post("/me/calendar/withdraw")
def calendar_withdraw() -> Response:
    return acted(
        lambda: calendar_feed.withdraw(current_actor(), current_clock()),
        _("Het adres van uw agenda werkt niet meer."),
        url_for("staff.me"),
    )


@blueprint.get("/calendar/<token>.ics")
def calendar(token: str) -> Response:
    """The calendar itself, for a program that cannot sign in: whoever knows the address may read it."""
    try:
        content = calendar_feed.feed(current_clock(), token)
    except NotFound:
        abort(404)
    return Content(content, content_type="text/calendar; charset=utf-8")
