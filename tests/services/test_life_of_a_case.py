"""Every act × who × state with real cases through the services, against the domain's table by hand.

One school is built once and put back after each act that changed something, so that every cell finds it as it was.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.domain.assurance import Way
from portal.domain.lifecycle import Action, CaseState
from portal.domain.permissions import ANONYMOUS, SYSTEM, Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import (
    ActorKind,
    Channel,
    Letter,
    Level,
    Outcome,
    RequestKind,
    Role,
    StepState,
    TargetKind,
)
from portal.records.db import begin_write, db
from portal.services import erasures, export, own_cases
from portal.services.approve_erasure import approve
from portal.services.carry_out import carry_out, finish_step
from portal.services.casework import Asked, Contact, NotFound
from portal.services.close_as_abuse import close_as_abuse
from portal.services.confirm_identity import confirm_identity
from portal.services.decide_case import decide
from portal.services.extend_case import extend
from portal.services.lift_restriction import announce_lifting
from portal.services.match_case import match
from portal.services.merge_duplicate import merge
from portal.services.post_letter import record_posted
from portal.services.record_take_back import record_take_back
from portal.services.reopen_case import reopen
from portal.services.send_message import send_message
from portal.services.take_case import assign, take
from portal.services.write_note import write_note
from tests import factories
from tests.domain.test_matrix import CELLS, STATES
from tests.services import cases

REFUSALS = {
    RequestKind.RECTIFICATION: "value_is_right",
    RequestKind.RESTRICTION: "no_restriction_ground",
    RequestKind.ERASURE: "legal_duty",
}


@dataclass(frozen=True)
class Town:
    """`held` are the references, by what an act needs ("change", "copy", …) and the letter of the state."""

    student: UUID
    actors: dict[str, Actor]
    held: dict[tuple[str, str], str]
    older: str  # into which the others are merged
    someone: UUID  # staff to whom cases are given


def ended(reference: str, letter: str, officer: Actor, older: str) -> None:
    """Ends an undecided case in one of the ways without a decision."""
    clock, version = cases.clock(), cases.version_of(reference)
    match letter:
        case "T":
            record_take_back(officer, clock, reference, version, Channel.PHONE, "Hoeft niet meer.")
        case "U":
            merge(officer, clock, reference, version, older)
        case "A":
            close_as_abuse(officer, clock, reference, version, "excessive")


def finish_outside(reference: str, officer: Actor, leave: int = 0) -> None:
    """Everything to do outside the portal but the last `leave` steps."""
    waiting = [step.id for step in cases.steps_of(reference).values() if step.kind != "own" and step.state == "open"]
    for step_id in waiting[: len(waiting) - leave]:
        finish_step(officer, cases.clock(), reference, step_id, StepState.DONE, "Gedaan.")


def carried_out(reference: str, officer: Actor) -> None:
    carry_out(officer, cases.clock(), reference, cases.version_of(reference))


def build() -> Town:
    here, there = factories.make_branch("langedijk"), factories.make_branch("hoorn")
    student, other = factories.make_student(here), factories.make_student(there)
    by_paper = factories.make_student(here, email=None)
    officer = factories.staff_actor(factories.make_staff("decider", Role.PRIVACY_OFFICER))
    handler = factories.make_staff("handler", Role.CASE_HANDLER, branch=here)
    staff = {
        "h": handler,
        "x": factories.make_staff("elsewhere", Role.CASE_HANDLER, branch=there),
        "o": factories.make_staff("officer", Role.PRIVACY_OFFICER),
        "d": factories.make_staff("director", Role.DIRECTOR),
        "a": factories.make_staff("administrator", Role.ADMINISTRATOR),
    }
    lawyer = replace(
        factories.student_actor(student), kind=ActorKind.REPRESENTATIVE, id=uuid4(), scope=frozenset(RequestKind)
    )
    actors = {
        **{letter: factories.staff_actor(staff_id) for letter, staff_id in staff.items()},
        "s": factories.student_actor(student, Level.SECOND_CHANNEL),
        "z": factories.student_actor(other, Level.SECOND_CHANNEL),
        "r": lawyer,
        "c": Actor(ActorKind.CASE_CODE),
        "n": ANONYMOUS,
        "y": SYSTEM,
    }
    change = cases.field_of(student, "street", "Dorpsstraat 1")
    held: dict[tuple[str, str], str] = {}
    older = cases.opened(RequestKind.RECTIFICATION, student, [change])

    def opened(name: str, letter: str, kind: RequestKind, items: list[Asked], whose: UUID | None = student) -> str:
        level = Level.NONE if name == "unsure" else Level.SECOND_CHANNEL
        taken = letter != "R"
        held[name, letter] = cases.opened(kind, whose, items, taken=taken, level=level, contact=Contact(name="Hanan"))
        return held[name, letter]

    for name, kind in (
        ("change", RequestKind.RECTIFICATION),
        ("unsure", RequestKind.RECTIFICATION),
        ("limit", RequestKind.RESTRICTION),
        ("erasure", RequestKind.ERASURE),
        ("approved", RequestKind.ERASURE),
        ("copy", RequestKind.ACCESS),
    ):
        whose = by_paper if kind is RequestKind.ACCESS else student
        asked = [change] if kind is RequestKind.RECTIFICATION else [cases.EVERYTHING]
        for letter in STATES:
            reference = opened(name, letter, kind, asked, whose)
            if letter in "TUA":
                into = older
                if letter == "U" and name not in {"change", "unsure"}:
                    into = held[name, "P"]
                ended(reference, letter, officer, into)
            elif letter in "DC":
                _decided(name, letter, reference, officer)
    for name in ("unknown", "withdrawn"):
        kind = RequestKind.WITHDRAWAL if name == "withdrawn" else RequestKind.RECTIFICATION
        item = (
            Asked(TargetKind.ACTIVITY, activity="diploma_valuation") if name == "withdrawn" else Asked(TargetKind.WORDS)
        )
        for letter in STATES:
            put(opened(name, letter, kind, [item], whose=None), STATES[letter])
    return Town(student, actors, held, older, staff["h"])


def _decided(name: str, letter: str, reference: str, officer: Actor) -> None:
    kind = RequestKind(cases.case_of(reference).kind)
    if letter == "C" and name in {"change", "unsure", "erasure", "approved"}:
        cases.decided(reference, officer, Outcome.REFUSED, ground=REFUSALS[kind], reason=cases.CHECK_REASON)
        return
    if kind is RequestKind.ERASURE:
        cases.granted_erasure(reference, officer)
    else:
        cases.decided(reference, officer, checked="Dorpsstraat 1" if kind is RequestKind.RECTIFICATION else None)
    if name == "approved":
        director = factories.staff_actor(factories.make_staff(f"second-{letter.lower()}", Role.DIRECTOR))
        approve(director, cases.clock(), reference, cases.version_of(reference))
    if name == "copy":
        finish_outside(reference, officer)
        carried_out(reference, officer)
    if name == "limit":
        carried_out(reference, officer)
        finish_outside(reference, officer, leave=0 if letter == "C" else 1)
    if name == "copy" and letter == "C":
        version = cases.version_of(reference)
        record_posted(officer, cases.clock(), reference, version, Letter.ANSWER, cases.clock().today())


def put(reference: str, state: CaseState) -> None:
    """A case whose asker nobody knows, in a state that it reaches only when somebody does."""
    begin_write()
    cases.case_of(reference).state = state.value
    db.session.commit()


Attempt = Callable[[Actor, str], object]


def attempts(town: Town) -> dict[Action, tuple[str, Attempt]]:
    """Of each act: to which cases it is done, and how the one who acts does it."""
    clock, version = cases.clock(), cases.version_of

    def decided(actor: Actor, reference: str) -> object:
        decisions = cases.all_of(reference, Outcome.GRANTED, checked="Dorpsstraat 1")
        return decide(actor, clock, reference, version(reference), decisions)

    def last_step(actor: Actor, reference: str) -> object:
        steps = sorted(cases.steps_of(reference).values(), key=lambda step: step.state != "open")
        if not steps:
            return carry_out(actor, clock, reference, version(reference))
        return finish_step(actor, clock, reference, steps[0].id, StepState.DONE, "Gedaan.")

    def stop(actor: Actor, reference: str) -> object:
        return erasures.stop_own(actor, clock, None if actor.kind is ActorKind.CASE_CODE else reference)

    def look(actor: Actor, reference: str) -> object:
        if not actor.is_staff:  # the student's own copy is another act: to receive it
            raise NotAllowed("not_staff")
        return export.download(actor, clock, reference, "json")

    def matched(actor: Actor, reference: str) -> object:
        return match(actor, clock, reference, version(reference), town.student)

    return {
        Action.MATCH: ("unknown", matched),
        Action.TAKE: ("change", lambda who, ref: take(who, clock, ref)),
        Action.ASSIGN: ("change", lambda who, ref: assign(who, clock, ref, version(ref), town.someone)),
        Action.MESSAGE: ("change", lambda who, ref: send_message(who, clock, ref, "Goedemorgen.")),
        Action.STUDENT_MESSAGE: (
            "change",
            lambda who, ref: own_cases.write_message(who, clock, ref, "Ik wacht nog.", uuid4().bytes),
        ),
        Action.NOTE: ("change", lambda who, ref: write_note(who, clock, ref, "Gebeld.")),
        Action.CONFIRM_IDENTITY: (
            "unsure",
            lambda who, ref: confirm_identity(who, clock, ref, version(ref), Level.SECOND_CHANNEL, Way.SHOW_ID_AT_DESK),
        ),
        Action.EXTEND: ("change", lambda who, ref: extend(who, clock, ref, version(ref), 14, "complexity")),
        Action.TAKE_EFFECT: ("withdrawn", matched),
        Action.DECIDE: ("change", decided),
        Action.APPROVE: ("erasure", lambda who, ref: approve(who, clock, ref, version(ref))),
        Action.CARRY_OUT_STEP: ("change", lambda who, ref: carry_out(who, clock, ref, version(ref))),
        Action.RELEASE_ANSWER: ("copy", look),
        Action.LIFT_RESTRICTION: (
            "limit",
            lambda who, ref: announce_lifting(who, clock, ref, version(ref), "Wij gebruiken het weer."),
        ),
        Action.CLOSE: ("limit", last_step),
        Action.TAKE_BACK: ("change", lambda who, ref: own_cases.take_back(who, clock, ref, version(ref))),
        Action.RECORD_TAKE_BACK: (
            "change",
            lambda who, ref: record_take_back(who, clock, ref, version(ref), Channel.PHONE, "Hoeft niet meer."),
        ),
        Action.MERGE: ("change", lambda who, ref: merge(who, clock, ref, version(ref), town.older)),
        Action.ABUSE: ("change", lambda who, ref: close_as_abuse(who, clock, ref, version(ref), "excessive")),
        Action.REOPEN: ("change", lambda who, ref: reopen(who, clock, ref, version(ref), "new_facts")),
        Action.STOP_ERASURE: ("approved", stop),
    }


def what_happened(attempt: Attempt, actor: Actor, reference: str) -> str:
    """ "-" when the actor may not, "." when nothing comes of it, otherwise the letter of the state after it.

    A case out of reach looks as if it were not there.
    """
    before = (cases.version_of(reference), cases.audit_count())
    try:
        attempt(actor, reference)
    except (NotAllowed, NotFound):
        found = "-"
    except Refused:
        found = "."
    else:
        changed = (cases.version_of(reference), cases.audit_count()) != before
        return letter_of(reference) if changed else "."
    assert (cases.version_of(reference), cases.audit_count()) == before, "what was refused left something behind"
    return found


def letter_of(reference: str) -> str:
    return next(letter for letter, state in STATES.items() if state == cases.case_of(reference).state)


class Snapshot:
    """Both databases as they are now, to be put back."""

    def __init__(self) -> None:
        self.kept = {}
        for name in (None, "keys"):
            self.kept[name] = sqlite3.connect(":memory:")
            self._copied(name, lambda here, copy: here.backup(copy))

    def put_back(self) -> None:
        for name in self.kept:
            self._copied(name, lambda here, copy: copy.backup(here))

    def _copied(self, name: str | None, copy: Callable[[sqlite3.Connection, sqlite3.Connection], None]) -> None:
        db.session.rollback()
        held = db.engines[name].raw_connection()
        copy(held.driver_connection, self.kept[name])
        held.close()


def wanted(action: Action, state: str, who: str) -> str:
    """By the table by hand; whoever belongs to another branch or is another student may do nothing. Where nobody
    decided there is no second person to approve either."""
    nobody_decided = action is Action.APPROVE and state not in "DC"
    return "-" if who in "xz" or nobody_decided else CELLS[action.value, state, who]


@pytest.mark.slow
def test_every_act_by_everybody_in_every_state_does_what_the_table_by_hand_says(small: Flask) -> None:
    town = build()
    world, clean, cells = Snapshot(), True, 0
    wrong = []
    tries = attempts(town)
    for action, state, who in itertools.product(Action, STATES, town.actors):
        name, attempt = tries[action]
        reference = town.held[name, state]
        actor = town.actors[who]
        if not clean:
            world.put_back()
        if actor.kind is ActorKind.CASE_CODE:
            actor = replace(actor, case_id=cases.case_of(reference).id)
        found = what_happened(attempt, actor, reference)
        clean = found in "-." and action is not Action.STUDENT_MESSAGE  # whose attempts are counted
        cells += 1
        if found != wanted(action, state, who):
            wrong.append(f"{action.value} by {who} in {state}: {found}, not {wanted(action, state, who)}")
    print(f"acts through the services: {cells} cells, {len(wrong)} wrong")
    assert "; ".join(wrong) == ""
    assert cells == len(Action) * len(STATES) * 11
