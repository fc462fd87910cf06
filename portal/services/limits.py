"""How often anything may be tried: one table of limits, counted in rows so that every process sees the same.

A limit counts over a sliding window, from the counters of this window and the one before. Keys are keyed hashes, never
an address. A database that cannot count raises, so that sign-in fails closed (security.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import aliased

from portal.domain.clock import Clock
from portal.domain.permissions import ANONYMOUS
from portal.domain.refusal import Refused
from portal.records.db import insert_into, inserting
from portal.records.tables.access import Bucket
from portal.services.unit import Work, reading, writing

EVERYBODY = "everybody"  # the key of a limit over the whole portal
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` within `window`."""

    count: int
    window: timedelta
    why: str


LIMITS: dict[str, Limit] = {
    "sign_in_mail": Limit(3, HOUR, "links to one address asked from one place: the mailbox is not flooded, silently"),
    "sign_in_mail_place_day": Limit(5, DAY, "links to one address asked from one place: no place uses them all up"),
    "sign_in_mail_day": Limit(10, DAY, "links to one address from everywhere it did not sign in from, silently"),
    "sign_in_mail_known": Limit(5, DAY, "links to one address from a place it signed in from: strangers do not count"),
    "sign_in_place": Limit(60, HOUR, "asking for links from one network address: a whole class may sit behind one"),
    "sign_in_all": Limit(600, HOUR, "asking for links, everybody together but places where somebody signed in"),
    "sign_in_try_place": Limit(200, HOUR, "typing codes or opening links from one network address"),
    "sign_in_try_all": Limit(3000, HOUR, "typing codes or opening links, together as above"),
    "case_code_place": Limit(20, HOUR, "typing case codes from one network address"),
    "case_code_all": Limit(600, HOUR, "typing case codes, together as above"),
    "step_up_session": Limit(5, HOUR, "answering the questions of level 2 in one session"),
    "step_up_subject": Limit(15, DAY, "answering the questions of level 2 for one address"),
    "second_code_session": Limit(10, HOUR, "typing codes of a second channel in one session"),
    "second_code_student": Limit(20, DAY, "typing codes of a second channel for one student"),
    "second_post": Limit(3, 30 * DAY, "letters with a code asked for one student: the letter box is not flooded"),
    "second_call": Limit(5, DAY, "calls asked for one student"),
    "second_made": Limit(60, HOUR, "codes of second channels made by one member of staff"),
    "upload": Limit(10, HOUR, "files sent in one session: each is drawn anew, which is dear"),
    "reveal": Limit(60, HOUR, "showing hidden fields in one session"),
    "email_change": Limit(3, DAY, "asking for another mail address, one student"),
    "email_stop_place": Limit(60, HOUR, "using links that stop a change of address, from one network address"),
    "representative": Limit(5, DAY, "naming representatives, one student"),
    "file_place": Limit(30, HOUR, "sending requests: without signing in from one network address, else of one person"),
    "file_all": Limit(1200, HOUR, "sending requests without signing in, everybody together"),
    "receipt_mail": Limit(10, DAY, "receipts to one address that nobody signed in with, silently: it may be anybody's"),
    "staff_news": Limit(
        60, HOUR, "news to one of staff of requests of who did not sign in, silently: the queue has all"
    ),
    "draft_place": Limit(120, HOUR, "starting requests from one network address"),
    "message": Limit(30, HOUR, "writing messages to one case"),
    "staff_sign_in_known": Limit(20, HOUR, "staff: passwords of one account in a browser where it signed in before"),
    "staff_sign_in_account": Limit(20, HOUR, "staff: passwords of one account in unknown browsers"),
    "staff_sign_in_place": Limit(40, HOUR, "staff: passwords from one network address in unknown browsers"),
    "staff_sign_in_all": Limit(600, HOUR, "staff: passwords in unknown browsers, everybody together"),
    "staff_password": Limit(10, HOUR, "staff: the own password, typed again by somebody signed in"),
    "staff_factor_known": Limit(15, HOUR, "staff: second factors in a browser where it signed in before"),
    "staff_factor": Limit(15, HOUR, "staff: second factors of one account in unknown browsers"),
    "staff_factor_set_up": Limit(30, HOUR, "staff: setting up second factors of one account"),
    "staff_reset": Limit(5, HOUR, "staff: links for a new password mailed to one account"),
    "staff_reset_place": Limit(30, HOUR, "staff: using such links from one network address"),
    "staff_reset_all": Limit(300, HOUR, "staff: using such links, everybody together"),
}


_earlier = aliased(Bucket)
_before = select(_earlier.count).where(
    _earlier.limit == bindparam("name"), _earlier.digest == bindparam("key"), _earlier.window == bindparam("before")
)


@cache
def one_more(dialect: str) -> Any:
    """Counts one more; returns how many there are now and how many there were in the window before."""
    same = [Bucket.limit, Bucket.digest, Bucket.window]
    adding = inserting(dialect)(Bucket).on_conflict_do_update(index_elements=same, set_={"hits": Bucket.count + 1})
    return adding.returning(Bucket.count, _before.scalar_subquery())


FAMILIAR = "familiar_place"  # no limit: a mark that a place is known for an address
KEPT_FAMILIAR = timedelta(days=30)


class TooMany(Refused):
    """A limit was reached (429)."""


def hit(clock: Clock, name: str, key: str) -> bool:
    """Counts one try in a transaction of its own; False when the limit is reached. KeyError for an unknown limit."""
    with writing(ANONYMOUS, clock) as work:
        return count(work, name, key)


def demand(clock: Clock, name: str, key: str) -> None:
    """Counts one try; TooMany when the limit is reached."""
    if not hit(clock, name, key):
        raise TooMany("too_many", limit=name)


def demand_of_all(clock: Clock, name: str, place: str) -> None:
    """Counts one try of everybody together; TooMany when the limit is reached.

    A place from where somebody truly signed in within a month is not counted: strangers from everywhere then shut out
    strangers only. It hangs on the place alone, so the answer tells nothing of anybody.
    """
    with reading(ANONYMOUS, clock) as work:
        familiar = remembered(work, place)
    if not familiar:
        demand(clock, name, EVERYBODY)


def count(work: Work, name: str, key: str) -> bool:
    """Counts one try inside a unit of work; it is forgotten when the unit is undone."""
    limit = LIMITS[name]
    seconds = int(limit.window.total_seconds())
    moment = int(work.now.timestamp())
    window, elapsed = moment // seconds, moment % seconds
    expires_at = datetime.fromtimestamp((window + 2) * seconds, UTC)
    digest = work.vault.digest("limit", f"{name}|{key}")
    now_count, before = _increment(work, name, digest, window, expires_at)
    return now_count + before * (1 - elapsed / seconds) <= limit.count


def _increment(work: Work, name: str, digest: bytes, window: int, expires_at: datetime) -> tuple[int, int]:
    """The count of this window with one more, and of the one before. One statement, so that two processes never count
    the same try."""
    connection = work.session.connection()
    counted = {"limit_name": name, "digest": digest, "window_start": window, "hits": 1, "expires_at": expires_at}
    asked = {"name": name, "key": digest, "before": window - 1}
    now_count, before = connection.execute(one_more(connection.dialect.name), counted | asked).one()
    return now_count, before or 0


def remember(work: Work, key: str) -> None:
    """Keeps for a month, as a keyed hash, that somebody truly signed in with this key."""
    digest, until = work.vault.digest("limit", f"{FAMILIAR}|{key}"), work.now + KEPT_FAMILIAR
    mark = insert_into(work.session, Bucket).values(limit=FAMILIAR, digest=digest, window=0, count=1, expires_at=until)
    work.session.execute(
        mark.on_conflict_do_update(
            index_elements=[Bucket.limit, Bucket.digest, Bucket.window], set_={"expires_at": until}
        )
    )


def remembered(work: Work, key: str) -> bool:
    """Whether `remember` was called with this key within a month."""
    digest = work.vault.digest("limit", f"{FAMILIAR}|{key}")
    found = work.session.execute(
        select(Bucket.count).where(Bucket.limit == FAMILIAR, Bucket.digest == digest, Bucket.expires_at > work.now)
    ).first()
    return found is not None


def expire(clock: Clock) -> int:
    """Removes counters that no window needs any more; returns how many."""
    with writing(ANONYMOUS, clock) as work:
        gone = work.session.execute(delete(Bucket).where(Bucket.expires_at < work.now))
        return int(getattr(gone, "rowcount", 0))
