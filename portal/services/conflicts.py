"""Conflicts of an import with values that were corrected here: the list, one of them, and deciding it.

A corrected value is never overwritten without somebody's decision. Where ours is kept, the administration gets a line
on the change list, so that its next export says the same (regulation, art. 7; GDPR 5(1)(d)).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, func, select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, Subject, scope_of
from portal.domain.refusal import Refused
from portal.domain.vocabulary import FieldType, Sensitivity
from portal.intake.remarks import names_illness
from portal.policy.model import Field
from portal.records import importing, items
from portal.records.items import Item, full_name
from portal.records.queue import within
from portal.records.tables.people import Branch, ImportFinding, Student
from portal.services import change_lines
from portal.services.apply_email_changes import set_address
from portal.services.case_page import log_view
from portal.services.casework import NotFound
from portal.services.import_findings import CLASS, CONFLICT, KEPT, OPEN, TAKEN, place
from portal.services.in_clear import mirror
from portal.services.limits_of_processing import restricted
from portal.services.reindex import reindex
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Holder, Json

REASON = "data_check"  # of a view, in the policy
SHOWN, MASKED, HIDDEN, RESTRICTED = "shown", "masked", "hidden", "restricted"
MOST = 200  # lines on a page
MOST_WORDS = 1000  # characters of a reason


class Choice(StrEnum):
    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class ConflictLine:
    """One line of the list; without values."""

    id: UUID
    name: str
    branch: str
    dataset: str
    field: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both values side by side. They are None unless `how` is "shown": masked until asked for by name, hidden where
    one may name an illness, restricted (GDPR 18)."""

    id: UUID
    student_id: UUID
    name: str
    branch: str
    field: Field
    record: tuple[tuple[Field, Json], ...]  # what tells the record from others
    how: str
    ours: Json
    theirs: Json
    file: str
    line: int


def open_conflicts(actor: Actor, clock: Clock) -> list[ConflictLine]:
    """The open ones within the actor's branches, the newest of each value. Raises NotAllowed."""
    with reading(actor, clock) as work:
        work.require(Act.MANAGE_STUDENT, Subject(branch_id=next(iter(actor.branches), None)))
        statement = _open(work).order_by(ImportFinding.id.desc()).limit(MOST)
        newest: dict[tuple[UUID | None, str | None], tuple[ImportFinding, str]] = {}
        for row in work.session.execute(statement).all():
            newest.setdefault((row[0].item_id, row[0].field), (row[0], row[1]))
        datasets = importing.datasets_of(work.session, [item_id for item_id, _ in newest if item_id])
        people = items.persons(work.session, work.vault, [f.student_id for f, _ in newest.values() if f.student_id])
        return [
            ConflictLine(
                id=finding.id,
                name=full_name(people[finding.student_id].values) if finding.student_id in people else "",
                branch=branch,
                dataset=datasets.get(finding.item_id, "") if finding.item_id else "",
                field=finding.field or "",
                file=finding.file,
                line=finding.line,
            )
            for finding, branch in newest.values()
        ]


def count_open(work: Work) -> int:
    """How many values are in dispute, within the actor's branches."""
    places = _open(work).with_only_columns(ImportFinding.item_id, ImportFinding.field).distinct().subquery()
    return int(work.session.execute(select(func.count()).select_from(places)).scalar_one())


def _open(work: Work) -> Select[ImportFinding, str]:
    scope = scope_of(work.actor, Act.MANAGE_STUDENT)
    return (
        select(ImportFinding, Branch.name)
        .join(Student, Student.id == ImportFinding.student_id)
        .join(Branch, Branch.id == Student.branch_id)
        .where(ImportFinding.kind == CONFLICT, ImportFinding.state == OPEN, within(scope, Student.branch_id))
    )


def conflict(actor: Actor, clock: Clock, finding_id: UUID, show: bool = False) -> Conflict:
    """One conflict, as a view of that value. `show`: a sensitive value was asked for by name.

    Raises NotFound (also where the branch is another's), NotAllowed, Refused("conflict_settled").
    """
    with writing(actor, clock) as work:
        finding, student, held = _found(work, finding_id)
        field = _field(work, held, finding)
        theirs = _theirs(work, finding)
        ours = held.values.get(field.code)
        how = _how(work, held, field, theirs, show)
        if how == SHOWN:
            if field.sensitivity is not Sensitivity.ORDINARY:
                about = Subject(branch_id=student.branch_id, student_id=student.id, reason_given=True)
                work.require(Act.REVEAL_FIELD, about)
            log_view(work, student.id, reason=REASON, what=f"{field.dataset}.{field.code}"[:48])
            work.note("view_conflict", "student", student.id, field=f"{field.dataset}.{field.code}")
        person = items.persons(work.session, work.vault, [student.id]).get(student.id)
        fields = work.policy.datasets[held.dataset].fields
        keys = work.policy.datasets[held.dataset].natural_key
        return Conflict(
            id=finding.id,
            student_id=student.id,
            name=full_name(person.values) if person else "",
            branch=work.session.get_one(Branch, student.branch_id).name,
            field=field,
            record=tuple((fields[code], held.values.get(code)) for code in keys),
            how=how,
            ours=ours if how == SHOWN else None,
            theirs=theirs if how == SHOWN else None,
            file=finding.file,
            line=finding.line,
        )


def _how(work: Work, held: Item, field: Field, theirs: Json, show: bool) -> str:
    illness = field.hidden_from_staff and isinstance(theirs, str) and names_illness(theirs)
    if illness or field.code in held.hidden or field.type is FieldType.IMAGE:
        return HIDDEN
    if restricted(work, held.student_id).covers(held.dataset, held.id, field.code):
        return RESTRICTED
    if field.sensitivity is not Sensitivity.ORDINARY and not show:
        return MASKED
    return SHOWN


def resolve(actor: Actor, clock: Clock, finding_id: UUID, choice: Choice, reason: str) -> None:
    """Keeps ours, which the administration then has to take over, or takes the file's value. Kept with its reason.

    Raises NotFound, NotAllowed, Refused: conflict_settled, reason_missing, words_too_long (most), value_restricted.
    """
    if not reason.strip():
        raise Refused("reason_missing")
    if len(reason) > MOST_WORDS:
        raise Refused("words_too_long", most=MOST_WORDS)
    with writing(actor, clock) as work:
        finding, student, held = _found(work, finding_id)
        field, student_id = _field(work, held, finding), student.id
        if choice is Choice.OURS:
            everything = items.items_of(work.session, work.vault, student_id)
            ours = held.values.get(field.code)
            change_lines.list_kept(work, finding.id, student_id, everything, held, field.code, ours)
        else:
            _take(work, held, field, _theirs(work, finding))
        state = KEPT if choice is Choice.OURS else TAKEN
        importing.settle_conflicts(work.session, [(held.id, field.code)], state, work.now)
        finding.state, finding.decided_by, finding.decided_at = state, actor.id, work.now
        if choice is Choice.THEIRS:  # the same value may be in dispute again, after another correction
            finding.digest = work.vault.digest("finding:settled", finding.id.hex)
        work.note(
            "resolve_conflict",
            "student",
            student_id,
            field=f"{field.dataset}.{field.code}",
            choice=choice.value,
            reason=reason.strip(),
        )
    if choice is Choice.THEIRS:
        with reading(actor, clock) as work:
            reindex(work, student_id)


def _take(work: Work, held: Item, field: Field, value: Json) -> None:
    if restricted(work, held.student_id).covers(held.dataset, held.id, field.code):
        raise Refused("value_restricted")
    if (field.dataset, field.code) == ("person", "email"):
        set_address(work, held.student_id, value)
        held = items.item(work.session, work.vault, held.student_id, held.id) or held
    items.take_value(work.session, work.vault, held, field.code, value, field.retention, work.now)
    mirror(work, held.student_id, field.dataset, field.code, value)


def _found(work: Work, finding_id: UUID) -> tuple[ImportFinding, Student, Item]:
    """An open conflict within reach, held until the unit ends."""
    statement = select(ImportFinding).where(ImportFinding.id == finding_id, ImportFinding.kind == CONFLICT)
    finding = work.session.execute(statement.with_for_update()).scalar_one_or_none()
    student = work.session.get(Student, finding.student_id) if finding and finding.student_id else None
    if finding is None or student is None or student.state != "active" or finding.item_id is None:
        raise NotFound(str(finding_id))
    if not scope_of(work.actor, Act.MANAGE_STUDENT).holds(student.branch_id):
        raise NotFound(str(finding_id))
    work.require(Act.MANAGE_STUDENT, Subject(branch_id=student.branch_id, student_id=student.id))
    held = items.item(work.session, work.vault, student.id, finding.item_id)
    if finding.state != OPEN or held is None:
        raise Refused("conflict_settled")
    return finding, student, held


def _field(work: Work, held: Item, finding: ImportFinding) -> Field:
    field = work.policy.datasets[held.dataset].fields.get(finding.field or "")
    if field is None:
        raise NotFound(str(finding.id))
    return field


def _theirs(work: Work, finding: ImportFinding) -> Json:
    """What the file said."""
    assert finding.student_id is not None
    assert finding.sealed is not None
    told = work.vault.open(Holder.student(finding.student_id), CLASS, place(finding.id), finding.sealed)
    return told["value"]
