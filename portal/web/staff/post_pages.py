"""What must go by post: the list, each letter as PDF, and the day on which it was posted."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter
from portal.services import campaign_letters, read_letters
from portal.services import to_post as letters
from portal.services import undelivered as notices
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint, words_of
from portal.web.staff.reach_wording import UNDELIVERED
from portal.web.staff.wording import KINDS, LETTERS


@blueprint.get("/post")
def to_post() -> Response:
    """Names only, within the own branches, as in the queue: a list, and no view of somebody's data."""
    found = letters.letters_to_post(current_actor(), current_clock())
    questions = campaign_letters.questions_to_post(current_actor(), current_clock())
    html = render_template(
        "staff/to_post.html",
        letters=found,
        questions=questions,
        untold=notices.undelivered(current_actor(), current_clock()),
        kinds=KINDS,
        words=LETTERS,
        notice_words=UNDELIVERED,
    )
    return make_response(html)


@blueprint.post("/post/<uuid:mail_id>/told")
def told(mail_id: UUID) -> Response:
    """A mail that did not arrive was told otherwise."""
    return acted(
        lambda: notices.record_told(current_actor(), current_clock(), mail_id),
        _("Vastgelegd dat dit is verteld."),
        url_for("staff.to_post"),
    )


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
    return paper(made.content, made.name)


@blueprint.post("/cases/<reference>/papers/<uuid:letter_id>", endpoint="letter")
def issued_letter(reference: str, letter_id: UUID) -> Response:
    """A letter, or a notice to a recipient, as it was issued; the service logs who took it."""
    taken = read_letters.take_letter(current_actor(), current_clock(), reference, letter_id)
    return paper(taken.content, taken.name)


def paper(content: bytes, name: str) -> Response:
    """A PDF to keep or print, never shown in the browser's own page."""
    response = make_response(content)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
