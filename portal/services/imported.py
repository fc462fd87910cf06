"""What an import did, as counts and places in the files: no value and no name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from portal.intake.report import Report


class Stopped(Exception):
    """A strict import met a bad row: nothing was written. `report` says which."""

    def __init__(self, outcome: Imported) -> None:
        super().__init__("a strict import met bad rows")
        self.outcome = outcome


@dataclass(slots=True)
class Imported:
    """What an import did, or with `dry_run` would do. Counts are records, students where the name says so."""

    report: Report
    dry_run: bool = False
    new_students: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    conflicts: list[tuple[str, int, str]] = field(default_factory=list)  # file, line, field
    erased: list[tuple[str, int]] = field(default_factory=list)  # file, line

    def as_json(self) -> dict[str, Any]:
        return {
            **self.report.as_json(),
            "dry_run": self.dry_run,
            "new_students": self.new_students,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "conflicts": [{"file": file, "line": line, "field": code} for file, line, code in self.conflicts],
            "erased": [{"file": file, "line": line} for file, line in self.erased],
        }

    def as_text(self) -> str:
        lines = [self.report.as_text(), ""]
        lines.append(
            f"Nieuwe cursisten: {self.new_students}. Nieuwe gegevens: {self.new}. "
            f"Veranderd: {self.changed}. Gelijk gebleven: {self.unchanged}."
        )
        if self.conflicts:
            lines.append(f"Verbeterd in het portaal, anders in de export: {len(self.conflicts)}")
            lines += [f"  {file}, regel {line}: {code}" for file, line, code in self.conflicts]
        if self.erased:
            lines.append(f"Eerder gewist, niet opnieuw opgenomen: {len(self.erased)}")
            lines += [f"  {file}, regel {line}" for file, line in self.erased]
        if self.dry_run:
            lines.append("Dit was een proef: er is niets geschreven.")
        return "\n".join(lines)
