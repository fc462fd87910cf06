"""Cases as they are stored: numbers and codes given out, contents sealed and opened under the case's own key."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from portal.records.tables.cases import Case, CaseEvent, CaseItem, CaseMessage, CaseStep
from portal.vault.envelope import Holder, Json, Place
from portal.vault.vault import Shredded, Vault

CLASS = "case"  # the retention class of everything sealed under a case's key
CODE_LOOKUP = "case_code"
CODE_LENGTH = 12  # 40 bits, behind rate limits

ITEMS = select(CaseItem).where(CaseItem.case_id == bindparam("case")).order_by(CaseItem.position)
STEPS = select(CaseStep).where(CaseStep.case_id == bindparam("case")).order_by(CaseStep.position)
MESSAGES = select(CaseMessage).where(CaseMessage.case_id == bindparam("case")).order_by(CaseMessage.at, CaseMessage.id)
EVENTS = select(CaseEvent).where(CaseEvent.case_id == bindparam("case")).order_by(CaseEvent.at, CaseEvent.id)
THERE = select(Case.id, Case.reference, Case.due_on, Case.once).where(
    or_(Case.reference == bindparam("reference"), Case.once == bindparam("once"))
)


def new_reference(session: Session, year: int, once: bytes | None) -> tuple[str, Any]:
    """A reference that tells nothing but its year, `V-2026-4812037`, not used before; and the id, reference and due
    date of the case that came with this idempotency key before, if any."""
    while True:
        reference = f"V-{year}-{secrets.randbelow(10**7):07}"
        there = session.connection().execute(THERE, {"reference": reference, "once": once}).all()
        twin = next((row for row in there if once is not None and row.once == once), None)
        if twin is not None or not there:
            return reference, twin


def new_code() -> str:
    """A case code as the person keeps it: `4812 0375 9921`."""
    digits = f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}}"
    return " ".join(digits[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def holder(case_id: UUID) -> Holder:
    return Holder.case(case_id)


def seal(vault: Vault, table: str, case_id: UUID, row: UUID, value: Json) -> bytes:
    return vault.seal(holder(case_id), CLASS, Place(table, "sealed", row), value)


def unseal(vault: Vault, table: str, case_id: UUID, row: UUID, sealed: bytes | None) -> dict[str, Json]:
    """The contents, or nothing when the case's own term has ended and its key is gone."""
    if sealed is None:
        return {}
    try:
        found: dict[str, Json] = vault.open(holder(case_id), CLASS, Place(table, "sealed", row), sealed)
    except Shredded:
        return {}
    return found


def unseal_all(vault: Vault, table: str, case_id: UUID, rows: Iterable[Any]) -> list[dict[str, Json]]:
    """`unseal` of rows of one case, each with an `id` and what is `sealed`, in their order."""
    kept = [(row.id, CLASS, row.sealed) for row in rows]
    opened = iter(vault.open_rows(holder(case_id), table, "sealed", [each for each in kept if each[2] is not None]))
    return [{} if each[2] is None else next(opened) or {} for each in kept]


def contents(vault: Vault, case: Case) -> dict[str, Json]:
    return unseal(vault, "case", case.id, case.id, case.sealed)


def set_contents(vault: Vault, case: Case, value: dict[str, Json]) -> None:
    case.sealed = seal(vault, "case", case.id, case.id, value)


def item_contents(vault: Vault, item: CaseItem) -> dict[str, Json]:
    return unseal(vault, "case_item", item.case_id, item.id, item.sealed)


def set_item_contents(vault: Vault, item: CaseItem, value: dict[str, Json]) -> None:
    item.sealed = seal(vault, "case_item", item.case_id, item.id, value)


def step_contents(vault: Vault, step: CaseStep) -> dict[str, Json]:
    return unseal(vault, "case_step", step.case_id, step.id, step.sealed)


def set_step_contents(vault: Vault, step: CaseStep, value: dict[str, Json]) -> None:
    step.sealed = seal(vault, "case_step", step.case_id, step.id, value)


def message_text(vault: Vault, message: CaseMessage) -> str:
    return str(unseal(vault, "case_message", message.case_id, message.id, message.sealed).get("text", ""))


def event_details(vault: Vault, event: CaseEvent) -> dict[str, Json]:
    return details_of(vault, event.case_id, event)


def details_of(vault: Vault, case_id: UUID, event: Any) -> dict[str, Json]:
    """The same of an event read as a plain row."""
    return unseal(vault, "case_event", case_id, event.id, event.sealed)


def new_event(
    vault: Vault,
    case_id: UUID,
    kind: str,
    at: datetime,
    actor_kind: str,
    actor_id: UUID | None,
    **details: Json,
) -> CaseEvent:
    """A line of a case's timeline, to be written."""
    row = uuid7()
    sealed = seal(vault, "case_event", case_id, row, details) if details else None
    return CaseEvent(id=row, case_id=case_id, at=at, kind=kind, actor_kind=actor_kind, actor_id=actor_id, sealed=sealed)


def items_of(session: Session, case_id: UUID) -> list[CaseItem]:
    return list(session.scalars(ITEMS, {"case": case_id}))


def steps_of(session: Session, case_id: UUID) -> list[CaseStep]:
    return list(session.scalars(STEPS, {"case": case_id}))


def messages_of(session: Session, case_id: UUID) -> list[CaseMessage]:
    return list(session.scalars(MESSAGES, {"case": case_id}))


def events_of(session: Session, case_id: UUID, kinds: Iterable[str] | None = None) -> list[CaseEvent]:
    statement = EVENTS if kinds is None else EVENTS.where(CaseEvent.kind.in_(list(kinds)))
    return list(session.scalars(statement, {"case": case_id}))
