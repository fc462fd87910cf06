"""Close a case: when its written answer is there, every step is done or impossible (regulation, art. 9.5, 9.6), and the
student administration has applied what was changed here."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from uuid_utils.compat import uuid7

from portal.domain.events import EventKind
from portal.domain.lifecycle import Action, CaseState, may_close
from portal.domain.vocabulary import Letter, RequestKind, StepKind, StepState
from portal.mail import messages
from portal.records import casebook
from portal.records.tables.cases import Case, CaseStep
from portal.records.tables.proof import OutMail
from portal.services import change_lines
from portal.services.answer import has_answer, write_answer
from portal.services.casework import event, move, reply_address
from portal.services.envelope import ADDRESS, ENVELOPE, envelope, keep, kept_of
from portal.services.issue_letter import issue
from portal.services.steps import ANSWER, POST, RELEASE
from portal.services.unit import Work
from portal.vault.envelope import Json

ANSWERING = ("decided", "consent_withdrawn")  # kinds of mail that carry the answer
FAILED = "failed"


def close_if_done(work: Work, case: Case) -> bool:
    """Closes the case if nothing is left to do, and tells the student when something was carried out.

    The steps must be flushed or of this session. Whoever calls holds the case (`held_case`), so that the two who finish
    the last two steps do not both see the other's as open.
    """
    if case.state != CaseState.DECIDED:
        return False
    if case.kind == RequestKind.WITHDRAWAL and case.decided_at and not has_answer(work, case):
        write_answer(work, case)
    work.session.flush()
    steps = casebook.steps_of(work.session, case.id)
    if _must_go_by_post(work, case, steps):
        steps.append(_posting(work, case, len(steps)))
    if not may_close([StepState(step.state) for step in steps], has_answer(work, case)):
        return False
    if change_lines.open_count(work, case.id):
        return False
    move(case, Action.CLOSE)
    case.closed_at = work.now
    if steps and case.executed_at is None:
        case.executed_at = work.now
    event(work, case, EventKind.CLOSED)
    work.note("close_case", "case", case.id)
    done = [step for step in steps if step.state == StepState.DONE]
    tasks = {step.task for step in done}
    if tasks - {POST} and RELEASE not in tasks:  # a released copy has its own letter
        issue(work, case, Letter.DONE)
    if done and (to := address_of(work, case)):
        work.send(messages.carried_out(to, case.language, case.id, case.reference, case.version))
    return True


def _must_go_by_post(work: Work, case: Case, steps: Sequence[CaseStep]) -> bool:
    """Whether the mail of the answer failed for good and nobody has a letter to post yet."""
    if not case.by_post or any(step.task == POST for step in steps):
        return False
    failed = select(OutMail.id).where(OutMail.case_id == case.id, OutMail.kind.in_(ANSWERING), OutMail.state == FAILED)
    return work.session.execute(failed).first() is not None


def _posting(work: Work, case: Case, position: int) -> CaseStep:
    step = CaseStep(
        id=uuid7(),
        case_id=case.id,
        position=position,
        kind=StepKind.OWN.value,
        task=POST,
        target=ANSWER,
        state=StepState.OPEN.value,
    )
    work.session.add(step)
    work.session.flush()
    return step


def address_of(work: Work, case: Case) -> str | None:
    """Where the asker reads mail; after an erasure, the address that the case kept for its last mail."""
    return reply_address(work, case) or (kept_of(work, case, ADDRESS) or None)


def keep_address(work: Work, case: Case) -> None:
    """Keeps the address for the last mail before it is erased from the student's file; of whoever is told by post, the
    one for the envelope."""
    kept: dict[str, Json] = {}
    if case.by_post and (lines := envelope(work, case)):
        kept[ENVELOPE] = list(lines)
    if to := reply_address(work, case):
        kept[ADDRESS] = to
    keep(work, case, kept)
