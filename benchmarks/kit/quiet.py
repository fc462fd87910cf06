"""Measuring on a machine that others use too.

A neighbour that fills the processor's cache makes all work dearer, large programs more than small ones, for seconds or
for hours: a ratio of two programs is then another one. A walk through memory tells, which costs two or three times as
much when the cache is somebody else's: it is taken before and after each measurement, and where it was dear the
measurement is taken again.
"""

from __future__ import annotations

import random
import statistics
import time
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

Measure = Callable[[], float]
QUIET = 1.3  # times the least that the yardstick ever cost in this run
AT_MOST = 4  # times the rounds that are asked for
WALKED, STEPS = 4 << 20, 100_000  # bytes: more than a core's own cache, less than what the cores share


@dataclass(frozen=True, slots=True)
class Quiet:
    """Medians of the measurements that count, and of all: the difference is the machine's."""

    medians: dict[str, float]
    of_all: dict[str, float]
    measured: int
    disturbed: int
    least: float  # that the yardstick cost
    usual: float

    def telling(self) -> dict[str, object]:
        """How the machine was, beside the figures."""
        return {
            "times": self.measured,
            "disturbed": self.disturbed,
            "step_ns": round(self.usual, 1),
            "least_step_ns": round(self.least, 1),
        }


def quiet_medians(measures: Mapping[str, Measure], rounds: int, yardstick: Measure) -> Quiet:
    """Each measured in turn, until each has been `rounds` times while the yardstick was near its least, but no more
    than AT_MOST times as often; where that was not enough, the measurements nearest to it count. The yardstick alone
    decides, never what was measured."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in measures}
    least = yardstick()
    for _ in range(rounds * AT_MOST):
        lacking = [name for name, each in found.items() if _quiet(each, least) < rounds]
        for name in lacking:
            before, value, after = yardstick(), measures[name](), yardstick()
            least = min(least, before, after)
            found[name].append((max(before, after), value))
    quiet = {name: _quiet(each, least) for name, each in found.items()}
    counted = {name: sorted(each, key=lambda pair: pair[0])[: max(rounds, quiet[name])] for name, each in found.items()}
    measured = sum(map(len, found.values()))
    return Quiet(
        _medians(counted),
        _medians(found),
        measured,
        measured - sum(quiet.values()),
        least,
        statistics.median(dear for each in found.values() for dear, _value in each),
    )


def _medians(measured: Mapping[str, list[tuple[float, float]]]) -> dict[str, float]:
    return {name: statistics.median(value for _dear, value in each) for name, each in measured.items()}


def walk() -> Measure:
    """A yardstick: nanoseconds a step from place to place in memory, in an order that no processor foresees."""
    places = list(range(WALKED // 8))
    random.Random(1).shuffle(places)
    goes_to = array("q", bytes(WALKED))
    for here, there in pairwise((*places, places[0])):
        goes_to[here] = there

    def go() -> float:
        at, began = 0, time.process_time()
        for _ in range(STEPS):
            at = goes_to[at]
        return (time.process_time() - began) / STEPS * 1e9

    def measure() -> float:
        go()  # what was measured before has the cache; the same way again finds what the neighbours left
        return go()

    return measure


def _quiet(measured: list[tuple[float, float]], least: float) -> int:
    """How many were measured while the yardstick was near its least."""
    return sum(dear <= least * QUIET for dear, _value in measured)
