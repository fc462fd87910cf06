"""The policy as typed, frozen data: what a school promised (regulation; GDPR 13-15 and 30).

Every text is Dutch, the master language, and a message of the student catalogue. Codes are stable: they are stored in
records, cases and exports. `assumed` marks what the school's regulation does not settle and the school must confirm.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from typing import Any, TypeVar, cast

from portal.domain.vocabulary import FieldType, LegalBasis, Level, RequestKind, Role, Sensitivity, Source

T = TypeVar("T")
GROUPS = range(1, 11)  # the ten groups of data (regulation, art. 3.1)
OWN_SECTION = 11  # `Field.group` of what is kept about agreeing and sharing itself: the section after the ten groups


@dataclass(frozen=True, slots=True)
class Controller:
    name: str
    address: str
    postcode: str
    town: str
    country: str
    email: str
    phone: str
    website: str
    representative: str  # who signs for the controller
    contact_name: str  # to whom requests go (regulation, art. 9.4)
    contact_email: str
    contact_phone: str
    desk_hours: str
    joint_controllers: tuple[str, ...] = ()
    data_protection_officer: str = ""  # name and how to reach; "" where none was appointed (GDPR 37)
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Regulation:
    title: str
    version: str
    in_force_since: date
    chapters: tuple[Chapter, ...]  # the regulation in plain words


@dataclass(frozen=True, slots=True)
class Chapter:
    code: str
    title: str
    paragraphs: tuple[str, ...]
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """The clock (regulation, art. 9.5); days are calendar days."""

    answer_days: int  # 28
    extension_days: int  # at most, counted from the original due date: 28
    extension_draft_day: int  # 24: when an undecided case gets the draft of an extension
    warn_days_before: tuple[int, ...]  # (7, 2, 0)
    complaint_days: int
    closing_days: tuple[date, ...] = ()  # days the school is closed beside weekends and Dutch holidays
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class RetentionClass:
    code: str
    label: str
    years: int  # 0 with days > 0 for classes of the portal's own
    days: int
    starts: str  # "programme_end" | "case_closed" | "created"
    explanation: str
    law: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One of the ten groups of data (regulation, art. 3.1), numbered 1 to 10; the own section is numbered 11."""

    number: int
    code: str
    label: str  # as its student reads it
    explanation: str
    icon: str
    assumed: bool = False
    staff_label: str = ""  # as staff read it; empty: the same

    @property
    def for_staff(self) -> str:
        return self.staff_label or self.label


@dataclass(frozen=True, slots=True)
class Choice:
    code: str  # as stored
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    code: str
    dataset: str
    label: str
    type: FieldType
    group: int
    source: Source
    sensitivity: Sensitivity
    level: Level  # needed to see the value
    retention: str  # code of a RetentionClass; a field may differ from its dataset's
    correctable: bool
    required: bool = False
    choices: tuple[Choice, ...] = ()
    activities: tuple[str, ...] = ()  # codes of the activities it serves: at least one
    hidden_from_staff: bool = False  # its values are checked at import: one that names an illness is hidden from staff
    master: str = ""  # where a correction must start: "BRP" or "DUO"; "" when here
    evidence: str = ""  # which document shows the right value, as asked of the student; "" when none
    lookup: str = ""  # "email" | "student_number" | "phone" | "name": hashed for look-up (never a citizen number)
    help: str = ""
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """A kind of record. `natural_key` tells two records of one student apart; empty means at most one a student."""

    code: str
    label: str
    label_plural: str
    fields: Mapping[str, Field]
    natural_key: tuple[str, ...]
    title: tuple[str, ...]  # fields that name a record on a page
    assumed: bool = False

    @property
    def many(self) -> bool:
        return bool(self.natural_key)


@dataclass(frozen=True, slots=True)
class Purpose:
    """One of the closed list of purposes (regulation, art. 4.2), numbered."""

    number: int
    code: str
    label: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    """A processing activity: one line of the register (GDPR 30(1))."""

    code: str
    label: str
    purpose: str
    basis: LegalBasis
    basis_explanation: str  # which contract, law or interest
    fields: tuple[str, ...]  # "dataset.field" or "dataset.*"
    recipients: tuple[str, ...]
    security: tuple[str, ...]  # codes of SecurityMeasure
    mandatory: bool = False  # may not be suspended by an objection decision alone (a legal duty)
    consent_text: str = ""  # what is asked, where the basis is consent
    export_label: str = ""  # how the school's export names this consent
    consequence: str = ""  # what stops when the student objects or withdraws
    continues: str = ""  # what goes on all the same, on another basis
    retention: tuple[str, ...] = ()  # classes of the portal's own that it fills, beside those of its fields
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    code: str
    name: str
    role: str  # "controller" (told by a notice, GDPR 19) | "processor" (instructed)
    what_for: str
    country: str  # in Dutch
    safeguard: str = ""  # what protects the data outside the EEA (GDPR 30(1)(e), 44-49); "" within it
    export_labels: tuple[str, ...] = ()
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Holder:
    """A place that holds data of students: searched, corrected and cleaned by steps (regulation, art. 7)."""

    code: str
    label: str
    portal: bool  # the portal itself: its steps are carried out by the portal
    keeper: str  # who can open it
    place: str
    search: str  # what staff do there for an access request
    correct: str
    erase: str
    restrict: str
    exports: bool = False  # the administration whose exports are imported here: changes travel back to it
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground to refuse an item."""

    code: str
    label: str
    article: str  # of the GDPR or UAVG, for the written answer
    explanation: str  # for the student
    kinds: tuple[RequestKind, ...]
    regulation_only: bool = False  # wider than the GDPR: warns, and needs the privacy officer (regulation, art. 9.2)
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """A structured, translatable reason for an extension, a message or a closing."""

    code: str
    use: str  # "extension" | "abuse" | "step_impossible" | "view" | "reopen" | "hold" | "letter"
    label: str  # as the student reads it
    article: str = ""
    assumed: bool = False
    staff_label: str = ""  # as staff read it; empty: the same

    @property
    def for_staff(self) -> str:
        return self.staff_label or self.label


@dataclass(frozen=True, slots=True)
class SecurityMeasure:
    code: str
    label: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    code: str
    name: str
    export_labels: tuple[str, ...]
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Authority:
    """Where to go when the answer does not satisfy (GDPR 77, 79; UAVG 35)."""

    code: str  # "school" | "trade_association" | "supervisor" | "court"
    name: str
    how: str
    website: str = ""
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    code: str  # nl en ar fa ti tr uk
    name: str  # its own name
    direction: str  # ltr | rtl


@dataclass(frozen=True, slots=True)
class Identity:
    """How sure the portal must be who somebody is (regulation, "Identity")."""

    levels: Mapping[str, Level]  # act code -> level at which it is carried out or shown
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Roles:
    """What each staff role is called before students."""

    names: Mapping[Role, str]
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Served:
    """What a field is for: the activities, and the codes of those who receive it for one of them."""

    activities: tuple[Activity, ...]
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole file. Mappings are keyed by code, in the file's order."""

    code: str
    version: str
    controller: Controller
    regulation: Regulation
    term: Term
    retention: Mapping[str, RetentionClass]
    groups: Mapping[int, Group]
    datasets: Mapping[str, Dataset]
    purposes: Mapping[str, Purpose]
    activities: Mapping[str, Activity]
    recipients: Mapping[str, Recipient]
    holders: Mapping[str, Holder]
    grounds: Mapping[str, Ground]
    reasons: Mapping[str, Reason]
    security: Mapping[str, SecurityMeasure]
    branches: Mapping[str, Branch]
    authorities: Mapping[str, Authority]
    languages: Mapping[str, Language]
    identity: Identity
    no_profiling: str  # regulation, art. 4.4
    roles: Roles
    own_section: Group = Group(OWN_SECTION, "own", "", "", "")  # for fields of group OWN_SECTION
    digest: str = ""  # SHA-256 of the file, in hexadecimal, as `sha256sum` prints it
    _derived: dict[Hashable, Any] = dataclass_field(default_factory=dict, init=False, repr=False, compare=False)

    def derive(self, asked: Hashable, make: Callable[[], T]) -> T:
        """What others put together of the policy, once; `asked` is what they call it. Known when it is whole: several
        threads ask."""
        if asked not in self._derived:
            self._derived[asked] = make()
        return cast(T, self._derived[asked])

    def field(self, dataset: str, code: str) -> Field:
        """The field, or KeyError."""
        return self.datasets[dataset].fields[code]

    def activities_of(self, field: Field) -> tuple[Activity, ...]:
        return self.served_by(field).activities

    def served_by(self, field: Field) -> Served:
        activities = tuple(self.activities[code] for code in field.activities)
        recipients = dict.fromkeys(code for activity in activities for code in activity.recipients)
        return Served(activities, tuple(recipients))

    def grounds_for(self, kind: RequestKind) -> tuple[Ground, ...]:
        return tuple(ground for ground in self.grounds.values() if kind in ground.kinds)
