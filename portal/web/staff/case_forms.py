"""Forms of acts on a case that ask once more: merge, close as abuse, take back for the student, reopen; and notes."""

from __future__ import annotations

from wtforms import StringField, TextAreaField

from portal.domain.vocabulary import Channel
from portal.i18n import N_
from portal.web.forms import AtMost, Optional, Required
from portal.web.staff.forms import LONG_TEXT, ONE_OF_THESE, OnceMixin, Radio, StaffForm, StepForm, VersionMixin, choices
from portal.web.staff.wording import CHANNELS, WAYS

FOR_COLLEAGUES = N_("Toelichting voor collega's")


class NoteForm(StaffForm, OnceMixin):
    note = TextAreaField(N_("Notitie voor collega's"), [Required(N_("Schrijf een notitie.")), AtMost(LONG_TEXT)])


class ToldForm(StepForm):
    """A step of telling a recipient: that it is done is worth nothing without how and when (GDPR 19)."""

    note = TextAreaField(N_("Hoe en wanneer liet u het weten?"), [AtMost(LONG_TEXT)])


class MergeForm(StaffForm, VersionMixin):
    into = Radio(N_("Bij welk verzoek hoort dit?"), choices=[], validators=[Required(ONE_OF_THESE)])
    words = TextAreaField(FOR_COLLEAGUES, [Optional(), AtMost(LONG_TEXT)])


class ReasonForm(StaffForm, VersionMixin):
    """A reason of the policy's list, which the student reads in the own language, and words for colleagues."""

    reason = Radio(N_("Waarom?"), choices=[], validators=[Required(N_("Kies een reden."))])
    words = TextAreaField(FOR_COLLEAGUES, [Optional(), AtMost(LONG_TEXT)])


class CorrectForm(StaffForm, OnceMixin):
    value = StringField(N_("Wat moet er staan?"), [Required(), AtMost(LONG_TEXT)])
    how = Radio(N_("Hoe weet u wie het is?"), choices=choices(WAYS.items()), validators=[Required(ONE_OF_THESE)])
    words = TextAreaField(N_("Wat zegt de cursist erover?"), [Optional(), AtMost(LONG_TEXT)])


class TakeBackForm(StaffForm, VersionMixin):
    how = Radio(
        N_("Hoe liet de cursist het weten?"),
        choices=choices((code, words) for code, words in CHANNELS.items() if code is not Channel.PORTAL),
        validators=[Required(ONE_OF_THESE)],
    )
    words = TextAreaField(
        N_("Wat zei of schreef de cursist?"), [Required(N_("Schrijf op wat de cursist zei.")), AtMost(LONG_TEXT)]
    )
