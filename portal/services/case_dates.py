"""The dates of a case, for the trail that says why a date is what it is (ux.md, rule 15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from portal.domain import clock as terms
from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.domain.rights import right
from portal.domain.vocabulary import RequestKind
from portal.records.tables.cases import Case
from portal.services.unit import Work
from portal.services.working_days import is_public_working_day, is_working_day


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of a case and why they are what they are."""

    received_on: date
    entered_on: date
    original_due_on: date
    due_on: date
    days_left: int | None  # None once answered
    extended_days: int | None
    extension_reason: str | None
    extension_told_on: date | None
    law_limit: date
    law_limit_extended: date
    internal_target: date
    has_clock: bool
    extendable: bool  # undecided, not extended yet, and the first date is not past (regulation, art. 9.5)
    decided_on: date | None
    days_waiting: int | None  # since the decision, while it waits to be carried out
    closed_on: date | None

    @property
    def extension_counts(self) -> bool:
        """Whether the student was told of the extension in time; until then the first date binds."""
        return self.extended_days is not None and terms.counts_as_told(self.original_due_on, self.extension_told_on)


@lru_cache(maxsize=4096)
def _law_limit(received_on: date, extended: bool) -> date:
    return terms.law_limit(received_on, extended, is_public_working_day)


@lru_cache(maxsize=4096)
def _target(due_on: date, closing: tuple[date, ...]) -> date:
    return terms.internal_target(due_on, lambda day: is_working_day(day, closing))


def dates_of(work: Work, case: Case) -> Dates:
    state = CaseState(case.state)
    today, closing = work.today, work.policy.term.closing_days
    decided_on = terms.receipt_date(case.decided_at) if case.decided_at else None
    has_clock = right(RequestKind(case.kind)).has_clock
    waiting = terms.days_waiting(decided_on, today) if decided_on and state is CaseState.DECIDED else None
    return Dates(
        received_on=case.received_on,
        entered_on=terms.receipt_date(case.entered_at),
        original_due_on=case.original_due_on,
        due_on=case.due_on,
        days_left=terms.days_left(case.due_on, today) if state in UNDECIDED else None,
        extended_days=case.extended_days,
        extension_reason=case.extension_reason,
        extension_told_on=case.extension_told_on,
        law_limit=_law_limit(case.received_on, False),
        law_limit_extended=_law_limit(case.received_on, True),
        internal_target=_target(case.due_on, closing),
        has_clock=has_clock,
        extendable=has_clock and state in UNDECIDED and not case.extended_days and today <= case.original_due_on,
        decided_on=decided_on,
        days_waiting=waiting,
        closed_on=terms.receipt_date(case.closed_at) if case.closed_at else None,
    )
