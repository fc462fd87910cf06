"""The seven rights and the complaint: what each can be about, on which bases, and what granting it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.domain.vocabulary import OBJECTABLE, PORTABLE, LegalBasis, Outcome, RequestKind, Source, TargetKind


class Effect(StrEnum):
    """What a request, or its granting, sets going."""

    RELEASE_EXPORT = "release_export"
    WRITE_VALUE = "write_value"
    REMOVE_ITEMS = "remove_items"
    RESTRICT_ITEMS = "restrict_items"
    SUSPEND_ACTIVITY = "suspend_activity"  # at once, while the balance is made (GDPR 18(1)(d))
    STOP_ACTIVITY = "stop_activity"
    RESTRICT_MEANWHILE = "restrict_meanwhile"  # the contested value (GDPR 18(1)(a))
    SEARCH_HOLDERS = "search_holders"  # student administration, paper file, mailbox
    CORRECT_AT_HOLDERS = "correct_at_holders"
    ERASE_AT_HOLDERS = "erase_at_holders"
    RESTRICT_AT_HOLDERS = "restrict_at_holders"
    TELL_RECIPIENTS = "tell_recipients"  # GDPR 19
    OFFER_ERASURE = "offer_erasure"


@dataclass(frozen=True, slots=True)
class Right:
    """One kind of request.

    `bases` and `sources` say to which data it applies; `immediate` effects wait for no decision.
    """

    kind: RequestKind
    gdpr: str  # article
    regulation: str  # article
    targets: frozenset[TargetKind]
    immediate: frozenset[Effect]
    effects: frozenset[Effect]  # of granting it
    bases: frozenset[LegalBasis] = frozenset(LegalBasis)
    sources: frozenset[Source] = frozenset(Source)
    decided: bool = True  # whether its items need a decision
    has_clock: bool = True
    second_person: bool = False  # whether carrying it out needs one

    def applies_to(self, basis: LegalBasis, source: Source = Source.STUDENT) -> bool:
        return basis in self.bases and source in self.sources


_T, _E = TargetKind, Effect
_DATA = frozenset({_T.EVERYTHING, _T.GROUP, _T.RECORD, _T.FIELD, _T.WORDS})
_NONE: frozenset[Effect] = frozenset()

RIGHTS: dict[RequestKind, Right] = {
    right.kind: right
    for right in (
        Right(
            RequestKind.ACCESS,
            "15",
            "9.1",
            _DATA - {_T.FIELD},
            _NONE,
            frozenset({_E.RELEASE_EXPORT, _E.SEARCH_HOLDERS}),
        ),
        Right(
            RequestKind.PORTABILITY,
            "20",
            "",
            _DATA - {_T.FIELD, _T.WORDS},
            _NONE,
            frozenset({_E.RELEASE_EXPORT}),
            bases=PORTABLE,
            sources=frozenset({Source.STUDENT}),
        ),
        Right(
            RequestKind.RECTIFICATION,
            "16",
            "9.2",
            frozenset({_T.RECORD, _T.FIELD, _T.WORDS}),
            frozenset({_E.RESTRICT_MEANWHILE}),
            frozenset({_E.WRITE_VALUE, _E.CORRECT_AT_HOLDERS, _E.TELL_RECIPIENTS}),
        ),
        Right(
            RequestKind.ERASURE,
            "17",
            "9.2",
            _DATA,
            _NONE,
            frozenset({_E.REMOVE_ITEMS, _E.ERASE_AT_HOLDERS, _E.TELL_RECIPIENTS}),
            second_person=True,
        ),
        Right(
            RequestKind.RESTRICTION,
            "18",
            "9.2",
            _DATA,
            _NONE,
            frozenset({_E.RESTRICT_ITEMS, _E.RESTRICT_AT_HOLDERS, _E.TELL_RECIPIENTS}),
        ),
        Right(
            RequestKind.OBJECTION,
            "21",
            "9.3",
            frozenset({_T.ACTIVITY, _T.WORDS}),
            frozenset({_E.SUSPEND_ACTIVITY}),
            frozenset({_E.STOP_ACTIVITY, _E.TELL_RECIPIENTS}),
            bases=OBJECTABLE,
        ),
        Right(
            RequestKind.WITHDRAWAL,
            "7(3)",
            "9.7",
            frozenset({_T.ACTIVITY}),
            frozenset({_E.STOP_ACTIVITY, _E.TELL_RECIPIENTS, _E.OFFER_ERASURE}),
            _NONE,
            bases=frozenset({LegalBasis.CONSENT}),
            decided=False,
            has_clock=False,
        ),
        Right(RequestKind.COMPLAINT, "77", "10", frozenset({_T.WORDS}), _NONE, _NONE),
    )
}


def right(kind: RequestKind) -> Right:
    return RIGHTS[kind]


def outcome_of_case(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of a whole case from those of its items: all alike, else partly. ValueError when there are none."""
    different = set(outcomes)
    if not different:
        raise ValueError("a case without a decided item has no outcome")
    return different.pop() if len(different) == 1 else Outcome.PARTLY
