"""The figures of a period as staff see them, each within the own branches; and taking them out as a file.

They are counted from the cases that are kept. Where cases of the period may have gone since, because their term was
over, that is said with them: what remains of those years are the yearly reports (`portal.services.close_year`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.figures import Figures
from portal.domain.figures import figures as count
from portal.domain.periods import Period
from portal.domain.permissions import Actor, Subject, scope_of
from portal.records import figures as counts
from portal.records import queue as lists
from portal.services.queue import BranchChoice
from portal.services.retention_terms import is_confirmed
from portal.services.sweep_classes import CASE, last_gone
from portal.services.unit import Work, reading, writing


@dataclass(frozen=True, slots=True)
class Shown:
    """`branch` is the one chosen, None for all in reach, which are `branches`. `gone_until`: cases that were closed on
    or before that day may have been removed; None where nothing of the period is missing."""

    figures: Figures
    branch: BranchChoice | None
    branches: tuple[BranchChoice, ...]
    gone_until: date | None


def branches(actor: Actor, clock: Clock) -> tuple[BranchChoice, ...]:
    """The branches whose figures this member of staff may choose."""
    with reading(actor, clock) as work:
        rows = lists.branches(work.session, scope_of(actor, Act.VIEW_FIGURES))
        return tuple(BranchChoice(row.code, row.name) for row in rows)


def show(actor: Actor, clock: Clock, period: Period, branch: str = "") -> Shown:
    """The figures of a period, of one branch or of all in reach. The number of statements does not grow with the cases.

    Raises NotAllowed; a branch that is out of reach or unknown counts nothing.
    """
    with reading(actor, clock) as work:
        return _shown(work, period, branch)


def export(actor: Actor, clock: Clock, period: Period, branch: str = "", form: str = "") -> Shown:
    """The same for a file. It holds small counts, so that it was taken out is logged."""
    with writing(actor, clock) as work:
        shown = _shown(work, period, branch)
        span = {"first": period.first.isoformat(), "last": period.last.isoformat()}
        work.note("export_figures", "installation", None, branch=branch, form=form, **span)
        return shown


def _shown(work: Work, period: Period, branch: str) -> Shown:
    work.require(Act.VIEW_FIGURES)
    scope = scope_of(work.actor, Act.VIEW_FIGURES)
    offered = lists.branches(work.session, scope)
    chosen = next((row for row in offered if row.code == branch), None)
    branch_id = (chosen.id if chosen else UUID(int=0)) if branch else None
    if chosen:
        work.require(Act.VIEW_FIGURES, Subject(branch_id=chosen.id))
    on = period.as_it_stands(work.today)
    found = count(period, on, counts.tallies(work.session, scope, branch_id, period, on))
    return Shown(
        figures=found,
        branch=BranchChoice(chosen.code, chosen.name) if chosen else None,
        branches=tuple(BranchChoice(row.code, row.name) for row in offered),
        gone_until=_gone_until(work, period),
    )


def _gone_until(work: Work, period: Period) -> date | None:
    retention = work.policy.retention.get(CASE)
    if retention is None or not is_confirmed(work, retention):
        return None
    gone = last_gone(work.today, retention)
    return gone if period.first <= gone else None
