"""The forms of staff. Labels and errors are Dutch message ids; the templates translate them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
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
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from portal.domain.digits import western_digits, without_marks
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel, RequestKind
from portal.i18n import N_
from portal.web.sessions import current_session
from portal.web.staff.wording import CHANNELS, KINDS, REFUSALS, STATES, UNKNOWN_REFUSAL, WAYS

LONG_TEXT = 4000
SHORT_TEXT = 200
_DATE = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")

Check = Callable[[Any, Field], None]


class StaffForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form with CSRF whose own refusals stand beside its fields."""

    class Meta:
        locales = False  # our own message ids, translated by the templates

    def refuse(self, refusal: Refused, field: str = "") -> None:
        """Shows why the rules refused, beside a field or above the form; what was typed stays."""
        error = Said(REFUSALS.get(refusal.code, UNKNOWN_REFUSAL), refusal.params)
        self.say(error, field)

    def say(self, error: str | Said, field: str = "") -> None:
        if field and field in self:
            self[field].errors = [*self[field].errors, error]
        else:
            self.form_errors.append(error)


class Said:
    """An error with values in it, as the templates read it."""

    def __init__(self, msgid: str, params: dict[str, object]) -> None:
        self.msgid = msgid
        self.params = {name: str(value) for name, value in params.items()}


class OnceMixin:
    """The form carries a key of its own: sent twice, it acts once."""

    once = HiddenField(default=lambda: secrets.token_urlsafe(16))

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


def required(message: str) -> Check:
    def check(_form: Any, field: Field) -> None:
        if not (field.data.strip() if isinstance(field.data, str) else field.data):
            raise ValidationError(message)

    return check


def at_most(length: int) -> Check:
    def check(_form: Any, field: Field) -> None:
        if field.data and len(field.data) > length:
            raise ValidationError(N_("Deze tekst is te lang."))

    return check


class Optional:
    """Marks a field that may stay empty, for its label."""

    field_flags = {"optional": True}  # noqa: RUF012 - the name that WTForms reads

    def __call__(self, _form: Any, _field: Field) -> None:
        return None


class CheckboxesField(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class DutchDateField(Field):
    """A date as one types it: 31-12-2026, any separator, digits of any script; also 2026-12-31."""

    widget = TextInput()

    def __init__(self, label: str, **more: Any) -> None:
        self.raw = ""
        super().__init__(label, **more)

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


def choices(words: Iterable[tuple[Any, str]], empty: str = "") -> list[tuple[str, str]]:
    listed = [(str(code), label) for code, label in words]
    return [("", empty), *listed] if empty else listed


ONE_OF_THESE = N_("Kies een van deze mogelijkheden.")


class Radio(RadioField):
    """Radio buttons whose missing choice reads in our own words."""

    def __init__(self, label: str, **more: Any) -> None:
        more.setdefault("validate_choice", False)
        more.setdefault("coerce", lambda value: "" if value is None else str(value))
        super().__init__(label, **more)

    def pre_validate(self, form: Any) -> None:
        if self.data and self.data not in {str(code) for code, *_ in self.iter_choices()}:
            raise ValidationError(ONE_OF_THESE)


class Select(SelectField):
    def __init__(self, label: str, **more: Any) -> None:
        super().__init__(label, validate_choice=False, **more)

    def pre_validate(self, form: Any) -> None:
        if self.data and self.data not in {str(code) for code, *_ in self.iter_choices()}:
            raise ValidationError(ONE_OF_THESE)


# --- coming in ------------------------------------------------------------------------------------------------------


class SignInForm(StaffForm):
    username = StringField(N_("Gebruikersnaam"), [required(N_("Vul uw gebruikersnaam in.")), at_most(SHORT_TEXT)])
    password = PasswordField(N_("Wachtwoord"), [required(N_("Vul uw wachtwoord in.")), at_most(1024)])


class AgainForm(StaffForm):
    password = PasswordField(N_("Uw wachtwoord"), [required(N_("Vul uw wachtwoord in.")), at_most(1024)])


class PasswordForm(StaffForm):
    current = PasswordField(N_("Wachtwoord van nu"), [required(N_("Vul uw wachtwoord van nu in.")), at_most(1024)])
    new = PasswordField(N_("Nieuw wachtwoord"), [required(N_("Kies een nieuw wachtwoord.")), at_most(1024)])
    again = PasswordField(
        N_("Nieuw wachtwoord, nog een keer"), [required(N_("Typ het nieuwe wachtwoord nog een keer."))]
    )

    def validate_again(self, field: Field) -> None:
        if field.data != self.new.data:
            raise ValidationError(N_("De twee nieuwe wachtwoorden zijn niet gelijk."))


class ConfidentialityForm(StaffForm):
    accept = BooleanField(
        N_("Ik heb dit gelezen en ik houd mij eraan"), [required(N_("Zet een vinkje als u zich hieraan houdt."))]
    )


class LanguageForm(StaffForm):
    language = Radio(
        N_("Taal van de pagina's"),
        choices=[("nl", "Nederlands"), ("en", "English")],
        validators=[required(ONE_OF_THESE)],
    )


# --- the queue ------------------------------------------------------------------------------------------------------


class QueueForm(StaffForm):
    """A GET form: its address can be shared."""

    class Meta:
        csrf = False
        locales = False

    who = StringField(N_("Naam of nummer"), [at_most(SHORT_TEXT)])
    reference = StringField(N_("Kenmerk"), [at_most(20)])
    kind = Select(N_("Soort"), choices=choices(KINDS.items(), N_("Alle soorten")))
    state = Select(N_("Stand"), choices=choices(STATES.items(), N_("Alle standen")))
    channel = Select(N_("Binnengekomen via"), choices=choices(CHANNELS.items(), N_("Alle wegen")))
    branch = Select(N_("Vestiging"), choices=[])


class SearchForm(StaffForm):
    class Meta:
        csrf = False
        locales = False

    q = StringField(N_("Naam, cursistnummer, e-mailadres of telefoon"), [at_most(SHORT_TEXT)])


# --- a case ---------------------------------------------------------------------------------------------------------


class RecordForm(StaffForm, OnceMixin):
    kind = Radio(N_("Wat vraagt de cursist?"), choices=choices(KINDS.items()), validators=[required(ONE_OF_THESE)])
    channel = Radio(
        N_("Hoe kwam het binnen?"),
        choices=choices((code, words) for code, words in CHANNELS.items() if code is not Channel.PORTAL),
        validators=[required(ONE_OF_THESE)],
    )
    received_on = DutchDateField(
        N_("Op welke dag kwam het bij de school binnen?"), validators=[required(N_("Vul de dag van ontvangst in."))]
    )
    language = Select(N_("Taal van de cursist"), choices=[], validators=[required(N_("Kies een taal."))])
    name = StringField(N_("Naam van de cursist"), [required(N_("Vul de naam in.")), at_most(SHORT_TEXT)])
    student_number = StringField(N_("Cursistnummer"), [Optional(), at_most(40)])
    email = StringField(N_("E-mailadres"), [Optional(), at_most(254)])
    phone = StringField(N_("Telefoon"), [Optional(), at_most(40)])
    address = TextAreaField(N_("Postadres"), [Optional(), at_most(SHORT_TEXT)])
    words = TextAreaField(N_("Wat vraagt de cursist, in eigen woorden?"), [Optional(), at_most(LONG_TEXT)])
    activities = CheckboxesField(N_("Om welke verwerking gaat het?"), [Optional()], choices=[], validate_choice=False)
    about = StringField(N_("Kenmerk van de zaak waarover de klacht gaat"), [Optional(), at_most(20)])
    helper = StringField(N_("Wie hielp de cursist?"), [Optional(), at_most(SHORT_TEXT)])

    def validate_email(self, field: Field) -> None:
        text = without_marks(field.data or "").strip()
        if text and not re.fullmatch(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+", text):
            raise ValidationError(N_("Dit is geen e-mailadres."))

    def validate_activities(self, field: Field) -> None:
        if self.kind.data == RequestKind.WITHDRAWAL.value and not field.data:
            raise ValidationError(N_("Kies welke toestemming de cursist intrekt."))

    def validate_words(self, field: Field) -> None:
        asks = {RequestKind.RECTIFICATION.value, RequestKind.ERASURE.value, RequestKind.RESTRICTION.value}
        if self.kind.data in asks | {RequestKind.COMPLAINT.value} and not (field.data or "").strip():
            raise ValidationError(N_("Schrijf op wat de cursist vraagt."))


class MatchForm(StaffForm, VersionMixin):
    student = Radio(N_("Welke cursist is het?"), choices=[], validators=[required(N_("Kies een cursist."))])


class MessageForm(StaffForm, OnceMixin):
    text = TextAreaField(N_("Uw bericht aan de cursist"), [required(N_("Schrijf een bericht.")), at_most(LONG_TEXT)])


class AssignForm(StaffForm, VersionMixin):
    staff = Select(N_("Collega"), choices=[], validators=[required(N_("Kies een collega."))])
    note = TextAreaField(N_("Wat moet de collega weten?"), [Optional(), at_most(LONG_TEXT)])


class IdentityForm(StaffForm, VersionMixin):
    way = Radio(N_("Hoe weet u wie het is?"), choices=choices(WAYS.items()), validators=[required(ONE_OF_THESE)])


class ExtendForm(StaffForm, VersionMixin):
    reason = Radio(N_("Waarom is er meer tijd nodig?"), choices=[], validators=[required(N_("Kies een reden."))])
    days = IntegerField(N_("Hoeveel dagen extra?"))
    words = TextAreaField(N_("Extra uitleg voor de cursist"), [Optional(), at_most(LONG_TEXT)])


class ConfirmForm(StaffForm, VersionMixin):
    """A page that asks once more; only the button counts."""


class LiftForm(StaffForm, VersionMixin):
    words = TextAreaField(
        N_("Waarom stopt de beperking?"), [required(N_("Schrijf waarom de beperking stopt.")), at_most(LONG_TEXT)]
    )


class StepForm(StaffForm):
    state = Radio(
        N_("Hoe ging het?"),
        choices=[("done", N_("Klaar")), ("impossible", N_("Dit kan niet"))],
        validators=[required(ONE_OF_THESE)],
    )
    reason = Select(N_("Waarom kan het niet?"), choices=[])
    note = TextAreaField(N_("Wat is er gevonden of gedaan?"), [Optional(), at_most(LONG_TEXT)])

    def validate_reason(self, field: Field) -> None:
        if self.state.data == "impossible" and not field.data:
            raise ValidationError(N_("Kies waarom deze stap niet kan."))


class ViewReasonForm(StaffForm):
    reason = Radio(N_("Waarom opent u dit dossier?"), choices=[], validators=[required(N_("Kies een reden."))])


# --- accounts -------------------------------------------------------------------------------------------------------


class AccountForm(StaffForm):
    name = StringField(N_("Naam"), [required(N_("Vul de naam in.")), at_most(120)])
    username = StringField(N_("Gebruikersnaam"), [required(N_("Vul een gebruikersnaam in.")), at_most(64)])
    email = StringField(N_("E-mailadres van het werk"), [required(N_("Vul het e-mailadres in.")), at_most(254)])
    roles = CheckboxesField(
        N_("Rollen"), choices=[], validate_choice=False, validators=[required(N_("Kies minstens één rol."))]
    )
    branches = CheckboxesField(N_("Vestigingen van de behandelaar"), [Optional()], choices=[], validate_choice=False)
