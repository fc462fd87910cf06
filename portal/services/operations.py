"""How the installation is doing, on one page for whoever looks after it: counts, dates and names of staff, nothing of
a student (regulation, "Who": an administrator sees no student data)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from portal.audit import checkpoints, log
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.schedule import Timing
from portal.domain.vocabulary import Role
from portal.mail import delivery
from portal.policy.assumed import assumed_items
from portal.records.tables.erasure import TermEnd
from portal.records.tables.proof import Setting
from portal.services import clock_guard, sweep_classes
from portal.services.assumed_items import open_keys
from portal.services.heartbeat import DONE, JOB
from portal.services.readiness import HEARTBEAT, STALE_MAIL, STALE_WORKER
from portal.services.retention_terms import confirmed_classes, of_students
from portal.services.review_access import review_list
from portal.services.staff_accounts import Account, accounts, branches_of_school
from portal.services.unit import Work, reading

GRACE = timedelta(hours=1)  # how long after its time a job may have its run


@dataclass(frozen=True, slots=True)
class Accounts:
    active: int
    disabled: int
    unacknowledged: int  # active, and has not confirmed the confidentiality clause
    without_role: int  # active, and holds no role today
    by_role: dict[Role, int]
    branches: dict[str, int]  # name -> who handles cases there
    reviews_due: int


@dataclass(frozen=True, slots=True)
class InForce:
    code: str
    version: str
    digest: str
    assumed: int
    still_open: int


@dataclass(frozen=True, slots=True)
class Mail:
    counts: dict[str, int]  # by state
    waits_since: datetime | None
    late: bool
    pause: delivery.Pause | None


@dataclass(frozen=True, slots=True)
class JobRun:
    """`last` is the end of the last run, well or not; `next_at` is now when it is due."""

    name: str
    last: datetime | None
    failed: bool
    next_at: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class Head:
    seq: int
    digest: str
    checkpoint: int | None
    checkpoint_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ending:
    """One retention class: how much of it is past its term (the portal's own: at most 500 are counted), how much of
    the students' is listed, and told."""

    code: str
    label: str
    confirmed: bool
    past: int
    told: int


@dataclass(frozen=True, slots=True)
class Overview:
    accounts: Accounts
    policy: InForce
    mail: Mail
    worker_seen: datetime | None
    worker_late: bool
    jobs: tuple[JobRun, ...]
    log: Head
    endings: tuple[Ending, ...]
    clock_doubted: bool


def overview(actor: Actor, clock: Clock, timings: Sequence[Timing]) -> Overview:
    """All of it; the number of statements does not grow with what there is."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_OPERATIONS)
    staff = accounts(actor, clock)
    reviews = sum(each.due for each in review_list(actor, clock))
    branches = [each.name for each in branches_of_school(actor, clock)]
    with reading(actor, clock) as work:
        facts = {row.name: row for row in work.session.execute(select(Setting)).scalars()}
        seen = facts[HEARTBEAT].changed_at if HEARTBEAT in facts else None
        return Overview(
            accounts=_accounts(staff, branches, reviews),
            policy=_in_force(work),
            mail=_mail(work),
            worker_seen=seen,
            worker_late=seen is None or work.now - seen > STALE_WORKER,
            jobs=tuple(_job(each, facts.get(f"{JOB}{each.name}"), work.now) for each in timings if each.noted),
            log=_head(work),
            endings=_endings(work),
            clock_doubted=clock_guard.doubt(work) is not None,
        )


def _accounts(staff: Sequence[Account], branches: Sequence[str], reviews_due: int) -> Accounts:
    active = [each for each in staff if each.disabled_at is None]
    held = [(each.id, placed) for each in active for placed in each.roles]
    return Accounts(
        active=len(active),
        disabled=len(staff) - len(active),
        unacknowledged=sum(each.confidentiality_at is None for each in active),
        without_role=sum(not each.roles for each in active),
        by_role={role: len({who for who, placed in held if placed.role is role}) for role in Role},
        branches={
            name: len({who for who, placed in held if placed.role is Role.CASE_HANDLER and placed.branch in ("", name)})
            for name in branches
        },
        reviews_due=reviews_due,
    )


def _in_force(work: Work) -> InForce:
    policy = work.policy
    return InForce(policy.code, policy.version, policy.digest, len(assumed_items(policy)), len(open_keys(work)))


def _mail(work: Work) -> Mail:
    since = delivery.waits_since(work.session)
    late = since is not None and work.now - since > STALE_MAIL
    return Mail(delivery.counts(work.session), since, late, delivery.pause(work.session))


def _job(timing: Timing, row: Setting | None, now: datetime) -> JobRun:
    last = row.changed_at if row else None
    failed = row is not None and row.value != DONE
    next_at = timing.next_run(None if failed else last, now)
    late = last is None or now - last > (timing.every or timedelta(days=1)) + GRACE
    return JobRun(timing.name, last, failed, next_at, late)


def _head(work: Work) -> Head:
    seq, digest = log.head(work.session)
    newest = checkpoints.newest(work.session)
    return Head(
        seq,
        digest.hex(),
        newest.number if newest else None,
        datetime.fromisoformat(newest.at) if newest else None,
    )


def _endings(work: Work) -> tuple[Ending, ...]:
    told = func.sum(case((TermEnd.told_on.is_not(None), 1), else_=0))
    rows = work.session.execute(
        select(TermEnd.retention, func.count().label("listed"), told.label("told"))
        .where(TermEnd.done_at.is_(None))
        .group_by(TermEnd.retention)
    )
    students = {row.retention: row for row in rows}
    own, confirmed = sweep_classes.due_counts(work), confirmed_classes(work)
    listed = {each.code for each in of_students(work.policy)}
    return tuple(
        Ending(
            code,
            each.label,
            code in confirmed,
            students[code].listed if code in students else own.get(code, 0),
            int(students[code].told) if code in students else 0,
        )
        for code, each in work.policy.retention.items()
        if code in listed or code in own
    )
