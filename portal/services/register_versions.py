"""The versions of the register: which contents production had, since when, and who of the school stood for each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import ANONYMOUS, Actor
from portal.records.tables.access import Staff
from portal.records.tables.register import RegisterVersion
from portal.services.assumed_items import open_keys
from portal.services.casework import NotFound
from portal.services.register import Content, content_of, digest_of
from portal.services.unit import Work, reading

MOST = 2**31 - 1  # as numbers are stored
_COLUMNS = (
    RegisterVersion.number,
    RegisterVersion.digest,
    RegisterVersion.found_at,
    RegisterVersion.confirmed_at,
    Staff.name.label("confirmed_by"),
    RegisterVersion.note,
)


@dataclass(frozen=True, slots=True)
class Version:
    """`confirmed_by` is a name, "" while nobody confirmed it; `digest` in hexadecimal."""

    number: int
    digest: str
    found_at: datetime
    confirmed_at: datetime | None
    confirmed_by: str
    note: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A content with its version; None for one that no worker has come by yet."""

    content: Content
    version: Version | None
    still_open: frozenset[str]  # keys of what the policy assumes and nobody confirmed


def current(actor: Actor, clock: Clock) -> Kept:
    """The register as it stands, from the policy in force."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_REGISTER)
        content = content_of(work.policy)
        newest = work.session.execute(_newest(*_COLUMNS)).first()
        same = newest is not None and newest.digest == digest_of(content)
        return Kept(content, _version(newest) if same else None, open_keys(work))


def kept(actor: Actor, clock: Clock, number: int) -> Kept:
    """One version, as it was kept. Raises NotFound."""
    if not 0 < number <= MOST:
        raise NotFound(str(number))
    with reading(actor, clock) as work:
        work.require(Act.VIEW_REGISTER)
        row = work.session.execute(
            _select(*_COLUMNS, RegisterVersion.content).where(RegisterVersion.number == number)
        ).first()
        if row is None:
            raise NotFound(str(number))
        return Kept(json.loads(row.content), _version(row), open_keys(work))


def versions(actor: Actor, clock: Clock) -> list[Version]:
    """All of them, the newest first."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_REGISTER)
        rows = work.session.execute(_select(*_COLUMNS).order_by(RegisterVersion.number.desc()))
        return [_version(row) for row in rows]


def newest_known(clock: Clock) -> tuple[int, datetime] | None:
    """For everybody: the number of the version in force and since when; None before the first."""
    with reading(ANONYMOUS, clock) as work:
        row = work.session.execute(_newest(RegisterVersion.number, RegisterVersion.found_at)).first()
        return None if row is None else (row.number, row.found_at)


def newest_digest(work: Work) -> tuple[int, bytes]:
    """The last number and its digest; (0, b"") before the first version."""
    row = work.session.execute(_newest(RegisterVersion.number, RegisterVersion.digest)).first()
    return (0, b"") if row is None else (row.number, row.digest)


def _select(*columns: Any) -> Select[Any]:
    return select(*columns).select_from(RegisterVersion).outerjoin(Staff, Staff.id == RegisterVersion.confirmed_by)


def _newest(*columns: Any) -> Select[Any]:
    return _select(*columns).order_by(RegisterVersion.number.desc()).limit(1)


def _version(row: Any) -> Version:
    return Version(row.number, row.digest.hex(), row.found_at, row.confirmed_at, row.confirmed_by or "", row.note or "")
