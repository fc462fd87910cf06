"""What an import found, counted exactly and listed up to a limit: every bad row with its file, line, column and reason.

Values are masked before they come here. The text is the command line's, in Dutch.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from portal.intake.faults import text_of

MAX_LISTED = 2000


class FindingKind(StrEnum):
    BAD_VALUE = "bad_value"
    BAD_ROW = "bad_row"
    BAD_IMAGE = "bad_image"
    DUPLICATE = "duplicate"
    ORPHAN = "orphan"
    LETTER_LOST = "letter_lost"
    ILLNESS_REMARK = "illness_remark"
    NO_PROGRAMME = "no_programme"
    UNMAPPED_COLUMN = "unmapped_column"
    UNLISTED_IMAGE = "unlisted_image"
    UNREAD_FILE = "unread_file"

    @property
    def leaves_out(self) -> bool:
        """Whether something of the export is not taken over because of it; the others are notices."""
        return self in _LEAVING_OUT


_LEAVING_OUT = frozenset(
    {FindingKind.BAD_VALUE, FindingKind.BAD_ROW, FindingKind.BAD_IMAGE, FindingKind.DUPLICATE, FindingKind.ORPHAN}
)


class Finding(NamedTuple):
    """`line` is 0 where it concerns the whole file; `reason` a code of intake.faults; `masked` as values.masked()."""

    kind: FindingKind
    file: str
    line: int
    column: str
    reason: str
    masked: str = ""

    @property
    def msgid(self) -> str:
        return text_of(self.reason)


class PastTerm(NamedTuple):
    """A student whose retention term is over, held back for a decision.

    `past` are the retention classes whose term is over, `within` those that still run and in which there are records.
    """

    student_number: str
    file: str
    line: int
    last_end: date
    past: tuple[str, ...]
    within: tuple[str, ...]


@dataclass(slots=True)
class Counts:
    """Lines of one file: read = good + bad + held. A duplicate or an orphan is bad."""

    read: int = 0
    good: int = 0
    bad: int = 0
    held: int = 0


@dataclass(slots=True)
class Report:
    """Filled while an export is read. `records` counts what was yielded per dataset."""

    limit: int = MAX_LISTED
    files: dict[str, Counts] = field(default_factory=dict)
    records: Counter[str] = field(default_factory=Counter)
    kinds: Counter[FindingKind] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    past_term: list[PastTerm] = field(default_factory=list)
    past_term_count: int = 0

    @property
    def bad(self) -> int:
        """Lines left out because they are wrong: with `--strict` one is enough to stop."""
        return sum(counts.bad for counts in self.files.values())

    def file(self, name: str) -> Counts:
        return self.files.setdefault(name, Counts())

    def add(self, item: Finding | PastTerm) -> None:
        if isinstance(item, PastTerm):
            self.past_term_count += 1
            if len(self.past_term) < self.limit:
                self.past_term.append(item)
            return
        self.kinds[item.kind] += 1
        if len(self.findings) < self.limit:
            self.findings.append(item)

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--json`; lists are cut at `limit`, counts are not."""
        return {
            "files": {name: asdict(counts) for name, counts in self.files.items()},
            "records": dict(self.records),
            "kinds": {kind.value: number for kind, number in self.kinds.items()},
            "findings": [
                {
                    **item._asdict(),
                    "kind": item.kind.value,
                    "text": item.msgid,
                    "leaves_out": item.kind.leaves_out,
                }
                for item in self.findings
            ],
            "past_term": {
                "count": self.past_term_count,
                "students": [{**item._asdict(), "last_end": item.last_end.isoformat()} for item in self.past_term],
            },
            "bad": self.bad,
        }

    def as_text(self) -> str:
        lines = [f"{'bestand':28}{'gelezen':>9}{'goed':>9}{'fout':>9}{'wacht':>9}"]
        lines += [
            f"{name:28}{each.read:>9}{each.good:>9}{each.bad:>9}{each.held:>9}" for name, each in self.files.items()
        ]
        lines.append("Gegevens: " + (", ".join(f"{code} {number}" for code, number in self.records.items()) or "geen"))
        for title, leaving_out in (("Niet overgenomen", True), ("Let op", False)):
            shown = [item for item in self.findings if item.kind.leaves_out is leaving_out]
            total = sum(number for kind, number in self.kinds.items() if kind.leaves_out is leaving_out)
            if total:
                lines += ["", f"{title}: {total}", *map(_line, shown)]
                if total > len(shown):
                    lines.append(f"  … en nog {total - len(shown)}")
        if self.past_term_count:
            lines += ["", f"Bewaartermijn voorbij, wacht op een besluit: {self.past_term_count} cursisten"]
            lines += [
                f"  {item.file}, regel {item.line}: laatste traject eindigde op {item.last_end:%d-%m-%Y}"
                for item in self.past_term
            ]
            if self.past_term_count > len(self.past_term):
                lines.append(f"  … en nog {self.past_term_count - len(self.past_term)}")
        return "\n".join(lines)


def _line(item: Finding) -> str:
    place = ", ".join(
        [item.file, *([f"regel {item.line}"] if item.line else []), *([item.column] if item.column else [])]
    )
    return f"  {place}: {item.msgid}" + (f" [{item.masked}]" if item.masked else "")
