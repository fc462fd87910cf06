"""What the ways share in which a case ends without a decision: taken back, a duplicate, abuse. Each is told
(regulation, art. 9.5)."""

from __future__ import annotations

from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter
from portal.mail import messages
from portal.records.tables.cases import Case
from portal.services.casework import event, move, reply_address
from portal.services.issue_letter import issue
from portal.services.own_cases import end_provisional
from portal.services.unit import Work
from portal.vault.envelope import Json

MOST_WORDS = 4000  # characters of what staff write with it


def end(work: Work, case: Case, action: Action, kind: EventKind, **details: Json) -> None:
    """Ends the case: what it limited meanwhile is free again, the timeline says how it ended."""
    move(case, action)
    case.closed_at = work.now
    end_provisional(work, case.id)
    event(work, case, kind, **details)
    work.session.flush()


def tell_change(work: Work, case: Case, turn: EventKind, why: str = "", other: str = "") -> None:
    """A mail that there is news; the page that it links to says what, in the asker's language, and so does the letter.
    `why` is a code of the policy's reasons, `other` the request in which this one goes on."""
    reason = work.policy.reasons[why].label if why else ""
    issue(work, case, Letter.CHANGED, facts={"turn": turn.value, "why": reason, "other": other})
    to = reply_address(work, case)
    if to and turn is EventKind.TAKEN_BACK:
        work.send(messages.taken_back(to, case.language, case.id, case.reference))
    elif to:
        work.send(messages.changed(to, case.language, case.id, case.reference, case.version))


def words_of(text: str) -> str:
    """What staff wrote, tidied; Refused("words_too_long", most)."""
    words = text.replace("\r\n", "\n").strip()
    if len(words) > MOST_WORDS:
        raise Refused("words_too_long", most=MOST_WORDS)
    return words


def reason_of(work: Work, code: str, use: str) -> str:
    """The code of one of the policy's reasons for this use; Refused("reason_missing")."""
    found = work.policy.reasons.get(code)
    if found is None or found.use != use:
        raise Refused("reason_missing")
    return code
