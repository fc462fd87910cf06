"""On a machine that others use too, a figure is of the rounds that they left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, count, repeat

import pytest

from benchmarks.kit.quiet import AT_MOST, STEPS, WALKED, quiet_medians, walk


def asking(values: Iterator[float]) -> Callable[[], float]:
    return lambda: next(values)


def test_on_a_quiet_machine_each_is_measured_as_often_as_asked() -> None:
    found = quiet_medians({"page": asking(iter((3.0, 5.0, 4.0)))}, 3, lambda: 1.0)
    assert found.medians == found.of_all == {"page": 4.0}
    assert (found.measured, found.disturbed) == (3, 0)


@pytest.mark.parametrize("dear", [(2.0, 1.0), (1.0, 2.0)], ids=["before", "after"])
def test_what_was_measured_while_the_yardstick_was_dear_is_measured_again(dear: tuple[float, float]) -> None:
    yardstick = asking(chain((1.0,), dear, repeat(1.0)))  # the first look tells its least
    found = quiet_medians({"page": asking(chain((30.0,), repeat(3.0)))}, 3, yardstick)
    assert (found.medians["page"], found.measured, found.disturbed) == (3.0, 4, 1)


def test_the_yardstick_decides_and_not_what_was_measured() -> None:
    found = quiet_medians({"page": asking(iter((3.0, 30.0, 31.0)))}, 3, lambda: 1.0)
    assert found.medians["page"] == 30.0


def test_a_machine_that_gets_quieter_later_makes_what_came_before_count_no_more() -> None:
    yardstick = asking(chain(repeat(2.0, 7), repeat(1.0)))
    found = quiet_medians({"page": asking(chain(repeat(30.0, 3), repeat(3.0)))}, 3, yardstick)
    assert found.medians["page"] == 30.0, "nothing told of it yet"
    yardstick = asking(chain(repeat(2.0, 5), repeat(1.0)))
    found = quiet_medians({"page": asking(chain(repeat(30.0, 2), repeat(3.0)))}, 3, yardstick)
    assert (found.medians["page"], found.of_all["page"], found.measured) == (3.0, 3.0, 5)


def test_where_it_is_never_quiet_the_quietest_count_and_it_ends() -> None:
    yardstick = asking(chain((1.0,), (float(each // 2 + 2) for each in count())))
    found = quiet_medians({"page": asking(float(each) for each in count())}, 3, yardstick)
    assert (found.measured, found.disturbed) == (3 * AT_MOST, 3 * AT_MOST)
    assert found.medians["page"] == 1.0
    assert found.of_all["page"] == 5.5


def test_a_walk_comes_by_every_place_before_it_turns() -> None:
    measure = walk()
    assert measure() > 0
    (go,) = [each.cell_contents for each in measure.__closure__ or ()]
    (goes_to,) = [each.cell_contents for each in go.__closure__ or ()]
    at, seen = 0, set()
    while at not in seen:
        seen.add(at)
        at = goes_to[at]
    assert (at, len(seen)) == (0, WALKED // 8)
    assert len(seen) > STEPS
