"""What an import lists for somebody to decide on: conflicts with corrected values, and people past their term."""

from __future__ import annotations

import json
from collections.abc import Container
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from portal.intake.reader import Row
from portal.intake.report import PastTerm
from portal.records import importing
from portal.records.tables.people import ImportFinding
from portal.services.unit import Work
from portal.vault.envelope import INSTALLATION, Holder, Json, Place

CLASS = "import"
CONFLICT, PAST_TERM = "conflict", "past_term"
OPEN, KEPT, TAKEN, ADMITTED, LEFT = "open", "kept", "taken", "admitted", "left"


def place(finding_id: UUID) -> Place:
    return Place("import_finding", "sealed", finding_id)


class Findings:
    """Gathered while rows go by and written a batch at a time; each is listed once, however often it is imported.

    `admit`: whom past the term somebody takes in. `settled`: that somebody saw the list and leaves the others out.
    """

    def __init__(self, work: Work, run_id: UUID, admit: Container[str], settled: bool) -> None:
        self._work, self._run_id, self._admit, self._settled = work, run_id, admit, settled
        self._waiting: dict[bytes, dict[str, Any]] = {}
        self._agreed: set[tuple[UUID, str]] = set()

    def conflict(self, row: Row, student_id: UUID, item_id: UUID, code: str, value: Json) -> None:
        key = json.dumps([str(item_id), code, value], default=str)
        self._add(CONFLICT, key, row.file, row.line, OPEN, {"value": value}, student_id, item_id, code)

    def agreed(self, item_id: UUID, code: str) -> None:
        """The export says now what was corrected here: what was open about it is over."""
        self._agreed.add((item_id, code))

    def past_term(self, past: PastTerm) -> None:
        number = past.student_number
        state = ADMITTED if number in self._admit else LEFT if self._settled else OPEN
        self._add(PAST_TERM, number, past.file, past.line, state, {"student_number": number})

    def _add(
        self,
        kind: str,
        key: str,
        file: str,
        line: int,
        state: str,
        contents: Json,
        student_id: UUID | None = None,
        item_id: UUID | None = None,
        code: str | None = None,
    ) -> None:
        work, decided = self._work, state != OPEN
        digest = work.vault.digest(f"finding:{kind}", key)
        self._waiting[digest] = {
            "id": uuid7(),
            "run_id": self._run_id,
            "kind": kind,
            "digest": digest,
            "file": file,
            "line": line,
            "student_id": student_id,
            "item_id": item_id,
            "field": code,
            "sealed": contents,
            "state": state,
            "decided_by": work.actor.id if decided else None,
            "decided_at": work.now if decided else None,
        }

    def write(self) -> None:
        """Adds those that are not listed yet; a person past the term gets the newest decision."""
        work, listed = self._work, importing.listed_findings(self._work.session, self._waiting)
        fresh = [row for digest, row in self._waiting.items() if digest not in listed]
        work.vault.create_keys([(_holder(row), CLASS) for row in fresh])
        for row in fresh:
            row["sealed"] = work.vault.seal(_holder(row), CLASS, place(row["id"]), row["sealed"])
        if fresh:
            work.session.execute(insert(ImportFinding), fresh)
        again = [
            {"id": listed[digest], **{name: row[name] for name in ("state", "decided_by", "decided_at")}}
            for digest, row in self._waiting.items()
            if digest in listed and row["kind"] == PAST_TERM and row["state"] != OPEN
        ]
        importing.update_rows(work.session, ImportFinding, again)
        importing.settle_conflicts(work.session, self._agreed, KEPT, work.now)
        self._waiting.clear()
        self._agreed.clear()


def _holder(row: dict[str, Any]) -> Holder:
    return Holder.student(row["student_id"]) if row["student_id"] else INSTALLATION
