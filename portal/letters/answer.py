"""The written answer as data: one structure for the student's page, the staff's page, the letter and the archive.

Labels are Dutch texts of the catalogue (msgids), fixed when the answer is given, so that the same answer can be read
later, in any language, whatever the policy says by then. What staff wrote themselves is Dutch and not translated.
Values of the student stand apart with the level that shows them: without them the answer tells no data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from portal.domain.vocabulary import Level

Json = Any


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a field in its canonical form. `level` is what a student needs to see it."""

    dataset: str
    field: str
    label: str
    value: Json
    level: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What goes: fields of one dataset, in how many records."""

    dataset: str  # label
    fields: tuple[str, ...]  # labels
    records: int
    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays, until when and why. `until` None: until a day that is not known yet."""

    dataset: str  # label
    fields: tuple[str, ...]  # labels
    records: int
    verdict: str  # "keep" | "restrict"
    why: str  # text
    article: str  # of the GDPR
    law: str  # text; "" where no law obliges
    activity: str  # label of the use that keeps it
    until: date | None


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """One thing asked and the decision on it. `outcome` is None for a withdrawal: it takes effect without one."""

    subject: tuple[str, ...]  # labels, from the general to the particular
    which: tuple[Value, ...]  # what tells the record from others
    words: str  # the asker's own
    asked: tuple[Value, ...]
    outcome: str | None
    ground: str  # label
    article: str
    explanation: str
    reason: str  # of staff, untranslated
    changed: tuple[Value, ...]  # values as they were put right
    erased: tuple[Erased, ...] = ()
    kept: tuple[Kept, ...] = ()
    code: str = ""  # of the ground
    continues: str = ""  # what goes on all the same, on another basis
    consequence: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    code: str
    name: str  # text


@dataclass(frozen=True, slots=True)
class Route:
    """Where to go with the answer (GDPR 77, 79; UAVG 35)."""

    code: str
    name: str
    how: str
    website: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of carrying out, as far as it is. Not part of the archived answer."""

    task: str
    kind: str
    target: str  # code
    label: str  # text
    state: str  # open | done | impossible
    on: date | None
    note: str  # of staff, untranslated


@dataclass(frozen=True, slots=True)
class Answer:
    reference: str
    kind: str  # RequestKind
    gdpr: str  # article
    regulation: str  # article; "" where the regulation is silent
    received_on: date
    answer_by: date  # the date that was promised
    answered_on: date
    extended_days: int | None
    extension_reason: str  # text
    outcome: str | None
    language: str
    words: str  # the asker's own
    reply: str  # of staff, untranslated
    items: tuple[AnsweredItem, ...]
    recipients: tuple[Named, ...]  # actual ones, who are told (GDPR 19)
    holders: tuple[Named, ...]  # places outside the portal where it is done too
    signed_by: str  # text: the role that decided
    school: str
    contact: str
    contact_email: str
    contact_phone: str
    routes: tuple[Route, ...]
    nothing_held: bool = False  # access: nothing is kept about the asker
    lifted_after: bool = False  # what was set aside meanwhile is used again after this answer (GDPR 18(3))
    progress: tuple[Progress, ...] = ()
    done_on: date | None = None

    @property
    def late(self) -> bool:
        """Whether the answer came after the promised day."""
        return self.answered_on > self.answer_by

    @property
    def level(self) -> Level:
        """What a student needs to read all of it: its highest value's level, at least the address on file."""
        values = (value.level for item in self.items for value in (*item.which, *item.asked, *item.changed))
        return Level(max(values, default=Level.ADDRESS) or Level.ADDRESS)

    def shown_at(self, level: Level) -> Answer:
        """The answer as somebody of this level may read it: values that ask for more are left out."""
        return replace(self, items=tuple(_item_at(item, level) for item in self.items))


def _item_at(item: AnsweredItem, level: Level) -> AnsweredItem:
    def seen(values: Iterable[Value]) -> tuple[Value, ...]:
        return tuple(value for value in values if value.level <= level)

    return replace(item, which=seen(item.which), asked=seen(item.asked), changed=seen(item.changed))


# --- to and from plain JSON -------------------------------------------------------------------------------------------

T = TypeVar("T")


PLAIN = (str, int, bool, type(None))


def as_json(answer: Any) -> Json:
    """Plain JSON of the answer; dates as ISO text."""
    if isinstance(answer, tuple):
        return [each if each.__class__ in PLAIN else as_json(each) for each in answer]
    if isinstance(answer, date):
        return answer.isoformat()
    if is_dataclass(answer):
        names, values = _read_of(answer.__class__)
        told = zip(names, values(answer), strict=True)
        return {name: value if value.__class__ in PLAIN else as_json(value) for name, value in told}
    return answer


@cache
def _read_of(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The names of the fields of a class of two or more, and what reads them all at once."""
    names = tuple(each.name for each in fields(kind))
    return names, attrgetter(*names)


def from_json(stored: Mapping[str, Json]) -> Answer:
    """The answer that `as_json` wrote; what a later version added takes its default."""
    return _build(Answer, stored)


def _build(kind: type[T], stored: Mapping[str, Json]) -> T:
    hints = get_type_hints(kind)
    return kind(**{name: _read(hint, stored[name]) for name, hint in hints.items() if name in stored})


def _read(hint: Any, value: Json) -> Any:
    if value is None:
        return None
    if get_origin(hint) is UnionType:
        hint = next(each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is tuple:
        return tuple(_read(get_args(hint)[0], each) for each in value)
    if is_dataclass(hint) and isinstance(hint, type):
        return _build(hint, value)
    return date.fromisoformat(value) if hint is date else value
