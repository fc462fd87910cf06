"""The forms of staff. Labels and errors are Dutch message ids; the templates translate them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, Self

from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from portal.domain.digits import western_digits, without_marks
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel, RequestKind
from portal.i18n import N_
from portal.web.forms import AtMost, Check, Optional, Required, fresh_key, looks_like_email, note_refused
from portal.web.sessions import current_session
from portal.web.staff.wording import CHANNELS, KINDS, REFUSALS, UNKNOWN_REFUSAL, WAYS
from portal.web.typed import KeptForm, beginning

LONG_TEXT = 4000
SHORT_TEXT = 200
ONE_OF_THESE = N_("Kies een van deze mogelijkheden.")
_DATE = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def written(values: Mapping[str, object]) -> dict[str, str]:
    """The values of a refusal as they are read: a day as it is typed here, everything else as it is."""
    return {name: f"{each:%d-%m-%Y}" if isinstance(each, date) else str(each) for name, each in values.items()}


class Said:
    """An error with values in it, as the templates read it."""

    def __init__(self, msgid: str, params: dict[str, object]) -> None:
        self.msgid = msgid
        self.params = written(params)


class StaffForm(KeptForm):
    """A form whose own refusals stand beside its fields; it begins with what was typed when a session ended."""

    def deny(self, refusal: Refused, field: str = "") -> None:
        """Shows why the rules refused, beside a field or above the form; what was typed stays."""
        self.say(Said(REFUSALS.get(refusal.code, UNKNOWN_REFUSAL), refusal.params), field)

    def say(self, error: str | Said, field: str = "") -> None:
        if field and field in self:
            self.refuse(field, error)
        else:
            self.form_errors.append(error)
            note_refused()

    @classmethod
    def begun(cls) -> Self:
        """To show before anything is posted: with what was typed when a session ended, else the one that is empty."""
        typed = beginning()
        return cls(**typed) if typed else cls._empty()

    @classmethod
    @cache
    def _empty(cls) -> Self:
        """In which nobody ever typed, nor will: the page that shows it gives it a key and a token of its own."""
        return cls(formdata=None, meta={"csrf": False})


class GetForm(StaffForm):
    """A form that only asks: its address can be shared."""

    class Meta(StaffForm.Meta):
        csrf = False


class OnceMixin:
    """The form carries a key of its own: sent twice, it acts once."""

    once = HiddenField(default=fresh_key)

    def digest(self) -> bytes:
        """The key as it is kept: bound to the session, so that nobody else's key meets it."""
        signed_in = current_session()
        owner = signed_in.login_id.hex if signed_in else ""
        data: str = self.once.data or ""
        return hashlib.sha256(f"{owner}|{data[:64]}".encode()).digest()


class VersionMixin:
    """The form remembers which version of the case it was shown for."""

    version = HiddenField()

    def seen(self) -> int:
        text: str = self.version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class DutchDateField(Field):  # type: ignore[misc]  # WTForms ships no types
    """A date as one types it: 31-12-2026, any separator, digits of any script; also 2026-12-31."""

    widget = TextInput()
    data: Any

    def __init__(self, label: str, validators: Any = None, **more: Any) -> None:
        self.raw = ""
        super().__init__(label, validators, **more)

    def _value(self) -> str:
        if self.raw:
            return self.raw
        return f"{self.data:%d-%m-%Y}" if isinstance(self.data, date) else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.raw = valuelist[0] if valuelist else ""
        self.data = None
        text = western_digits(without_marks(self.raw)).strip()
        if not text:
            return
        if found := _DATE.fullmatch(text):
            day, month, year = map(int, found.groups())
        elif found := _ISO_DATE.fullmatch(text):
            year, month, day = map(int, found.groups())
        else:
            raise ValueError(N_("Schrijf de datum zo: 31-12-2026."))
        try:
            self.data = date(year, month, day)
        except ValueError:
            raise ValueError(N_("Deze datum bestaat niet.")) from None


class Days(IntegerField):  # type: ignore[misc]
    """A number of days; None for what is no number, which is refused as one out of range is."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = western_digits(without_marks(valuelist[0] if valuelist else "")).strip()
        self.data = int(text) if re.fullmatch(r"-?[0-9]{1,6}", text) else None


class _Known:
    """A choice among those that stand when the form is checked, so that a view may set them after making the form."""

    choices: Any
    data: Any

    def pre_validate(self, form: Any) -> None:
        known = {choice.value for choice in self.choices or ()}
        chosen = self.data if isinstance(self.data, list) else [self.data] if self.data else []
        if not known.issuperset(chosen):
            raise ValidationError(ONE_OF_THESE)


class Select(_Known, SelectField):  # type: ignore[misc]
    def __init__(self, label: str, validators: Any = None, **more: Any) -> None:
        SelectField.__init__(self, label, validators, validate_choice=False, **more)


class Radio(_Known, RadioField):  # type: ignore[misc]
    def __init__(self, label: str, validators: Any = None, **more: Any) -> None:
        RadioField.__init__(self, label, validators, validate_choice=False, coerce=_text, **more)


class Boxes(_Known, SelectMultipleField):  # type: ignore[misc]
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: str, validators: Any = None, **more: Any) -> None:
        SelectMultipleField.__init__(self, label, validators, validate_choice=False, **more)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


class MayBeEmpty:
    """Only marks the label: a check of the form's own may still ask for it."""

    field_flags = {"optional": True}  # noqa: RUF012 - WTForms reads it from the class

    def __call__(self, form: Any, field: Field) -> None:
        return None


def choices(words: Iterable[tuple[Any, str]], empty: str = "") -> list[SelectChoice]:
    """What a field offers, with `empty` as the label of choosing nothing."""
    listed = [SelectChoice(str(code), label) for code, label in words]
    return [SelectChoice("", empty), *listed] if empty else listed


# --- coming in ------------------------------------------------------------------------------------------------------


class SignInForm(StaffForm):
    username = StringField(N_("Gebruikersnaam"), [Required(N_("Vul uw gebruikersnaam in.")), AtMost(SHORT_TEXT)])
    password = PasswordField(N_("Wachtwoord"), [Required(N_("Vul uw wachtwoord in.")), AtMost(1024)])


class AgainForm(StaffForm):
    password = PasswordField(N_("Uw wachtwoord"), [Required(N_("Vul uw wachtwoord in.")), AtMost(1024)])


class PasswordForm(StaffForm):
    current = PasswordField(N_("Wachtwoord van nu"), [Required(N_("Vul uw wachtwoord van nu in.")), AtMost(1024)])
    new = PasswordField(N_("Nieuw wachtwoord"), [Required(N_("Kies een nieuw wachtwoord.")), AtMost(1024)])
    again = PasswordField(
        N_("Nieuw wachtwoord, nog een keer"), [Required(N_("Typ het nieuwe wachtwoord nog een keer."))]
    )

    def validate_again(self, field: Field) -> None:
        if field.data != self.new.data:
            raise ValidationError(N_("De twee nieuwe wachtwoorden zijn niet gelijk."))


class ConfidentialityForm(StaffForm):
    accept = BooleanField(
        N_("Ik heb dit gelezen en ik houd mij eraan"), [Required(N_("Zet een vinkje als u zich hieraan houdt."))]
    )


class LanguageForm(StaffForm):
    language = Radio(
        N_("Taal van de pagina's"),
        choices=choices([("nl", "Nederlands"), ("en", "English")]),
        validators=[Required(ONE_OF_THESE)],
    )


# --- students --------------------------------------------------------------------------------------------------------


class SearchForm(StaffForm):
    """Posted, so that no name stands in an address or in a log."""

    act = HiddenField(default="search")
    q = StringField(N_("Naam, cursistnummer, e-mailadres of telefoon"), [AtMost(SHORT_TEXT)])


# --- a case ---------------------------------------------------------------------------------------------------------


class RecordForm(StaffForm, OnceMixin):
    channel = Radio(
        N_("Hoe kwam het binnen?"),
        choices=choices((code, words) for code, words in CHANNELS.items() if code is not Channel.PORTAL),
        validators=[Required(N_("Kies hoe het binnenkwam."))],
    )
    received_on = DutchDateField(
        N_("Op welke dag kwam het bij de school binnen?"), validators=[Required(N_("Vul de dag van ontvangst in."))]
    )
    kind = Radio(
        N_("Wat vraagt de cursist?"),
        choices=choices(KINDS.items()),
        validators=[Required(N_("Kies wat de cursist vraagt."))],
    )
    words = TextAreaField(N_("Wat vraagt de cursist, in eigen woorden?"), [MayBeEmpty(), AtMost(LONG_TEXT)])
    activities = Boxes(N_("Om welke verwerking gaat het?"), [MayBeEmpty()], choices=[])
    about = StringField(N_("Kenmerk van de zaak waarover de klacht gaat"), [Optional(), AtMost(20)])
    name = StringField(N_("Naam van de cursist"), [Required(N_("Vul de naam in.")), AtMost(SHORT_TEXT)])
    language = Select(N_("Taal van de cursist"), choices=[], validators=[Required(N_("Kies een taal."))])
    student_number = StringField(N_("Cursistnummer"), [Optional(), AtMost(40)])
    email = StringField(N_("E-mailadres"), [Optional(), Check(looks_like_email)])
    phone = StringField(N_("Telefoon"), [Optional(), AtMost(40)])
    address = TextAreaField(N_("Postadres"), [Optional(), AtMost(SHORT_TEXT)])
    helper = StringField(N_("Wie hielp de cursist?"), [Optional(), AtMost(SHORT_TEXT)])

    def validate_activities(self, field: Field) -> None:
        if self.kind.data == RequestKind.WITHDRAWAL.value and not field.data:
            raise ValidationError(N_("Kies welke toestemming de cursist intrekt."))

    def validate_words(self, field: Field) -> None:
        asks = {RequestKind.RECTIFICATION.value, RequestKind.ERASURE.value, RequestKind.RESTRICTION.value}
        if self.kind.data in asks | {RequestKind.COMPLAINT.value} and not (field.data or "").strip():
            raise ValidationError(N_("Schrijf op wat de cursist vraagt."))


class MatchForm(StaffForm, VersionMixin):
    student = Radio(N_("Welke cursist is het?"), choices=[], validators=[Required(N_("Kies een cursist."))])


class MessageForm(StaffForm, OnceMixin):
    text = TextAreaField(N_("Uw bericht aan de cursist"), [Required(N_("Schrijf een bericht.")), AtMost(LONG_TEXT)])


class AssignForm(StaffForm, VersionMixin):
    staff = Select(N_("Collega"), choices=[], validators=[Required(N_("Kies een collega."))])
    note = TextAreaField(N_("Wat moet de collega weten?"), [Optional(), AtMost(LONG_TEXT)])


class IdentityForm(StaffForm, VersionMixin):
    way = Radio(N_("Hoe weet u wie het is?"), choices=choices(WAYS.items()), validators=[Required(ONE_OF_THESE)])


class ExtendForm(StaffForm, VersionMixin):
    reason = Radio(N_("Waarom is er meer tijd nodig?"), choices=[], validators=[Required(N_("Kies een reden."))])
    days = Days(N_("Hoeveel dagen extra?"))
    words = TextAreaField(N_("Extra uitleg voor de cursist"), [Optional(), AtMost(LONG_TEXT)])


class ConfirmForm(StaffForm, VersionMixin):
    """A page that asks once more; only the button counts."""


class LiftForm(StaffForm, VersionMixin):
    words = TextAreaField(
        N_("Waarom stopt de beperking?"), [Required(N_("Schrijf waarom de beperking stopt.")), AtMost(LONG_TEXT)]
    )


class StepForm(StaffForm):
    state = Radio(
        N_("Hoe ging het?"),
        choices=choices([("done", N_("Klaar")), ("impossible", N_("Dit kan niet"))]),
        validators=[Required(ONE_OF_THESE)],
    )
    reason = Select(N_("Waarom kan het niet?"), choices=[])
    note = TextAreaField(N_("Wat is er gevonden of gedaan?"), [Optional(), AtMost(LONG_TEXT)])

    def ask_what_was_found(self, found: Iterable[tuple[str, Any]]) -> None:
        """A search that is done says at once what it came to: one question in place of two."""
        self.state.label.text = N_("Wat leverde het zoeken op?")
        self.state.choices = [*choices(found), *self.state.choices[1:]]

    def validate_reason(self, field: Field) -> None:
        if self.state.data == "impossible" and not field.data:
            raise ValidationError(N_("Kies waarom deze stap niet kan."))


class PostedForm(StaffForm, VersionMixin):
    letter = Radio(N_("Welke brief?"), choices=[], validators=[Required(ONE_OF_THESE)])
    on = DutchDateField(N_("Op welke dag ging de brief op de post?"), validators=[Required(N_("Vul de dag in."))])


class ViewReasonForm(StaffForm):
    reason = Radio(N_("Waarom opent u dit dossier?"), choices=[], validators=[Required(N_("Kies een reden."))])
