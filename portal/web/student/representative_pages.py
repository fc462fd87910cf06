"""Who may act for the student: seeing it all, naming somebody, confirming, ending with one press."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import flash, render_template, request
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import ValidationError

from portal.domain.digits import western_digits, without_marks
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind, RequestKind
from portal.i18n import N_
from portal.services import representing
from portal.services.add_representative import Asked, a_year_after, add_own, confirm_own
from portal.services.end_representative import end_own
from portal.services.representing import BY_LAW, Relation
from portal.web.forms import AtMost, Check, Choices, OneOf, Optional, Required, clean, looks_like_email
from portal.web.language import _
from portal.web.public.frame import PREFIX, go
from portal.web.sessions import current_clock
from portal.web.student.case_view import event_words, may_receive
from portal.web.student.routes import blueprint, me
from portal.web.typed import KeptForm
from portal.wording import KINDS, REFUSALS, RELATIONS, STANDING_KINDS, STANDINGS

BESIDE = {
    "name_missing": "name",
    "email_invalid": "email",
    "kinds_missing": "kinds",
    "ends_before_start": "ends_on",
    "lasts_too_long": "ends_on",
    "words_too_long": "name",
}
USUAL = timedelta(days=90)


def typed_date(text: str) -> date | None:
    """31-12-2026 in digits of any script; None for what is no date."""
    parts = western_digits(without_marks(text)).replace("/", "-").replace(".", "-").replace(" ", "-").split("-")
    try:
        day, month, year = (int(part) for part in parts)
        return date(year, month, day)
    except ValueError:
        return None


class HelperForm(KeptForm):
    name = StringField(N_("Hoe heet deze persoon?"), [Required(N_("Vul de naam in.")), AtMost(200)], filters=[clean])
    organisation = StringField(N_("Van welke organisatie?"), [Optional(), AtMost(200)], filters=[clean])
    relation = OneOf(
        N_("Wie is het?"),
        [Required(N_("Kies wie het is."))],
        choices=[(each.value, RELATIONS[each.value]) for each in Relation if each not in BY_LAW],
    )
    email = StringField(
        N_("Het e-mailadres van deze persoon"),
        [Required(N_("Vul het e-mailadres in.")), Check(looks_like_email)],
        filters=[clean],
    )
    kinds = Choices(
        N_("Wat mag deze persoon voor u vragen?"), choices=[(kind.value, words.name) for kind, words in KINDS.items()]
    )
    ends_on = StringField(N_("Tot en met welke dag?"), [Required(N_("Vul de laatste dag in."))], filters=[clean])

    def validate_kinds(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(REFUSALS["kinds_missing"])

    def validate_ends_on(self, field: Any) -> None:
        if typed_date(field.data) is None:
            raise ValidationError(N_("Deze datum begrijpen wij niet."))


@blueprint.get(f"{PREFIX}/me/helpers")
def helpers(lang: str) -> str:
    signed_in, _shared = me()
    found = representing.own_helpers(signed_in.actor, current_clock())
    return render_template(
        "student/helpers.html",
        helpers=found,
        others=representing.choices(signed_in, current_clock()),
        kinds=KINDS,
        relations=RELATIONS,
        standings=STANDINGS,
        standing_kinds=STANDING_KINDS,
        sure_enough=may_receive(signed_in.actor.level),
        done=lambda each: _(event_words(each.kind, ActorKind.REPRESENTATIVE)),
    )


@blueprint.route(f"{PREFIX}/me/helpers/new", methods=["GET", "POST"])
def helper_new(lang: str) -> str | Response:
    """Names somebody; at level 2, since it opens the student's answers to another."""
    signed_in, _shared = me()
    form = HelperForm()
    today = current_clock().today()
    if form.accepted():
        asked = Asked(
            name=form.name.data,
            organisation=form.organisation.data or "",
            email=form.email.data,
            relation=Relation(str(form.relation.data)),
            kinds=frozenset(RequestKind(code) for code in form.kinds.data),
            ends_on=typed_date(form.ends_on.data) or today,
            language=lang,
        )
        try:
            add_own(signed_in.actor, current_clock(), asked)
        except Refused as refused:
            if refused.code not in BESIDE:
                raise
            form.refuse(BESIDE[refused.code], REFUSALS[refused.code])
        else:
            flash(_("Deze persoon mag nu voor u vragen."), "ok")
            return go("student.helpers")
    elif request.method == "GET" and not form.ends_on.data:
        form.ends_on.data = f"{today + USUAL:%d-%m-%Y}"
    return render_template("student/helper_new.html", form=form, most=a_year_after(today))


@blueprint.post(f"{PREFIX}/me/helpers/<uuid:representative>/confirm")
def helper_confirm(lang: str, representative: UUID) -> Response:
    signed_in, _shared = me()
    confirm_own(signed_in.actor, current_clock(), representative)
    flash(_("Deze persoon mag nu voor u vragen."), "ok")
    return go("student.helpers")


@blueprint.post(f"{PREFIX}/me/helpers/<uuid:representative>/end")
def helper_end(lang: str, representative: UUID) -> Response:
    signed_in, _shared = me()
    end_own(signed_in.actor, current_clock(), representative)
    flash(_("Gestopt. Deze persoon mag niets meer voor u doen."), "ok")
    return go("student.helpers")
