"""A job that writes thousands of times lets everybody else write in between.

SQLite has one writer at a time and no queue: who finds it busy asks again after a while, up to every tenth of a second.
A job that begins its next transaction within microseconds of the last one is met there each time, and a person's own
write waits until it is given up. So a job leaves the database alone for as long as it held it: who asks then has an
even chance each time. PostgreSQL locks rows, and has a queue for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy.orm import Session

LONGEST = 0.25  # seconds
_active: ContextVar[bool] = ContextVar("giving_way", default=False)


@contextmanager
def giving_way() -> Iterator[None]:
    """What is written inside gives way to others."""
    token = _active.set(True)
    try:
        yield
    finally:
        _active.reset(token)


def rest(session: Session, began: float) -> None:
    """To be called after a writing transaction that began then (`time.monotonic`)."""
    if _active.get() and session.get_bind().dialect.name == "sqlite":
        time.sleep(min(time.monotonic() - began, LONGEST))
