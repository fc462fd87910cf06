"""The portal's own classes at the end of their terms: requests, mails, views, details of the log (policy, retention).

Each goes only when its terms are confirmed. Copies, uploads, drafts and sign-in data are cleared hourly by
`portal.services.expire`; technical logs are the business of whoever runs the machine (docs/operating.md).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, select, update

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.lifecycle import ENDED
from portal.domain.permissions import SYSTEM
from portal.domain.retention import is_past, kept_until, years_later
from portal.mail.delivery import WAITING
from portal.policy.model import RetentionClass
from portal.records import casebook
from portal.records.db import Model
from portal.records.tables.cases import Case
from portal.records.tables.erasure import Erasure
from portal.records.tables.people import SealedFile, View
from portal.records.tables.proof import Audit, AuditDetail, OutMail
from portal.services.close_year import close_before_removal
from portal.services.retention_terms import is_confirmed
from portal.services.unit import Work, writing
from portal.vault.envelope import Holder

MOST = 500  # rows or cases a transaction
CASE, MAIL, VIEW, DETAIL = "case", "mail", "view", "audit_detail"
OUTLIVE = frozenset({("erasure", "case_id"), ("case", "about_case_id")})  # what a case that went is only forgotten by
AHEAD = timedelta(hours=2)  # Amsterdam's clock, at most, before UTC
LOG = "audit"  # the class of keys under which details of the log are sealed


def sweep(clock: Clock) -> dict[str, int]:
    """How many cases, mails, views and details went, a part at a time, each in its own transaction."""
    gone = dict.fromkeys((CASE, MAIL, VIEW, DETAIL), 0)
    for code, remove in ((CASE, _cases), (MAIL, _mails), (VIEW, _views), (DETAIL, _details)):
        while True:
            with writing(SYSTEM, clock) as work:
                work.require(Act.RUN_RETENTION)
                retention = work.policy.retention.get(code)
                count = remove(work, retention) if retention and is_confirmed(work, retention) else 0
                if count:
                    work.note("sweep", "installation", None, retention=code, count=count)
            gone[code] += count
            if count < MOST:
                break
    return gone


def due_counts(work: Work) -> dict[str, int]:
    """How many of each are past their term, confirmed or not; at most `MOST`, for the preview."""
    found = {}
    for code, ids in ((CASE, _old_cases), (MAIL, _old_mails), (VIEW, _old_views), (DETAIL, _old_details)):
        retention = work.policy.retention.get(code)
        found[code] = len(ids(work, retention)) if retention else 0
    return found


def last_gone(today: date, retention: RetentionClass) -> date:
    """The latest start whose term is over today."""
    start = years_later(today, -retention.years) - timedelta(days=retention.days)
    while not is_past(kept_until(retention.years, retention.days, start), today):
        start -= timedelta(days=1)
    return start


def _moment(work: Work, retention: RetentionClass) -> datetime:
    """What was made before this moment is past its term, in Amsterdam too."""
    return datetime.combine(last_gone(work.today, retention) + timedelta(days=1), time(), UTC) - AHEAD


# --- requests


def _old_cases(work: Work, retention: RetentionClass) -> list[UUID]:
    """Ended cases past their term, but for those with an erasure still under way."""
    under_way = exists().where(Erasure.case_id == Case.id, Erasure.state.in_(("waiting", "running")))
    statement = (
        select(Case.id, Case.closed_at)
        .where(Case.state.in_([state.value for state in ENDED]), Case.closed_at < _moment(work, retention), ~under_way)
        .order_by(Case.closed_at, Case.id)
        .limit(MOST)
    )
    return [
        case_id
        for case_id, closed_at in work.session.execute(statement)
        if closed_at and is_past(kept_until(retention.years, retention.days, receipt_date(closed_at)), work.today)
    ]


def _cases(work: Work, retention: RetentionClass) -> int:
    """First the figures of their years are fixed. Then the keys go: from there on answer, messages and code open
    nowhere. Then the rows, and what points to them."""
    found = _old_cases(work, retention)
    if not found:
        return 0
    close_before_removal(work)
    for case_id in found:
        work.vault.destroy(casebook.holder(case_id))
    _delete_what_belongs(work, found)
    for holders in (SealedFile, AuditDetail):
        work.session.execute(
            delete(holders).where(holders.holder_kind == "case", holders.holder_id.in_(found)),
            execution_options={"synchronize_session": False},
        )
    work.session.execute(
        delete(OutMail).where(OutMail.case_id.in_(found)), execution_options={"synchronize_session": False}
    )
    work.session.execute(delete(Case).where(Case.id.in_(found)), execution_options={"synchronize_session": False})
    return len(found)


def _delete_what_belongs(work: Work, cases: list[UUID]) -> None:
    """Every row that points to these cases, whichever table it is in; what outlives its case only forgets it."""
    for table in reversed(Model.metadata.sorted_tables):
        for column in table.columns:
            if all(key.target_fullname != "case.id" for key in column.foreign_keys):
                continue
            if (table.name, column.name) in OUTLIVE:
                work.session.execute(update(table).where(column.in_(cases)).values({column.name: None}))
            else:
                work.session.execute(delete(table).where(column.in_(cases)))
    work.session.expire_all()


# --- mails, views, details of the log


def _old_mails(work: Work, retention: RetentionClass) -> list[UUID]:
    statement = select(OutMail.id).where(OutMail.created_at < _moment(work, retention), OutMail.state != WAITING)
    return list(work.session.execute(statement.order_by(OutMail.created_at, OutMail.id).limit(MOST)).scalars())


def _mails(work: Work, retention: RetentionClass) -> int:
    """Rows, and the keys of holders of whom no mail is left."""
    found = _old_mails(work, retention)
    if not found:
        return 0
    rows = work.session.execute(
        delete(OutMail).where(OutMail.id.in_(found)).returning(OutMail.holder_kind, OutMail.holder_id)
    )
    for kind, holder_id in {(row.holder_kind, row.holder_id) for row in rows}:
        left = select(OutMail.id).where(OutMail.holder_kind == kind, OutMail.holder_id == holder_id).limit(1)
        if kind != "installation" and work.session.execute(left).first() is None:
            work.vault.destroy(Holder(kind, holder_id), MAIL)
    return len(found)


def _old_views(work: Work, retention: RetentionClass) -> list[UUID]:
    statement = select(View.id).where(View.at < _moment(work, retention)).order_by(View.at).limit(MOST)
    return list(work.session.execute(statement).scalars())


def _views(work: Work, retention: RetentionClass) -> int:
    found = _old_views(work, retention)
    work.session.execute(delete(View).where(View.id.in_(found)))
    return len(found)


def _old_details(work: Work, retention: RetentionClass) -> list[UUID]:
    statement = (
        select(AuditDetail.id)
        .join(Audit, Audit.seq == AuditDetail.seq)
        .where(Audit.at < _moment(work, retention))
        .order_by(AuditDetail.seq)
        .limit(MOST)
    )
    return list(work.session.execute(statement).scalars())


def _details(work: Work, retention: RetentionClass) -> int:
    """The chain stays whole: it holds commitments. The key of a subject of whom no detail is left goes too."""
    found = _old_details(work, retention)
    if not found:
        return 0
    rows = work.session.execute(
        delete(AuditDetail).where(AuditDetail.id.in_(found)).returning(AuditDetail.holder_kind, AuditDetail.holder_id)
    )
    for kind, holder_id in {(row.holder_kind, row.holder_id) for row in rows}:
        left = select(AuditDetail.id).where(AuditDetail.holder_kind == kind, AuditDetail.holder_id == holder_id)
        if kind != "installation" and work.session.execute(left.limit(1)).first() is None:
            work.vault.destroy(Holder(kind, holder_id), LOG)
    return len(found)
