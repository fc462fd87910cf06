"""Keep what somebody sends by the way that staff opened: drawn anew, sealed, for 72 hours at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm.attributes import flag_modified

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind
from portal.intake.uploads import CleanUpload, clean_upload
from portal.mail import messages
from portal.records import casebook, files
from portal.records.tables.cases import Case
from portal.services import upload_way
from portal.services.casework import case_by_reference, event, staff_for
from portal.services.held_case import held_case
from portal.services.unit import Work, reading, writing
from portal.services.upload_way import Purpose, Sent, Way

SENDERS = frozenset({ActorKind.STUDENT, ActorKind.CASE_CODE})  # nobody sends the ID of somebody else


@dataclass(frozen=True, slots=True)
class Kept:
    pages: tuple[UUID, ...]
    expires_at: datetime
    name: str  # as it may be shown back; not kept


def keep_upload(
    actor: Actor,
    clock: Clock,
    case_reference: str,
    name: str,
    content: bytes,
    purpose: Purpose | str = Purpose.IDENTITY,
    once: bytes | None = None,
) -> Kept:
    """Keeps one PDF, JPEG or PNG as page images under the case's key of class "upload". The same form sent twice is
    one file; the file's name is kept nowhere.

    Raises BadUpload (what is wrong with the file), NotFound, NotAllowed, NotPossible, and Refused: upload_not_allowed
    (no open way for this purpose), upload_too_many (most), upload_too_much (most: megabytes, in all for the case).
    """
    with reading(actor, clock) as work:  # before anything is drawn, which is dear
        case = _demand_sender(work, case_by_reference(work, case_reference, Act.WRITE_MESSAGE))
        way = _way(work, case, purpose)
        if _sent_before(way, once) is None:
            _demand_room(work, case, way, len(content))
    clean = clean_upload(name, content)  # outside any transaction: nobody waits for it
    with writing(actor, clock) as work:
        case = _demand_sender(work, held_case(work, case_reference, Act.WRITE_MESSAGE))
        way = _way(work, case, purpose)
        already = upload_way.kept(work, case.id)
        expires_at = upload_way.ends_at(work, already)
        if twin := _sent_before(way, once):
            return Kept(twin.pages, expires_at, clean.name)
        _demand_room(work, case, way, sum(len(page.data) for page in clean.pages))
        pages = tuple(_store(work, case, clean, expires_at))
        event(
            work,
            case,
            EventKind.UPLOAD_RECEIVED,
            pages=[page.hex for page in pages],
            media_type=clean.media_type,
            size=clean.size,
            once=once.hex() if once else "",
        )
        work.note("keep_upload", "case", case.id, pages=len(pages))
        flag_modified(case, "state")  # a decision taken on an older look at the case is stale from now on
        if not already:
            for staff in staff_for(work, case):
                key = f"upload{pages[0].hex}"
                work.send(messages.staff_reply(staff.email, staff.language, staff.id, case.id, case.reference, key))
        return Kept(pages, expires_at, clean.name)


def _demand_sender(work: Work, case: Case) -> Case:
    if work.actor.kind not in SENDERS:
        raise NotAllowed("not_own", act=Act.WRITE_MESSAGE)
    upload_way.demand_living(case)
    return case


def _way(work: Work, case: Case, purpose: Purpose | str) -> Way:
    way = upload_way.open_way(work, case)
    if way is None or way.purpose != purpose:
        raise Refused("upload_not_allowed")
    return way


def _sent_before(way: Way, once: bytes | None) -> Sent | None:
    return next((sent for sent in way.sent if once and sent.once == once.hex()), None)


def _demand_room(work: Work, case: Case, way: Way, size: int) -> None:
    """Nothing, or Refused: five files and 50 MB for one case (ASVS 5.2.4)."""
    if len(way.sent) >= upload_way.MAX_FILES:
        raise Refused("upload_too_many", most=upload_way.MAX_FILES)
    if sum(file.size for file in upload_way.kept(work, case.id)) + size > upload_way.MAX_KEPT:
        raise Refused("upload_too_much", most=upload_way.MAX_KEPT // (1024 * 1024))


def _store(work: Work, case: Case, clean: CleanUpload, expires_at: datetime) -> list[UUID]:
    holder = casebook.holder(case.id)
    return [
        files.store(
            work.session,
            work.vault,
            holder,
            upload_way.CLASS,
            upload_way.PURPOSE,
            page.media_type,
            page.data,
            work.now,
            expires_at,
        ).id
        for page in clean.pages
    ]
