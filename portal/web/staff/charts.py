"""Charts as numbers for a template: bars in the units of a picture, drawn as plain SVG (staff/charts.html).

A chart repeats the table beside it for the eye; nothing is told by it alone, and no colour by itself: what was late is
an outline, the rest is filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH = 480
PLOT, HEAD, FOOT = 150, 22, 26  # of a chart with columns: the tallest column, above it, below it
LINE, BAR = 46, 16  # of a chart with lines: from one to the next, how thick
ROOM_FOR_NUMBER = 44
MOST_LABELS = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """`outlined` is what was late."""

    x: int
    y: int
    width: int
    height: int
    outlined: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A text of a chart, from its baseline; `middle` puts its middle there, else it begins there."""

    x: int
    y: int
    text: str
    middle: bool = False
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    height: int
    bars: tuple[Bar, ...]
    texts: tuple[Said, ...]
    base: int | None = None  # where the columns stand
    width: int = WIDTH


def columns(rows: Sequence[tuple[str, Sequence[int]]]) -> Chart:
    """A column for each row, its parts on top of each other: the first filled, the second outlined."""
    most = max((sum(parts) for _, parts in rows), default=0) or 1
    step = WIDTH / max(len(rows), 1)
    thick = max(2, min(44, int(step * 0.68)))
    every = -(-len(rows) // MOST_LABELS)
    base = HEAD + PLOT
    bars: list[Bar] = []
    texts: list[Said] = []
    for number, (label, parts) in enumerate(rows):
        middle, top = round((number + 0.5) * step), base
        for place, part in enumerate(parts):
            tall = round(part * PLOT / most)
            if part:
                top -= max(tall, 1)
                bars.append(Bar(middle - thick // 2, top, thick, max(tall, 1), outlined=place > 0))
        if number % every == 0:
            texts.append(Said(middle, base + 18, label, middle=True, soft=True))
        if sum(parts) and every == 1:
            texts.append(Said(middle, top - 6, str(sum(parts)), middle=True))
    return Chart(base + FOOT, tuple(bars), tuple(texts), base)


def lines(rows: Iterable[tuple[str, Sequence[int]]]) -> Chart:
    """A line for each row: its label, below it a bar and the number."""
    listed = list(rows)
    most = max((sum(parts) for _, parts in listed), default=0) or 1
    bars: list[Bar] = []
    texts: list[Said] = []
    for number, (label, parts) in enumerate(listed):
        top, x = number * LINE, 0
        texts.append(Said(0, top + 15, label, soft=True))
        for place, part in enumerate(parts):
            long = max(round(part * (WIDTH - ROOM_FOR_NUMBER) / most), 1) if part else 0
            if part:
                bars.append(Bar(x, top + 22, long, BAR, outlined=place > 0))
            x += long
        texts.append(Said(x + 6, top + 22 + BAR - 3, str(sum(parts))))
    return Chart(max(len(listed) * LINE, 1), tuple(bars), tuple(texts))
