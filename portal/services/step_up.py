"""Prove a little more: the birth date, with the postcode or the student number (level 2).

Where several students read one mail address, the answer also chooses who it is. A wrong answer never says which part
was wrong, nor whose data came close.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from portal.domain import birth_date
from portal.domain.acts import Act
from portal.domain.birth_date import NotABirthDate, PartialDate
from portal.domain.clock import Clock
from portal.domain.digits import compact
from portal.domain.permissions import Subject
from portal.domain.vocabulary import Level
from portal.records.items import Item, persons
from portal.services import limits
from portal.services.file_request import HOW
from portal.services.raise_cases import raise_open_cases
from portal.services.recognise import SignedIn
from portal.services.sign_in import add_login, students_at
from portal.services.unit import Work, writing
from portal.vault.normal import normal_number


class Proof(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    SEVERAL = "several"  # twins with one postcode: the student number tells them apart


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`session_id` is that of the fresh session which takes the place of the old one, where the answer was right."""

    proof: Proof
    session_id: str | None = None


def confirm(signed_in: SignedIn, clock: Clock, born: PartialDate, postcode_or_number: str) -> Confirmed:
    """Raises the session to level 2. TooMany when a limit is reached."""
    actor = signed_in.actor
    subject = signed_in.address_digest.hex() if signed_in.address_digest else str(actor.student_id)
    limits.demand(clock, "step_up_session", str(signed_in.login_id))
    limits.demand(clock, "step_up_subject", subject)
    with writing(actor, clock) as work:
        candidates = _candidates(work, signed_in)
        fitting = [student_id for student_id, person in candidates.items() if fits(person, born, postcode_or_number)]
        if len(fitting) != 1:
            return Confirmed(Proof.SEVERAL if fitting else Proof.WRONG)
        chosen = fitting[0]
        work.note("step_up", "student", chosen, level=int(Level.KNOWLEDGE))
        raise_open_cases(work, chosen, Level.KNOWLEDGE, HOW[Level.KNOWLEDGE])
        return Confirmed(
            Proof.RIGHT, add_login(work, chosen, signed_in.address_digest, Level.KNOWLEDGE, signed_in.login_id)
        )


def _candidates(work: Work, signed_in: SignedIn) -> dict[UUID, Item]:
    actor = signed_in.actor
    if actor.student_id is None and signed_in.address_digest is not None:
        return persons(work.session, work.vault, students_at(work, signed_in.address_digest))
    work.require(Act.STEP_UP, Subject(student_id=actor.student_id))
    return persons(work.session, work.vault, [actor.student_id] if actor.student_id else [])


def fits(person: Item, born: PartialDate, typed: str) -> bool:
    """Whether the birth date and the postcode or student number are those on file."""
    held = str(person.values.get("birth_date") or "")
    try:
        same_date = birth_date.matches(born, birth_date.parse(held))
    except NotABirthDate:
        return False
    postcode = compact(str(person.values.get("postcode") or ""))
    number = normal_number(str(person.values.get("student_number") or ""))
    same_place = bool(postcode) and hmac.compare_digest(postcode.encode(), compact(typed).encode())
    same_number = bool(number) and hmac.compare_digest(number.encode(), normal_number(typed).encode())
    return same_date and (same_place or same_number)
