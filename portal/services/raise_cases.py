"""What a student proves in a session counts for the requests that are still open: they can then be carried out.

Requests that were filed signed in are raised by themselves. One that was filed without signing in, or written down by
staff, may be somebody else's doing in this person's name: the student must say first "I asked this" (security.md,
malicious erasure).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.domain.permissions import Actor
from portal.domain.vocabulary import ActorKind, Level, RequestKind
from portal.records.tables.cases import Case
from portal.records.tables.representation import Representative
from portal.services.assurance_of import level_now
from portal.services.casework import asked_by, case_to_read, event
from portal.services.file_request import BY_REPRESENTATIVE
from portal.services.held_case import held_case
from portal.services.identity import level_needed
from portal.services.unit import Work, reading, writing

OPEN = frozenset({*UNDECIDED, CaseState.DECIDED})
CLAIMED = "claimed"  # Case.assured_how: the student said so, signed in


def raise_open_cases(work: Work, student_id: UUID, level: Level, how: str) -> int:
    """Raises the student's open requests that were filed signed in; a level reached before is never lowered.

    What a representative asked stays as it is: the student says first "I asked this", or staff find out. So does an
    erasure: whoever reads the mailbox with the student can sign in and ask for one, and it cannot be undone.
    """
    by_student = or_(Case.assured_how.is_(None), Case.assured_how != BY_REPRESENTATIVE)
    cases = _open_below(work, student_id, level, by_student & (Case.kind != RequestKind.ERASURE.value))
    for case in cases:
        _raise(work, case, level, how)
    return len(cases)


def raise_represented(work: Work, representative: Representative, level: Level) -> int:
    """Raises what this representative asked: proof that comes after the request counts as proof that came before."""
    found = _open_below(work, representative.student_id, level, Case.assured_how == BY_REPRESENTATIVE)
    cases = [case for case in found if asked_by(work, case) == representative.id]
    for case in cases:
        _raise(work, case, level, BY_REPRESENTATIVE)
    return len(cases)


def _open_below(work: Work, student_id: UUID, level: Level, how: ColumnElement[bool]) -> list[Case]:
    statement = (
        select(Case)
        .where(
            how,
            Case.student_id == student_id,
            Case.state.in_([state.value for state in OPEN]),
            Case.assured_level >= int(Level.ADDRESS),
            Case.assured_level < int(level),
        )
        .order_by(Case.id)
        .with_for_update()
    )
    return list(work.session.execute(statement).scalars())


@dataclass(frozen=True, slots=True)
class Helps:
    """What is still missing about who asked, so that the request can be carried out: at most one of the three.

    `claim`: the student says "I asked this", which makes the request as sure as the session; `for_another`: or "I want
    what was asked for me". `prove`: the reader reaches this level. `wait`: only the student or the school can do it.
    """

    claim: bool = False
    for_another: bool = False
    prove: Level | None = None
    wait: bool = False


def what_helps(actor: Actor, clock: Clock, reference: str) -> Helps:
    """What is still to be done about who asked this. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        case = case_to_read(work, reference, Act.VIEW_OWN_STATUS)
        needed = level_needed(work, case)
        if CaseState(case.state) not in OPEN or Level(case.assured_level) >= needed:
            return Helps()
        if work.actor.kind is ActorKind.REPRESENTATIVE:
            own = asked_by(work, case) == work.actor.id
            proves = own and needed <= Level.KNOWLEDGE and level_now(work) < needed
            return Helps(prove=needed) if proves else Helps(wait=True)
        if _claimable(work, case):
            return Helps(claim=True, for_another=asked_by(work, case) is not None)
        return Helps(prove=needed)


def claim(actor: Actor, clock: Clock, reference: str) -> None:
    """The student says "I asked this": the request becomes as sure as the session. Twice changes nothing.

    Raises NotFound, NotAllowed.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.STEP_UP)
        if _claimable(work, case):
            _raise(work, case, level_now(work), CLAIMED)


def _claimable(work: Work, case: Case) -> bool:
    return CaseState(case.state) in OPEN and Level(case.assured_level) < min(level_now(work), level_needed(work, case))


def _raise(work: Work, case: Case, level: Level, how: str) -> None:
    case.assured_level, case.assured_how = int(level), how
    event(work, case, EventKind.IDENTITY_CONFIRMED, level=int(level), how=how)
    work.note("confirm_identity", "case", case.id, level=int(level), how=how)
