"""Rectangles over a picture, whatever its size in pixels."""

from __future__ import annotations

from typing import NamedTuple

WHOLE = 1000  # a picture's width and height, in the units of a box


class Box(NamedTuple):
    """A rectangle in thousandths of the picture, from its upper left corner."""

    left: int
    top: int
    width: int
    height: int

    @property
    def within(self) -> bool:
        return (
            0 <= self.left < WHOLE
            and 0 <= self.top < WHOLE
            and 0 < self.width <= WHOLE - self.left
            and 0 < self.height <= WHOLE - self.top
        )
