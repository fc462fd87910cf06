"""One typed value: read from what people and systems write, checked by the field's libraries, made canonical.

The same functions read a school's export and check the correction a student asks for, so both are refused for the same
reasons. A canonical value is a str, int or bool that JSON can hold; reading it again yields itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from portal.domain.birth_date import NotABirthDate
from portal.domain.birth_date import parse as parse_birth_date
from portal.domain.digits import western_digits, without_marks
from portal.domain.vocabulary import FieldType
from portal.intake.cells import Cell
from portal.intake.faults import BadValue
from portal.policy.model import Field

Value = str | int | bool

MAX_TEXT = 500
MAX_LONG_TEXT = 10_000
MAX_INTEGER = 10**12
FIRST_YEAR, LAST_YEAR = 1900, 2199

_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_MONEY_SIGN = re.compile(r"^(?:€|EUR)\s*|\s*(?:€|EUR)$", re.IGNORECASE)
_NUMBER = re.compile(r"-?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?|-?\d{1,3}(?:,\d{3})+\.\d+|-?\d+\.\d+")
_LOST_INSIDE = re.compile(r"\?(?=[^\W\d_]|\.)")
_GARBLED = re.compile("[ÂÃÄÅ][\u0080-\u00bf\u0152-\u0192\u02c6-\u2122]")
# Marks that turn the reading order of everything behind them; joiners and single direction marks are part of words.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_YES = frozenset({"ja", "j", "yes", "y", "true", "waar", "1"})
_NO = frozenset({"nee", "n", "no", "false", "onwaar", "0"})


def parse_value(field: Field, raw: str, *, today: date | None = None) -> Value | None:
    """The canonical value of what was written; None for nothing at all.

    Raises BadValue with a code of faults.VALUES. With `today`, a birth date may not lie in the future.
    Accepts a canonical value as it stands: parse_value(field, str(parse_value(field, x))) is the same value.
    """
    text = raw.strip()
    if not text:
        if field.required:
            raise BadValue("required")
        return None
    if field.type is FieldType.CHOICE:
        return _choice(field, text)
    value = _READERS[field.type](text)
    if today is not None and field.type is FieldType.BIRTH_DATE and str(value) > today.isoformat():
        raise BadValue("birth_date_in_future")
    return value


def check_value(field: Field, value: object) -> Value | None:
    """A canonical value, returned as it is; BadValue where it is missing, of the wrong type or not canonical."""
    if value is None:
        return parse_value(field, "")
    if field.type is FieldType.IMAGE:
        if isinstance(value, str) and value:
            return value
        raise BadValue("image_not_text")
    if not isinstance(value, str | int | bool):
        raise BadValue("not_canonical")
    parsed = parse_value(field, cell_text(value))
    if type(parsed) is not type(value) or parsed != value:
        raise BadValue("not_canonical")
    return parsed


def letter_hint(field: Field, value: object) -> str:
    """Whether a short text lost letters on its way through an older system: "letter_lost", "letter_garbled" or ""."""
    if field.type is not FieldType.TEXT or not isinstance(value, str):
        return ""
    if "?" in value and (field.lookup == "name" or _LOST_INSIDE.search(value)):
        return "letter_lost"
    if value.isascii():
        return ""
    if "\ufffd" in value:
        return "letter_lost"
    return "letter_garbled" if _GARBLED.search(value) else ""


def cell_text(cell: Cell) -> str:
    """A typed cell of a spreadsheet as a person would have written it in a text file."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "ja" if cell else "nee"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(Decimal(repr(cell)), "f")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


def masked(raw: str) -> str:
    """What a report may show of a value: its first sign and roughly how long it is."""
    text = raw.strip()
    if not text:
        return ""
    for limit in (3, 7, 15, 31, 63):
        if len(text) <= limit:
            return f"{text[0]}… (≤{limit})"
    return f"{text[0]}… (>63)"


# --- readers, one per type: str (not empty, no blanks around) -> canonical value, or BadValue


def _plain(text: str) -> str:
    return text if text.isascii() else western_digits(without_marks(text)).strip()


def _line(text: str) -> str:
    return _clean(" ".join(text.split()), MAX_TEXT)


def _text(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return _clean("\n".join(lines).strip(), MAX_LONG_TEXT)


def _clean(text: str, limit: int) -> str:
    if text.isascii():
        if not text.isprintable() and any((sign < " " and sign != "\n") or sign == "\x7f" for sign in text):
            raise BadValue("control_character")
    else:
        text = unicodedata.normalize("NFC", text)
        if any(sign in _TURNING or (unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n") for sign in text):
            raise BadValue("control_character")
    if len(text) > limit:
        raise BadValue("too_long")
    return text


def read_date(text: str) -> str:
    """A full date as people and systems write it, as YYYY-MM-DD; or BadValue."""
    text = _plain(text)
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = map(int, found.groups())
    elif found := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, found.groups())
    else:
        raise BadValue("not_a_date")
    try:
        result = date(year, month, day)
    except ValueError as error:
        raise BadValue("impossible_date") from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadValue("date_out_of_range")
    return result.isoformat()


def _birth_date(text: str) -> str:
    try:
        return str(parse_birth_date(text))
    except NotABirthDate as error:
        raise BadValue("impossible_date" if error.code == "birth_date_impossible" else "not_a_date") from error


def _number(text: str) -> Decimal:
    """Dutch notation (1.234,56), plain (1234.56) and the one unmistakable English form (1,234.56)."""
    text = _plain(text).replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("\u2212", "-")
    if not _NUMBER.fullmatch(text):
        raise BadValue("not_a_number")
    if "," in text and "." in text:
        text = text.replace(".", "").replace(",", ".") if text.rindex(",") > text.rindex(".") else text.replace(",", "")
    elif "," in text:
        text = text.replace(",", ".")
    elif text.count(".") > 1:
        text = text.replace(".", "")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise BadValue("not_a_number") from error
    if number < 0:
        raise BadValue("negative")
    if number > MAX_INTEGER:
        raise BadValue("too_large")
    return number


def _integer(text: str) -> int:
    text = _plain(text)
    if re.fullmatch(r"-\d+", text):
        raise BadValue("negative")
    if not re.fullmatch(r"\d{1,15}", text):
        raise BadValue("not_an_integer" if re.fullmatch(r"[\d.,]+", text) else "not_a_number")
    if (number := int(text)) > MAX_INTEGER:
        raise BadValue("too_large")
    return number


def _decimal(text: str) -> str:
    number = _number(text)
    plain = format(number, "f")
    if len(plain) > 30:
        raise BadValue("too_large")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _money(text: str) -> str:
    text = _MONEY_SIGN.sub("", text).removesuffix(",-").removesuffix(",--")
    if re.fullmatch(r"-?\d{1,3}[.,]\d{3}", text):
        raise BadValue("ambiguous_number")  # 1.234: a thousand and more, or one and a bit
    number = _number(text)
    if number != number.quantize(Decimal("0.01")):
        raise BadValue("too_precise")
    return format(number.quantize(Decimal("0.01")), "f")


def _yes_no(text: str) -> bool:
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadValue("not_yes_no")


def _choice(field: Field, text: str) -> str:
    for choice in field.choices:
        if text == choice.code:
            return choice.code
    word = " ".join(text.split()).casefold()
    for choice in field.choices:
        if word == choice.label.casefold():
            return choice.code
    raise BadValue("unknown_choice")


def _email(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(
            text if text.isascii() else without_marks(text), check_deliverability=False, allow_smtputf8=True
        ).normalized
    except EmailNotValidError as error:
        raise BadValue("bad_email") from error


def _phone(text: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(_plain(text), "NL")
    except phonenumbers.NumberParseException as error:
        raise BadValue("bad_phone") from error
    if number.extension or not phonenumbers.is_valid_number(number):
        raise BadValue("bad_phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _postcode(text: str) -> str:
    from stdnum.exceptions import ValidationError
    from stdnum.nl import postcode

    try:
        return postcode.validate(_plain(text))
    except ValidationError as error:
        raise BadValue("bad_postcode") from error


def _bsn(text: str) -> str:
    from stdnum.exceptions import ValidationError
    from stdnum.nl import bsn

    try:
        return bsn.validate(_plain(text))
    except ValidationError as error:
        raise BadValue("bad_bsn") from error


def _iban(text: str) -> str:
    from stdnum import iban
    from stdnum.exceptions import ValidationError

    try:
        return iban.validate(_plain(text))
    except ValidationError as error:
        raise BadValue("bad_iban") from error


def _image(_text: str) -> str:
    raise BadValue("image_not_text")


_READERS: Mapping[FieldType, Callable[[str], Value]] = MappingProxyType(
    {
        FieldType.TEXT: _line,
        FieldType.LONG_TEXT: _text,
        FieldType.DATE: read_date,
        FieldType.BIRTH_DATE: _birth_date,
        FieldType.INTEGER: _integer,
        FieldType.DECIMAL: _decimal,
        FieldType.MONEY: _money,
        FieldType.YES_NO: _yes_no,
        FieldType.EMAIL: _email,
        FieldType.PHONE: _phone,
        FieldType.POSTCODE: _postcode,
        FieldType.BSN: _bsn,
        FieldType.IBAN: _iban,
        FieldType.IMAGE: _image,
    }
)
