"""The forms of questions for consent. Labels and errors are Dutch message ids."""

from __future__ import annotations

import re

from wtforms import BooleanField, Field, StringField, TextAreaField, ValidationError

from portal.domain.campaign import ConsentAnswer
from portal.domain.vocabulary import Channel
from portal.i18n import N_
from portal.services.campaign_people import Chosen
from portal.services.campaign_text import LONGEST
from portal.web.forms import AtMost, Optional, Required
from portal.web.staff.forms import (
    ONE_OF_THESE,
    SHORT_TEXT,
    Boxes,
    DutchDateField,
    MayBeEmpty,
    Radio,
    StaffForm,
    VersionMixin,
    choices,
)

GROUP, NUMBERS = "group", "numbers"
LONGEST_LIST = 10_000


class CampaignForm(StaffForm):
    activity = Radio(N_("Waarvoor vraagt u toestemming?"), choices=[], validators=[Required(ONE_OF_THESE)])
    words = TextAreaField(N_("Uw eigen toelichting"), [Optional(), AtMost(LONGEST)])
    anew = BooleanField(N_("De afspraken zijn veranderd: vraag het ook aan wie al antwoordde"))
    who = Radio(
        N_("Aan wie?"),
        choices=choices([(GROUP, N_("Iedereen die nu les heeft")), (NUMBERS, N_("Cursisten die ik zelf noem"))]),
        validators=[Required(ONE_OF_THESE)],
    )
    branches = Boxes(N_("Alleen deze vestigingen"), [MayBeEmpty()], choices=[])
    programme = StringField(N_("Alleen deze opleiding of groep"), [Optional(), AtMost(SHORT_TEXT)])
    numbers = TextAreaField(N_("Cursistnummers"), [MayBeEmpty(), AtMost(LONGEST_LIST)])
    closes_on = DutchDateField(N_("Laatste dag om te antwoorden"), validators=[Required(N_("Vul de dag in."))])
    remind_on = DutchDateField(N_("Dag van de ene herinnering"), validators=[Optional()])

    def validate_numbers(self, field: Field) -> None:
        if self.who.data == NUMBERS and not self.listed:
            raise ValidationError(N_("Noem minstens één cursist."))

    @property
    def listed(self) -> tuple[str, ...]:
        return tuple(part for part in re.split(r"[\s,;]+", self.numbers.data or "") if part)

    def chosen(self) -> Chosen:
        if self.who.data == NUMBERS:
            return Chosen(numbers=self.listed)
        return Chosen(branches=tuple(self.branches.data or ()), programme=self.programme.data or "")


class SendForm(StaffForm, VersionMixin):
    """A page that asks once more; only the button counts."""


class PaperForm(StaffForm):
    answer = Radio(
        N_("Wat staat er op het papier?"),
        choices=choices([(ConsentAnswer.YES.value, N_("Ja")), (ConsentAnswer.NO.value, N_("Nee"))]),
        validators=[Required(ONE_OF_THESE)],
    )
    channel = Radio(
        N_("Hoe kwam het binnen?"),
        choices=choices([(Channel.LETTER.value, N_("Per brief")), (Channel.DESK.value, N_("Aan de balie"))]),
        validators=[Required(ONE_OF_THESE)],
    )
    on = DutchDateField(N_("Datum op het papier"), validators=[Required(N_("Vul de dag in."))])


class QuestionPostedForm(StaffForm):
    posted_on = DutchDateField(
        N_("Op welke dag ging de brief op de post?"), validators=[Required(N_("Vul de dag in."))]
    )
