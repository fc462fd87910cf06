"""Tables of counts that tell of nobody: no hidden count can be worked out, by arithmetic or by knowing the rule.

The attacks here are written apart from the code that hides: they look for every table that fits what was published.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.domain.disclosure import LEAST, Published, publish, publish_list, small
from tests.proofs import rounds

SMALL_OR_NOT = st.one_of(st.integers(0, 6), st.integers(0, 30))


def tables_of(height: int, width: int) -> st.SearchStrategy[list[list[int]]]:
    row = st.lists(SMALL_OR_NOT, min_size=width, max_size=width)
    return st.lists(row, min_size=height, max_size=height)


TABLES = st.tuples(st.integers(1, 4), st.integers(1, 3)).flatmap(lambda size: tables_of(*size))
SEEDS = st.integers(0, 2**16)


def lot(seed: int):
    return random.Random(seed).randrange


def whole(table: list[list[int]]) -> list[list[int]]:
    """The table with its totals."""
    rows = [[*row, sum(row)] for row in table]
    return [*rows, [sum(column) for column in zip(*rows, strict=True)]]


def flat(rows):
    return list(chain.from_iterable(rows))


def shown(found: Published) -> list[list[int | None]]:
    rows = [[*cells, total] for cells, total in zip(found.cells, found.row_totals, strict=True)]
    return [*rows, [*found.column_totals, found.total]]


def fitting(found: Published, most: int) -> Iterator[list[list[int]]]:
    """Tables that add up to everything that was published, a hidden count being 1 or more: found cell by cell."""
    height, width = len(found.cells), len(found.cells[0])
    values = [[0] * width for _ in range(height)]

    def fill(place: int) -> Iterator[list[list[int]]]:
        if place == height * width:
            full = whole(values)
            wanted = shown(found)
            if all(
                want == have if want is not None else have >= 1
                for wants, haves in zip(wanted, full, strict=True)
                for want, have in zip(wants, haves, strict=True)
            ):
                yield [list(row) for row in values]
            return
        row, column = divmod(place, width)
        known = found.cells[row][column]
        room = found.total - sum(map(sum, values))
        total = found.row_totals[row]
        if total is not None:
            room = min(room, total - sum(values[row]))
        options = [known] if known is not None else range(min(room, most), 0, -1)
        if column == width - 1 and known is None and total is not None:
            options = [room] if room >= 1 else []
        for value in options:
            values[row][column] = value
            if value <= room:
                yield from fill(place + 1)
            values[row][column] = 0

    yield from fill(0)


@pytest.mark.slow
@given(table=TABLES, seed=SEEDS)
@settings(max_examples=rounds(300, 10_000), deadline=None)
def test_what_is_published_is_true_and_no_small_count_is_in_it(table, seed):
    found = publish(table, lot(seed))
    total = sum(map(sum, table))
    if found is None:
        assert small(total) or any(small(count) for row in whole(table) for count in row)
        return
    for wants, haves in zip(shown(found), whole(table), strict=True):
        for want, have in zip(wants, haves, strict=True):
            assert want is None or want == have
            assert not (want is not None and small(want))
            assert have != 0 or want == 0, "noughts are shown"


@pytest.mark.slow
@given(table=st.tuples(st.integers(1, 2), st.integers(2, 3)).flatmap(lambda size: tables_of(*size)), seed=SEEDS)
@settings(max_examples=rounds(60, 3000), deadline=None)
def test_no_hidden_count_can_be_worked_out_from_the_totals(table, seed):
    found = publish(table, lot(seed))
    assume(found is not None)
    hidden = [place for place, count in enumerate(flat(shown(found))) if count is None]
    real = flat(whole(table))
    others: dict[int, bool] = dict.fromkeys(hidden, False)
    could_be_large: dict[int, bool] = {place: not small(real[place]) for place in hidden}
    for number, other in enumerate(fitting(found, most=40)):
        for place, count in enumerate(flat(whole(other))):
            if place in others:
                others[place] |= count != real[place]
                could_be_large[place] |= not small(count)
        if (all(others.values()) and all(could_be_large.values())) or number > 50_000:
            break
    assert all(others.values()), "a hidden count has one possible value"
    assert all(could_be_large.values()), "a small count is known to be small"


def every(cells: int, total: int) -> Iterator[tuple[int, ...]]:
    if cells == 0:
        yield ()
        return
    for value in range(total + 1):
        for rest in every(cells - 1, total - value):
            yield (value, *rest)


@pytest.mark.slow
@pytest.mark.parametrize(("height", "width", "total"), [(1, 2, 20), (1, 3, 14), (2, 2, rounds(11, 18))])
def test_who_knows_the_rule_by_which_counts_are_hidden_learns_none_either(height, width, total):
    """Every table up to a total is published; of all that read the same, each hidden count has several values."""
    read_as: dict[Published, list[list[int]]] = defaultdict(list)
    chance = lot(7)
    for values in every(height * width, total):
        table = [list(values[row * width : (row + 1) * width]) for row in range(height)]
        for _ in range(rounds(5, 12)):
            if found := publish(table, chance):
                read_as[found].append(flat(whole(table)))
    hidden = known = 0
    for found, tables in read_as.items():
        for place, count in enumerate(flat(shown(found))):
            if count is None:
                hidden += 1
                known += len({values[place] for values in tables}) < 2
    print(f"{height} by {width} up to {total}: {hidden} hidden counts attacked with the rule, {known} worked out")
    assert hidden > 20
    assert known == 0


def test_the_attack_of_the_tests_above_finds_what_a_naive_rule_leaves():
    naive = Published(cells=((None, 12, 7),), row_totals=(22,), column_totals=(None, 12, 7), total=22)
    assert list(fitting(naive, 40)) == [[[3, 12, 7]]]


def test_a_list_keeps_its_names_and_two_are_hidden_where_one_is_small():
    found = publish_list({"a": 3, "b": 40, "c": 0}, lot(1))
    assert found == {"a": None, "b": None, "c": 0}
    assert publish_list({"a": 30, "b": 40, "c": 0}, lot(1)) == {"a": 30, "b": 40, "c": 0}


def test_what_cannot_be_protected_is_not_published():
    assert publish_list({"a": 3, "b": 0}, lot(1)) is None, "the total is small"
    assert publish_list(dict.fromkeys("abcde", 1), lot(1)) is None, "each would be 1"
    assert publish([[0, 0], [0, 0]], lot(1)) is not None


def test_with_the_lot_it_is_not_always_the_same_that_is_hidden():
    drawn = {tuple(publish_list({"a": 2, "b": 20, "c": 20, "d": 20}, lot(seed)).items()) for seed in range(30)}
    assert len(drawn) == 3
    assert LEAST == 5
