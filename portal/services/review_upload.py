"""Staff open the last resort, look at what was sent and decide; the decision wipes it."""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level
from portal.records.tables.cases import Case
from portal.services import upload_way
from portal.services.casework import event, move
from portal.services.held_case import held_case
from portal.services.unit import Work, writing
from portal.services.upload_way import Purpose

LONGEST = 1000  # characters of a reason


def allow(
    actor: Actor,
    clock: Clock,
    reference: str,
    version: int,
    reason: str,
    purpose: Purpose | str = Purpose.IDENTITY,
) -> None:
    """Opens the way for this case. `reason` says why the desk and the other ways cannot be used; it stays on record.

    Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible, and Refused: reason_missing, reason_too_long (most),
    bad_purpose, not_matched, upload_already_allowed, already_confirmed (level).
    """
    words = _reason(reason)
    with writing(actor, clock) as work:
        case = _case(work, reference, version)
        wanted = _purpose(purpose)
        if upload_way.open_way(work, case) is not None:
            raise Refused("upload_already_allowed")
        if wanted is Purpose.IDENTITY and case.assured_level >= Level.SECOND_CHANNEL:
            raise Refused("already_confirmed", level=Level(case.assured_level))
        event(work, case, EventKind.UPLOAD_ALLOWED, reason=words, purpose=wanted.value)
        upload_way.tell_sender(work, case, EventKind.UPLOAD_ALLOWED)
        work.note("allow_upload", "case", case.id, reason=words, purpose=wanted.value)


def decide(actor: Actor, clock: Clock, reference: str, version: int, accept: bool, reason: str) -> None:
    """Accepts or rejects what was sent, with a reason, and wipes it: key destroyed, rows removed, files cleaned.

    Accepting an ID makes its sender known at level 3; the way closes. Of the ID nothing is kept but that it was seen.
    Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible, and Refused: reason_missing, reason_too_long (most),
    not_matched, upload_none (nothing was sent, or its time is over).
    """
    words = _reason(reason)
    with writing(actor, clock) as work:
        case = _case(work, reference, version)
        way = upload_way.open_way(work, case)
        pages = upload_way.kept(work, case.id)
        if way is None or not pages or any(page.expires_at and page.expires_at <= work.now for page in pages):
            raise Refused("upload_none")
        kind = EventKind.UPLOAD_ACCEPTED if accept else EventKind.UPLOAD_REJECTED
        event(work, case, kind, reason=words, purpose=way.purpose.value)
        upload_way.tell_sender(work, case, kind)
        if accept and way.purpose is Purpose.IDENTITY:
            _confirm(work, case)
        work.note("decide_upload", "case", case.id, accepted=accept, reason=words, pages=len(pages))
        work.session.flush()
        upload_way.destroy(work, case.id)
    upload_way.clean_physically()


def _case(work: Work, reference: str, version: int) -> Case:
    case = held_case(work, reference, Act.CONFIRM_IDENTITY, version)
    move(case, Action.CONFIRM_IDENTITY)
    if case.student_id is None:
        raise Refused("not_matched")
    return case


def _confirm(work: Work, case: Case) -> None:
    """As `confirm_identity`, in the unit that wipes: known and wiped together, or neither."""
    if case.assured_level >= Level.SECOND_CHANNEL:
        return
    case.assured_level, case.assured_how = int(Level.SECOND_CHANNEL), upload_way.HOW
    event(work, case, EventKind.IDENTITY_CONFIRMED, level=int(Level.SECOND_CHANNEL), how=upload_way.HOW)
    work.note("confirm_identity", "case", case.id, level=int(Level.SECOND_CHANNEL), how=upload_way.HOW)


def _purpose(purpose: Purpose | str) -> Purpose:
    try:
        return Purpose(purpose)
    except ValueError:
        raise Refused("bad_purpose") from None


def _reason(reason: str) -> str:
    words = reason.replace("\r\n", "\n").strip()
    if not words:
        raise Refused("reason_missing")
    if len(words) > LONGEST:
        raise Refused("reason_too_long", most=LONGEST)
    return words
