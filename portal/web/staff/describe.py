"""Says what items, values and steps are about, in the reader's language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from markupsafe import Markup

from portal.domain.birth_date import NotABirthDate
from portal.domain.birth_date import parse as parse_birth_date
from portal.domain.vocabulary import FieldType, StepKind, TargetKind
from portal.i18n import N_, Speaker
from portal.policy.model import Field, Policy
from portal.services.case_lines import StepLine
from portal.web.language import current_speaker
from portal.web.pieces import tag
from portal.web.staff.blueprint import policy
from portal.web.staff.wording import TARGETS, TASKS

LTR = frozenset(
    {FieldType.EMAIL, FieldType.PHONE, FieldType.POSTCODE, FieldType.BSN, FieldType.IBAN, FieldType.DATE}
    | {FieldType.BIRTH_DATE, FieldType.MONEY, FieldType.INTEGER, FieldType.DECIMAL}
)


YES, NO, THIS_PORTAL, TODAY = N_("ja"), N_("nee"), N_("dit portaal"), N_("vandaag")
SOON = 7  # days


class About(Protocol):
    """Whatever says what it is about."""

    @property
    def target(self) -> TargetKind: ...
    @property
    def dataset(self) -> str | None: ...
    @property
    def field(self) -> str | None: ...
    @property
    def group(self) -> int | None: ...
    @property
    def activity(self) -> str | None: ...


def subject(about: About) -> str:
    """What one item is about: the field, the record, the group or the activity by its name."""
    return subject_in(current_speaker(), policy(), about)


def subject_in(speaker: Speaker, rules: Policy, about: About) -> str:
    if about.target is TargetKind.GROUP and about.group is not None:
        group = rules.groups.get(about.group, rules.own_section)
        return speaker.text(group.for_staff)
    activity = rules.activities.get(about.activity or "")
    if about.target is TargetKind.ACTIVITY and activity is not None:
        return speaker.text(activity.label)
    dataset = rules.datasets.get(about.dataset or "")
    field = field_of(about, rules)
    if field is not None:
        return speaker.text(field.label)
    if dataset is not None:
        return speaker.text(dataset.label)
    return speaker.text(TARGETS[about.target])


def matter(speaker: Speaker, rules: Policy, about: About | None, parts: int) -> str:
    """What a case of a list is about: the one thing, else how many."""
    if about is not None:
        return subject_in(speaker, rules, about)
    return speaker.plural("%(num)d onderdeel", "%(num)d onderdelen", parts) if parts else ""


def days_left(days: int) -> Markup:
    """Days to the due date in words, never colour alone; negative when it is late."""
    return days_left_in(current_speaker(), days)


@lru_cache(maxsize=1024)
def days_left_in(speaker: Speaker, days: int) -> Markup:
    if days < 0:
        return tag("late", speaker.plural("%(num)d dag te laat", "%(num)d dagen te laat", -days), "warning")
    if days == 0:
        return tag("late", speaker.text(TODAY), "clock")
    left = speaker.plural("nog %(num)d dag", "nog %(num)d dagen", days)
    return tag("soon", left, "clock") if days <= SOON else tag("ok", left)


def field_of(about: About, rules: Policy | None = None) -> Field | None:
    dataset = (rules or policy()).datasets.get(about.dataset or "")
    return dataset.fields.get(about.field or "") if dataset else None


def value(field: Field | None, kept: object) -> str:
    """A stored value as one reads it; "" for nothing."""
    if kept is None or kept == "":
        return ""
    speaker = current_speaker()
    if field is None:
        return ", ".join(f"{key}: {each}" for key, each in kept.items()) if isinstance(kept, dict) else str(kept)
    return _readable(speaker, field, kept)


def _readable(speaker: Speaker, field: Field, kept: object) -> str:
    text = str(kept)
    if field.type is FieldType.CHOICE:
        label = next((choice.label for choice in field.choices if choice.code == kept), text)
        return speaker.text(label)
    if field.type is FieldType.YES_NO:
        return speaker.text(YES if kept else NO)
    if field.type is FieldType.DATE:
        try:
            return speaker.numeric_date(date.fromisoformat(text))
        except ValueError:
            return text
    if field.type is FieldType.BIRTH_DATE:
        try:
            return parse_birth_date(text).dutch
        except NotABirthDate:
            return text
    if field.type is FieldType.MONEY:
        return speaker.money(Decimal(text))
    return text


def values(about: About, kept: object) -> str:
    """A value, or the values of a whole record by their labels."""
    dataset = policy().datasets.get(about.dataset or "")
    if isinstance(kept, dict) and dataset is not None:
        fields = dataset.fields
        parts = (
            f"{current_speaker().text(fields[code].label)}: {value(fields[code], each)}"
            for code, each in kept.items()
            if code in fields
        )
        return "; ".join(parts)
    return value(field_of(about), kept)


def shape(field: Field | None) -> str:
    """How a value is set apart from the sentence around it: "ltr" or "words"."""
    return "ltr" if field is not None and field.type in LTR else "words"


def step(line: StepLine) -> str:
    speaker = current_speaker()
    return speaker.text(TASKS.get(line.task, "%(target)s"), target=step_target(line))


def step_target(line: StepLine) -> str:
    rules, speaker = policy(), current_speaker()
    if line.kind is StepKind.HOLDER and line.target in rules.holders:
        return speaker.text(rules.holders[line.target].label)
    if line.kind is StepKind.RECIPIENT and line.target in rules.recipients:
        return rules.recipients[line.target].name
    if line.kind is StepKind.ACTIVITY and line.target in rules.activities:
        return speaker.text(rules.activities[line.target].label)
    return speaker.text(THIS_PORTAL)


def step_place(line: StepLine) -> tuple[str, str]:
    """Where it lies and who holds the key, from the policy; nothing where there is no place."""
    holder = policy().holders.get(line.target) if line.kind is StepKind.HOLDER else None
    if holder is None:
        return "", ""
    say = current_speaker().text
    return say(holder.place), say(holder.keeper)


def step_help(line: StepLine) -> str:
    """What to do there, from the policy: a Dutch message of the student catalogue, told to staff."""
    holder = policy().holders.get(line.target) if line.kind is StepKind.HOLDER else None
    if holder is None:
        return ""
    texts = {
        "search": holder.search,
        "correct": holder.correct,
        "erase": holder.erase,
        "restrict": holder.restrict,
    }
    said = texts.get(line.task, "")
    return current_speaker().text(said) if said else ""
