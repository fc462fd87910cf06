"""The last resort: sending a copy of an ID with the number and the photo covered, after staff opened the way."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import BooleanField
from wtforms.validators import ValidationError

from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.services import limits
from portal.services.keep_upload import keep_upload
from portal.services.own_cases import case_of_code, own_case
from portal.services.read_upload import overview
from portal.web.forms import BaseForm, Required, fresh_key
from portal.web.language import _
from portal.web.public.frame import PREFIX, go, once_bytes, page
from portal.web.public.routes import blueprint as public
from portal.web.sessions import current_actor, current_clock, current_session
from portal.web.student.routes import blueprint

REFUSED = {
    "upload_not_allowed": N_("Dit kan nu niet meer."),
    "upload_too_many": N_("U stuurde al genoeg foto's."),
    "upload_too_much": N_("Uw foto's zijn samen te groot. Stuur kleinere foto's."),
}


class UploadForm(BaseForm):
    file = FileField(N_("Uw foto of PDF"))
    covered = BooleanField(
        N_("Mijn BSN en mijn foto zijn bedekt."), [Required(N_("Bedek eerst uw BSN en uw foto. Zet dan een vinkje."))]
    )

    def validate_file(self, field: Any) -> None:
        if not field.data or not field.data.filename:
            raise ValidationError(N_("Kies een bestand."))


@blueprint.route(f"{PREFIX}/me/requests/<reference>/upload", methods=["GET", "POST"])
def upload(lang: str, reference: str) -> str | Response:
    """For the signed-in student."""
    actor = current_actor()
    found = own_case(actor, current_clock(), reference)
    return _page(actor, found.reference, page("student.request", reference=reference))


@public.route(f"{PREFIX}/case/upload", methods=["GET", "POST"], endpoint="upload")
def upload_by_code(lang: str) -> str | Response:
    """The same for whoever holds the code of the case."""
    signed_in = current_session()
    if signed_in is None or signed_in.kind != "case":
        return go("student.requests")
    found = case_of_code(signed_in.actor, current_clock())
    return _page(signed_in.actor, found.reference, page("public.case"))


def _page(actor: Actor, reference: str, back: str) -> str | Response:
    found = overview(actor, current_clock(), reference)
    if found is None:
        flash(_("U hoeft hier niets te sturen."), "info")
        return redirect(back)
    form = UploadForm()
    if form.accepted():
        try:
            limits.demand(current_clock(), "upload", str(actor.session_id))
            key = once_bytes(request.form.get("once") or fresh_key())
            sent = form.file.data
            keep_upload(actor, current_clock(), reference, sent.filename, sent.read(), found.purpose, key)
        except Refused as refused:
            said = getattr(refused, "msgid", None) or REFUSED.get(refused.code)
            if said is None or isinstance(refused, limits.TooMany):
                raise
            form.refuse("file", said)
        else:
            flash(_("Wij hebben uw foto. Wij kijken er zo snel mogelijk naar."), "ok")
            return redirect(request.path)
    return render_template("student/upload.html", form=form, once=fresh_key(), opened=found, back=back)
