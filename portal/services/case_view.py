"""One case as staff see it, put together: dates, items, steps, messages, timeline, and what may be done next.

`portal.services.case_page` opens it and logs the view.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.events import EventKind
from portal.domain.lifecycle import ACTS, ENDED, OPEN, UNANSWERED, UNDECIDED, CaseState, possible
from portal.domain.permissions import Actor, Also, Subject, may_each
from portal.domain.vocabulary import Channel, Level, Outcome, RequestKind, Role, StepKind, StepState
from portal.records import case_facts, casebook
from portal.records.items import full_name, values_of
from portal.records.staff import active_staff
from portal.services import decision_draft, identity, upload_way
from portal.services.carry_out import CARRIED_OUT
from portal.services.case_dates import Dates, dates_of
from portal.services.case_lines import (
    EventLine,
    ItemLine,
    LetterLine,
    MessageLine,
    NoteLine,
    OtherCase,
    StepLine,
    event_lines,
    item_lines,
    letter_line,
    message_lines,
    notes_of,
    others_of,
    step_lines,
)
from portal.services.casework import NotFound, representative_of, require_within_reach, subject_about
from portal.services.erasures import Wait, waits_for
from portal.services.extension_draft import ExtensionDraft, draft_of
from portal.services.find_students import birth_year
from portal.services.next_step import next_of
from portal.services.reviewed import unreviewed
from portal.services.steps import SEARCH
from portal.services.targets import GRANTING
from portal.services.unit import Work
from portal.vault.envelope import Holder, Json


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything the page of a case shows. `allowed` says what this member of staff may do in this state."""

    id: UUID
    reference: str
    version: int
    kind: RequestKind
    state: CaseState
    channel: Channel
    language: str
    name: str
    birth_year: str
    student_id: UUID | None
    branch: str
    contact: dict[str, str]
    words: str
    helper: str
    representative: str  # who asked it for the student
    by_post: bool
    level: Level
    level_needed: Level
    level_how: str | None
    handler: str
    handler_id: UUID | None
    decider: str
    approver: str
    wait: Wait | None  # of an approved erasure that may not begin yet
    outcome: Outcome | None
    about_reference: str
    about_director: bool  # of a complaint: the director decided what it is about
    restricted: bool  # something that this case restricted still is
    dates: Dates
    items: tuple[ItemLine, ...]
    steps: tuple[StepLine, ...]
    messages: tuple[MessageLine, ...]
    notes: tuple[NoteLine, ...]
    events: tuple[EventLine, ...]
    letters: tuple[LetterLine, ...]  # newest first
    others: tuple[OtherCase, ...]
    documents: tuple[str, ...]
    allowed: frozenset[Act]
    refused: dict[Act, str]  # acts the state allows but the rules refuse this person, with the rule's code
    next: str
    extension: ExtensionDraft | None  # that stands filled in, for whoever may send it
    drafted: bool  # a decision that somebody began to write is kept with the case

    @property
    def matched(self) -> bool:
        return self.student_id is not None

    @property
    def undecided(self) -> bool:
        return self.state in UNDECIDED

    @property
    def open(self) -> bool:
        return self.state in OPEN

    @property
    def ended_as(self) -> EventLine | None:
        """The event by which the case ended without an answer, with what it says."""
        if self.state not in ENDED or self.state is CaseState.CLOSED:
            return None
        kinds = {EventKind.TAKEN_BACK, EventKind.MERGED, EventKind.CLOSED_AS_ABUSE}
        return next((each for each in self.events if each.kind in kinds), None)

    @property
    def answered_nowhere(self) -> bool:
        """Merged into a request that ended without an answer."""
        into = self.ended_as.details.get("other") if self.ended_as else None
        return any(each.reference == into and each.state in UNANSWERED for each in self.others)

    @property
    def takers_in(self) -> tuple[OtherCase, ...]:
        """The requests into which this one may be merged."""
        return tuple(other for other in self.others if other.takes_in)

    @property
    def first_step(self) -> StepLine | None:
        """The open step to begin with: what must be searched comes before everything else, what the portal does by
        itself is not for hands."""
        by_hand = [step for step in self.open_steps if step.kind is not StepKind.OWN or step.task not in CARRIED_OUT]
        return min(by_hand, key=lambda step: step.task != SEARCH, default=None)

    @property
    def open_steps(self) -> tuple[StepLine, ...]:
        return tuple(step for step in self.steps if step.state is StepState.OPEN)


def read_case(work: Work, reference: str) -> CasePage:
    """The page's facts, without logging. Raises NotFound when it is not within the actor's reach.

    Asked in a few statements however much there is: the case and what there is one of, its lines, the keys of both.
    """
    case = case_facts.head(work.session, reference, upload_way.CLASS, work.now)
    if case is None:
        raise NotFound(reference)
    subject = subject_about(case, case.about_decider_id)
    require_within_reach(work, Act.VIEW_CASE, subject, reference)
    lines = case_facts.lines(work.session, case.id, case.student_id)
    work.vault.preload([casebook.holder(case.id), *([Holder.student(case.student_id)] if case.student_id else [])])
    contents = casebook.contents(work.vault, case)
    person = _person(work, case.student_id, lines[case_facts.PERSON])
    contact = {str(key): str(value) for key, value in contents.get("contact", {}).items()}
    kind, state = RequestKind(case.kind), CaseState(case.state)
    allowed, refused = _acts(work.actor, state, subject)
    items = item_lines(work, case, lines[case_facts.ITEM])
    steps = tuple(sorted(step_lines(work, case.id, lines[case_facts.STEP]), key=lambda step: step.task != SEARCH))
    happened = event_lines(work, case.id, lines[case_facts.EVENT][::-1])
    going = (identity.Found(each.dataset, each.field, each.checked) for each in items if each.outcome in GRANTING)
    needed = identity.level_for(work.policy, kind, going)
    wait = waits_for(work, case) if kind is RequestKind.ERASURE and case.approver_id else None
    return CasePage(
        id=case.id,
        reference=case.reference,
        version=case.version,
        kind=kind,
        state=state,
        channel=Channel(case.channel),
        language=case.language,
        name=full_name(person) if person else contact.get("name", ""),
        birth_year=birth_year(person.get("birth_date")),
        student_id=case.student_id,
        branch=case.branch or "",
        contact=contact,
        words=str(contents.get("words", "")),
        helper=str(contents.get("helper", "")),
        representative=_representative(work, case, contents),
        by_post=case.by_post,
        level=Level(case.assured_level),
        level_needed=needed,
        level_how=case.assured_how,
        handler=case.handler or "",
        handler_id=case.handler_id,
        decider=case.decider or "",
        approver=case.approver or "",
        wait=wait,
        outcome=Outcome(case.outcome) if case.outcome else None,
        about_reference=case.about_reference or "",
        about_director=_by_director(work, case.about_decider_id),
        restricted=case.restricted,
        dates=dates_of(work, case),
        items=items,
        steps=steps,
        messages=message_lines(work, case.id, lines[case_facts.MESSAGE]),
        notes=notes_of(happened),
        events=happened,
        letters=tuple(letter_line(work, case, each) for each in reversed(lines[case_facts.LETTER])),
        others=others_of(work, case) if case.has_others else (),
        documents=case_facts.documents(work.session, case.id) if Act.RELEASE_ANSWER in allowed else (),
        allowed=allowed,
        refused=refused,
        next=next_of(
            case,
            kind,
            state,
            items,
            steps,
            allowed | {act for act, code in refused.items() if code == Also.FRESH_SIGN_IN},
            needed,
            wait,
            changes=case.changes,
            upload=case.upload,
            pictures=unreviewed(work, case) if state is CaseState.DECIDED else 0,
        ),
        drafted=decision_draft.KEY in contents,
        extension=draft_of(work, case) if Act.EXTEND in allowed else None,
    )


def _person(work: Work, student_id: UUID | None, parts: Iterable[Any]) -> dict[str, Json]:
    if student_id is None:
        return {}
    return values_of(work.vault, student_id, ((each.id, each.retention, each.sealed) for each in parts))


def _representative(work: Work, case: Any, contents: dict[str, Json]) -> str:
    """The name of whoever asked it for the student, also of one whose authorisation ended since."""
    return representative_of(work, case, also_ended=True).get("name", "") if contents.get("representative") else ""


def _by_director(work: Work, decider_id: UUID | None) -> bool:
    """A complaint about the director also goes outside the school (regulation, art. 10)."""
    if decider_id is None:
        return False
    return decider_id in {staff.id for staff in active_staff(work.session, work.today, Role.DIRECTOR, None)}


def _acts(actor: Actor, state: CaseState, subject: Subject) -> tuple[frozenset[Act], dict[Act, str]]:
    allowed, refused = [], {}
    for act, decision in may_each(actor, _acts_in(state), subject):
        if decision.reason:
            refused[act] = decision.reason
        else:
            allowed.append(act)
    return frozenset(allowed), refused


@cache
def _acts_in(state: CaseState) -> frozenset[Act]:
    return frozenset(ACTS[action] for action in possible(state))
