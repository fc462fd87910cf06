"""Look at what was sent by the last resort: staff only, under a watermark, and each look is on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, NotAllowed
from portal.intake.uploads import disposition
from portal.records import files
from portal.records.case_facts import EVENT
from portal.records.tables.cases import Case
from portal.records.tables.people import SealedFile, View
from portal.services import upload_way
from portal.services.casework import NotFound, case_to_read, lines_of_case
from portal.services.held_case import held_case
from portal.services.unit import Work, reading, writing
from portal.services.upload_way import MAX_FILES, Purpose, Sent
from portal.services.watermark import watermarked
from portal.vault.vault import Shredded

WHAT = "upload"  # of a view


@dataclass(frozen=True, slots=True)
class Page:
    """One page as staff see it; to be served with `Content-Security-Policy: sandbox`, nosniff and no-store."""

    content: bytes
    media_type: str
    disposition: str  # value of Content-Disposition


@dataclass(frozen=True, slots=True)
class Overview:
    """Where the last resort stands for a case. `reason` is for staff, "" for the sender."""

    purpose: Purpose
    since: datetime
    reason: str
    sent: tuple[Sent, ...]
    expires_at: datetime | None  # when what was sent is wiped; None while nothing was
    files_left: int  # how many may still be sent
    version: int  # of the case, for the decision


def overview(actor: Actor, clock: Clock, reference: str) -> Overview | None:
    """The open way of a case, for its sender and for staff who may decide on it; None while there is none.

    Raises NotFound, NotAllowed.
    """
    with reading(actor, clock) as work:
        case = case_to_read(work, reference, Act.CONFIRM_IDENTITY if actor.is_staff else Act.VIEW_OWN_STATUS)
        way = upload_way.open_way(work, case, lines_of_case(work, case)[EVENT])
        if way is None:
            return None
        ends = [page.expires_at for page in upload_way.kept(work, case.id) if page.expires_at]
        return Overview(
            purpose=way.purpose,
            since=way.since,
            reason=way.reason if actor.is_staff else "",
            sent=way.sent,
            expires_at=min(ends, default=None),
            files_left=max(0, MAX_FILES - len(way.sent)),
            version=case.version,
        )


def page(actor: Actor, clock: Clock, reference: str, file_id: UUID) -> Page:
    """One page, with the viewer's name, the moment and "alleen ter controle" over it.

    Writes who looked, which the student sees too. Raises NotFound (also for what is gone or of another case) and
    NotAllowed.
    """
    if not actor.is_staff:
        raise NotAllowed("not_permitted", act=Act.CONFIRM_IDENTITY)
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.CONFIRM_IDENTITY)
        pages = upload_way.kept(work, case.id)
        found = next((each for each in pages if each.id == file_id), None)
        if found is None or found.expires_at is None or found.expires_at <= work.now:
            raise NotFound(reference)
        try:
            picture = files.content(work.vault, found)
        except Shredded as gone:
            raise NotFound(reference) from gone
        _log(work, case, found)
        name, at, number = work.actor.name, work.now, pages.index(found) + 1
    content = watermarked(picture, name, at)
    return Page(content, "image/jpeg", disposition(f"{reference}-{number}", ".jpg"))


def _log(work: Work, case: Case, found: SealedFile) -> None:
    role = next(iter(sorted(role.value for role in work.actor.roles)), "")
    if case.student_id is not None:
        work.session.add(
            View(
                id=uuid7(),
                student_id=case.student_id,
                at=work.now,
                staff_id=work.actor.id,
                role=role,
                reason="case",
                case_id=case.id,
                what=WHAT,
            )
        )
    work.note("view_upload", "case", case.id, page=found.id.hex)
