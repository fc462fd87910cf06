"""May this installation serve: do keys and records belong together, and do both know every erasure of the ledger.

Asked at the start, before each request, each job and each command. A backup that was put back, by our command or by
copying files, knows less than the ledger: until `erasures replay` nobody is served.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

from portal.services import erasure_ledger

RECHECK = 10.0  # seconds: also a database that was put back under a running process is noticed
REPLAY = "A backup was put back: run `flask --app portal erasures replay` first."


class NotServing(Exception):
    """A job was asked for while nobody may be served."""


@dataclass(slots=True)
class _Seen:
    """What a process found when it looked last."""

    look: Any = None
    until: float = 0.0
    reason: str = ""


def marker() -> Path:
    """The file that says that a backup was put back; it lies beside the ledger."""
    return _beside(erasure_ledger.path())


@cache
def _beside(ledger: Path) -> Path:
    return ledger.with_name("restored")


def mark_restored(stamp: str) -> None:
    path = marker()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="ascii") as file:
        json.dump({"stamp": stamp}, file)
        file.flush()
        os.fsync(file.fileno())


def restored_stamp() -> str | None:
    """The backup that was put back and not replayed yet."""
    try:
        return str(json.loads(marker().read_text(encoding="ascii"))["stamp"])
    except FileNotFoundError:
        return None
    except (KeyError, ValueError):
        return "unknown"


def end_restored(app: Flask) -> None:
    """Serves again, at once in this process and within RECHECK in the others."""
    marker().unlink(missing_ok=True)
    app.extensions.pop("standing", None)


def why_not_serving(app: Flask) -> str:
    """A sentence, or "". Looks at two files each time, and at the databases when they changed or some time passed."""
    seen: _Seen = app.extensions.setdefault("standing", _Seen())
    look = _look(erasure_ledger.path()), _look(marker())
    now = time.monotonic()
    if look == seen.look and now < seen.until:
        return seen.reason
    seen.reason = REPLAY if look[1] is not None or (look[0] is not None and erasure_ledger.unknown()) else ""
    seen.look, seen.until = look, now + RECHECK
    return seen.reason


def _look(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
