"""Logs for tests: written by the portal itself, as lines that an inspector would get."""

from __future__ import annotations

from typing import Any

from portal.audit import checkpoints
from portal.audit.log import lines
from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM
from portal.services.unit import reading, writing
from tests.conftest import NOW

CLOCK = FixedClock(NOW)


def note(*acts: str, subject: Any = None) -> None:
    """One unit of work with these acts."""
    with writing(SYSTEM, CLOCK) as work:
        for position, act in enumerate(acts):
            work.note(act, "student" if subject else "installation", subject, position=position)


def exported() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Entries and checkpoints."""
    with reading(SYSTEM, CLOCK) as work:
        return list(lines(work.session)), [each.as_dict() for each in checkpoints.every(work.session)]
