"""What can be wrong with an export or a value: faults that stop an import, and why a value cannot be right.

Codes are stable: they appear in reports as JSON. Texts are msgids in plain Dutch, for they also stand beside a form's
field when a student's correction cannot be right. No text ever holds a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.i18n import N_
from portal.intake.reasons import ARCHIVES, IMAGES, ROWS, STRUCTURE


class StructuralFault(Exception):
    """An export or a mapping that cannot be read at all: nothing of it may be written.

    `file` is the name inside the folder (or the mapping's), `column` the column or key at fault ("" when it is the
    file), `reason` a code of reasons.STRUCTURE, `detail` names of columns or codes, never a student's value.
    """

    def __init__(self, file: str, column: str, reason: str, detail: str = "") -> None:
        super().__init__(file, column, reason, detail)
        self.file = file
        self.column = column
        self.reason = reason
        self.detail = detail

    def as_json(self) -> dict[str, str]:
        names = ("file", "column", "reason", "detail")
        return {name: getattr(self, name) for name in names} | {"text": STRUCTURE[self.reason]}

    def __str__(self) -> str:
        place = f"{self.file}, {self.column}" if self.column else self.file
        text = STRUCTURE[self.reason]
        return f"{place}: {text} ({self.detail})" if self.detail else f"{place}: {text}"


class BadStructure(Exception):
    """All structural faults of one export, so that a school mends them in one go."""

    def __init__(self, faults: tuple[StructuralFault, ...]) -> None:
        super().__init__(*faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class BadValue(ValueError):
    """A value that cannot be right; `code` is a key of VALUES. The value itself is not kept in the error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def msgid(self) -> str:
        return VALUES[self.code]


VALUES: Mapping[str, str] = MappingProxyType(
    {
        "required": N_("Vul hier iets in."),
        "too_long": N_("Deze tekst is te lang."),
        "control_character": N_("Deze tekst bevat tekens die niet mogen."),
        "not_a_date": N_("Dit is geen datum. Schrijf bijvoorbeeld 31-12-2025."),
        "impossible_date": N_("Deze datum bestaat niet."),
        "date_out_of_range": N_("Dit jaar kan niet kloppen."),
        "birth_date_in_future": N_("Een geboortedatum ligt niet in de toekomst."),
        "not_a_number": N_("Dit is geen getal."),
        "not_an_integer": N_("Dit is geen heel getal."),
        "negative": N_("Dit getal is lager dan 0."),
        "too_large": N_("Dit getal is te groot."),
        "ambiguous_number": N_("Dit getal is niet duidelijk. Schrijf bijvoorbeeld 1234,00."),
        "too_precise": N_("Een bedrag heeft hoogstens 2 cijfers achter de komma."),
        "not_yes_no": N_("Kies ja of nee."),
        "unknown_choice": N_("Deze keuze kennen wij niet."),
        "bad_email": N_("Dit is geen e-mailadres."),
        "bad_phone": N_("Dit is geen telefoonnummer."),
        "bad_postcode": N_("Dit is geen Nederlandse postcode."),
        "bad_bsn": N_("Dit burgerservicenummer klopt niet."),
        "bad_iban": N_("Dit rekeningnummer klopt niet."),
        "bad_student_number": N_("Dit cursistnummer klopt niet."),
        "not_canonical": N_("Deze waarde heeft een verkeerde vorm."),
        "image_not_text": N_("Hier hoort een afbeelding."),
    }
)


def text_of(code: str) -> str:
    """The Dutch msgid of a reason code, or KeyError."""
    for table in (VALUES, ROWS, IMAGES, STRUCTURE, ARCHIVES):
        if code in table:
            return table[code]
    raise KeyError(code)
