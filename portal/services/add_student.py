"""Add one student by form: the same checks and the same records as an import makes, which the next one goes on with."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, Subject, may
from portal.domain.refusal import Refused
from portal.intake.faults import VALUES, BadValue
from portal.intake.lines import STUDENT_NUMBER
from portal.intake.reader import Row
from portal.intake.values import Value, parse_value
from portal.policy.model import Field, Policy
from portal.records import importing
from portal.records.tables.people import Branch
from portal.services.import_rows import ImportRows
from portal.services.in_clear import PERSON, PROGRAMME
from portal.services.unit import Work, reading, writing
from portal.vault.normal import normal_number

# Who somebody is and how to reach them, and the programme that begins. What is sensitive comes with the next import.
ASKED: Mapping[str, tuple[str, ...]] = {
    PERSON: (
        *("student_number", "branch", "given_names", "name_prefix", "family_name", "initials", "sex", "birth_date"),
        *("birth_place", "nationality", "street", "postcode", "town", "email", "phone", "preferred_language"),
    ),
    PROGRAMME: ("programme_number", "training", "start_date", "client", "class_group"),
}
Place = tuple[str, str]  # dataset and field


class WrongValues(Refused):
    """Values that cannot be right: the place of each, with what is wrong with it as a message id."""

    def __init__(self, faults: Mapping[Place, str]) -> None:
        super().__init__("bad_values")
        self.faults = faults


def asked_fields(policy: Policy) -> list[Field]:
    """The fields of the form that this policy has, in their order."""
    return [
        policy.datasets[dataset].fields[code]
        for dataset, codes in ASKED.items()
        for code in codes
        if dataset in policy.datasets and code in policy.datasets[dataset].fields
    ]


def branches_for(actor: Actor, clock: Clock) -> set[str]:
    """The codes of the branches in which this person may add students."""
    with reading(actor, clock) as work:
        rows = importing.branches(work.session)
        return {
            code for code in work.policy.branches if may(actor, Act.MANAGE_STUDENT, Subject(branch_id=rows.get(code)))
        }


def add_student(actor: Actor, clock: Clock, typed: Mapping[Place, str]) -> UUID:
    """The new student's id. Somebody who was erased comes in only with a programme that began since.

    Raises NotAllowed (another's branch), WrongValues, Refused: student_exists, erased_before.
    """
    with writing(actor, clock) as work:
        values = _read(work, typed)
        number, branch = str(values[PERSON]["student_number"]), str(values[PERSON]["branch"])
        work.require(Act.MANAGE_STUDENT, Subject(branch_id=_branch(work, branch)))
        importing.only_one(work.session)
        found = work.vault.find("student_number", normal_number(number))
        if importing.living(work.session, found, held=True):
            raise Refused("student_exists")
        rows = [_row(work.policy, dataset, number, held) for dataset, held in values.items()]
        writer = ImportRows(work, dry_run=False)
        outcome = writer.take(rows, admit={number})
        student_id = writer.students.get(number)
        if student_id is None or not outcome.new_students:
            raise Refused("erased_before")
        work.note("add_student", "student", student_id)
        return student_id


def _read(work: Work, typed: Mapping[Place, str]) -> dict[str, dict[str, Value]]:
    values: dict[str, dict[str, Value]] = {}
    faults: dict[Place, str] = {}
    for field in asked_fields(work.policy):
        where = (field.dataset, field.code)
        try:
            value = parse_value(field, typed.get(where, ""), today=work.today)
        except BadValue as bad:
            faults[where] = bad.msgid
            continue
        if value is not None:
            values.setdefault(field.dataset, {})[field.code] = value
    number = values.get(PERSON, {}).get("student_number")
    if number is not None and not STUDENT_NUMBER.fullmatch(str(number)):
        faults[PERSON, "student_number"] = VALUES["bad_student_number"]
    if faults:
        raise WrongValues(faults)
    return values


def _row(policy: Policy, dataset: str, number: str, values: dict[str, Value]) -> Row:
    key = tuple(str(values.get(code, "")) for code in policy.datasets[dataset].natural_key)
    return Row(dataset, number, key, values, frozenset(), file="", line=0)


def _branch(work: Work, code: str) -> UUID | None:
    """None for a branch that has no row yet: then only somebody of every branch may."""
    return work.session.execute(select(Branch.id).where(Branch.code == code)).scalar()
