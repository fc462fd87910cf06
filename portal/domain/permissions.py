"""Who may do what: one table of act × actor → condition, used by the web, the services and the tests.

Deny by default: an act that the table does not grant is refused, and so is a condition whose facts are unknown. The
level of identity that an act asks for is a separate question: `portal.domain.assurance`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import groupby, repeat
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind, Level, RequestKind, Role


class Condition(StrEnum):
    """When a grant holds."""

    NEVER = "-"
    ALWAYS = "always"
    BRANCH = "branch"  # the student's branch is one of the actor's
    BRANCH_OR_UNPLACED = "branch+"  # the same, or a case that nobody has matched to a student yet
    SCOPED = "scoped"  # a list, narrowed to the actor's branches; a branch that is named must be one of them
    OWN = "own"  # the student's own
    SCOPE = "scope"  # the represented student's, within the kinds of request of the authorisation
    CASE = "case"  # the one case whose code the actor holds


class Also(StrEnum):
    """What must hold besides, whichever role grants the act. The value is the reason code when it does not."""

    SECOND_PERSON = "second_person_needed"  # whoever decided does not approve (security.md)
    APPROVED = "approval_missing"  # somebody other than the decider approved
    NOT_OWN_DECISION = "own_decision"  # a complaint is not handled by whoever decided what it is about (art. 10)
    REASON = "reason_missing"  # a student's file is opened within a case or with a stated reason
    FRESH_SIGN_IN = "fresh_sign_in_needed"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `id` is the account of staff; students, codes and representatives are known by `student_id`, `case_id`.

    `level_at` is the aware moment at which `level` was reached in this session. The two flags are of staff: whether the
    confidentiality clause is acknowledged (regulation, art. 7), and whether the sign-in is recent enough for erasures
    and account changes. `scope` is what a representative's authorisation covers.
    """

    kind: ActorKind
    id: UUID | None = None
    name: str = ""
    roles: frozenset[Role] = frozenset()
    branches: frozenset[UUID] = frozenset()
    level: Level = Level.NONE
    level_at: datetime | None = None
    student_id: UUID | None = None
    case_id: UUID | None = None
    session_id: UUID | None = None
    scope: frozenset[RequestKind] = frozenset()
    shared_address: bool = False  # several students read the mail address by which this one signed in
    confidentiality_acknowledged: bool = False
    fresh_sign_in: bool = False

    @property
    def is_staff(self) -> bool:
        return self.kind is ActorKind.STAFF

    def has(self, role: Role) -> bool:
        return self.is_staff and role in self.roles


ANONYMOUS = Actor(ActorKind.ANONYMOUS)
SYSTEM = Actor(ActorKind.SYSTEM, name="system")


@dataclass(frozen=True, slots=True)
class Subject:
    """What an act is about, as far as the conditions ask. What is not said counts as unknown, and so as a no."""

    branch_id: UUID | None = None
    student_id: UUID | None = None
    case_id: UUID | None = None
    kind: RequestKind | None = None
    decider_id: UUID | None = None  # staff who decided this case
    approver_id: UUID | None = None  # staff who approved it
    about_decider_id: UUID | None = None  # of a complaint: staff who decided the case it is about
    handler_id: UUID | None = None
    unplaced: bool = False  # a case that nobody has matched to a student yet
    reason_given: bool = False  # why a file is opened outside a case


@dataclass(frozen=True, slots=True)
class Decision:
    """Truthy when the act may be done; `reason` is "" then and otherwise a stable code."""

    reason: str = ""

    def __bool__(self) -> bool:
        return not self.reason


class NotAllowed(Refused):
    """The actor may not do this; `code` is the reason."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table."""

    conditions: dict[Role | ActorKind, Condition]
    also: frozenset[Also] = field(default=frozenset())


NEVER, ALWAYS, SCOPED = Condition.NEVER, Condition.ALWAYS, Condition.SCOPED
BRANCH, BRANCH_PLUS = Condition.BRANCH, Condition.BRANCH_OR_UNPLACED
OWN, SCOPE, CASE = Condition.OWN, Condition.SCOPE, Condition.CASE
NOT_OWN, SECOND, APPROVED = Also.NOT_OWN_DECISION, Also.SECOND_PERSON, Also.APPROVED
REASON, FRESH = Also.REASON, Also.FRESH_SIGN_IN


def _staff(
    handler: Condition,
    officer: Condition,
    director: Condition,
    admin: Condition,
    *also: Also,
    system: Condition = NEVER,
) -> Rule:
    return Rule(
        {
            Role.CASE_HANDLER: handler,
            Role.PRIVACY_OFFICER: officer,
            Role.DIRECTOR: director,
            Role.ADMINISTRATOR: admin,
            ActorKind.SYSTEM: system,
        },
        frozenset(also),
    )


def _outside(student: Condition, representative: Condition, code: Condition, anonymous: Condition) -> Rule:
    return Rule(
        {
            ActorKind.STUDENT: student,
            ActorKind.REPRESENTATIVE: representative,
            ActorKind.CASE_CODE: code,
            ActorKind.ANONYMOUS: anonymous,
        }
    )


def _system() -> Rule:
    return Rule({ActorKind.SYSTEM: ALWAYS})


TABLE: dict[Act, Rule] = {
    # staff, lists and files                 handler      officer director administrator
    Act.VIEW_QUEUE: _staff(                   SCOPED,      ALWAYS, ALWAYS, NEVER),
    Act.EXPORT_QUEUE: _staff(                 SCOPED,      ALWAYS, ALWAYS, NEVER),
    Act.SEARCH_STUDENTS: _staff(              SCOPED,      ALWAYS, ALWAYS, NEVER),
    Act.VIEW_STUDENT: _staff(                 BRANCH,      ALWAYS, ALWAYS, NEVER, REASON),
    Act.REVEAL_FIELD: _staff(                 BRANCH,      ALWAYS, ALWAYS, NEVER, REASON),
    Act.VIEW_CASE: _staff(                    BRANCH_PLUS, ALWAYS, ALWAYS, NEVER),
    # staff, a case                          handler      officer director administrator
    Act.RECORD_REQUEST: _staff(               SCOPED,      ALWAYS, ALWAYS, NEVER),
    Act.MATCH_REQUEST: _staff(                BRANCH_PLUS, ALWAYS, ALWAYS, NEVER, NOT_OWN),
    Act.TAKE_CASE: _staff(                    BRANCH_PLUS, ALWAYS, ALWAYS, NEVER, NOT_OWN),
    Act.ASSIGN_CASE: _staff(                  BRANCH_PLUS, ALWAYS, ALWAYS, NEVER),
    Act.SEND_MESSAGE: _staff(                 BRANCH_PLUS, ALWAYS, ALWAYS, NEVER, NOT_OWN),
    Act.WRITE_NOTE: _staff(                   BRANCH_PLUS, ALWAYS, ALWAYS, NEVER),
    Act.CONFIRM_IDENTITY: _staff(             BRANCH,      ALWAYS, ALWAYS, NEVER),
    Act.EXTEND: _staff(                       BRANCH_PLUS, ALWAYS, ALWAYS, NEVER, NOT_OWN),
    Act.DECIDE: _staff(                       BRANCH,      ALWAYS, ALWAYS, NEVER, NOT_OWN),
    Act.REFUSE_ON_REGULATION_ONLY: _staff(    NEVER,       ALWAYS, NEVER,  NEVER, NOT_OWN),
    Act.APPROVE_ERASURE: _staff(              NEVER,       ALWAYS, ALWAYS, NEVER, SECOND, FRESH),
    Act.CARRY_OUT_ERASURE: _staff(            NEVER,       ALWAYS, ALWAYS, NEVER, APPROVED, system=ALWAYS),
    Act.CARRY_OUT_STEP: _staff(               BRANCH_PLUS, ALWAYS, ALWAYS, NEVER, NOT_OWN, system=ALWAYS),
    Act.RELEASE_ANSWER: _staff(               BRANCH,      ALWAYS, ALWAYS, NEVER, NOT_OWN),
    Act.REVIEW_IMAGE: _staff(                 BRANCH,      ALWAYS, ALWAYS, NEVER),
    Act.LIFT_RESTRICTION: _staff(             BRANCH,      ALWAYS, ALWAYS, NEVER, NOT_OWN),
    Act.CLOSE_CASE: _staff(                   BRANCH_PLUS, ALWAYS, ALWAYS, NEVER, NOT_OWN, system=ALWAYS),
    Act.REOPEN: _staff(                       BRANCH_PLUS, ALWAYS, ALWAYS, NEVER, NOT_OWN),
    Act.MERGE_DUPLICATE: _staff(              BRANCH_PLUS, ALWAYS, ALWAYS, NEVER, NOT_OWN),
    Act.CLOSE_AS_ABUSE: _staff(               NEVER,       ALWAYS, NEVER,  NEVER, NOT_OWN),
    Act.RECORD_TAKE_BACK: _staff(             BRANCH_PLUS, ALWAYS, ALWAYS, NEVER, NOT_OWN),
    # staff, a student                       handler      officer director administrator
    Act.MANAGE_STUDENT: _staff(               BRANCH,      ALWAYS, ALWAYS, NEVER),
    Act.MANAGE_REPRESENTATIVE: _staff(        BRANCH,      ALWAYS, ALWAYS, NEVER),
    Act.SUPPRESS_NOTICE: _staff(              BRANCH,      ALWAYS, ALWAYS, NEVER),
    Act.PRINT_LETTER: _staff(                 BRANCH_PLUS, ALWAYS, ALWAYS, NEVER),
    Act.LEGAL_HOLD: _staff(                   NEVER,       ALWAYS, NEVER,  NEVER),
    Act.RUN_CAMPAIGN: _staff(                 NEVER,       ALWAYS, ALWAYS, NEVER),
    Act.RECORD_CONSENT: _staff(               BRANCH,      ALWAYS, ALWAYS, NEVER),
    Act.IMPORT_STUDENTS: _staff(              NEVER,       ALWAYS, ALWAYS, NEVER, system=ALWAYS),
    Act.EXPORT_CHANGES: _staff(               SCOPED,      ALWAYS, ALWAYS, NEVER),
    # staff, the school                      handler      officer director administrator
    Act.VIEW_REGISTER: _staff(                ALWAYS,      ALWAYS, ALWAYS, ALWAYS),
    Act.VIEW_FIGURES: _staff(                 SCOPED,      ALWAYS, ALWAYS, NEVER),
    Act.VIEW_YEAR_REPORT: _staff(             NEVER,       ALWAYS, ALWAYS, ALWAYS),
    Act.VIEW_AUDIT: _staff(                   NEVER,       ALWAYS, ALWAYS, NEVER),
    Act.VIEW_OPERATIONS: _staff(              NEVER,       ALWAYS, ALWAYS, ALWAYS),
    Act.CONFIRM_POLICY: _staff(               NEVER,       NEVER,  ALWAYS, NEVER),
    Act.CONFIRM_REGISTER: _staff(             NEVER,       ALWAYS, ALWAYS, NEVER),
    Act.REVIEW_ACCESS: _staff(                NEVER,       ALWAYS, ALWAYS, ALWAYS),
    Act.MANAGE_STAFF: _staff(                 NEVER,       NEVER,  NEVER,  ALWAYS, FRESH),
    Act.MANAGE_BRANCHES: _staff(              NEVER,       NEVER,  NEVER,  ALWAYS, FRESH),
    Act.MANAGE_SETTINGS: _staff(              NEVER,       NEVER,  NEVER,  ALWAYS),
    Act.PREVIEW_RETENTION: _staff(            NEVER,       ALWAYS, ALWAYS, NEVER, system=ALWAYS),
    Act.RUN_RETENTION: _staff(                NEVER,       NEVER,  ALWAYS, NEVER, FRESH, system=ALWAYS),
    # staff, themselves                      handler      officer director administrator
    Act.ACKNOWLEDGE_CONFIDENTIALITY: _staff(  ALWAYS,      ALWAYS, ALWAYS, ALWAYS),
    Act.MANAGE_OWN_ACCOUNT: _staff(           ALWAYS,      ALWAYS, ALWAYS, ALWAYS),
    # students and who stands for them         student representative case code anonymous
    Act.FILE_REQUEST: _outside(                 OWN,    SCOPE,         NEVER,    ALWAYS),
    Act.VIEW_OWN_STATUS: _outside(              OWN,    SCOPE,         CASE,     NEVER),
    Act.VIEW_OWN_DECISION: _outside(            OWN,    SCOPE,         CASE,     NEVER),
    Act.WRITE_MESSAGE: _outside(                OWN,    SCOPE,         CASE,     NEVER),
    Act.TAKE_BACK: _outside(                    OWN,    SCOPE,         NEVER,    NEVER),
    Act.RECEIVE_ANSWER: _outside(               OWN,    SCOPE,         NEVER,    NEVER),
    Act.STOP_ERASURE: _outside(                 OWN,    NEVER,         CASE,     NEVER),
    Act.VIEW_OWN_DATA: _outside(                OWN,    NEVER,         NEVER,    NEVER),
    Act.VIEW_OWN_SENSITIVE: _outside(           OWN,    NEVER,         NEVER,    NEVER),
    Act.VIEW_OWN_VIEWS: _outside(               OWN,    NEVER,         NEVER,    NEVER),
    Act.GIVE_CONSENT: _outside(                 OWN,    NEVER,         NEVER,    NEVER),
    Act.WITHDRAW_CONSENT: _outside(             OWN,    SCOPE,         NEVER,    NEVER),
    Act.OBJECT: _outside(                       OWN,    SCOPE,         NEVER,    NEVER),
    Act.CHANGE_EMAIL: _outside(                 OWN,    NEVER,         NEVER,    NEVER),
    Act.CHANGE_PREFERENCES: _outside(           OWN,    NEVER,         NEVER,    NEVER),
    Act.CONFIRM_REPRESENTATIVE: _outside(       OWN,    NEVER,         NEVER,    NEVER),
    Act.END_REPRESENTATIVE: _outside(           OWN,    NEVER,         NEVER,    NEVER),
    Act.STEP_UP: _outside(                      OWN,    OWN,           NEVER,    NEVER),
    # the portal itself
    Act.KEEP_REGISTER: _system(),
    Act.DELIVER_MAIL: _system(),
    Act.SEND_WARNINGS: _system(),
    Act.EXPIRE_FILES: _system(),
    Act.BUILD_PACKAGE: _system(),
    Act.CHECKPOINT_AUDIT: _system(),
    Act.CLOSE_YEAR: _system(),
}  # fmt: skip

BEFORE_ACKNOWLEDGING = frozenset({Act.ACKNOWLEDGE_CONFIDENTIALITY, Act.MANAGE_OWN_ACCOUNT})

_REASONS = {
    Condition.BRANCH: "not_own_branch",
    Condition.BRANCH_OR_UNPLACED: "not_own_branch",
    Condition.SCOPED: "not_own_branch",
    Condition.OWN: "not_own",
    Condition.SCOPE: "outside_scope",
    Condition.CASE: "not_this_case",
}


def _in_branch(actor: Actor, subject: Subject) -> bool:
    return subject.branch_id is not None and subject.branch_id in actor.branches


def _own(actor: Actor, subject: Subject) -> bool:
    return actor.student_id is not None and subject.student_id == actor.student_id


_HOLDS: dict[Condition, Callable[[Actor, Subject], bool]] = {
    Condition.NEVER: lambda _actor, _subject: False,
    Condition.ALWAYS: lambda _actor, _subject: True,
    Condition.BRANCH: _in_branch,
    Condition.BRANCH_OR_UNPLACED: lambda actor, subject: (
        _in_branch(actor, subject) or (subject.unplaced and subject.branch_id is None and bool(actor.branches))
    ),
    Condition.SCOPED: lambda actor, subject: (
        _in_branch(actor, subject) if subject.branch_id is not None else bool(actor.branches)
    ),
    Condition.OWN: _own,
    Condition.SCOPE: lambda actor, subject: _own(actor, subject) and subject.kind in actor.scope,
    Condition.CASE: lambda actor, subject: actor.case_id is not None and subject.case_id == actor.case_id,
}

_ALSO_HOLDS: dict[Also, Callable[[Actor, Subject], bool]] = {
    Also.SECOND_PERSON: lambda actor, subject: (
        actor.id is not None and subject.decider_id is not None and subject.decider_id != actor.id
    ),
    Also.APPROVED: lambda _actor, subject: (
        subject.decider_id is not None and subject.approver_id not in (None, subject.decider_id)
    ),
    Also.NOT_OWN_DECISION: lambda actor, subject: (
        subject.about_decider_id is None or subject.about_decider_id != actor.id
    ),
    Also.REASON: lambda _actor, subject: subject.case_id is not None or subject.reason_given,
    Also.FRESH_SIGN_IN: lambda actor, _subject: not actor.is_staff or actor.fresh_sign_in,
}


NOTHING = Subject()
GRANTED = Decision()


def condition(act: Act, who: Role | ActorKind) -> Condition:
    """The cell of the table; what it does not name is NEVER."""
    return TABLE[act].conditions.get(who, NEVER) if act in TABLE else NEVER


@cache
def _line(act: Act, kind: ActorKind, roles: frozenset[Role]) -> tuple[tuple[Condition, ...], tuple[Also, ...]]:
    """What the table says of an act to such an actor: conditions of which one must hold, and all that must besides."""
    whos: list[Role | ActorKind] = [*sorted(roles)] if kind is ActorKind.STAFF else [kind]
    also = TABLE[act].also if act in TABLE else ()
    return tuple(condition(act, who) for who in whos), tuple(each for each in Also if each in also)


def may(actor: Actor, act: Act, subject: Subject | None = None) -> Decision:
    """Whether `actor` may do `act` to `subject`. Several roles add up; what must hold besides, holds for the person."""
    about = subject or NOTHING
    conditions, also = _line(act, actor.kind, actor.roles)
    for each in conditions:
        if _HOLDS[each](actor, about):
            break
    else:
        return Decision(next((_REASONS[each] for each in conditions if each in _REASONS), "not_permitted"))
    if actor.is_staff and not actor.confidentiality_acknowledged and act not in BEFORE_ACKNOWLEDGING:
        return Decision("confidentiality_not_acknowledged")
    for needed in also:
        if not _ALSO_HOLDS[needed](actor, about):
            return Decision(needed)
    return GRANTED


def may_each(actor: Actor, acts: frozenset[Act], subject: Subject) -> Iterator[tuple[Act, Decision]]:
    """`may` for many acts; those of which the table says the same are decided once."""
    for alike in _alike(acts, actor.kind, actor.roles):
        yield from zip(alike, repeat(may(actor, alike[0], subject)))


@cache
def _alike(acts: frozenset[Act], kind: ActorKind, roles: frozenset[Role]) -> tuple[tuple[Act, ...], ...]:
    said = {act: repr((_line(act, kind, roles), act in BEFORE_ACKNOWLEDGING)) for act in acts}
    return tuple(tuple(alike) for _, alike in groupby(sorted(acts, key=said.__getitem__), said.__getitem__))


def could(actor: Actor, act: Act) -> bool:
    """Whether there is anything to which `actor` may do `act`: for a route or a menu, before the object is known.

    It never stands in for `may`: the object's branch, a second person and a fresh sign-in are asked there.
    """
    return act in powers(actor)


def powers(actor: Actor) -> frozenset[Act]:
    """Every act that `actor` `could` do."""
    return _powers(actor.kind, actor.roles, actor.confidentiality_acknowledged, bool(actor.branches))


@cache
def _powers(kind: ActorKind, roles: frozenset[Role], acknowledged: bool, somewhere: bool) -> frozenset[Act]:
    if kind is not ActorKind.STAFF:
        return frozenset(act for act in Act if condition(act, kind) is not NEVER)
    enough = {ALWAYS, BRANCH, BRANCH_PLUS, SCOPED} if somewhere else {ALWAYS}
    return frozenset(
        act
        for act in Act
        if (acknowledged or act in BEFORE_ACKNOWLEDGING) and any(condition(act, role) in enough for role in roles)
    )


def demand(actor: Actor, act: Act, subject: Subject | None = None) -> None:
    """Nothing, or `NotAllowed` with the reason's code and the act."""
    decision = may(actor, act, subject)
    if not decision:
        raise NotAllowed(decision.reason, act=act)


@dataclass(frozen=True, slots=True)
class BranchScope:
    """Which rows a list may hold for an actor: the filter under every staff query."""

    every: bool = False
    branches: frozenset[UUID] = frozenset()
    unplaced: bool = False  # with the cases that nobody has matched yet

    def holds(self, branch_id: UUID | None) -> bool:
        """Whether a row of this branch (None: not placed yet) belongs in the list."""
        if branch_id is None:
            return self.every or self.unplaced
        return self.every or branch_id in self.branches


def scope_of(actor: Actor, act: Act = Act.VIEW_CASE) -> BranchScope:
    """The rows for which `act` may be granted to this member of staff; nothing for anybody else."""
    if not actor.is_staff or not actor.confidentiality_acknowledged:
        return BranchScope()
    conditions = {condition(act, role) for role in actor.roles}
    if ALWAYS in conditions:
        return BranchScope(every=True, unplaced=True)
    if conditions & {BRANCH, BRANCH_PLUS, SCOPED}:
        return BranchScope(branches=actor.branches, unplaced=BRANCH_PLUS in conditions and bool(actor.branches))
    return BranchScope()
