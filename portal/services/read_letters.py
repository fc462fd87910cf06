"""The letters of a case, to list and to take: by the student who is known well enough, and by staff, on record."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.events import EventKind
from portal.domain.permissions import Actor, Subject
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind, Level
from portal.letters import notice
from portal.letters.retention import TITLE as RETENTION_TITLE
from portal.records.case_facts import LETTER
from portal.records.tables.cases import Case
from portal.records.tables.papers import IssuedLetter
from portal.services.assurance_of import level_now
from portal.services.case_lines import LetterLine, letter_line
from portal.services.case_page import log_view
from portal.services.casework import NotFound, case_to_read, event, lines_of_case
from portal.services.held_case import held_case
from portal.services.unit import Work, reading, writing
from portal.services.write_letters import bytes_of
from portal.vault.vault import Shredded


@dataclass(frozen=True, slots=True)
class Taken:
    content: bytes  # PDF
    name: str  # of the file; the reference and nothing of the person


def letters_of(actor: Actor, clock: Clock, reference: str) -> list[LetterLine]:
    """Newest first. A student sees the letters to themselves; staff also the notices to recipients.

    Raises NotFound.
    """
    with reading(actor, clock) as work:
        act = Act.VIEW_CASE if actor.is_staff else Act.VIEW_OWN_DECISION
        case = case_to_read(work, reference, act)
        letters = reversed(lines_of_case(work, case)[LETTER])
        return [letter_line(work, case, row) for row in letters if actor.is_staff or row.kind != notice.KIND]


def take_letter(actor: Actor, clock: Clock, reference: str, letter_id: UUID) -> Taken:
    """One letter as PDF, the bytes that are kept. Writes who read it, so it is no page for GET.

    Raises NotFound (also for another case's letter, and for a notice to a student), NotAllowed, NotPrintable, and
    Refused("level", needs) for a student who is not known well enough for what stands in it.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.PRINT_LETTER if actor.is_staff else Act.VIEW_OWN_DECISION)
        row = work.session.get(IssuedLetter, letter_id)
        if row is None or row.case_id != case.id or (row.target and not actor.is_staff):
            raise NotFound(str(letter_id))
        if not actor.is_staff and level_now(work) < row.level:
            raise Refused("level", needs=Level(row.level))
        try:
            content = bytes_of(work, row)
        except Shredded as gone:
            raise NotFound(str(letter_id)) from gone
        _log(work, case, row)
        end = f"{row.kind}-{row.target}" if row.target else row.kind
        return Taken(content, f"{case.reference}-{end}.pdf")


def own_letters(actor: Actor, clock: Clock) -> list[LetterLine]:
    """The letters to a student that are about no case (a notice of retention), newest first; none for anybody else."""
    if actor.student_id is None or actor.kind is not ActorKind.STUDENT:
        return []
    with reading(actor, clock) as work:
        rows = select(IssuedLetter).where(IssuedLetter.student_id == actor.student_id)
        order = (IssuedLetter.issued_at.desc(), IssuedLetter.id.desc())
        return [
            LetterLine(
                id=row.id,
                title=RETENTION_TITLE,
                target="",
                on=receipt_date(row.issued_at),
                level=Level(row.level),
                ready=row.written_at is not None,
                sha256="",
            )
            for row in work.session.execute(rows.order_by(*order)).scalars()
        ]


def take_own_letter(actor: Actor, clock: Clock, letter_id: UUID) -> Taken:
    """One of them as PDF. Raises NotFound, NotPrintable, and NotAllowed("level", needs)."""
    with writing(actor, clock) as work:
        work.require(Act.VIEW_OWN_DATA, Subject(student_id=actor.student_id))
        row = work.session.get(IssuedLetter, letter_id, with_for_update=True)
        if row is None or actor.student_id is None or row.student_id != actor.student_id:
            raise NotFound(str(letter_id))
        try:
            content = bytes_of(work, row)
        except Shredded as gone:
            raise NotFound(str(letter_id)) from gone
        work.note("take_letter", "student", row.student_id, letter=row.kind)
        return Taken(content, f"{row.kind}-{receipt_date(row.issued_at).isoformat()}.pdf")


def _log(work: Work, case: Case, row: IssuedLetter) -> None:
    if not work.actor.is_staff:
        event(work, case, EventKind.ANSWER_READ)
    elif case.student_id is not None:
        log_view(work, case.student_id, reason="case", what="letter", case_id=case.id)
    work.note("take_letter", "case", case.id, letter=row.kind, target=row.target)
