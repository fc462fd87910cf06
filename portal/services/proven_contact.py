"""By which address and phone on file a student can be reached for level 3 (regulation, "Identity").

A correction asks for level 2, and whoever reads the student's mailbox may know what level 2 asks. So a letter or a call
to what such a request put on file would prove nothing; at the desk, or by what the school knew before, it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy import or_, select

from portal.domain.assurance import OnFile, Way
from portal.domain.vocabulary import Channel as Door
from portal.domain.vocabulary import Level, RequestKind
from portal.records import casebook
from portal.records.tables.cases import Case, CaseItem
from portal.services.second_channel import ADDRESS, on_file, person_of
from portal.services.unit import Work
from portal.vault.envelope import Json


def proven_on_file(work: Work, student_id: UUID) -> OnFile:
    """What is on file, without the address and phone that somebody not known well enough put there."""
    person = person_of(work, student_id)
    asked = _put_by_requests(work, student_id, person)
    held = on_file(person)
    return replace(held, address=held.address and not asked & {*ADDRESS}, phone=held.phone and "phone" not in asked)


def _put_by_requests(work: Work, student_id: UUID, person: Mapping[str, Json]) -> set[str]:
    """The fields whose value on file is what a request below level 3 asked for, but for one of a student at the desk
    whom staff know."""
    not_at_desk = or_(
        Case.channel != Door.DESK, Case.assured_how.is_(None), Case.assured_how != Way.RECOGNISED_BY_STAFF
    )
    statement = (
        select(CaseItem)
        .join(Case, Case.id == CaseItem.case_id)
        .where(
            Case.student_id == student_id,
            Case.kind == RequestKind.RECTIFICATION,
            Case.assured_level < int(Level.SECOND_CHANNEL),
            not_at_desk,
            CaseItem.dataset == "person",
            CaseItem.executed_at.is_not(None),
        )
    )
    found = set()
    for item in work.session.execute(statement).scalars():
        checked = casebook.item_contents(work.vault, item).get("checked")
        values = {item.field: checked} if item.field else checked
        if isinstance(values, dict):
            found |= {str(code) for code, value in values.items() if value and person.get(str(code)) == value}
    return found
