"""Open one case with its code alone: status, messages and decision without data, also after the data are gone."""

from __future__ import annotations

import secrets

from uuid_utils.compat import uuid7

from portal.domain.clock import Clock
from portal.domain.digits import only_digits
from portal.domain.permissions import ANONYMOUS
from portal.domain.vocabulary import Level
from portal.records.casebook import CODE_LENGTH, CODE_LOOKUP
from portal.records.tables.access import Login
from portal.services import limits
from portal.services.recognise import digest_of
from portal.services.unit import writing


def enter(clock: Clock, typed: str, place: str) -> str | None:
    """The id of a fresh session for the case of this code, in digits of any script; None when there is no such code.

    TooMany when a limit is reached: the code has 40 bits, the limits do the rest.
    """
    limits.demand(clock, "case_code_place", place)
    limits.demand_of_all(clock, "case_code_all", place)
    digits = only_digits(typed)
    with writing(ANONYMOUS, clock) as work:
        found = work.vault.find(CODE_LOOKUP, digits, "case")
        if len(digits) != CODE_LENGTH or len(found) != 1:
            return None
        session_id = secrets.token_urlsafe(32)
        work.session.add(
            Login(
                id=uuid7(),
                digest=digest_of(session_id),
                kind="case",
                case_id=found[0],
                level=int(Level.NONE),
                created_at=work.now,
                fresh_at=work.now,
                seen_at=work.now,
            )
        )
        work.note("enter_by_case_code", "case", found[0])
        return session_id
