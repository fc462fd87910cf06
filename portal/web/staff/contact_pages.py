"""The mail address of a student: another one at the desk or from afar, or none that can be used."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField, Field, StringField, TextAreaField, ValidationError

from portal.domain.acts import Act
from portal.domain.permissions import could
from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.services import student_page as files
from portal.services.change_email import contact_of, record_change
from portal.services.no_email import record_no_email
from portal.web.forms import AtMost, Check, Required, clean, looks_like_email
from portal.web.language import _, current_speaker
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint
from portal.web.staff.forms import ONE_OF_THESE, MayBeEmpty, Radio, StaffForm, choices
from portal.web.staff.reach_wording import SURE_WAYS
from portal.web.staff.student_pages import open_reason

BESIDE = {
    "email_invalid": "email",
    "same_address": "email",
    "reason_missing": "reason",
    "words_too_long": "reason",
}
LONGEST = 1000
DESK, AFAR = "desk", "afar"


class ContactForm(StaffForm):
    email = StringField(
        N_("Nieuw e-mailadres"), [Required(N_("Vul het e-mailadres in.")), Check(looks_like_email)], filters=[clean]
    )
    where = Radio(
        N_("Waar is de cursist nu?"),
        choices=choices(
            [(DESK, N_("Hier aan de balie: het adres werkt meteen")), (AFAR, N_("Op afstand: het werkt na 7 dagen"))]
        ),
        validators=[Required(ONE_OF_THESE)],
    )
    way = Radio(
        N_("Hoe weet u zeker wie het is?"), choices=choices(SURE_WAYS.items()), validators=[Required(ONE_OF_THESE)]
    )
    silent = BooleanField(N_("Stuur geen bericht naar het oude adres, voor de veiligheid van de cursist"))
    reason = TextAreaField(N_("Waarom geen bericht?"), [MayBeEmpty(), AtMost(LONGEST)])

    def validate_reason(self, field: Field) -> None:
        if self.silent.data and not (field.data or "").strip():
            raise ValidationError(N_("Schrijf waarom het oude adres geen bericht krijgt."))


class NoEmailForm(StaffForm):
    why = TextAreaField(N_("Waarom is het adres niet bruikbaar?"), [Required(N_("Schrijf waarom.")), AtMost(LONGEST)])


@blueprint.route("/students/<uuid:student_id>/contact", methods=["GET", "POST"])
def contact(student_id: UUID) -> Response:
    files.demand_reach(current_actor(), current_clock(), student_id)
    reason = open_reason(student_id)
    if not reason:
        return redirect(url_for("staff.student", student_id=student_id))
    form = ContactForm()
    if form.accepted():
        silent = bool(form.silent.data)
        try:
            told = record_change(
                current_actor(),
                current_clock(),
                student_id,
                form.email.data,
                form.way.data,
                at_desk=form.where.data == DESK,
                silent=silent,
                reason=clean(form.reason.data) if silent else "",
            )
        except Refused as refusal:
            form.deny(refusal, BESIDE.get(refusal.code, ""))
        else:
            day = current_speaker().numeric_date(told.from_on)
            flash(_("Het nieuwe adres geldt vanaf %(day)s.", day=day), "ok")
            if told.others:
                flash(_("Let op: %(count)s andere cursisten gebruiken dit adres ook.", count=told.others), "warning")
            return redirect(url_for("staff.contact", student_id=student_id))
    found = contact_of(current_actor(), current_clock(), student_id, reason)
    html = render_template(
        "staff/contact.html",
        form=form,
        no_email=NoEmailForm(formdata=None),
        contact=found,
        student_id=student_id,
        may_leave_out=could(current_actor(), Act.SUPPRESS_NOTICE),
        back_href=url_for("staff.student", student_id=student_id),
    )
    return make_response(html, 422 if form.errors else 200)


@blueprint.post("/students/<uuid:student_id>/no-email")
def no_email(student_id: UUID) -> Response:
    form = NoEmailForm()
    why = clean(form.why.data)
    return acted(
        lambda: record_no_email(current_actor(), current_clock(), student_id, why),
        _("Vastgelegd: alles gaat voortaan per post."),
        url_for("staff.contact", student_id=student_id),
    )
