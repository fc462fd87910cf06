"""Wipe what was sent and not decided on within its time, and finish what a crash left half wiped."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.permissions import SYSTEM
from portal.records import casebook
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.records.tables.people import SealedFile
from portal.services import upload_way
from portal.services.casework import event
from portal.services.unit import Work, reading, writing
from portal.vault.tables import data_key


def sweep(clock: Clock) -> int:
    """Wipes it, a case a transaction; returns for how many cases something was wiped. Run it at least every hour.

    A case is looked at when a page of it is past its time, when rows are left without a key, or a key without rows.
    """
    wiped = 0
    for case_id in _candidates(clock):
        with writing(SYSTEM, clock) as work:
            work.require(Act.EXPIRE_FILES)
            wiped += _wipe(work, case_id)
    upload_way.clean_physically()
    return wiped


def _candidates(clock: Clock) -> list[UUID]:
    """The cases with a page or with a key of the class."""
    with reading(SYSTEM, clock) as work:
        mine = (SealedFile.retention == upload_way.CLASS, SealedFile.holder_kind == "case")
        found = set(work.session.execute(select(SealedFile.holder_id).where(*mine)).scalars())
    with db.engines["keys"].connect() as connection:
        held = select(data_key.c.holder_id).where(
            data_key.c.retention == upload_way.CLASS, data_key.c.holder_kind == "case"
        )
        found.update(connection.execute(held).scalars())
    return sorted(found)


def _wipe(work: Work, case_id: UUID) -> bool:
    """Looks again, with the case held: somebody may be sending or deciding just now."""
    case = work.session.execute(select(Case).where(Case.id == case_id).with_for_update()).scalar_one_or_none()
    pages = upload_way.kept(work, case_id)
    has_key = work.vault.has_key(casebook.holder(case_id), upload_way.CLASS)
    past = any(page.expires_at is None or page.expires_at <= work.now for page in pages)
    if pages and has_key and not past:
        return False
    if not pages and not has_key:
        return False
    if case is not None:
        way = upload_way.open_way(work, case)
        if way is not None and way.sent:
            event(work, case, EventKind.UPLOAD_GONE, pages=len(pages))
            upload_way.tell_sender(work, case, EventKind.UPLOAD_GONE)
        work.note("expire_upload", "case", case_id, pages=len(pages))
    work.session.flush()
    upload_way.destroy(work, case_id)
    return True
