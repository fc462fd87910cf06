"""A canonical value as a person reads it, in one language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from portal.domain.birth_date import parse as parse_birth_date
from portal.domain.vocabulary import FieldType
from portal.i18n import Speaker
from portal.letters import wording
from portal.policy.model import Field, Policy

# Types whose text reads from its own start in every language.
LEFT_TO_RIGHT = frozenset(
    {
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.POSTCODE,
        FieldType.BSN,
        FieldType.IBAN,
        FieldType.INTEGER,
        FieldType.DECIMAL,
        FieldType.BIRTH_DATE,
    }
)


def shown(policy: Policy, dataset: str, code: str, value: Any, speaker: Speaker) -> str:
    """The text of a value; a field that the policy no longer knows is shown as it was stored."""
    if value is None:
        return ""
    described = policy.datasets[dataset].fields.get(code) if dataset in policy.datasets else None
    return str(value) if described is None else _of_type(described, value, speaker)


def reads_left_to_right(policy: Policy, dataset: str, code: str) -> bool:
    described = policy.datasets[dataset].fields.get(code) if dataset in policy.datasets else None
    return described is not None and described.type in LEFT_TO_RIGHT


def _of_type(described: Field, value: Any, speaker: Speaker) -> str:
    match described.type:
        case FieldType.DATE:
            return speaker.date(date.fromisoformat(str(value)))
        case FieldType.BIRTH_DATE:
            return parse_birth_date(str(value)).dutch
        case FieldType.YES_NO:
            return speaker.gettext(wording.YES if value else wording.NO)
        case FieldType.MONEY:
            return speaker.money(Decimal(str(value)))
        case FieldType.CHOICE:
            labels = {choice.code: choice.label for choice in described.choices}
            return speaker.gettext(labels[value]) if value in labels else str(value)
        case _:
            return str(value)
