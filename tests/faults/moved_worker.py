"""A worker whose clock a test can move: `python -m tests.faults.moved_worker FILE` reads hours from FILE as it runs.

Only what the process reads is moved; the time that really passes is not, as when somebody sets a machine's clock.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

POLL = 0.2  # seconds


def follow(file: Path) -> None:
    """Sets this process's clock to the hours in the file, whenever they change."""
    hours, traveller = 0.0, None
    while True:
        time.sleep(POLL)
        wanted = float(file.read_text() or 0)
        if wanted == hours:
            continue
        if traveller is not None:
            traveller.stop()
        traveller = time_machine.travel(datetime.now(UTC) + timedelta(hours=wanted), tick=True)
        traveller.start()
        hours = wanted


if __name__ == "__main__":
    from portal.runners.__main__ import main

    threading.Thread(target=follow, args=(Path(sys.argv[1]),), daemon=True).start()
    main()
