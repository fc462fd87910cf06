"""Measuring on a machine that others use too.

A neighbour that fills the caches makes all work dearer, large programs more than small ones, for seconds or minutes at
a time: a ratio of two programs is then another one. A yardstick tells: work that never changes, measured before and
after each measurement. Where it was dear, the measurement is taken again.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Measure = Callable[[], float]
QUIET = 1.15  # times the least that the yardstick ever cost
AT_MOST = 4  # times the rounds that are asked for


@dataclass(frozen=True, slots=True)
class Quiet:
    """Medians of the measurements that count, and of all: the difference is the machine's."""

    medians: dict[str, float]
    of_all: dict[str, float]
    measured: int
    disturbed: int


def quiet_medians(measures: Mapping[str, Measure], rounds: int, yardstick: Measure) -> Quiet:
    """Each measured in turn, until each has been `rounds` times while the yardstick was near its least, but no more
    than AT_MOST times as often; where that was not enough, the measurements nearest to it count. The yardstick alone
    decides, never what was measured."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in measures}
    least = yardstick()
    for _ in range(rounds * AT_MOST):
        lacking = [name for name, each in found.items() if len(_quiet(each, least)) < rounds]
        for name in lacking:
            before, value, after = yardstick(), measures[name](), yardstick()
            least = min(least, before, after)
            found[name].append((max(before, after), value))
    counted = {name: _quiet(each, least) for name, each in found.items()}
    for name, each in found.items():
        if len(counted[name]) < rounds:
            counted[name] = [value for _dear, value in sorted(each)[:rounds]]
    measured = sum(map(len, found.values()))
    return Quiet(
        {name: statistics.median(each) for name, each in counted.items()},
        {name: statistics.median(value for _dear, value in each) for name, each in found.items()},
        measured,
        measured - sum(len(_quiet(each, least)) for each in found.values()),
    )


def _quiet(measured: list[tuple[float, float]], least: float) -> list[float]:
    return [value for dear, value in measured if dear <= least * QUIET]
