"""The yearly report on paper, for the director and the inspector of the quality mark: what was counted, and how.

It goes to organisations, so it is Dutch and in no catalogue. It prints what was published when the year was closed
(`portal.domain.year_report`), in which a small count is no number any more: there is nothing here to hide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from portal.domain.disclosure import LEAST
from portal.domain.rights import right
from portal.domain.vocabulary import RequestKind
from portal.domain.year_report import LEAST_FOR_SHARES
from portal.i18n import MASTER, speaker
from portal.letters.pdf import letter_pdf
from portal.policy.model import Policy

Json = Any
HIDDEN = "x"
MONTHS = (
    *("januari", "februari", "maart", "april", "mei", "juni"),
    *("juli", "augustus", "september", "oktober", "november", "december"),
)
KINDS: Mapping[RequestKind, str] = MappingProxyType(
    {
        RequestKind.ACCESS: "Inzage",
        RequestKind.PORTABILITY: "Gegevens meenemen",
        RequestKind.RECTIFICATION: "Verbeteren",
        RequestKind.ERASURE: "Wissen",
        RequestKind.RESTRICTION: "Beperken",
        RequestKind.OBJECTION: "Bezwaar",
        RequestKind.WITHDRAWAL: "Toestemming intrekken",
        RequestKind.COMPLAINT: "Klacht",
    }
)
WAYS = MappingProxyType(
    {
        "taken_back": "Ingetrokken door de cursist",
        "duplicate": "Dubbel: samengevoegd met een ander verzoek",
        "abuse": "Misbruik, vastgesteld door de privacymedewerker",
    }
)
GRANTED = "Geheel toegewezen"


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the template asks of a report: its numbers as text, its rows with their labels."""

    report: Mapping[str, Json]
    policy: Policy

    def total(self, family: str) -> str:
        return _number(self.report[family]["total"])

    def has(self, family: str, table: str) -> bool:
        """Whether the table was published; it may be that it could not be, or that there was nothing to tell."""
        return bool(self.report[family]["total"]) and self.report[family]["tables"].get(table) is not None

    def is_small(self, family: str) -> bool:
        return self.report[family]["total"] is None

    def rows(self, family: str, table: str) -> Iterator[Row]:
        for code, count in self.report[family]["tables"][table].items():
            yield Row(self._label(table, code), (_number(count),))

    def by_kind(self) -> Iterator[Row]:
        table = self.report["answered"]["tables"]["by_kind"]
        for code, line in table["kinds"].items():
            counts = (_number(line[name]) for name in ("in_time", "late", "answered"))
            yield Row(self._label("by_kind", code), (*counts, *_days(line["speed"])))
        counts = (_number(table[name]) for name in ("in_time", "late"))
        yield Row("Samen", (*counts, self.total("answered"), *_days(table["speed"])))

    def share_in_time(self) -> str:
        shown = self._answered.get("share_in_time")
        return HIDDEN if shown is None else f"{shown} %"

    def speed(self) -> tuple[str, str]:
        """Of the answers: within how many days half of them came, and nine of ten."""
        return _days(self._answered.get("speed"))

    def done_speed(self) -> tuple[str, str]:
        return _days(self.report["done_speed"])

    @property
    def _answered(self) -> Mapping[str, Json]:
        return self.report["answered"]["tables"].get("by_kind") or {}

    def _label(self, table: str, code: str) -> str:
        match table:
            case "by_month":
                return MONTHS[int(code) - 1].capitalize()
            case "by_kind":
                kind = RequestKind(code)
                article = "reglement artikel 10" if kind is RequestKind.COMPLAINT else f"AVG artikel {_article(kind)}"
                return f"{KINDS[kind]} ({article})"
            case "by_ground":
                return GRANTED if code == "granted" else self._ground(code)
            case "by_days":
                least, most = code.split("-")
                return f"{least} tot en met {most} dagen" if most else f"{least} dagen of meer"
            case "extension":
                return "Met verlenging" if code == "with" else "Zonder verlenging"
            case _:
                return WAYS[code]

    def _ground(self, code: str) -> str:
        ground = self.policy.grounds.get(code)
        return f"{ground.label} ({ground.article})" if ground and ground.article else ground.label if ground else code


def _article(kind: RequestKind) -> str:
    return right(kind).gdpr.replace("(", " lid ").replace(")", "")


def _number(count: int | None) -> str:
    return HIDDEN if count is None else str(count)


def _days(speed: Mapping[str, int] | None) -> tuple[str, str]:
    return (str(speed["median"]), str(speed["ninetieth"])) if speed else ("–", "–")


def print_year_report(report: Mapping[str, Json], closed_on: date, policy: Policy) -> bytes:
    """The report as PDF. Raises NotPrintable."""
    year = report["year"]
    return letter_pdf(
        "letters/year_report.html",
        speaker(MASTER),
        policy=policy,
        title=f"Jaarverslag privacyverzoeken {year}",
        on=closed_on,
        year=year,
        sheet=Sheet(report, policy),
        version=report["policy"],
        controller=policy.controller,
        term=policy.term,
        least=LEAST,
        least_for_shares=LEAST_FOR_SHARES,
    )
