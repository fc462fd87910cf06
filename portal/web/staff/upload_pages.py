"""The last resort: why the desk cannot be reached, what was sent, and the decision, which wipes it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import make_response, request
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from portal.i18n import N_
from portal.services import read_upload, review_upload
from portal.services.upload_way import Purpose
from portal.web.forms import AtMost, Required
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import blueprint
from portal.web.staff.case_pages import load
from portal.web.staff.confirming import Tried, answered, done, tried
from portal.web.staff.forms import ONE_OF_THESE, Radio, StaffForm, VersionMixin, choices

PURPOSES = (
    (Purpose.IDENTITY.value, N_("Om vast te stellen wie het is")),
    (Purpose.EVIDENCE.value, N_("Als bewijs bij dit verzoek, en het is een identiteitsbewijs")),
)


class AllowForm(StaffForm, VersionMixin):
    purpose = Radio(N_("Waarvoor is de kopie?"), choices=choices(PURPOSES), validators=[Required(ONE_OF_THESE)])
    reason = TextAreaField(
        N_("Waarom kan de cursist niet naar de balie komen, en ook geen brief of telefoon krijgen?"),
        [Required(N_("Schrijf de reden op.")), AtMost(review_upload.LONGEST)],
    )


class ReviewForm(StaffForm, VersionMixin):
    accept = Radio(
        N_("Is dit de cursist?"),
        choices=choices([("yes", N_("Ja, de kopie klopt")), ("no", N_("Nee, deze kopie is niet goed"))]),
        validators=[Required(ONE_OF_THESE)],
    )
    reason = TextAreaField(N_("Waarom?"), [Required(N_("Schrijf de reden op.")), AtMost(review_upload.LONGEST)])


@blueprint.route("/cases/<reference>/upload", methods=["GET", "POST"])
def upload(reference: str) -> Response:
    """Opens the way with a reason; once it is open, shows what came and takes the decision."""
    page = load(reference)
    way = read_upload.overview(current_actor(), current_clock(), reference)
    if way is None:
        return _allow(page)
    form = ReviewForm()
    outcome: Tried = None
    if form.accepted():
        accept = form.accept.data == "yes"
        outcome = tried(
            form,
            page,
            lambda: review_upload.decide(
                current_actor(), current_clock(), reference, form.seen(), accept, form.reason.data
            ),
            "reason",
        )
        if outcome is True:
            return done(page, _("Besloten. De kopie is gewist."))
    return answered("staff/identity_upload.html", page, form, outcome, way=way, looked_at=_looked_at(way))


def _looked_at(way: read_upload.Overview) -> UUID | None:
    """The page that was asked for by its number; each look is logged, so none is shown unasked."""
    pages = [page for sent in way.sent for page in sent.pages]
    number = request.args.get("page", 0, int)
    return pages[number - 1] if 1 <= number <= len(pages) else None


def _allow(page: Any) -> Response:
    form = AllowForm()
    outcome: Tried = None
    if form.accepted():
        outcome = tried(
            form,
            page,
            lambda: review_upload.allow(
                current_actor(), current_clock(), page.reference, form.seen(), form.reason.data, form.purpose.data
            ),
            "reason",
        )
        if outcome is True:
            return done(page, _("De cursist kan nu een kopie sturen en kreeg daarover een mail."))
    elif request.method == "GET":
        form.purpose.data = Purpose.IDENTITY.value
    return answered("staff/identity_upload_allow.html", page, form, outcome)


@blueprint.get("/cases/<reference>/upload/<uuid:file_id>")
def upload_page(reference: str, file_id: UUID) -> Response:
    """One page under the watermark of who looks; the look is on record."""
    found = read_upload.page(current_actor(), current_clock(), reference, file_id)
    response = make_response(found.content)
    response.headers["Content-Type"] = found.media_type
    response.headers["Content-Disposition"] = found.disposition
    return response
