"""Record a request that came by another door than the portal, with the true date of receipt (regulation, art. 9.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from portal.domain import clock as terms
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, scope_of
from portal.domain.refusal import Refused
from portal.domain.rights import right
from portal.domain.vocabulary import Channel, RequestKind, TargetKind
from portal.records import queue as lists
from portal.services.casework import Asked, Contact, NewCase, Opened, open_case
from portal.services.unit import Work, writing

OLDEST = timedelta(days=366)  # an older date is a slip of the pen
SOON = 7  # days left at which the form warns


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as staff write it down."""

    kind: RequestKind
    channel: Channel
    received_on: date
    language: str
    contact: Contact
    words: tuple[str, ...]  # what is asked, one text for each thing
    helper: str = ""
    about: str = ""  # of a complaint: the reference of the case it is about
    activities: tuple[str, ...] = field(default=())  # of a withdrawal or an objection: codes of the policy


def check_received(received_on: date, today: date) -> None:
    """Nothing, or why this cannot be the day on which a request came in."""
    if received_on > today:
        raise Refused("received_in_future")
    if received_on < today - OLDEST:
        raise Refused("received_too_long_ago", oldest=today - OLDEST)


def record_request(actor: Actor, clock: Clock, request: Recorded, once: bytes | None = None) -> Opened:
    """Opens the case; the term runs from the day on which it truly came in. The same form sent twice is one case.

    Raises Refused: received_in_future, received_too_long_ago, nothing_asked, unknown_language, unknown_case,
    not_another_door. Whose request it is, is found out next: portal.services.match_case.
    """
    with writing(actor, clock) as work:
        work.require(Act.RECORD_REQUEST)
        check_received(request.received_on, work.today)
        if request.channel is Channel.PORTAL:
            raise Refused("not_another_door")
        if request.language not in work.policy.languages:
            raise Refused("unknown_language")
        return open_case(
            work,
            NewCase(
                kind=request.kind,
                channel=request.channel,
                language=request.language,
                received_on=request.received_on,
                items=_items(work, request),
                words="\n\n".join(_texts(request)),
                contact=request.contact,
                helper=request.helper,
                about_case_id=_about(work, request.about),
                once=once,
            ),
        )


def _texts(request: Recorded) -> tuple[str, ...]:
    return tuple(text.strip() for text in request.words if text.strip())


def _items(work: Work, request: Recorded) -> tuple[Asked, ...]:
    """One item for each text, or for each activity named; access without a text means everything."""
    allowed = right(request.kind).targets
    texts = _texts(request)
    named = tuple(code for code in request.activities if code in work.policy.activities)
    if named and TargetKind.ACTIVITY in allowed:
        return tuple(Asked(TargetKind.ACTIVITY, activity=code, words="\n\n".join(texts)) for code in named)
    if texts and TargetKind.WORDS in allowed:
        return tuple(Asked(TargetKind.WORDS, words=text) for text in texts)
    if TargetKind.EVERYTHING in allowed:
        return (Asked(TargetKind.EVERYTHING, words="\n\n".join(texts)),)
    raise Refused("nothing_asked")


def _about(work: Work, reference: str) -> UUID | None:
    if not reference.strip():
        return None
    found = lists.case_id(work.session, scope_of(work.actor), reference.strip().upper())
    if found is None:
        raise Refused("unknown_case")
    return found


def days_left(request_received: date, kind: RequestKind, answer_days: int, complaint_days: int, today: date) -> int:
    """Days that remain of the term when it is recorded; negative when it is over already."""
    days = complaint_days if kind is RequestKind.COMPLAINT else answer_days
    return terms.days_left(terms.due_on(request_received, days), today)
