"""How to sign in to the demonstration school; nothing where there is none."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp
from sqlalchemy import select

from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.i18n import TONGUES
from portal.records.tables.proof import Setting
from portal.services.demo.people import FAMILY, PASSWORD, STAFF, STUDENTS, TOTP_KEY
from portal.services.unit import reading

MARK = "demonstration"  # the Setting row that says that this school is made up


@dataclass(frozen=True, slots=True)
class StaffSignIn:
    username: str
    what: str


@dataclass(frozen=True, slots=True)
class StudentSignIn:
    """`what` says the language, and the answers that step-up asks for: birth date and student number."""

    email: str
    what: str


@dataclass(frozen=True, slots=True)
class SignIns:
    password: str
    staff: tuple[StaffSignIn, ...]
    students: tuple[StudentSignIn, ...]


def code_now() -> str:
    """The six digits that the made-up staff's app would show now."""
    return pyotp.TOTP(TOTP_KEY).now()


def sign_ins(clock: Clock) -> SignIns | None:
    """The accounts of staff, one student of each language, and the family that shares an address."""
    with reading(SYSTEM, clock) as work:
        if work.session.execute(select(Setting.name).where(Setting.name == MARK)).first() is None:
            return None
    staff = tuple(StaffSignIn(each.username, each.what) for each in STAFF)
    chosen: dict[str, StudentSignIn] = {}
    for each in STUDENTS:
        if each.email and each.email != FAMILY and each.language not in chosen:
            what = f"{TONGUES[each.language].name}, {each.number}, {each.born}"
            chosen[each.language] = StudentSignIn(each.email, what)
    family = StudentSignIn(FAMILY, "three people share this address")
    return SignIns(PASSWORD, staff, (*chosen.values(), family))
