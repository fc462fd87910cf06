"""The cast of the permission tests: one principal of each sort, and what they act on."""

from __future__ import annotations

from uuid import UUID

from portal.domain.permissions import Actor, Subject
from portal.domain.vocabulary import ActorKind, RequestKind, Role

NORTH, SOUTH = UUID(int=1), UUID(int=2)
STUDENT, OTHER_STUDENT = UUID(int=11), UUID(int=12)
CASE, OTHER_CASE = UUID(int=21), UUID(int=22)
ME, DECIDER, APPROVER = UUID(int=31), UUID(int=32), UUID(int=33)


def staff(*roles: Role, branches: tuple[UUID, ...] = (NORTH,), **fields: object) -> Actor:
    values: dict[str, object] = {
        "id": ME,
        "name": "somebody",
        "roles": frozenset(roles),
        "branches": frozenset(branches),
        "confidentiality_acknowledged": True,
        "fresh_sign_in": True,
    }
    return Actor(ActorKind.STAFF, **{**values, **fields})


HANDLER = staff(Role.CASE_HANDLER)
OFFICER = staff(Role.PRIVACY_OFFICER, branches=())
DIRECTOR = staff(Role.DIRECTOR, branches=())
ADMINISTRATOR = staff(Role.ADMINISTRATOR, branches=())
THE_STUDENT = Actor(ActorKind.STUDENT, student_id=STUDENT)
CODE = Actor(ActorKind.CASE_CODE, case_id=CASE)
REPRESENTATIVE = Actor(ActorKind.REPRESENTATIVE, student_id=STUDENT, scope=frozenset({RequestKind.ERASURE}))
ANYBODY = Actor(ActorKind.ANONYMOUS)
PORTAL = Actor(ActorKind.SYSTEM)


def subject(**fields: object) -> Subject:
    """A decided and approved erasure of the student in the north, so that no second person is missing."""
    values: dict[str, object] = {
        "branch_id": NORTH,
        "student_id": STUDENT,
        "case_id": CASE,
        "kind": RequestKind.ERASURE,
        "decider_id": DECIDER,
        "approver_id": APPROVER,
    }
    return Subject(**{**values, **fields})
