"""Cases for the tests of the case services: opened, taken, decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from flask import current_app
from sqlalchemy import func, select

from portal.domain.lifecycle import Action
from portal.domain.permissions import SYSTEM, Actor
from portal.domain.vocabulary import Channel, Level, Outcome, RequestKind, Role, TargetKind
from portal.records import casebook
from portal.records.db import db
from portal.records.tables.cases import Case, CaseItem, CaseStep
from portal.records.tables.proof import Audit, OutMail
from portal.services.casework import Asked, Contact, NewCase, move, open_case
from portal.services.decide_case import Decided, ItemDecision, decide
from portal.services.decision_choices import choices
from portal.services.unit import Work, writing
from tests import factories

RECEIVED = date(2026, 11, 9)  # two weeks before the tests' now
EVERYTHING = Asked(TargetKind.EVERYTHING)
CHECK_REASON = "Wij hebben het nagekeken."


def clock():
    return current_app.extensions["clock"]


def opened(
    kind: RequestKind,
    student_id: UUID | None,
    items: Sequence[Asked] = (EVERYTHING,),
    *,
    taken: bool = True,
    level: Level = Level.SECOND_CHANNEL,
    received_on: date = RECEIVED,
    language: str = "nl",
    contact: Contact | None = None,
    about: UUID | None = None,
) -> str:
    """A case's reference; taken up unless told otherwise, its asker known at `level`."""
    new = NewCase(
        kind=kind,
        channel=Channel.PORTAL,
        language=language,
        received_on=received_on,
        items=tuple(items),
        student_id=student_id,
        contact=contact or Contact(),
        about_case_id=about,
    )
    with writing(SYSTEM, clock()) as work:
        found = open_case(work, new)
        case = work.session.get_one(Case, found.case_id)
        case.assured_level = int(level)
        if taken:
            move(case, Action.TAKE)
    return found.reference


def case_of(reference: str) -> Case:
    db.session.rollback()
    return db.session.execute(select(Case).where(Case.reference == reference)).scalar_one()


def within(work: Work, reference: str) -> Case:
    """The case inside a unit of work that is under way."""
    return work.session.execute(select(Case).where(Case.reference == reference)).scalar_one()


def items_of(reference: str) -> list[CaseItem]:
    return casebook.items_of(db.session, case_of(reference).id)


def steps_of(reference: str) -> dict[tuple[str, str], CaseStep]:
    """By task and target."""
    return {(step.task, step.target): step for step in casebook.steps_of(db.session, case_of(reference).id)}


def events_of(reference: str) -> list[str]:
    return [event.kind for event in casebook.events_of(db.session, case_of(reference).id)]


def contents_of(item: CaseItem) -> dict:
    return casebook.item_contents(factories.vault(), item)


def mails_of(reference: str) -> list[str]:
    """To the student."""
    case_id = case_of(reference).id
    return sorted(
        db.session.execute(
            select(OutMail.kind).where(OutMail.case_id == case_id, OutMail.kind.not_like("staff%"))
        ).scalars()
    )


def audit_count() -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(Audit)).scalar_one()


def version_of(reference: str) -> int:
    version = case_of(reference).version
    db.session.rollback()
    return version


def all_of(reference: str, outcome: Outcome, **more: object) -> list[ItemDecision]:
    """The same decision on every item."""
    found = [ItemDecision(item.id, outcome, **more) for item in items_of(reference)]
    db.session.rollback()
    return found


def decided(reference: str, actor: Actor, outcome: Outcome = Outcome.GRANTED, **more: object) -> Decided:
    decisions = all_of(reference, outcome, **more)
    return decide(actor, clock(), reference, version_of(reference), decisions)


def granted_erasure(reference: str, actor: Actor) -> Decided:
    """Each item granted as far as its plan allows."""
    plans = choices(actor, clock(), reference).plans
    whole = {item.id: not (item.id in plans and plans[item.id].keeps_a_part) for item in items_of(reference)}
    decisions = [ItemDecision(id, Outcome.GRANTED if all_of_it else Outcome.PARTLY) for id, all_of_it in whole.items()]
    return decide(actor, clock(), reference, version_of(reference), decisions)


def officer() -> Actor:
    return factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))


def handler() -> Actor:
    return factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER))


def director() -> Actor:
    return factories.staff_actor(factories.make_staff("director", Role.DIRECTOR))


def person_of(student_id: UUID) -> UUID:
    """The item id of the student's person record."""
    from portal.records.items import persons

    found = persons(db.session, factories.vault(), [student_id])[student_id].id
    db.session.rollback()
    return found


def values_of(student_id: UUID, dataset: str) -> list[dict]:
    from portal.records.items import items_of as records_of

    found = [item.values for item in records_of(db.session, factories.vault(), student_id, [dataset])]
    db.session.rollback()
    return found


def field_of(student_id: UUID, field: str, asked: object) -> Asked:
    return Asked(TargetKind.FIELD, "person", person_of(student_id), field, asked=asked)
