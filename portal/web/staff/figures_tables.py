"""Figures as tables: one form for the page, its charts and the three kinds of file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.domain.figures import Band, Figures, Month, OfKind, Speed, band_code
from portal.domain.rights import right
from portal.policy.model import Policy
from portal.web.language import _, current_speaker
from portal.web.staff import charts
from portal.web.staff.charts import Chart
from portal.web.staff.figures_wording import MONTHS, OTHERWISE
from portal.web.staff.wording import KINDS, OUTCOMES

Value = int | None


@dataclass(frozen=True, slots=True)
class Row:
    code: str
    label: str
    values: tuple[Value, ...]  # None: nothing to measure


@dataclass(frozen=True, slots=True)
class Table:
    """`measures` are the columns, by code; codes are those of the JSON. `of` is what a row stands for."""

    code: str
    title: str
    of: str
    measures: Mapping[str, str]
    rows: tuple[Row, ...]
    chart: Chart | None = None
    late: bool = False  # the chart outlines what was late
    note: str = ""

    @property
    def wide(self) -> bool:
        """Whether it needs the width of the page."""
        return len(self.measures) > 2

    @property
    def empty(self) -> bool:
        return not any(value for row in self.rows for value in row.values)


def tables(found: Figures, policy: Policy) -> list[Table]:
    """All of them, in the order of the page."""
    return [
        _received(found),
        _answered(found),
        _days(found),
        _kinds(found),
        _outcomes(found),
        _grounds(found, policy),
        _overdue(found),
        _done(found),
        _otherwise(found),
    ]


def _count() -> dict[str, str]:
    return {"count": _("Aantal")}


def _in_time() -> dict[str, str]:
    return {"in_time": _("Op tijd"), "late": _("Te laat")}


def _within(prefix: str = "") -> dict[str, str]:
    return {f"{prefix}median": _("De helft binnen (dagen)"), f"{prefix}ninetieth": _("9 van de 10 binnen (dagen)")}


def _month(month: Month, several_years: bool) -> str:
    name = _(MONTHS[month[1] - 1])
    return f"{name} {month[0]}" if several_years else name


def _months(found: Figures) -> Iterator[tuple[Month, str, str]]:
    """Year and month, its code, its name."""
    several = found.period.first.year != found.period.last.year
    for month in found.period.months:
        yield month, f"{month[0]}-{month[1]:02}", _month(month, several)


def _received(found: Figures) -> Table:
    rows = [Row(code, name, (found.received_by_month[month],)) for month, code, name in _months(found)]
    return Table("received", _("Ontvangen per maand"), _("Maand"), _count(), tuple(rows), _columns(rows))


def _answered(found: Figures) -> Table:
    rows = [Row(code, name, found.answered_by_month[month]) for month, code, name in _months(found)]
    title, note = _("Beantwoord per maand"), _("Zonder wat meteen werkt: het intrekken van toestemming.")
    return Table("answered", title, _("Maand"), _in_time(), tuple(rows), _columns(rows), late=True, note=note)


def _days(found: Figures) -> Table:
    rows = _banded(found.answer_bands)
    return Table("days", _("Dagen tot het antwoord"), _("Dagen"), _count(), tuple(rows), _columns(rows))


def _kinds(found: Figures) -> Table:
    rows = [Row(each.kind.value, _(KINDS[each.kind]), (each.received, *_timed(each))) for each in found.kinds]
    measures = {"received": _("Ontvangen"), **_in_time(), "extended": _("Verlengd"), **_within()}
    chart = charts.lines((row.label, [row.values[0] or 0]) for row in rows)
    return Table("kinds", _("Per recht"), _("Recht"), measures, tuple(rows), chart)


def _timed(each: OfKind) -> tuple[Value, ...]:
    """What has no term is neither in time nor late."""
    if not right(each.kind).has_clock:
        return (None,) * 5
    return (each.in_time, each.late, each.extended, each.speed.median, each.speed.ninetieth)


def _outcomes(found: Figures) -> Table:
    rows = [Row(code.value, _(OUTCOMES[code]), (count,)) for code, count in found.outcomes.items()]
    return Table("outcomes", _("Besluiten"), _("Besluit"), _count(), tuple(rows), _lines(rows))


def _grounds(found: Figures, policy: Policy) -> Table:
    listed = sorted(found.grounds.items(), key=lambda each: (-each[1], each[0]))
    rows = [
        Row(code, _(policy.grounds[code].label) if code in policy.grounds else code, (count,)) for code, count in listed
    ]
    note = _("Onderdelen van verzoeken die geheel of deels zijn afgewezen.")
    return Table("grounds", _("Afgewezen, per grond"), _("Grond"), _count(), tuple(rows), _lines(rows), note=note)


def _overdue(found: Figures) -> Table:
    rows = _banded(found.overdue_bands)
    note = _("Geteld op %(date)s.", date=current_speaker().numeric_date(found.on))
    return Table(
        "overdue", _("Te laat en nog open"), _("Dagen te laat"), _count(), tuple(rows), _columns(rows), note=note
    )


def _done(found: Figures) -> Table:
    rows = _banded(found.done_bands)
    title = _("Dagen van antwoord tot uitgevoerd")
    return Table("done", title, _("Dagen"), _count(), tuple(rows), _columns(rows))


def _otherwise(found: Figures) -> Table:
    rows = [Row(state.value, _(OTHERWISE[state]), (count,)) for state, count in found.otherwise.items()]
    return Table("otherwise", _("Geëindigd zonder besluit"), _("Hoe"), _count(), tuple(rows))


def _banded(counts: Mapping[Band, int]) -> list[Row]:
    return [Row(band_code(band), _band(*band), (count,)) for band, count in counts.items()]


def _band(least: int, most: int | None) -> str:
    if most is None:
        return _("%(num)s of meer", num=least)
    return str(least) if least == most else f"{least}–{most}"


def _parts(rows: Iterable[Row]) -> list[tuple[str, list[int]]]:
    return [(row.label, [value or 0 for value in row.values]) for row in rows]


def _columns(rows: Iterable[Row]) -> Chart:
    return charts.columns(_parts(rows))


def _lines(rows: Iterable[Row]) -> Chart:
    return charts.lines(_parts(rows))


def summary(found: Figures) -> Table:
    """The key figures, as a table of one column."""
    measured = {
        "received": (_("Ontvangen"), found.received),
        "answered": (_("Beantwoord"), found.answered),
        "in_time_percent": (_("Op tijd (procent)"), found.share_in_time),
        **_speed(
            "answer", found.speed, _("Helft beantwoord binnen (dagen)"), _("9 van de 10 beantwoord binnen (dagen)")
        ),
        "extended": (_("Verlengd"), found.extended),
        "open": (_("Open"), found.open),
        "overdue": (_("Te laat"), found.overdue),
        "most_overdue": (_("Langst te laat (dagen)"), found.most_overdue or None),
        "done": (_("Uitgevoerd"), found.done.count),
        **_speed("done", found.done, _("Helft uitgevoerd binnen (dagen)"), _("9 van de 10 uitgevoerd binnen (dagen)")),
        "waiting": (_("Wacht op uitvoeren"), found.waiting),
        "longest_waiting": (_("Wacht het langst (dagen)"), found.longest_waiting or None),
    }
    rows = tuple(Row(code, label, (value,)) for code, (label, value) in measured.items())
    return Table("summary", _("Samen"), _("Cijfer"), {"count": _("Waarde")}, rows)


def _speed(prefix: str, speed: Speed, half: str, most: str) -> dict[str, tuple[str, Value]]:
    return {f"{prefix}_median": (half, speed.median), f"{prefix}_ninetieth": (most, speed.ninetieth)}


def lines_of(shown: Iterable[Table]) -> Iterator[tuple[str, str, str, Value]]:
    """Every number on a line of its own, for a spreadsheet."""
    for table in shown:
        for row in table.rows:
            for measure, value in zip(table.measures.values(), row.values, strict=True):
                yield table.title, row.label, measure, value


def as_json(shown: Iterable[Table]) -> dict[str, Any]:
    """By codes that do not change with the language."""
    return {
        table.code: {row.code: dict(zip(table.measures, row.values, strict=True)) for row in table.rows}
        for table in shown
    }
