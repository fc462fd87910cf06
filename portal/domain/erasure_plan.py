"""What erasing would do, as data that can be printed before anybody decides (GDPR 17; regulation, art. 5 and 9.2).

For each item: erase it now, keep it until a date because of a law or a running contract, or restrict it meanwhile; and
whom to tell. Nothing is carried out here. Which items are asked about (everything, groups, single ones) the caller
chooses; what the policy says comes in as plain values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from portal.domain.retention import is_past
from portal.domain.vocabulary import LegalBasis, Outcome


class Objection(StrEnum):
    """Where an objection to an activity stands (GDPR 21)."""

    NONE = "none"
    PENDING = "pending"  # being weighed: the activity is suspended
    UPHELD = "upheld"
    REFUSED = "refused"  # compelling grounds weigh more


@dataclass(frozen=True, slots=True)
class Use:
    """An activity that an item serves, as it stands for this student."""

    activity: str
    basis: LegalBasis
    law: str = ""  # which law obliges, for the reason that is shown
    ended: bool = False  # its purpose is fulfilled for this student
    objection: Objection = Objection.NONE


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold by the privacy officer (GDPR 17(3)(e)); `until` None is without an end yet. `reason` is a text."""

    until: date | None
    reason: str

    def is_active(self, today: date) -> bool:
        return self.until is None or today <= self.until


@dataclass(frozen=True, slots=True)
class Item:
    """One value. `kept_until` is the last day of its retention class, None while the term has not begun."""

    dataset: str
    record_id: UUID
    field: str
    retention_class: str
    kept_until: date | None
    uses: tuple[Use, ...]
    hold: Hold | None = None
    recipients: tuple[str, ...] = ()  # who actually received it


class Verdict(StrEnum):
    ERASE = "erase"
    KEEP = "keep"
    RESTRICT = "restrict"  # kept, and not used meanwhile


class Why(StrEnum):
    """The reason of a line; its article stands in `ARTICLES`."""

    RETENTION_OVER = "retention_over"
    NOT_NEEDED = "not_needed"
    CONSENT_ENDED = "consent_ended"
    OBJECTION_UPHELD = "objection_upheld"
    LEGAL_OBLIGATION = "legal_obligation"
    PUBLIC_TASK = "public_task"
    CONTRACT_RUNNING = "contract_running"
    VITAL_INTEREST = "vital_interest"
    STILL_NEEDED = "still_needed"
    OBJECTION_PENDING = "objection_pending"
    LEGAL_CLAIM = "legal_claim"


ARTICLES: dict[Why, str] = {
    Why.RETENTION_OVER: "5(1)(e)",
    Why.NOT_NEEDED: "17(1)(a)",
    Why.CONSENT_ENDED: "17(1)(b)",
    Why.OBJECTION_UPHELD: "17(1)(c)",
    Why.LEGAL_OBLIGATION: "17(3)(b)",
    Why.PUBLIC_TASK: "17(3)(b)",
    Why.CONTRACT_RUNNING: "17(1)(a)",
    Why.VITAL_INTEREST: "17(1)(a)",
    Why.STILL_NEEDED: "17(1)(a)",
    Why.OBJECTION_PENDING: "18(1)(d)",
    Why.LEGAL_CLAIM: "17(3)(e)",
}

# Where several uses keep an item, the reason that is hardest to argue with is the one that is said.
_STRONGEST_FIRST = (
    Why.LEGAL_OBLIGATION,
    Why.PUBLIC_TASK,
    Why.CONTRACT_RUNNING,
    Why.VITAL_INTEREST,
    Why.STILL_NEEDED,
    Why.OBJECTION_PENDING,
)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What happens to one item. `until` is the last day it is kept; None where that day is not known yet."""

    item: Item
    verdict: Verdict
    why: Why
    until: date | None = None
    activity: str = ""  # the use that keeps it
    law: str = ""
    tell: tuple[str, ...] = ()  # recipients (GDPR 19)

    @property
    def article(self) -> str:
        return ARTICLES[self.why]


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    lines: tuple[PlanLine, ...]

    def of(self, verdict: Verdict) -> tuple[PlanLine, ...]:
        return tuple(line for line in self.lines if line.verdict is verdict)

    @property
    def tell(self) -> tuple[str, ...]:
        """Every recipient to be told, once, in order of code."""
        return tuple(sorted({recipient for line in self.lines for recipient in line.tell}))

    @property
    def keeps_a_part(self) -> bool:
        """Or all of it."""
        return any(line.verdict is not Verdict.ERASE for line in self.lines)

    @property
    def keeps_everything(self) -> bool:
        return bool(self.lines) and all(line.verdict is Verdict.KEEP for line in self.lines)

    @property
    def rules_out(self) -> frozenset[Outcome]:
        """The decisions that would promise what is not done (GDPR 12(4))."""
        if self.keeps_everything:
            return frozenset({Outcome.GRANTED, Outcome.PARTLY})
        return frozenset({Outcome.GRANTED} if self.keeps_a_part else ())

    def whole_classes(self, held: Mapping[str, int]) -> frozenset[str]:
        """The retention classes of which nothing remains, given how many items the student has in each."""
        erased: dict[str, int] = {}
        for line in self.of(Verdict.ERASE):
            erased[line.item.retention_class] = erased.get(line.item.retention_class, 0) + 1
        return frozenset(code for code, count in held.items() if erased.get(code, 0) >= count)


def plan_erasure(items: Iterable[Item], today: date, contract_running: bool) -> ErasurePlan:
    """The plan for these items, in their order. `contract_running`: whether a programme of the student still runs."""
    return ErasurePlan(tuple(_line(item, today, contract_running) for item in items))


def _line(item: Item, today: date, contract_running: bool) -> PlanLine:
    held = item.hold is not None and item.hold.is_active(today)
    if is_past(item.kept_until, today):
        return _restricted(item) if held else _erased(item, Why.RETENTION_OVER)
    keeping = {why: use for use in reversed(item.uses) if (why := _keeps(use, contract_running)) is not None}
    why = next((each for each in _STRONGEST_FIRST if each in keeping), None)
    if why is None:
        return _restricted(item) if held else _erased(item, _why_erased(item.uses))
    use = keeping[why]
    until = item.kept_until
    if held and until is not None and item.hold is not None:
        until = None if item.hold.until is None else max(until, item.hold.until)
    pending = why is Why.OBJECTION_PENDING
    verdict = Verdict.RESTRICT if pending else Verdict.KEEP
    return PlanLine(item, verdict, why, until, use.activity, use.law, item.recipients if pending else ())


def _erased(item: Item, why: Why) -> PlanLine:
    return PlanLine(item, Verdict.ERASE, why, tell=item.recipients)


def _restricted(item: Item) -> PlanLine:
    until = item.hold.until if item.hold else None
    reason = item.hold.reason if item.hold else ""
    return PlanLine(item, Verdict.RESTRICT, Why.LEGAL_CLAIM, until, law=reason, tell=item.recipients)


def _keeps(use: Use, contract_running: bool) -> Why | None:
    """Why this use keeps an item, or None. Asking for erasure ends a consent, so that never keeps (GDPR 17(1)(b))."""
    if use.ended:
        return None
    match use.basis:
        case LegalBasis.LEGAL_OBLIGATION:
            return Why.LEGAL_OBLIGATION
        case LegalBasis.CONTRACT:
            return Why.CONTRACT_RUNNING if contract_running else None
        case LegalBasis.VITAL_INTEREST:
            return Why.VITAL_INTEREST if contract_running else None
        case LegalBasis.PUBLIC_TASK | LegalBasis.LEGITIMATE_INTEREST:
            return _keeps_despite_objection(use)
        case LegalBasis.CONSENT:
            return None


def _keeps_despite_objection(use: Use) -> Why | None:
    if use.objection is Objection.UPHELD:
        return None
    if use.objection is Objection.PENDING:
        return Why.OBJECTION_PENDING
    return Why.PUBLIC_TASK if use.basis is LegalBasis.PUBLIC_TASK else Why.STILL_NEEDED


def _why_erased(uses: tuple[Use, ...]) -> Why:
    if any(use.objection is Objection.UPHELD for use in uses):
        return Why.OBJECTION_UPHELD
    if any(use.basis is LegalBasis.CONSENT and not use.ended for use in uses):
        return Why.CONSENT_ENDED
    return Why.NOT_NEEDED
