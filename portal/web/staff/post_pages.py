"""What must go by post: the list, each letter as PDF, and the day on which it was posted."""

from __future__ import annotations

from flask import abort, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.services import to_post as letters
from portal.services.post_letter import Letter
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import blueprint, words_of
from portal.web.staff.wording import KINDS, LETTERS


@blueprint.get("/post")
def to_post() -> Response:
    """Names only, within the own branches, as in the queue: a list, and no view of somebody's data."""
    found = letters.letters_to_post(current_actor(), current_clock())
    return make_response(render_template("staff/to_post.html", letters=found, kinds=KINDS, words=LETTERS))


@blueprint.post("/cases/<reference>/letters/<letter>")
def print_letter(reference: str, letter: str) -> Response:
    """The letter as PDF; printing shows the address, so it is logged and no page for GET."""
    if letter not in set(Letter):
        abort(404)
    try:
        made = letters.print_letter(current_actor(), current_clock(), reference, Letter(letter))
    except NotAllowed:
        raise
    except Refused as refusal:
        flash(words_of(refusal), "error")
        return redirect(url_for("staff.case", reference=reference))
    response = make_response(made.content)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "no-store"
    return response
