"""Tables of counts that tell of nobody: small counts are hidden, and enough others that none can be worked out.

A count from 1 to 4 may point to a person, so it is hidden (primary suppression). A hidden count that is the only one of
its row or column is its total less the others, so more is hidden (secondary suppression) until, as far as the published
table tells, every small count could just as well be 5 or more, and no hidden count has one possible value only.

How that is known. The table with its totals, these taken as negative, has rows and columns that add up to nothing. A
count can be raised by one exactly when a way leads from its column back to its row over hidden cells, lowering and
raising them in turn (Gusfield 1988; it is a flow in a network, so whole numbers suffice). A reader knows that a hidden
cell is at least 1, because noughts are shown. The grand total is always shown: tables that share it tell nothing of
each other then. What cannot be protected so is not published at all.

A reader who knows this rule would learn something from which cells were chosen to be hidden, were the choice to follow
from the counts. It is drawn by lot, so publish a table once and keep what was published.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

LEAST = 5  # the smallest count, other than none at all, that is shown
DRAWN = 1 << 20
TOTALS_LAST = 1 << 26
UNBOUNDED = 1 << 40
Place = tuple[int, int]
Node = tuple[str, int]  # a row or a column
Key = TypeVar("Key")
Lot = Callable[[int], int]  # a whole number below the one given, by chance: `secrets.randbelow`


@dataclass(frozen=True, slots=True)
class Published:
    """A table as everybody may see it; None is a hidden count."""

    cells: tuple[tuple[int | None, ...], ...]
    row_totals: tuple[int | None, ...]
    column_totals: tuple[int | None, ...]
    total: int


def small(count: int, least: int = LEAST) -> bool:
    """Whether a count may not be shown for itself."""
    return 0 < count < least


def publish(table: Sequence[Sequence[int]], lot: Lot, least: int = LEAST) -> Published | None:
    """The table with its totals, as far as it may be published; None where that is not at all."""
    grid = _Grid(table, lot)
    if small(grid.total, least) or not grid.protect(least):
        return None
    rows, columns = range(grid.height), range(grid.width)
    return Published(
        cells=tuple(tuple(grid.shown((row, column)) for column in columns) for row in rows),
        row_totals=tuple(grid.shown((row, grid.width)) for row in rows),
        column_totals=tuple(grid.shown((grid.height, column)) for column in columns),
        total=grid.total,
    )


def publish_list(counts: Mapping[Key, int], lot: Lot, least: int = LEAST) -> dict[Key, int | None] | None:
    """The same for a list of counts whose total is published."""
    found = publish([list(counts.values())], lot, least)
    return dict(zip(counts, found.cells[0], strict=True)) if found else None


class _Grid:
    """The table with its totals as last row and last column; what is hidden of it so far."""

    def __init__(self, table: Sequence[Sequence[int]], lot: Lot) -> None:
        rows = [[*row, sum(row)] for row in table]
        rows.append([sum(column) for column in zip(*rows, strict=True)])
        self.height, self.width = len(table), len(rows[0]) - 1
        self.total = rows[-1][-1]
        self.value = {(r, c): count for r, row in enumerate(rows) for c, count in enumerate(row)}
        self.hidden: set[Place] = set()
        self.movable = [place for place in self.value if self.value[place] and place != (self.height, self.width)]
        self.price = {place: 1 + lot(DRAWN) + (TOTALS_LAST if self._is_total(place) else 0) for place in self.value}

    def shown(self, place: Place) -> int | None:
        return None if place in self.hidden else self.value[place]

    def protect(self, least: int) -> bool:
        """Hides what must be; False where some small count could still be worked out."""
        self.hidden = {place for place in self.movable if small(self.value[place], least)}
        return all(
            self._raise(place, least) for place in sorted(self.hidden, key=lambda each: (self.value[each], each))
        )

    def _raise(self, target: Place, least: int) -> bool:
        """Makes it possible that the target is `least`, by hiding the cells of the cheapest ways round."""
        moved = dict(self.value)  # another table that reads the same
        while moved[target] < least:
            way = self._way(target, moved)
            if not way:
                return False
            amount = min(least - moved[target], *(room for _, _, room in way))
            for place, sign, _ in way:
                moved[place] += sign * amount
                self.hidden.add(place)
            moved[target] += amount
        return True

    def _is_total(self, place: Place) -> bool:
        return place[0] == self.height or place[1] == self.width

    def _way(self, target: Place, moved: Mapping[Place, int]) -> list[tuple[Place, int, int]]:
        """The cells to change so that the target may rise, with +1 or -1 and how far each can go; [] where none lead
        there. Hidden cells cost nothing, totals most, and the others what the lot says."""
        row, column = ("row", target[0]), ("column", target[1])
        start, end = (row, column) if self._is_total(target) else (column, row)
        best: dict[Node, int] = {start: 0}
        came: dict[Node, tuple[Node, Place, int, int]] = {}
        queue: list[tuple[int, Node]] = [(0, start)]
        while queue:
            cost, node = heapq.heappop(queue)
            if cost > best[node]:
                continue
            for place, after, sign, room in self._steps(node, moved):
                price = cost + (0 if place in self.hidden else self.price[place])
                if place != target and room > 0 and price < best.get(after, UNBOUNDED):
                    best[after], came[after] = price, (node, place, sign, room)
                    heapq.heappush(queue, (price, after))
        way = []
        while end != start and end in came:
            end, place, sign, room = came[end]
            way.append((place, sign, room))
        return way

    def _steps(self, node: Node, moved: Mapping[Place, int]) -> Iterator[tuple[Place, Node, int, int]]:
        """From a row to a column a cell rises (a total falls), from a column to a row the other way."""
        kind, number = node
        for place in self.movable:
            if place[kind == "column"] != number:
                continue
            after = ("column", place[1]) if kind == "row" else ("row", place[0])
            sign = 1 if (kind == "row") != self._is_total(place) else -1
            yield place, after, sign, UNBOUNDED if sign > 0 else moved[place] - 1
