"""Notice that the machine's clock was set, or that the machine slept."""

from __future__ import annotations

import time

TOLERANCE = 20.0  # seconds; a clock that is being corrected drifts far less between two looks


class ClockWatch:
    """Schedules wait for a time of day. A clock that is put back would keep them waiting, and one that is put forward
    would make them run what was never missed: a runner that looks here starts its schedule anew."""

    def __init__(self) -> None:
        self._ahead = _ahead()

    def jumped(self) -> bool:
        """Whether the clock moved against the time that really passed, since the last time that this was true."""
        ahead = _ahead()
        if abs(ahead - self._ahead) <= TOLERANCE:
            return False
        self._ahead = ahead
        return True


def _ahead() -> float:
    return time.time() - time.monotonic()
