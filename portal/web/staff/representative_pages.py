"""Who may act for a student: written down by staff, with what was shown; ended by staff when the student asks so."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import StringField

from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind
from portal.i18n import N_, TONGUES
from portal.services import student_page as files
from portal.services.add_representative import Asked, a_year_after, record_representative
from portal.services.end_representative import end_by_staff
from portal.services.representing import Relation
from portal.services.staff_representatives import representatives_page
from portal.web.forms import AtMost, Check, Optional, Required, clean, looks_like_email
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint
from portal.web.staff.forms import ONE_OF_THESE, SHORT_TEXT, Boxes, DutchDateField, Radio, Select, StaffForm, choices
from portal.web.staff.reach_wording import RELATIONS, STANDING_KINDS, STANDINGS
from portal.web.staff.student_pages import open_reason
from portal.web.staff.wording import KINDS

BESIDE = {
    "name_missing": "name",
    "email_invalid": "email",
    "kinds_missing": "kinds",
    "bad_language": "language",
    "ends_before_start": "ends_on",
    "lasts_too_long": "ends_on",
    "not_under_age": "ends_on",
    "shown_in_future": "shown_on",
    "must_be_shown": "shown_on",
    "birth_date_unknown": "relation",
}


class RepresentativeForm(StaffForm):
    name = StringField(N_("Naam"), [Required(N_("Vul de naam in.")), AtMost(SHORT_TEXT)], filters=[clean])
    organisation = StringField(N_("Organisatie of kantoor"), [Optional(), AtMost(SHORT_TEXT)], filters=[clean])
    relation = Radio(
        N_("Wat is deze persoon?"), choices=choices(RELATIONS.items()), validators=[Required(ONE_OF_THESE)]
    )
    email = StringField(
        N_("E-mailadres van deze persoon"),
        [Required(N_("Vul het e-mailadres in.")), Check(looks_like_email)],
        filters=[clean],
    )
    language = Select(N_("Taal van deze persoon"), choices=[])
    kinds = Boxes(
        N_("Wat mag deze persoon vragen?"),
        choices=choices(KINDS.items()),
        validators=[Required(N_("Kies wat deze persoon mag vragen."))],
    )
    starts_on = DutchDateField(N_("Eerste dag"), validators=[Required(N_("Vul de dag in."))])
    ends_on = DutchDateField(N_("Laatste dag"), validators=[Required(N_("Vul de dag in."))])
    shown_on = DutchDateField(N_("Op welke dag zag u de getekende machtiging of het bewijs?"), validators=[Optional()])


def _opened(student_id: UUID) -> str:
    files.demand_reach(current_actor(), current_clock(), student_id)
    return open_reason(student_id)


@blueprint.get("/students/<uuid:student_id>/representatives")
def representatives(student_id: UUID) -> Response:
    reason = _opened(student_id)
    if not reason:
        return redirect(url_for("staff.student", student_id=student_id))
    found = representatives_page(current_actor(), current_clock(), student_id, reason)
    return make_response(
        render_template(
            "staff/representatives.html",
            page=found,
            student_id=student_id,
            back_href=url_for("staff.student", student_id=student_id),
            **_words(),
        )
    )


def _words() -> dict[str, Any]:
    return {"relations": RELATIONS, "standings": STANDINGS, "standing_kinds": STANDING_KINDS, "kinds": KINDS}


@blueprint.route("/students/<uuid:student_id>/representatives/new", methods=["GET", "POST"])
def representative_new(student_id: UUID) -> Response:
    reason = _opened(student_id)
    if not reason:
        return redirect(url_for("staff.student", student_id=student_id))
    form = RepresentativeForm()
    spoken = current_app.extensions["policy"].languages
    form.language.choices = choices((code, TONGUES[code].name if code in TONGUES else code) for code in spoken)
    today = current_clock().today()
    if form.accepted():
        try:
            record_representative(current_actor(), current_clock(), student_id, _asked(form))
        except Refused as refusal:
            form.deny(refusal, BESIDE.get(refusal.code, ""))
        else:
            flash(_("De vertegenwoordiger is vastgelegd. De cursist krijgt bericht."), "ok")
            return redirect(url_for("staff.representatives", student_id=student_id))
    elif not form.is_submitted():
        form.starts_on.data, form.ends_on.data = today, a_year_after(today)
        form.language.data = "nl"
    html = render_template(
        "staff/representative_new.html",
        form=form,
        most=a_year_after(today),
        back_href=url_for("staff.representatives", student_id=student_id),
    )
    return make_response(html, 422 if form.errors else 200)


def _asked(form: RepresentativeForm) -> Asked:
    return Asked(
        name=form.name.data,
        organisation=form.organisation.data or "",
        email=form.email.data,
        relation=Relation(form.relation.data),
        kinds=frozenset(RequestKind(code) for code in form.kinds.data),
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        shown_on=form.shown_on.data,
        language=form.language.data,
    )


@blueprint.post("/students/<uuid:student_id>/representatives/<uuid:representative>/end")
def representative_end(student_id: UUID, representative: UUID) -> Response:
    return acted(
        lambda: end_by_staff(current_actor(), current_clock(), student_id, representative),
        _("Gestopt: deze persoon kan niets meer voor de cursist doen."),
        url_for("staff.representatives", student_id=student_id),
    )
