"""The forms of accounts: second factor, reset, designations. Labels and errors are Dutch message ids."""

from __future__ import annotations

from wtforms import Field, HiddenField, PasswordField, StringField, TextAreaField, ValidationError

from portal.i18n import N_
from portal.web.forms import AtMost, Check, Optional, Required, looks_like_email
from portal.web.staff.forms import (
    ONE_OF_THESE,
    Boxes,
    DutchDateField,
    MayBeEmpty,
    Radio,
    Select,
    StaffForm,
    choices,
)

LONGEST_REASON = 300
LONGEST_ANSWER = 16_384  # characters of a passkey's answer
NOW, LATER = "now", "later"


class ActForm(StaffForm):
    """A button, or what a script sends; `act` tells several on one page apart."""

    act = HiddenField()


class AppForm(StaffForm):
    act = HiddenField(default="totp")
    code = StringField(N_("Code uit de app"), [Required(N_("Typ de code van zes cijfers.")), AtMost(40)])


class RecoveryForm(StaffForm):
    act = HiddenField(default="recovery")
    code = StringField(N_("Herstelcode"), [Required(N_("Typ een van uw herstelcodes.")), AtMost(100)])


class ConfirmAppForm(AppForm):
    act = HiddenField(default="confirm")


class PasskeyForm(StaffForm):
    """Sent by the page's script, with the answer of the browser."""

    act = HiddenField(default="passkey")
    answer = HiddenField(validators=[Required(N_("De passkey gaf geen antwoord.")), AtMost(LONGEST_ANSWER)])


class NewPasskeyForm(PasskeyForm):
    name = StringField(
        N_("Naam voor deze passkey"), [Required(N_("Geef de passkey een naam, bijvoorbeeld: laptop.")), AtMost(60)]
    )


class ResetForm(StaffForm):
    new = PasswordField(N_("Nieuw wachtwoord"), [Required(N_("Kies een nieuw wachtwoord.")), AtMost(1024)])
    again = PasswordField(
        N_("Nieuw wachtwoord, nog een keer"), [Required(N_("Typ het nieuwe wachtwoord nog een keer."))]
    )

    def validate_again(self, field: Field) -> None:
        if field.data != self.new.data:
            raise ValidationError(N_("De twee nieuwe wachtwoorden zijn niet gelijk."))


class AccountForm(StaffForm):
    name = StringField(N_("Naam"), [Required(N_("Vul de naam in.")), AtMost(120)])
    username = StringField(N_("Gebruikersnaam"), [Required(N_("Vul een gebruikersnaam in.")), AtMost(64)])
    email = StringField(
        N_("E-mailadres van het werk"), [Required(N_("Vul het e-mailadres in.")), Check(looks_like_email)]
    )
    roles = Boxes(N_("Rollen"), choices=[], validators=[Required(N_("Kies minstens één rol."))])
    branches = Boxes(N_("Vestigingen van de behandelaar"), [Optional()], choices=[])


class ReasonForm(StaffForm):
    reason = TextAreaField(N_("Waarom is dit nodig?"), [Required(N_("Schrijf waarom.")), AtMost(LONGEST_REASON)])


class DesignateForm(StaffForm):
    role = Radio(N_("Rol"), choices=[], validators=[Required(N_("Kies een rol."))])
    branch = Select(N_("Vestiging"), [MayBeEmpty()], choices=[])
    since = DutchDateField(N_("Eerste dag"), validators=[MayBeEmpty()])
    until = DutchDateField(N_("Laatste dag"), validators=[MayBeEmpty()])


class EndForm(StaffForm):
    when = Radio(
        N_("Wanneer eindigt deze rol?"),
        choices=choices([(NOW, N_("Nu meteen")), (LATER, N_("Na een laatste dag"))]),
        validators=[Required(ONE_OF_THESE)],
    )
    last_day = DutchDateField(N_("Laatste dag"), validators=[MayBeEmpty()])

    def validate_last_day(self, field: Field) -> None:
        if self.when.data == LATER and field.data is None and not field.errors:
            raise ValidationError(N_("Vul de laatste dag in."))


class MoveForm(StaffForm):
    branch = Select(N_("Nieuwe vestiging"), choices=[], validators=[Required(N_("Kies een vestiging."))])
