"""What a benchmark prints: a JSON line a figure, with its bar where the project has set one."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable, Mapping, Sequence


def tell(bench: str, what: str, **figures: object) -> None:
    print(json.dumps({"bench": bench, "what": what, **figures}, ensure_ascii=False), flush=True)


def tell_bar(
    bench: str, what: str, ratio: float, *, most: float | None = None, least: float | None = None, **figures: object
) -> None:
    """A figure that is held against a bar: met, or missed and said so."""
    met = ratio <= most if most is not None else ratio >= (least or 0)
    bar = f"≤ {most:g}" if most is not None else f"≥ {least:g}"
    tell(bench, what, **figures, ratio=round(ratio, 2), bar=bar, met="yes" if met else "NO")


def sizes(variable: str, usual: Sequence[int]) -> list[int]:
    """Sizes to measure at, smallest first: `BENCH_CASES=1000,100000,1000000 make bench`."""
    given = os.environ.get(variable, "")
    return sorted(int(each) for each in given.split(",")) if given else list(usual)


def engines() -> list[str]:
    return os.environ.get("BENCH_ENGINES", "sqlite,postgres").split(",")


def medians(measures: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Each measured once a round, in turn, so that what else the machine does falls on all alike; the medians."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: statistics.median(values) for name, values in found.items()}
