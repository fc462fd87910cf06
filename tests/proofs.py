"""Long figures: few rounds in `make test`, the promised ones in `make proof`, which keeps what they came to."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime

from config import ROOT

LONG = os.environ.get("PORTAL_PROOF") == "1"
FOLDER = ROOT / "docs" / "proof"


def rounds(few: int, many: int) -> int:
    """How many rounds this run makes."""
    return many if LONG else few


def keep(name: str, **figures: object) -> None:
    """Prints the figures; in `make proof` they go to docs/proof/ too, with date and commit."""
    print(f"{name}: {json.dumps(figures)}")
    if not LONG:
        return
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    line = {**figures, "at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": said.stdout.strip()}
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.jsonl").open("a", encoding="utf-8") as kept:
        kept.write(json.dumps(line) + "\n")
