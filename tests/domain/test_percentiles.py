"""Percentiles by nearest rank, against the definition in its own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.percentiles import percentile

COUNTS = st.dictionaries(st.integers(-30, 400), st.integers(0, 9), max_size=12)


def by_definition(counts: dict[int, int], per_cent: int) -> int | None:
    """The smallest value that at least so many per cent of all values do not exceed."""
    values = sorted(value for value, count in counts.items() for _ in range(count))
    return next((each for each in values if sum(v <= each for v in values) * 100 >= per_cent * len(values)), None)


@given(counts=COUNTS, per_cent=st.integers(1, 100))
def test_it_is_the_smallest_value_that_enough_do_not_exceed(counts, per_cent):
    assert percentile(counts, per_cent) == by_definition(counts, per_cent)


@pytest.mark.parametrize(
    ("values", "median", "ninetieth"),
    [([7], 7, 7), ([3, 9], 3, 9), ([1, 2, 3], 2, 3), (list(range(1, 11)), 5, 9), (list(range(1, 12)), 6, 10)],
)
def test_examples_that_can_be_checked_by_hand(values, median, ninetieth):
    counts = dict.fromkeys(values, 1)
    assert (percentile(counts, 50), percentile(counts, 90)) == (median, ninetieth)


def test_of_nothing_there_is_none():
    assert percentile({}, 50) is None
    assert percentile({4: 0}, 50) is None


@pytest.mark.parametrize("per_cent", [0, 101, -5])
def test_outside_one_to_a_hundred_there_is_no_percentile(per_cent):
    with pytest.raises(ValueError, match="between 1 and 100"):
        percentile({1: 1}, per_cent)
