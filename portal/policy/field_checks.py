"""Whether datasets and fields hang together: groups, retention, guarded values and look-ups."""

from __future__ import annotations

from portal.domain.vocabulary import FieldType, Level, Sensitivity
from portal.policy import model
from portal.policy.faults import Faults, Found, twice

GUARDED_TYPES = frozenset({FieldType.BSN, FieldType.IBAN})
LOOKUP_TYPES = {
    "email": FieldType.EMAIL,
    "phone": FieldType.PHONE,
    "student_number": FieldType.TEXT,
    "name": FieldType.TEXT,
}


def fields(policy: model.Policy, faults: Faults) -> Found:
    """A field serves an activity, and guards its value as the regulation and the law ask."""
    unread = faults.unread("activity", "fields")
    for dataset in policy.datasets.values():
        for field in dataset.fields.values():
            key = f"dataset.{dataset.code}.field.{field.code}"
            if field.retention and field.retention not in policy.retention:
                yield f"{key}.retention", f"unknown retention class: {field.retention}"
            if not field.activities and not unread:
                yield key, "serves no activity"
            if not faults.within(key):
                yield from _field(key, field)


def _field(key: str, field: model.Field) -> Found:
    if field.group not in model.GROUPS and field.group != model.OWN_SECTION:
        yield f"{key}.group", f"unknown group: {field.group} (1 to 10, or {model.OWN_SECTION} for the own section)"
    if field.type in GUARDED_TYPES and field.sensitivity is Sensitivity.ORDINARY:
        yield f"{key}.sensitivity", "a citizen number or bank account is never ordinary"
    if field.sensitivity is not Sensitivity.ORDINARY and field.level < Level.SECOND_CHANNEL:
        yield f"{key}.level", "a sensitive or special field needs level 3"
    if _asked_at_level_two(field) and field.level < Level.KNOWLEDGE:
        yield f"{key}.level", "is an answer that level 2 asks for, so it needs level 2"
    if field.type is FieldType.CHOICE and not field.choices:
        yield f"{key}.choices", "a choice needs choices"
    if field.type is not FieldType.CHOICE and field.choices:
        yield f"{key}.choices", "only a field of type choice has choices"
    for code in twice(choice.code for choice in field.choices):
        yield f"{key}.choices", f"stands twice: {code}"
    for label in twice(choice.label for choice in field.choices):
        yield f"{key}.choices", f"label stands twice: {label}"
    for name in ("master", "evidence"):
        if getattr(field, name) and not field.correctable:
            yield f"{key}.{name}", "says how to correct a field that cannot be corrected"
    if field.hidden_from_staff and field.type not in {FieldType.TEXT, FieldType.LONG_TEXT}:
        yield f"{key}.hidden_from_staff", "only a text can be hidden from staff"
    if field.lookup:
        if field.sensitivity is not Sensitivity.ORDINARY or field.type in GUARDED_TYPES:
            yield f"{key}.lookup", "a citizen number or other sensitive field is never a look-up (UAVG 46)"
        elif field.type is not LOOKUP_TYPES[field.lookup]:
            yield f"{key}.lookup", f"needs a field of type {LOOKUP_TYPES[field.lookup]}"


def _asked_at_level_two(field: model.Field) -> bool:
    return field.type in {FieldType.BIRTH_DATE, FieldType.POSTCODE} or field.lookup == "student_number"


def lookups(policy: model.Policy) -> Found:
    """One field tells students apart."""
    fields = [field for dataset in policy.datasets.values() for field in dataset.fields.values()]
    numbers = [field for field in fields if field.lookup == "student_number"]
    if policy.datasets and not numbers:
        yield "dataset", "no field has the look-up student_number"
    for field in numbers[1:]:
        yield f"dataset.{field.dataset}.field.{field.code}.lookup", "a second field has the look-up student_number"


def datasets(policy: model.Policy) -> Found:
    """Keys and titles name fields of their own dataset."""
    for dataset in policy.datasets.values():
        for key in ("natural_key", "title"):
            for place, code in enumerate(getattr(dataset, key)):
                if code not in dataset.fields:
                    yield f"dataset.{dataset.code}.{key}[{place}]", f"unknown field: {code}"
                elif key == "natural_key" and not dataset.fields[code].required:
                    yield (
                        f"dataset.{dataset.code}.field.{code}.required",
                        "tells records apart, so it must be required",
                    )
