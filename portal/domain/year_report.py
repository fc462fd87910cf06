"""The yearly report as it is published: figures of the whole school in which no small count can be read or worked out.

Each family of tables has one total. It is shown from 5 on, or when it is nought; a family with fewer than 5 shows
nothing. Within it every table is protected by `portal.domain.disclosure`. Families share no total, and nothing is
published from which one follows from others: not what is open (what was received less what was answered), nor outcomes
by request beside grounds by part. Percentiles and shares are of at least 10, and only where what was late is shown:
nine of ten within the term would say that a hidden count of late ones is 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.domain.disclosure import Lot, publish, publish_list, small
from portal.domain.figures import Band, Figures, Speed, band_code, share
from portal.domain.vocabulary import Outcome

Json = Any
LEAST_FOR_SHARES = 10  # fewer, and a percentile or a share would tell of one of them
FORM = 1  # of the JSON; another form is another number


@dataclass(frozen=True, slots=True)
class Family:
    """Tables that share a total. `total` None: fewer than 5. A table that is None could not be published."""

    total: int | None
    tables: Mapping[str, Mapping[str, Json] | None]

    def as_json(self) -> dict[str, Json]:
        return {"total": self.total, "tables": self.tables}


def year_report(year: int, figures: Figures, policy_version: str, lot: Lot) -> dict[str, Json]:
    """The report of a year, as JSON of codes and counts. Drawn by lot: make it once and keep it."""
    answered = _family(figures.answered, {"extension": _extension(figures)}, lot)
    if answered.total:
        answered = Family(answered.total, {"by_kind": _by_kind(figures, lot), **answered.tables})
    families = {
        "received": _family(
            figures.received,
            {
                "by_month": {str(month): count for (_, month), count in figures.received_by_month.items()},
                "by_kind": {each.kind.value: each.received for each in figures.kinds},
            },
            lot,
        ),
        "answered": answered,
        "parts": _family(sum(figures.parts.values()), {"by_ground": _grounds(figures)}, lot),
        "done": _family(figures.done.count, {}, lot),
        "overdue": _family(figures.overdue, {"by_days": _bands(figures.overdue_bands)}, lot),
        "otherwise": _family(
            sum(figures.otherwise.values()),
            {"by_way": {state.value: count for state, count in figures.otherwise.items()}},
            lot,
        ),
    }
    return {
        "form": FORM,
        "year": year,
        "policy": policy_version,
        **{name: family.as_json() for name, family in families.items()},
        "done_speed": _speed(figures.done),
    }


def _family(total: int, tables: Mapping[str, Mapping[str, int]], lot: Lot) -> Family:
    if small(total):
        return Family(None, {})
    return Family(total, {name: publish_list(counts, lot) for name, counts in tables.items()})


def _extension(figures: Figures) -> dict[str, int]:
    return {"without": figures.answered - figures.extended, "with": figures.extended}


def _grounds(figures: Figures) -> dict[str, int]:
    """What was granted in full, and each ground of a refusal, whole or in part: together every part."""
    return {Outcome.GRANTED.value: figures.parts[Outcome.GRANTED], **dict(sorted(figures.grounds.items()))}


def _by_kind(figures: Figures, lot: Lot) -> dict[str, Json] | None:
    """Each right with what was in time and what was late, and how fast it went."""
    rows = [each for each in figures.kinds if each.answered]
    found = publish([(each.in_time, each.late) for each in rows], lot)
    if found is None:
        return None
    kinds = {
        each.kind.value: {
            "in_time": cells[0],
            "late": cells[1],
            "answered": answered,
            "speed": _speed(each.speed, cells),
        }
        for each, cells, answered in zip(rows, found.cells, found.row_totals, strict=True)
    }
    in_time, late = found.column_totals
    return {
        "kinds": kinds,
        "in_time": in_time,
        "late": late,
        "share_in_time": share(in_time, found.total) if in_time and found.total >= LEAST_FOR_SHARES else None,
        "speed": _speed(figures.speed, found.column_totals),
    }


def _speed(speed: Speed, beside: Iterable[int | None] = ()) -> dict[str, int | None] | None:
    if speed.count < LEAST_FOR_SHARES or None in beside:
        return None
    return {"median": speed.median, "ninetieth": speed.ninetieth}


def _bands(counts: Mapping[Band, int]) -> dict[str, int]:
    return {band_code(band): count for band, count in counts.items()}
