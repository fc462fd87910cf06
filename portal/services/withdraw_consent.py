"""Withdraw a consent: one press, at once, without a decision, as easy as giving it (GDPR 7(3); regulation, art. 9.7).

The contract is no consent and cannot be withdrawn here; a withdrawal opens a case for the steps that staff still have
to do: stop the flow, tell the recipients, offer erasure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.permissions import Actor, Subject
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel, LegalBasis, Letter, Outcome, RequestKind, TargetKind
from portal.mail import messages
from portal.policy.model import Activity
from portal.records import limits
from portal.records.items import Item, change_value, items_of
from portal.records.tables.cases import Case, CaseItem
from portal.records.tables.people import Limit, Student
from portal.services.casework import Asked, NewCase, event, open_case, reply_address
from portal.services.file_request import HOW
from portal.services.issue_letter import issue
from portal.services.tell_recipients import issue_notices
from portal.services.unit import Work, reading, writing

DATASET = "consent"


@dataclass(frozen=True, slots=True)
class Consent:
    """One thing the student agreed to. `withdrawable` is False for the contract, and once it has ended."""

    item_id: UUID
    activity: Activity
    given_on: date | None
    regulation_version: str
    withdrawn_on: date | None
    reference: str  # of the case that the withdrawal opened, "" when none
    withdrawable: bool
    rests: bool = False  # it is asked for anew: until the student says yes, it counts for nothing


@dataclass(frozen=True, slots=True)
class Withdrawn:
    reference: str
    activity: Activity


def consents(actor: Actor, clock: Clock) -> list[Consent]:
    """What the student agreed to, newest first."""
    with reading(actor, clock) as work:
        work.require(Act.WITHDRAW_CONSENT, _subject(actor))
        return consents_of(work, actor.student_id)


def _subject(actor: Actor) -> Subject:
    return Subject(student_id=actor.student_id, kind=RequestKind.WITHDRAWAL)


def consents_of(work: Work, student_id: UUID | None) -> list[Consent]:
    """What this student agreed to, newest first; for whoever may see it."""
    if student_id is None:
        return []
    rows = work.session.execute(
        select(Limit.kind, Limit.activity, Case.reference)
        .outerjoin(Case, Case.id == Limit.case_id)
        .where(Limit.student_id == student_id, Limit.ended_at.is_(None))
        .where(Limit.kind.in_([limits.WITHDRAWAL, limits.RENEWAL]))
    ).all()
    ended = {row.activity: row.reference or "" for row in rows if row.kind == limits.WITHDRAWAL}
    resting = {row.activity for row in rows if row.kind == limits.RENEWAL}
    found = []
    for held in items_of(work.session, work.vault, student_id, {DATASET}):
        activity = work.policy.activities.get(str(held.values.get("activity")))
        if activity is not None:
            found.append(_consent(held, activity, ended, activity.code in resting))
    return sorted(found, key=lambda consent: consent.given_on or date.min, reverse=True)


def _consent(held: Item, activity: Activity, ended: dict[str | None, str], resting: bool) -> Consent:
    withdrawn_on = _day(held, "withdrawn_on")
    stands = withdrawn_on is None and activity.code not in ended
    return Consent(
        held.id,
        activity,
        _day(held, "date"),
        str(held.values.get("regulation_version") or ""),
        withdrawn_on,
        ended.get(activity.code, ""),
        stands and activity.basis is LegalBasis.CONSENT,
        stands and resting,
    )


def _day(held: Item, code: str) -> date | None:
    return date.fromisoformat(str(held.values[code])) if held.values.get(code) else None


def withdraw(actor: Actor, clock: Clock, activity: str, language: str) -> Withdrawn:
    """Ends the consent to an activity now. Withdrawn before: the same answer again, nothing else.

    Raises Refused("not_withdrawable") where there is no consent of the student that can be withdrawn.
    """
    with writing(actor, clock) as work:
        work.require(Act.WITHDRAW_CONSENT, _subject(actor))
        work.session.get(Student, actor.student_id, with_for_update=True)  # two presses at once wait for each other
        given = [each for each in consents_of(work, actor.student_id) if each.activity.code == activity]
        earlier = next((each for each in given if each.reference), None)
        if earlier is not None:
            return Withdrawn(earlier.reference, earlier.activity)
        standing = [each for each in given if each.withdrawable]
        if actor.student_id is None or not standing:
            raise Refused("not_withdrawable", activity=activity)
        reference = end_now(work, actor.student_id, standing, language)
        return Withdrawn(reference, standing[0].activity)


def end_now(
    work: Work,
    student_id: UUID,
    standing: list[Consent],
    language: str,
    channel: Channel = Channel.PORTAL,
    received_on: date | None = None,
) -> str:
    """Opens the case by which these consents to one activity end, and lets it take effect; its reference.

    Also for a no on paper to a question that was put anew: it came in on `received_on` by `channel`.
    """
    code = standing[0].activity.code
    asked = Asked(TargetKind.ACTIVITY, dataset=DATASET, item_id=standing[0].item_id, activity=code)
    opened = open_case(
        work,
        NewCase(
            kind=RequestKind.WITHDRAWAL,
            channel=channel,
            language=language,
            received_on=received_on or work.today,
            items=(asked,),
            student_id=student_id,
        ),
    )
    case = work.session.get_one(Case, opened.case_id)
    if channel is Channel.PORTAL:
        case.assured_level, case.assured_how = int(work.actor.level), HOW.get(work.actor.level)
    take_effect(work, case, student_id, code, opened.code or "")
    return opened.reference


def take_effect(work: Work, case: Case, student_id: UUID, activity: str, case_code: str = "") -> None:
    """The withdrawal counts now: records, limit, timeline, confirmation, and the steps it opens.

    Also for a withdrawal that came by another door, when its student is found (regulation, art. 9.7).
    """
    from portal.services.steps import plan_steps

    for held in items_of(work.session, work.vault, student_id, {DATASET}):
        if held.values.get("activity") == activity and not held.values.get("withdrawn_on"):
            retention = work.policy.field(DATASET, "withdrawn_on").retention
            on = case.received_on.isoformat()
            change_value(work.session, work.vault, held, "withdrawn_on", on, retention, work.now)
    limits.end_of_activity(work.session, student_id, activity, [limits.RENEWAL], work.now)
    work.session.add(
        Limit(
            id=uuid7(),
            student_id=student_id,
            kind=limits.WITHDRAWAL,
            activity=activity,
            case_id=case.id,
            provisional=False,
            since=work.now,
        )
    )
    case.decided_at, case.outcome = work.now, Outcome.GRANTED.value
    for asked in work.session.execute(select(CaseItem).where(CaseItem.case_id == case.id)).scalars():
        if asked.activity == activity:
            asked.outcome, asked.executed_at = Outcome.GRANTED.value, work.now
    event(work, case, EventKind.TOOK_EFFECT, activity=activity)
    work.note("withdraw_consent", "student", student_id, activity=activity)
    steps = plan_steps(work, case)
    issue(work, case, Letter.ANSWER)
    issue_notices(work, case, steps)
    if to := reply_address(work, case):
        work.send(messages.consent_withdrawn(to, case.language, case.id, case.reference, case_code))
