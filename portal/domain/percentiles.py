"""Percentiles of whole numbers by one named definition: the nearest rank.

The smallest value that at least so many per cent of all values do not exceed (Hyndman and Fan 1996, definition 1). It
is always a value that occurred, never one between two; the median of an even number is the lower of the middle two.
"""

from __future__ import annotations

from collections.abc import Mapping

MEDIAN, NINETIETH = 50, 90


def percentile(counts: Mapping[int, int], per_cent: int) -> int | None:
    """The percentile of the values in `counts` (value: how often it occurred), None where there are none.

    ValueError outside 1 to 100.
    """
    if not 1 <= per_cent <= 100:
        raise ValueError("a percentile lies between 1 and 100")
    rank = -(-per_cent * sum(counts.values()) // 100)
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= rank > 0:
            return value
    return None
