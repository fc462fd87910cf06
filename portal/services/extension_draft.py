"""The filled-in draft of an extension that an undecided case gets (regulation, "The clock"). Staff read it and send it
by one press, or do not: it never sends itself. It follows from the case and is stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from portal.domain import clock as terms
from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.domain.vocabulary import RequestKind
from portal.records.tables.cases import Case
from portal.services.extend_case import USE
from portal.services.unit import Work

NUMBER = "number_of_requests"  # the policy's reason for somebody who asked several things (GDPR 12(3))


@dataclass(frozen=True, slots=True)
class ExtensionDraft:
    """What the press would send: a reason of the policy, the days, and the date until which they run."""

    reason: str
    days: int
    until: date


def draft_of(work: Work, case: Case) -> ExtensionDraft | None:
    """The draft, from the policy's day on and as long as an extension is possible; else None."""
    term = work.policy.term
    begins = terms.draft_extension_on(case.received_on, term.extension_draft_day)
    possible = CaseState(case.state) in UNDECIDED and case.extended_days is None and case.kind != RequestKind.WITHDRAWAL
    if not possible or not begins <= work.today <= case.original_due_on:
        return None
    reasons = [code for code, reason in work.policy.reasons.items() if reason.use == USE]
    if not reasons:
        return None
    reason = NUMBER if NUMBER in reasons and _asked_more(work, case) else reasons[0]
    until = terms.extended_due_on(case.original_due_on, term.extension_days, term.extension_days)
    return ExtensionDraft(reason, term.extension_days, until)


def _asked_more(work: Work, case: Case) -> bool:
    """Whether the same student has another request that waits for its answer."""
    if case.student_id is None:
        return False
    others = select(func.count()).where(
        Case.student_id == case.student_id,
        Case.id != case.id,
        Case.state.in_(sorted(state.value for state in UNDECIDED)),
    )
    return work.session.execute(others).scalar_one() > 0
