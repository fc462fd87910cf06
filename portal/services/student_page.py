"""A student's file as staff see it: within a case, or outside one with a stated reason; every opening is a view.

Values that name an illness are never shown to staff; special and sensitive ones are masked until one of them is asked
for by name; what is restricted says so and shows nothing (GDPR 18; regulation, art. 3.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.campaign import ConsentAnswer
from portal.domain.clock import Clock, receipt_date
from portal.domain.lifecycle import CaseState
from portal.domain.permissions import Actor, Subject, may, scope_of
from portal.domain.refusal import Refused
from portal.domain.vocabulary import FieldType, RequestKind, Sensitivity
from portal.policy.model import Dataset, Field, Group
from portal.records.items import Item, full_name, item, items_of
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case
from portal.records.tables.people import Branch, Student, View
from portal.services.casework import NotFound
from portal.services.find_students import birth_year
from portal.services.limits_of_processing import Restricted, restricted, stopped_activities
from portal.services.own_campaigns import Asked, questions_of
from portal.services.unit import Work, reading, writing
from portal.services.why_opened import log_opened
from portal.services.withdraw_consent import Consent, consents_of
from portal.vault.envelope import Json

SHOWN, HIDDEN, RESTRICTED, MASKED = "shown", "hidden", "restricted", "masked"
MOST = 40  # records of one dataset on the page
MOST_LOOKS, MOST_TIMES = 20, 15  # lines of who looked, and looks read for each of them
PROGRAMME = "programme"
IN_SUMMARY = ("training", "start_date", "end_date", "client")


@dataclass(frozen=True, slots=True)
class Value:
    """One value. `value` is None unless `how` is "shown"."""

    item_id: UUID
    field: Field
    value: Json
    how: str  # shown | hidden | restricted | masked


@dataclass(frozen=True, slots=True)
class Record:
    item_id: UUID
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Records of one dataset; `total` counts those that the page leaves out too."""

    dataset: Dataset
    records: tuple[Record, ...]
    total: int


@dataclass(frozen=True, slots=True)
class GroupOfData:
    group: Group
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class CaseOfStudent:
    reference: str
    kind: RequestKind
    state: CaseState
    received_on: date


@dataclass(frozen=True, slots=True)
class Look:
    """That a colleague looked, once or more on one day: the student reads the same, with the role in place of the
    name."""

    at: datetime  # the latest time
    times: int
    who: str
    role: str
    reason: str  # a code of the policy's reasons, or "case"
    case: str  # reference


@dataclass(frozen=True, slots=True)
class StudentPage:
    id: UUID
    name: str
    birth_year: str
    branch: str
    language: str
    groups: tuple[GroupOfData, ...]
    programmes: tuple[Record, ...]
    last_programme_ended: date | None
    has_email: bool
    cases: tuple[CaseOfStudent, ...]
    consents: tuple[Consent, ...]
    refused: tuple[Asked, ...]  # questions for consent to which the student said no
    looks: tuple[Look, ...]  # the latest ones, newest first
    stopped: dict[str, str]  # activities that may not run now: code to why
    restricted: bool


def _open(work: Work, student_id: UUID, act: Act, reason: str) -> Student:
    """The student, when the actor may open the file for this reason; NotFound when out of reach."""
    student = work.session.get(Student, student_id)
    about = Subject(branch_id=student.branch_id if student else None, student_id=student_id, reason_given=bool(reason))
    if student is None or student.state != "active":
        raise NotFound(str(student_id))
    if may(work.actor, act, about).reason == "not_own_branch":
        raise NotFound(str(student_id))
    work.require(act, about)
    return student


def demand_reach(actor: Actor, clock: Clock, student_id: UUID) -> None:
    """Nothing, or NotFound: before anybody is asked why, a file out of reach does not exist."""
    with reading(actor, clock) as work:
        student = work.session.get(Student, student_id)
        scope = scope_of(actor, Act.VIEW_STUDENT)
        if student is None or student.state != "active" or not scope.holds(student.branch_id):
            raise NotFound(str(student_id))


def student_page(actor: Actor, clock: Clock, student_id: UUID, reason: str) -> StudentPage:
    """The whole file, as a view with this reason (`why_opened`).

    Raises NotFound for a student out of reach, NotAllowed("reason_missing") or Refused("reason_missing").
    """
    with writing(actor, clock) as work:
        student = _open(work, student_id, Act.VIEW_STUDENT, reason)
        held = items_of(work.session, work.vault, student_id)
        person = next((each for each in held if each.dataset == "person"), None)
        branch = work.session.get(Branch, student.branch_id)
        limits = restricted(work, student_id)
        why = log_opened(work, student_id, reason, "file")
        work.session.flush()
        work.note("view_student", "student", student_id, reason=why.reason)
        groups = [*work.policy.groups.values(), work.policy.own_section]
        return StudentPage(
            id=student_id,
            name=full_name(person.values) if person else "",
            birth_year=birth_year(person.values.get("birth_date")) if person else "",
            branch=branch.name if branch else "",
            language=student.language,
            groups=tuple(_group(work, group, held, limits) for group in groups),
            programmes=_programmes(work, held, limits),
            last_programme_ended=student.last_programme_ended,
            has_email=student.has_email,
            cases=_cases(work, student_id),
            consents=tuple(consents_of(work, student_id)),
            refused=tuple(each for each in questions_of(work, student_id) if each.answer is ConsentAnswer.NO),
            looks=_looks(work, student_id),
            stopped=stopped_activities(work, student_id),
            restricted=bool(limits),
        )


def _cases(work: Work, student_id: UUID) -> tuple[CaseOfStudent, ...]:
    rows = work.session.execute(
        select(Case.reference, Case.kind, Case.state, Case.received_on)
        .where(Case.student_id == student_id)
        .order_by(Case.received_on.desc(), Case.id.desc())
    )
    return tuple(
        CaseOfStudent(row.reference, RequestKind(row.kind), CaseState(row.state), row.received_on) for row in rows
    )


def _programmes(work: Work, held: Iterable[Item], limits: Restricted) -> tuple[Record, ...]:
    """What somebody followed or follows, the latest first; what is restricted says so here too."""
    dataset = work.policy.datasets.get(PROGRAMME)
    if dataset is None:
        return ()
    fields = [dataset.fields[code] for code in IN_SUMMARY if code in dataset.fields]
    found = sorted(
        (each for each in held if each.dataset == PROGRAMME),
        key=lambda each: str(each.values.get("start_date") or ""),
        reverse=True,
    )
    return tuple(_record(each, fields, limits) for each in found)


def _looks(work: Work, student_id: UUID) -> tuple[Look, ...]:
    rows = work.session.execute(
        select(View.at, View.role, View.reason, Staff.name, Case.reference)
        .outerjoin(Staff, Staff.id == View.staff_id)
        .outerjoin(Case, Case.id == View.case_id)
        .where(View.student_id == student_id)
        .order_by(View.at.desc(), View.id.desc())
        .limit(MOST_LOOKS * MOST_TIMES)
    )
    lines: dict[tuple[date, str, str, str, str], list[datetime]] = {}
    for row in rows:
        key = (receipt_date(row.at), row.name or "", row.role, row.reason, row.reference or "")
        lines.setdefault(key, []).append(row.at)
    found = (Look(times[0], len(times), *key[1:]) for key, times in lines.items())
    return tuple(islice(found, MOST_LOOKS))


def _group(work: Work, group: Group, held: Iterable[Item], limits: Restricted) -> GroupOfData:
    found = []
    for dataset in work.policy.datasets.values():
        fields = [each for each in dataset.fields.values() if each.group == group.number]
        kept = [each for each in held if each.dataset == dataset.code and any(f.code in each.values for f in fields)]
        if kept:
            records = tuple(_record(each, fields, limits) for each in kept[-MOST:])
            found.append(Series(dataset, records, len(kept)))
    return GroupOfData(group, tuple(found))


def _record(held: Item, fields: Iterable[Field], limits: Restricted) -> Record:
    return Record(
        held.id, tuple(value_of(held, each, limits) for each in fields if held.values.get(each.code) is not None)
    )


def value_of(held: Item, field: Field, limits: Restricted) -> Value:
    """The value as the file shows it, without anybody asking for it by name."""
    how = SHOWN
    if field.code in held.hidden:
        how = HIDDEN
    elif limits.covers(held.dataset, held.id, field.code):
        how = RESTRICTED
    elif field.sensitivity is not Sensitivity.ORDINARY or field.type is FieldType.IMAGE:
        how = MASKED
    return Value(held.id, field, held.values.get(field.code) if how == SHOWN else None, how)


def reveal(actor: Actor, clock: Clock, student_id: UUID, item_id: UUID, code: str, reason: str) -> Value:
    """Shows one masked value, as a view of that field. Hidden and restricted values are not shown to staff.

    Raises NotFound, Refused("reason_missing"), Refused("value_not_shown").
    """
    with writing(actor, clock) as work:
        _open(work, student_id, Act.REVEAL_FIELD, reason)
        held = item(work.session, work.vault, student_id, item_id)
        field = work.policy.datasets[held.dataset].fields.get(code) if held else None
        if held is None or field is None or held.values.get(code) is None:
            raise NotFound(code)
        found = value_of(held, field, restricted(work, student_id))
        if found.how in {HIDDEN, RESTRICTED} or field.type is FieldType.IMAGE:
            raise Refused("value_not_shown")
        why = log_opened(work, student_id, reason, f"{field.dataset}.{code}"[:48])
        work.note("reveal_field", "student", student_id, field=f"{field.dataset}.{code}", reason=why.reason)
        return Value(held.id, field, held.values.get(code), SHOWN)
