"""The asker's side of a case: where it stands, what was said, writing a message, taking it back.

Whoever holds the case code alone sees the same without data; whoever shares a mail address sees references, states and
dates until it is clear who it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, select, update
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock, days_left
from portal.domain.events import EventKind, visible_to_student
from portal.domain.lifecycle import (
    UNANSWERED,
    UNDECIDED,
    Action,
    CaseState,
    StudentStep,
    possible,
    student_steps,
)
from portal.domain.permissions import Actor, may
from portal.domain.refusal import Refused
from portal.domain.rights import right
from portal.domain.vocabulary import ActorKind, Outcome, RequestKind, StepState, TargetKind
from portal.letters.answer import Answer
from portal.mail import messages
from portal.records import casebook
from portal.records.case_facts import EVENT, ITEM, MESSAGE, STEP
from portal.records.tables.cases import Case, CaseFile, CaseMessage, CaseStep
from portal.records.tables.papers import Package
from portal.records.tables.people import Limit, SealedFile
from portal.services import limits
from portal.services.answer import answer_of
from portal.services.assurance_of import level_now, needed
from portal.services.casework import (
    ChangedMeanwhile,
    NotFound,
    case_by_reference,
    case_to_read,
    event,
    lines_of_case,
    move,
    reply_address,
    staff_for,
    subject_of,
)
from portal.services.export import STORED
from portal.services.recognise import SignedIn
from portal.services.sign_in import students_at
from portal.services.steps import RELEASE
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Json

LONGEST = 4000  # characters of a message
COPIED = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY})
RELEASED = (
    select(CaseStep.state, SealedFile.expires_at, Package.state.label("packing"), Package.done, Package.parts)
    .outerjoin_from(CaseStep, CaseFile, and_(CaseFile.case_id == CaseStep.case_id, CaseFile.kind == STORED))
    .outerjoin(SealedFile, SealedFile.id == CaseFile.file_id)
    .outerjoin(Package, Package.case_id == CaseStep.case_id)
    .where(CaseStep.case_id == bindparam("case"), CaseStep.task == RELEASE)
)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list. `kind` is None at a shared address where nobody was chosen yet: status only."""

    reference: str
    kind: RequestKind | None
    state: CaseState
    outcome: Outcome | None
    received_on: date
    due_on: date
    days_left: int | None  # None once answered, and for what has no clock


@dataclass(frozen=True, slots=True)
class AskedLine:
    target: TargetKind
    dataset: str | None
    field: str | None
    group: int | None
    activity: str | None
    words: str
    value: Json  # of one field, as it must become; None where the reader is not known well enough to see it


@dataclass(frozen=True, slots=True)
class Said:
    at: datetime
    from_staff: bool
    text: str


@dataclass(frozen=True, slots=True)
class Happened:
    at: datetime
    kind: EventKind
    by: ActorKind
    words: str = ""  # why, as staff wrote it: where the asker has to do something better


class Copy(StrEnum):
    """Where the copy of the data stands."""

    NONE = "none"
    COMING = "coming"
    READY = "ready"
    EXPIRED = "expired"  # can be made again


@dataclass(frozen=True, slots=True)
class Packing:
    """How far the package is: `done` of `parts`."""

    state: str  # waiting | ready | failed
    done: int
    parts: int


@dataclass(frozen=True, slots=True)
class OwnCase:
    """One case as its asker sees it."""

    reference: str
    kind: RequestKind
    state: CaseState
    outcome: Outcome | None
    received_on: date
    due_on: date
    original_due_on: date
    days_left: int | None
    extended: bool
    extension_reason: str  # msgid, "" when none
    steps: tuple[StudentStep, ...]
    items: tuple[AskedLine, ...]  # empty by case code: no data
    words: str  # empty by case code
    happened: tuple[Happened, ...]  # newest first
    said: tuple[Said, ...]  # oldest first
    why: str  # msgid of why it ended without an answer or was taken up again, "" when there is nothing to say
    other: str  # reference of the request in which this one is answered
    other_stopped: bool  # and that gets no answer any more
    may_write: bool
    may_take_back: bool
    copy: Copy  # of the data, for access and portability
    packing: Packing | None  # of the whole copy as one file
    version: int


def own_cases(signed_in: SignedIn, clock: Clock) -> tuple[list[CaseLine], bool]:
    """The cases of whoever is signed in, newest first; and whether they are of everybody at a shared address."""
    with reading(signed_in.actor, clock) as work:
        actor = signed_in.actor
        shared = signed_in.kind == "student" and actor.student_id is None and signed_in.address_digest is not None
        whose = students_at(work, signed_in.address_digest or b"") if shared else [actor.student_id]
        statement = select(Case).where(Case.student_id.in_(whose)).order_by(Case.received_on.desc(), Case.id.desc())
        rows = work.session.execute(statement).scalars().all()
        if not shared:
            rows = [case for case in rows if may(actor, Act.VIEW_OWN_STATUS, subject_of(work, case))]
        return [_line(work, case, shared) for case in rows], shared


def _line(work: Work, case: Case, shared: bool) -> CaseLine:
    state = CaseState(case.state)
    return CaseLine(
        case.reference,
        None if shared else RequestKind(case.kind),
        state,
        Outcome(case.outcome) if case.outcome and not shared else None,
        case.received_on,
        case.due_on,
        _days_left(work, case),
    )


def _days_left(work: Work, case: Case) -> int | None:
    if CaseState(case.state) not in UNDECIDED or not right(RequestKind(case.kind)).has_clock:
        return None
    return days_left(case.due_on, work.today)


def own_case(actor: Actor, clock: Clock, reference: str) -> OwnCase:
    """A case of the signed-in student. NotFound for anybody else's."""
    with reading(actor, clock) as work:
        return _page(work, case_to_read(work, reference, Act.VIEW_OWN_STATUS), with_data=True)


def case_of_code(actor: Actor, clock: Clock) -> OwnCase:
    """The case whose code was typed, without data."""
    with reading(actor, clock) as work:
        case = work.session.get(Case, actor.case_id) if actor.case_id else None
        if case is None:
            raise NotFound("case")
        work.require(Act.VIEW_OWN_STATUS, subject_of(work, case))
        return _page(work, case, with_data=False)


def _asked(work: Work, item: Any, contents: Mapping[str, Json]) -> Json:
    """What a field must become, for a student who may see what stands in it."""
    if item.dataset is None or item.field is None or work.actor.kind is not ActorKind.STUDENT:
        return None
    field = work.policy.field(item.dataset, item.field)
    return contents.get("asked") if level_now(work) >= needed(work.policy, field, work.actor.shared_address) else None


def _page(work: Work, case: Case, with_data: bool) -> OwnCase:
    state, kind = CaseState(case.state), RequestKind(case.kind)
    subject = subject_of(work, case)
    lines = lines_of_case(work, case)
    items, said = lines[ITEM] if with_data else [], lines[MESSAGE]
    reason = work.policy.reasons.get(case.extension_reason or "")
    words = casebook.contents(work.vault, case).get("words", "") if with_data else ""
    events = lines[EVENT]
    copy, packing = _copy(work, case, lines[STEP])
    why, other = _turn(work, case, events)
    return OwnCase(
        reference=case.reference,
        kind=kind,
        state=state,
        outcome=Outcome(case.outcome) if case.outcome else None,
        received_on=case.received_on,
        due_on=case.due_on,
        original_due_on=case.original_due_on,
        days_left=_days_left(work, case),
        extended=case.extended_days is not None,
        extension_reason=reason.label if reason else "",
        steps=student_steps(state, to_carry_out=case.outcome != Outcome.REFUSED),
        items=tuple(
            AskedLine(
                TargetKind(each.target),
                each.dataset,
                each.field,
                each.group_number,
                each.activity,
                str(contents.get("words") or ""),
                _asked(work, each, contents),
            )
            for each, contents in zip(items, casebook.unseal_all(work.vault, "case_item", case.id, items), strict=True)
        ),
        words=str(words),
        happened=_happened(work, case, events),
        said=tuple(
            Said(each.at, each.from_staff, str(contents.get("text", "")))
            for each, contents in zip(said, casebook.unseal_all(work.vault, "case_message", case.id, said), strict=True)
        ),
        why=why,
        other=other,
        other_stopped=bool(other) and _stopped(work, other),
        may_write=Action.STUDENT_MESSAGE in possible(state) and bool(may(work.actor, Act.WRITE_MESSAGE, subject)),
        may_take_back=Action.TAKE_BACK in possible(state) and bool(may(work.actor, Act.TAKE_BACK, subject)),
        copy=copy,
        packing=packing,
        version=case.version,
    )


_TURNS = {
    CaseState.DUPLICATE: EventKind.MERGED,
    CaseState.ABUSE: EventKind.CLOSED_AS_ABUSE,
    CaseState.IN_PROGRESS: EventKind.REOPENED,
}


def _turn(work: Work, case: Case, events: Sequence[Any]) -> tuple[str, str]:
    """The reason that staff chose from the policy's list, and the request in which this one goes on."""
    kind = _TURNS.get(CaseState(case.state))
    latest = next((each for each in reversed(events) if each.kind == kind), None)
    details = casebook.details_of(work.vault, case.id, latest) if latest is not None else {}
    reason = work.policy.reasons.get(str(details.get("reason", "")))
    return reason.label if reason else "", str(details.get("other", ""))


def _stopped(work: Work, reference: str) -> bool:
    """Whether that request ended without an answer; not of one that is not kept any more."""
    return work.session.execute(select(Case.state).where(Case.reference == reference)).scalar() in UNANSWERED


def _copy(work: Work, case: Case, steps: Sequence[Any]) -> tuple[Copy, Packing | None]:
    """Where the copy of the data stands and how far it is packed; only access and portability come to one."""
    if RequestKind(case.kind) not in COPIED or all(step.task != RELEASE for step in steps):
        return Copy.NONE, None
    found = work.session.connection().execute(RELEASED, {"case": case.id}).first()
    if found is None:
        return Copy.NONE, None
    packing = Packing(found.packing, found.done, found.parts) if found.packing else None
    if found.state == StepState.IMPOSSIBLE:
        return Copy.NONE, packing
    if found.state != StepState.DONE:
        return Copy.COMING, packing
    return Copy.READY if found.expires_at is not None and found.expires_at > work.now else Copy.EXPIRED, packing


def _happened(work: Work, case: Case, events: Sequence[Any]) -> tuple[Happened, ...]:
    return tuple(
        Happened(each.at, EventKind(each.kind), ActorKind(each.actor_kind), _why(work, case, each))
        for each in reversed(events)
        if visible_to_student(each.kind)
    )


def _why(work: Work, case: Case, happened: Any) -> str:
    if happened.kind != EventKind.UPLOAD_REJECTED:
        return ""
    return str(casebook.details_of(work.vault, case.id, happened).get("reason", ""))


def write_message(actor: Actor, clock: Clock, reference: str, text: str, once: bytes) -> None:
    """A message to the school, with news to whoever handles the case. The same form sent twice is one message.

    Raises Refused: message_empty, message_too_long; NotFound, NotPossible, TooMany.
    """
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise Refused("message_empty")
    if len(words) > LONGEST:
        raise Refused("message_too_long", most=LONGEST)
    with writing(actor, clock) as work:
        work.session.execute(select(Case.id).where(Case.reference == reference).with_for_update())
        case = case_by_reference(work, reference, Act.WRITE_MESSAGE)
        if work.session.execute(select(CaseMessage.id).where(CaseMessage.once == once)).first():
            return
        if not limits.count(work, "message", str(case.id)):  # nobody uses up what another may write
            raise limits.TooMany("too_many", limit="message")
        move(case, Action.STUDENT_MESSAGE)
        row = uuid7()
        sealed = casebook.seal(work.vault, "case_message", case.id, row, {"text": words})
        work.session.add(
            CaseMessage(
                id=row, case_id=case.id, at=work.now, from_staff=False, author_id=actor.id, once=once, sealed=sealed
            )
        )
        event(work, case, EventKind.MESSAGE_RECEIVED)
        work.note("write_message", "case", case.id)
        for staff in staff_for(work, case):
            work.send(messages.staff_reply(staff.email, staff.language, staff.id, case.id, case.reference, row.hex))


def take_back(actor: Actor, clock: Clock, reference: str, version: int) -> None:
    """The student no longer asks it. What was limited meanwhile is free again; a confirmation is mailed.

    Doing it twice changes nothing. Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible once it is decided.
    """
    with writing(actor, clock) as work:
        case = case_by_reference(work, reference, Act.TAKE_BACK)
        if case.state == CaseState.TAKEN_BACK:
            return
        if case.version != version:
            raise ChangedMeanwhile(reference)
        move(case, Action.TAKE_BACK)
        case.closed_at = work.now
        end_provisional(work, case.id)
        event(work, case, EventKind.TAKEN_BACK)
        work.note("take_back", "case", case.id)
        if to := reply_address(work, case):
            work.send(messages.taken_back(to, case.language, case.id, case.reference))


def end_provisional(work: Work, case_id: UUID) -> None:
    """Ends what a case limited while it was being weighed."""
    provisional = update(Limit).where(Limit.case_id == case_id, Limit.provisional.is_(True), Limit.ended_at.is_(None))
    work.session.execute(provisional.values(ended_at=work.now))


def answer_for(actor: Actor, clock: Clock, reference: str | None) -> Answer | None:
    """The written answer, once there is one; by case code (`reference` None) the decision without data."""
    with reading(actor, clock) as work:
        if reference is None:
            case = work.session.get(Case, actor.case_id) if actor.case_id else None
            if case is None:
                raise NotFound("case")
            work.require(Act.VIEW_OWN_DECISION, subject_of(work, case))
            found = answer_of(work, case)
            return _without_words(found) if found else None
        return answer_of(work, case_to_read(work, reference, Act.VIEW_OWN_DECISION))


def _without_words(answer: Answer) -> Answer:
    """The decision without what the asker wrote, which may tell anything (ux.md, rule 12)."""
    return replace(answer, words="", items=tuple(replace(item, words="") for item in answer.items))
