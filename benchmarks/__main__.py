"""`make bench`: every benchmark of this folder, each in a process of its own; a table here, JSON lines in results/.

A benchmark is a module that prints JSON lines, `{"bench": name, …figures}`. As it is, a run takes some tens of minutes
on two cores; BENCH_FULL=1 measures at the sizes of the bars and takes some hours. BENCH_ONLY=pages,queue names some.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
FULL = {
    "BENCH_CASES": "1000,100000,1000000",
    "BENCH_STUDENTS": "1000,100000",
    "BENCH_OPEN": "10000,1000000",
    "BENCH_IMPORT": "1000,100000",
    "BENCH_ITEMS": "50,5000",
    "BENCH_REQUESTS": "10000",
    "BENCH_SECONDS": "600",
}


def commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"


def measure(name: str) -> list[dict[str, Any]]:
    """The lines that a benchmark printed; its errors go to the screen and stop the run."""
    said = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}"], cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]


def table(lines: list[dict[str, Any]]) -> str:
    """Lines of one benchmark as a table: a column for each figure, numbers to the right; an empty cell has none."""
    names = list(dict.fromkeys(name for line in lines for name in line if name != "bench"))
    cells = [names, *([str(line.get(name, "")) for name in names] for line in lines)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names))]
    numbers = [all(isinstance(line.get(name, 0), int | float) for line in lines) for name in names]
    rows = [
        "  ".join(cell.rjust(width) if number else cell.ljust(width) for cell, width, number in zip(*row, strict=True))
        for row in ((cells_of, widths, numbers) for cells_of in cells)
    ]
    return "\n".join(row.rstrip() for row in [rows[0], "  ".join("-" * width for width in widths), *rows[1:]])


def main() -> int:
    RESULTS.mkdir(exist_ok=True)
    if os.environ.get("BENCH_FULL"):
        for name, size in FULL.items():
            os.environ.setdefault(name, size)
    only = set(filter(None, os.environ.get("BENCH_ONLY", "").split(",")))
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    for path in sorted(each for each in HERE.glob("[a-z]*.py") if not only or each.stem in only):
        measured = measure(path.stem)
        print(f"{path.stem}\n{table(measured)}\n", flush=True)
        with (RESULTS / f"{path.stem}.jsonl").open("a", encoding="utf-8") as kept:
            for figures in measured:
                kept.write(json.dumps({**figures, **about}, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
