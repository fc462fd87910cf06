"""Print issued letters and keep them: sealed, with their hash, the same bytes as long as their class keeps them.

Printing takes a moment and a heavy library, so the worker does it; whoever needs a letter before the worker came
prints it then and there. Two who print the same letter make the same bytes, and the first one's are kept.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import cast
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.letters import notice, retention
from portal.letters.letter import Written, print_letter
from portal.letters.notice import Notice, print_notice
from portal.letters.retention import RetentionNotice, print_retention_notice
from portal.policy.model import Policy
from portal.records import files
from portal.records.tables.papers import IssuedLetter
from portal.records.tables.people import SealedFile
from portal.services.issue_letter import contents_of, holder_of, set_contents
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Json
from portal.vault.vault import Shredded

log = logging.getLogger("portal.letters")
PURPOSE, PDF = "letter", "application/pdf"
BATCH = 50
MOST_ATTEMPTS = 5  # then it waits for somebody who opens it, and the error shows there


def write_waiting(clock: Clock, stopping: Callable[[], bool]) -> dict[str, int]:
    """Prints what was issued and is not printed yet, oldest first."""
    with reading(SYSTEM, clock) as work:
        waiting = list(
            work.session.execute(
                select(IssuedLetter.id)
                .where(IssuedLetter.written_at.is_(None), IssuedLetter.attempts < MOST_ATTEMPTS)
                .order_by(IssuedLetter.issued_at, IssuedLetter.id)
                .limit(BATCH)
            ).scalars()
        )
    done = failed = 0
    for letter_id in waiting:
        if stopping():
            break
        try:
            write(clock, letter_id)
            done += 1
        except Exception as error:  # one letter that cannot be printed keeps no other from it
            log.error("letter not printed", extra={"letter": str(letter_id), "fault": type(error).__name__})
            _note_failure(clock, letter_id)
            failed += 1
    return {"letters": done, "letters_failed": failed}


def write(clock: Clock, letter_id: UUID) -> None:
    """Prints one letter outside any transaction, then keeps it. Raises NotPrintable, Shredded."""
    with reading(SYSTEM, clock) as work:
        row = work.session.get(IssuedLetter, letter_id)
        if row is None or row.written_at is not None:
            return
        kind, contents = row.kind, contents_of(work, row)
    content = printed(kind, contents, cast(Policy, current_app.extensions["policy"]))
    with writing(SYSTEM, clock) as work:
        row = work.session.get(IssuedLetter, letter_id, with_for_update=True, populate_existing=True)
        if row is not None:
            _keep(work, row, contents, content)


def printed(kind: str, contents: Json, policy: Policy) -> bytes:
    """The PDF of what a letter says."""
    if kind == notice.KIND:
        return print_notice(Notice.of(contents), policy)
    if kind == retention.KIND:
        return print_retention_notice(RetentionNotice.of(contents), policy)
    return print_letter(Written.of(contents), policy)


def bytes_of(work: Work, row: IssuedLetter) -> bytes:
    """The letter as it is kept; printed now where nobody did before. Raises NotPrintable, Shredded."""
    if row.written_at is None:
        contents = contents_of(work, row)
        _keep(work, row, contents, printed(row.kind, contents, work.policy))
    file = work.session.get(SealedFile, row.file_id) if row.file_id else None
    if file is None:
        raise Shredded("the letter's file is gone")
    return files.content(work.vault, file)


def digest_of(work: Work, row: IssuedLetter) -> str:
    """The hash of the bytes as they were printed, SHA-256 in hex; "" before."""
    return str(contents_of(work, row).get("sha256", "")) if row.written_at else ""


def _keep(work: Work, row: IssuedLetter, contents: Json, content: bytes) -> None:
    """Of what it said, only where it goes is kept beside the hash: so that none is posted to an old address."""
    if row.written_at is not None:
        return
    holder, retention_class = holder_of(row)
    file = files.store(work.session, work.vault, holder, retention_class, PURPOSE, PDF, content, work.now)
    digest = hashlib.sha256(content).hexdigest()
    row.file_id, row.written_at = file.id, work.now
    set_contents(work, row, {"sha256": digest, "address": contents.get("address", [])})
    subject, subject_id = ("case", row.case_id) if row.case_id else ("student", row.student_id)
    work.note("write_letter", subject, subject_id, letter=row.kind, target=row.target, sha256=digest)
    work.session.flush()


def _note_failure(clock: Clock, letter_id: UUID) -> None:
    with writing(SYSTEM, clock) as work:
        row = work.session.get(IssuedLetter, letter_id, with_for_update=True)
        if row is not None and row.written_at is None:
            row.attempts += 1
