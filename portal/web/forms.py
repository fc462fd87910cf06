"""What every form shares: Dutch messages as errors (translated where they are shown), typed text kept as it was typed.

WTForms' own translations are switched off: each check here carries a message of our catalogues.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable, Collection, Iterable
from typing import Any

from flask import g, request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.i18n import DummyTranslations
from wtforms.validators import StopValidation, ValidationError

from portal.i18n import N_

SWITCH = "switch_language"  # the button of a language while a form is being filled in
# Marks that turn the reading order of everything behind them: never part of a name, handy for a forger.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str | None) -> str:
    """What was typed without control characters and turning marks; white space at the ends goes."""
    kept = (
        each
        for each in unicodedata.normalize("NFC", text or "").replace("\r\n", "\n")
        if each in "\n\t" or (each not in TURNING and unicodedata.category(each) not in ("Cc", "Cs"))
    )
    return "".join(kept).strip()


def switching() -> bool:
    """Whether somebody pressed another language: what was typed is kept and nothing is checked."""
    return request.method == "POST" and bool(request.form.get(SWITCH))


class CheckedToken(FlaskForm.Meta.csrf_class):  # type: ignore[misc]  # Flask-WTF ships no types
    """Checks the token that came; a new one is made where a page shows it (pieces.hidden), not for each form."""

    def generate_csrf_token(self, csrf_token_field: Field) -> str:
        return ""


class BaseForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form of ours. `accepted` is the one question a view asks."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf_class = CheckedToken

        def get_translations(self, form: Form) -> DummyTranslations:
            return DummyTranslations()

    def accepted(self) -> bool:
        """Posted, not just to read it in another language, and right."""
        if request.method != "POST" or switching():
            return False
        right = bool(self.validate())
        if not right:
            note_refused()
        return right

    def refuse(self, name: str, message: object) -> None:
        """Adds an error that a service found, beside its field."""
        field = self[name]
        field.errors = [*field.errors, message]
        note_refused()


def note_refused() -> None:
    """The line that this request leaves in the log says that what was typed was refused (ASVS 16.3.1, 16.3.3)."""
    g.refused = True


def typed(names: Collection[str] = ()) -> dict[str, list[str]]:
    """What the posted form holds, as lists of texts; without the portal's own fields."""
    left_out = {"csrf_token", "once", SWITCH}
    posted = request.form.to_dict(flat=False)
    return {name: values for name, values in posted.items() if name not in left_out and (not names or name in names)}


def kept(values: dict[str, list[str]]) -> MultiDict[str, str]:
    """Typed values that a draft kept, as a form reads them."""
    return MultiDict([(name, value) for name, texts in values.items() for value in texts])


class Required:
    """Something must be filled in. The page says so in words, so no HTML attribute."""

    def __init__(self, message: str = N_("Vul hier iets in.")) -> None:
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        if not field.data or (isinstance(field.data, str) and not field.data.strip()):
            if field.errors:  # something was, which could not be read
                raise StopValidation()
            raise StopValidation(self.message)


class Optional:
    """May stay empty; the label says so."""

    field_flags = {"optional": True}  # noqa: RUF012 - WTForms reads it from the class

    def __call__(self, form: Form, field: Field) -> None:
        if not field.data or (isinstance(field.data, str) and not field.data.strip()):
            field.errors = []
            raise StopValidation()


class AtMost:
    def __init__(self, most: int, message: str = N_("Deze tekst is te lang.")) -> None:
        self.most = most
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        if len(field.data or "") > self.most:
            raise ValidationError(self.message)


class Check:
    """A check of ours: the function says what is wrong (a message), or nothing."""

    def __init__(self, wrong: Callable[[str], str | None]) -> None:
        self.wrong = wrong

    def __call__(self, form: Form, field: Field) -> None:
        if message := self.wrong(field.data or ""):
            raise ValidationError(message)


def looks_like_email(text: str) -> str | None:
    """Only what cannot be an address is refused here: whether it is known is nobody's business."""
    name, at, host = text.strip().rpartition("@")
    whole = at and name and "." in host.strip(".") and not any(each.isspace() for each in text.strip())
    return None if whole and len(text) <= 254 else N_("Dit is geen e-mailadres.")


def listed(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """(value, label) pairs as WTForms wants its choices."""
    return [SelectChoice(value, label) for value, label in pairs]


class Choices(SelectMultipleField):  # type: ignore[misc]  # WTForms ships no types
    """Boxes of which several may be ticked; unknown values are left out."""

    def __init__(self, label: str, validators: Any = None, choices: Iterable[Any] = (), **more: Any) -> None:
        super().__init__(label, validators, validate_choice=False, choices=listed(choices), **more)

    def process_formdata(self, valuelist: list[str]) -> None:
        known = {str(each.value) for each in self.choices or ()}
        self.data = [value for value in dict.fromkeys(valuelist) if value in known]


class OneOf(RadioField):  # type: ignore[misc]
    """One of several; an unknown value counts as none."""

    def __init__(self, label: str, validators: Any = None, choices: Iterable[Any] = (), **more: Any) -> None:
        super().__init__(label, validators, validate_choice=False, choices=listed(choices), **more)

    def process_formdata(self, valuelist: list[str]) -> None:
        known = {str(each.value) for each in self.choices or ()}
        chosen = valuelist[0] if valuelist else None
        self.data = chosen if chosen in known else None


def fresh_key() -> str:
    """An idempotency key for a form: sent twice, it acts once."""
    return secrets.token_urlsafe(24)
