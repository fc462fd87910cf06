"""Verify the audit log: every entry chained to the one before (security.md, "The audit log")."""

from __future__ import annotations

from dataclasses import dataclass

from portal.audit.log import verify_chain
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.services.unit import reading


@dataclass(frozen=True, slots=True)
class Verified:
    """How many entries were read; `broken_at` is the number of the first that does not fit, None when all do."""

    entries: int
    broken_at: int | None

    @property
    def whole(self) -> bool:
        return self.broken_at is None


def verify_audit(clock: Clock) -> Verified:
    with reading(SYSTEM, clock) as work:
        return Verified(*verify_chain(work.session))
