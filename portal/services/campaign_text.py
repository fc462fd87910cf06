"""What a question for consent says: fixed when it is written, so that an answer proves what it answers (GDPR 7(1)).

The texts are those of the policy, which stand in the catalogues of every language; only `words` are staff's own, in
Dutch, and are shown as not translated. What no means and that a yes may be stopped belongs to the frame of the page,
the mail and the letter, and cannot be left out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from portal.domain.refusal import Refused
from portal.domain.vocabulary import LegalBasis
from portal.policy.model import Activity, Policy

LONGEST = 600  # characters of staff's own words


@dataclass(frozen=True, slots=True)
class Question:
    """Dutch texts of the catalogues, but for `words`."""

    label: str
    asked: str
    explanation: str
    consequence: str  # of stopping, or of no
    continues: str
    groups: tuple[str, ...]  # which data it is about
    recipients: tuple[str, ...]  # names
    words: str = ""

    @property
    def version(self) -> str:
        """The same for the same text, in any installation."""
        return hashlib.sha256(self.as_text().encode()).hexdigest()[:12]

    def as_text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def of(cls, text: str) -> Question:
        kept: dict[str, Any] = json.loads(text)
        return cls(**{**kept, "groups": tuple(kept["groups"]), "recipients": tuple(kept["recipients"])})


def askable(policy: Policy) -> tuple[Activity, ...]:
    """The activities that rest on consent: only these may be asked for."""
    return tuple(each for each in policy.activities.values() if each.basis is LegalBasis.CONSENT)


def question_for(policy: Policy, code: str, words: str) -> Question:
    """Raises Refused: not_on_consent, reason_too_long (most)."""
    activity = next((each for each in askable(policy) if each.code == code), None)
    if activity is None:
        raise Refused("not_on_consent")
    if len(words.strip()) > LONGEST:
        raise Refused("reason_too_long", most=LONGEST)
    return Question(
        label=activity.label,
        asked=activity.consent_text,
        explanation=activity.basis_explanation,
        consequence=activity.consequence,
        continues=activity.continues,
        groups=_groups(policy, activity),
        recipients=tuple(policy.recipients[each].name for each in activity.recipients),
        words=words.strip(),
    )


def _groups(policy: Policy, activity: Activity) -> tuple[str, ...]:
    used = {
        field.group
        for dataset in policy.datasets.values()
        for field in dataset.fields.values()
        if activity.code in field.activities
    }
    return tuple(policy.groups[number].label for number in sorted(used) if number in policy.groups)
