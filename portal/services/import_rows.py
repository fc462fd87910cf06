"""Writes an export's rows in batches: new ones added, changed ones updated, corrected ones listed as conflicts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Iterable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from uuid_utils.compat import uuid7

from portal.intake.mapping import ExportMapping
from portal.intake.reader import Row, read_export
from portal.intake.report import PastTerm, Report
from portal.records import importing, items
from portal.records.importing import Known
from portal.records.tables.people import Branch, ImportRun, Record, SealedFile, Student
from portal.services import tombstones
from portal.services.apply_email_changes import shut_out
from portal.services.erased_rows import ErasedRows
from portal.services.import_ends import ProgrammeEnds
from portal.services.import_findings import Findings
from portal.services.import_parts import RowPart, RowParts
from portal.services.imported import Imported
from portal.services.in_clear import ENDS, PERSON, PROGRAMME, mirror_people
from portal.services.lookups import lookups_of
from portal.services.unit import Work
from portal.vault.envelope import Holder, Json, Place, canonical
from portal.vault.key import Key
from portal.vault.normal import normal_number

BATCH = 1000  # rows
KEYS = 2 * BATCH  # how many are held open at a time


class ImportRows:
    """One import: rows come in a stream and are written a batch of one dataset at a time."""

    def __init__(self, work: Work, dry_run: bool) -> None:
        self.work = work
        self.dry_run = dry_run
        self.students: dict[str, UUID | None] = {}  # of the batch at hand and recent ones
        self.branches = importing.branches(work.session)
        self.run_id = uuid7()
        self.sorts = 0
        self.opened = 0  # keys, at most
        self.keys: dict[tuple[UUID, str], Key] = {}  # of the batch at hand
        self.outcome = Imported(Report(), dry_run)
        self.field_graves = importing.all_entombed(work.session, "field")
        self.changed: list[dict[str, object]] = []  # rows of the batch at hand
        self.told: list[dict[str, object]] = []  # those that only lacked their count
        self.admitted: set[UUID] = set()  # students who came with the batch at hand
        self.arrived: dict[UUID, dict[str, Json]] = {}  # new persons of the batch at hand
        self.parts = RowParts(work)
        self.programme_ends: dict[int, Json] = {}  # by row: where the end was corrected here
        self.ends = ProgrammeEnds()

    def run(
        self,
        folder: Path,
        mapping: ExportMapping,
        admit: Container[str],
        progress: Callable[[int, int], None] | None = None,
        settled: bool = False,
    ) -> Imported:
        """Reads the folder and writes it. `settled`: somebody saw who is past the term, and leaves out whom `admit`
        does not name."""
        work = self.work
        self._begin(admit, settled)
        reader = read_export(folder, mapping, work.policy, work.today, admit=admit, progress=progress)
        self.outcome.report = reader.report
        if not self.dry_run:
            importing.only_one(work.session)
            self._missing_branches()
            work.session.add(ImportRun(id=self.run_id, started_at=work.now, staff_id=work.actor.id, counts="{}"))
            work.session.flush()
        batch: list[Row] = []
        for found in reader:
            if isinstance(found, PastTerm):
                self.findings.past_term(found)
            elif isinstance(found, Row):
                batch.append(found)
                if len(batch) >= BATCH:
                    self._write(batch)
                    batch = []
        self._end(batch)
        if not self.dry_run:
            self._finish()
        return self.outcome

    def take(self, rows: list[Row], admit: Container[str]) -> Imported:
        """Writes rows that come one by one, by the same rules."""
        self._begin(admit, settled=True)
        self._missing_branches()
        self._end(rows)
        self._set_ends()
        return self.outcome

    def _begin(self, admit: Container[str], settled: bool) -> None:
        self.erased = ErasedRows(self.work, admit, self.dry_run)
        self.findings = Findings(self.work, self.run_id, admit, settled)

    def _end(self, rows: list[Row]) -> None:
        """The last rows, and those that waited until everything was read."""
        self._write(rows)
        admitted, left_out = self.erased.decided()
        self._write_rows(admitted)
        self._leave_out(left_out)

    # --- a batch

    def _write(self, rows: list[Row]) -> None:
        """Rows of one stretch of the export, each dataset of it at once, persons first."""
        kept, left_out = self.erased.parted(rows)
        self._write_rows(kept)
        self._leave_out(left_out)

    def _write_rows(self, rows: list[Row]) -> None:
        self._find_students([row.student_number for row in rows])
        self._admit([row for row in rows if row.dataset == PERSON and row.student_number not in self.students])
        by_dataset: dict[str, list[list[RowPart]]] = {PERSON: []}
        for row in rows:
            if row.student_number in self.students and (parts := self.parts.of(row, self.students[row.student_number])):
                by_dataset.setdefault(row.dataset, []).append(parts)
        self._fetch_keys(part for groups in by_dataset.values() for parts in groups for part in parts)
        for dataset, groups in by_dataset.items():
            if groups:
                self._write_dataset(dataset, groups)
        if not self.dry_run:
            self.findings.write()

    def _fetch_keys(self, parts: Iterable[RowPart]) -> None:
        """Of the batch at hand, beside those of a few before it: memory holds no more people than that."""
        vault = self.work.vault
        wanted = {
            (part.student_id, part.retention): Holder.student(part.student_id) for part in parts if part.student_id
        }
        self.opened += len(wanted)
        if self.opened > KEYS:
            vault.let_go()
            self.opened = len(wanted)
        if self.dry_run:
            vault.preload(wanted.values())
        else:
            vault.create_keys([(holder, retention) for (_, retention), holder in wanted.items()])
            self.keys = {pair: vault.key_to_seal(holder, pair[1]) for pair, holder in wanted.items()}

    def _write_dataset(self, dataset: str, groups: list[list[RowPart]]) -> None:
        ids = {parts[0].student_id for parts in groups if parts[0].student_id} - self.admitted
        natural_keys = {parts[0].natural_key for parts in groups}
        known = importing.known_records(self.work.session, dataset, ids, natural_keys)
        fresh: list[dict[str, object]] = []
        moved: set[UUID] = set()  # students whose person record was there and changed
        for parts in groups:
            row, student_id = parts[0].row, parts[0].student_id
            there = {part.retention: found for part in parts if known and (found := part.key and known.get(part.key))}
            new, changed = self._merge(row, parts, there, fresh)
            self.outcome.new += new
            self.outcome.changed += changed and not new
            self.outcome.unchanged += not new and not changed
            if changed and not new and dataset == PERSON and student_id:
                moved.add(student_id)
            self._note_end(row, student_id)
        importing.add_rows(self.work.session, Record, fresh)
        importing.update_rows(self.work.session, Record, self.changed)
        importing.update_rows(self.work.session, Record, self.told)
        self.changed, self.told = [], []
        if (self.arrived or moved) and not self.dry_run:
            self._follow(moved)

    def _find_students(self, numbers: Iterable[str]) -> None:
        unknown = [number for number in dict.fromkeys(numbers) if number not in self.students]
        if not unknown:
            return
        if len(self.students) > 10 * BATCH:
            self.students.clear()
            unknown = list(dict.fromkeys(numbers))
        found = self.work.vault.find_many("student_number", [normal_number(number) for number in unknown])
        alive = importing.living(self.work.session, [id for ids in found.values() for id in ids], held=not self.dry_run)
        for number in unknown:
            ids = [id for id in found[normal_number(number)] if id in alive]
            if ids:
                self.students[number] = ids[0]

    def _admit(self, rows: list[Row]) -> None:
        """New students: the row itself holds only branch and language."""
        new: list[dict[str, Any]] = []
        for row in rows:
            student_id = uuid7()
            self.students[row.student_number] = None if self.dry_run else student_id
            self.outcome.new_students += 1
            new.append(
                {
                    "id": student_id,
                    "branch_id": self.branches.get(str(row.values.get("branch"))),
                    "language": str(row.values.get("preferred_language") or "nl"),
                    "state": "active",
                    "has_email": "email" in row.values,
                    "created_at": self.work.now,
                    "version": 1,
                }
            )
        if not self.dry_run:
            importing.add_rows(self.work.session, Student, new)
        self.admitted = {row["id"] for row in new}

    def _merge(
        self, row: Row, parts: list[RowPart], there: dict[str, Known], fresh: list[dict[str, object]]
    ) -> tuple[bool, bool]:
        """Writes one record's parts; says whether the record is new and whether anything of it changed."""
        changed = False
        item_id = next(iter(there.values())).item_id if there else uuid7()
        for part in parts:
            found = there.get(part.retention)
            if found is None:
                changed = True
                if part.student_id is not None and not self.dry_run:
                    fresh.append(self._fresh(row, part, item_id))
            elif found.import_digest != part.digest:
                changed |= self._update(row, part, found)
            elif found.value_count is None and not self.dry_run:
                self.told.append({"id": found.id, "value_count": len(self._without_erased_fields(row, part.values))})
        return not there, changed

    def _fresh(self, row: Row, part: RowPart, item_id: UUID) -> dict[str, object]:
        assert part.student_id is not None
        record = uuid7()
        self.sorts += 1
        values = self._without_erased_fields(row, self._with_image(row, part))
        if row.dataset == PERSON:
            self.arrived[part.student_id] = self.arrived.get(part.student_id, {}) | values
        return {
            "id": record,
            "item_id": item_id,
            "student_id": part.student_id,
            "dataset": row.dataset,
            "retention": part.retention,
            "natural_key": part.natural_key,
            "import_digest": part.digest,
            "value_count": len(values),
            "sorts": self.sorts,
            "sealed": self._sealed(part, values, record),
            "created_at": self.work.now,
            "updated_at": self.work.now,
        }

    def _sealed(self, part: RowPart, values: dict[str, Json], record: UUID) -> bytes:
        assert part.student_id is not None
        text = part.text
        if values is not part.values:
            text = canonical(items.payload(values, part.row.hidden & values.keys(), {}))
        return self.keys[part.student_id, part.retention].seal_text(items.place(record), text)

    def _update(self, row: Row, part: RowPart, found: Known) -> bool:
        """Takes over what the school changed; a value that was corrected here stays and is listed as a conflict."""
        assert part.student_id is not None
        held = items.open_part(self.work.vault, part.student_id, found.id, part.retention, found.sealed)
        values, conflict = dict(held.values), False
        incoming = part.values if row.image_field not in part.values else self._with_image(row, part)
        incoming = self._without_erased_fields(row, incoming)
        for code in set(incoming) | set(values):
            if code in held.imported:
                if incoming.get(code) != values.get(code):
                    conflict = True
                    self.outcome.conflicts.append((row.file, row.line, f"{row.dataset}.{code}"))
                    self.findings.conflict(row, part.student_id, found.item_id, code, incoming.get(code))
                else:
                    self.findings.agreed(found.item_id, code)
            elif code in incoming:
                values[code] = incoming[code]
            else:
                del values[code]
        if row.dataset == PROGRAMME and ENDS in held.imported:
            self.programme_ends[id(row)] = values.get(ENDS)
        changed = values != held.values
        if not self.dry_run and row.dataset == PERSON and values.get("email") != held.values.get("email"):
            shut_out(self.work, part.student_id, held.values.get("email"))
        if not self.dry_run and (changed or not conflict):
            keep = items.Part(found.id, part.retention, values, row.hidden & set(values), held.imported)
            digest = items.CORRECTED if held.imported else part.digest
            sealed = items.seal_part(self.work.vault, part.student_id, keep)
            self.changed.append(
                {
                    "id": found.id,
                    "sealed": sealed,
                    "import_digest": digest,
                    "value_count": len(values),
                    "updated_at": self.work.now,
                }
            )
        return changed

    def _with_image(self, row: Row, part: RowPart) -> dict[str, Json]:
        """Stores the row's image for this student and puts the file's id in its field."""
        if row.image is None or row.image_field not in part.values or part.student_id is None:
            return part.values
        if self.dry_run:
            return part.values
        file_id, holder = uuid7(), Holder.student(part.student_id)
        sealed = self.work.vault.seal_file(
            holder, part.retention, Place("sealed_file", "sealed", file_id), row.image.data
        )
        self.work.session.execute(
            insert(SealedFile).values(
                id=file_id,
                holder_kind=holder.kind,
                holder_id=holder.id,
                retention=part.retention,
                purpose="screenshot",
                media_type=row.image.media_type,
                size=len(row.image.data),
                sha256=hashlib.sha256(sealed).digest(),
                sealed=sealed,
                created_at=self.work.now,
            )
        )
        return {**part.values, row.image_field: str(file_id)}

    # --- what waits for somebody

    def _leave_out(self, rows: list[Row]) -> None:
        """The report lists their place in the file."""
        self.outcome.erased += [(row.file, row.line) for row in rows]

    def _without_erased_fields(self, row: Row, values: dict[str, Json]) -> dict[str, Json]:
        """The values but for those that were erased from this record."""
        if not self.field_graves:
            return values
        graves = {
            code: tombstones.of_field(self.work, row.student_number, row.dataset, row.natural_key, code)
            for code in values
        }
        return {code: value for code, value in values.items() if graves[code] not in self.field_graves}

    # --- around it

    def _missing_branches(self) -> None:
        for code, branch in self.work.policy.branches.items():
            if code not in self.branches:
                self.branches[code] = uuid7()
                self.work.session.add(Branch(id=self.branches[code], code=code, name=branch.name))
        self.work.session.flush()

    def _follow(self, moved: set[UUID]) -> None:
        """What people are found by, and what of them stands in clear."""
        people = self.arrived
        for student_id, person in items.persons(self.work.session, self.work.vault, moved).items():
            people[student_id] = person.values
        self.arrived = {}
        self.work.vault.index_many(
            {
                (Holder.student(student_id), retention): entries
                for student_id, person in people.items()
                for retention, entries in lookups_of(self.work.policy, person).items()
            }
        )
        if not self.field_graves:  # new students came in with what their values say
            people = {id: values for id, values in people.items() if id not in self.admitted}
        mirror_people(self.work, people, self.branches)

    def _note_end(self, row: Row, student_id: UUID | None) -> None:
        if row.dataset != PROGRAMME or student_id is None:
            return
        ended = self.programme_ends.pop(id(row), row.values.get(ENDS))
        self.ends.add(student_id, date.fromisoformat(str(ended)) if ended else None)

    def _set_ends(self) -> None:
        for ends in self.ends.last():
            importing.set_ends(self.work.session, ends)

    def _finish(self) -> None:
        self._set_ends()
        counts = {
            "new_students": self.outcome.new_students,
            "new": self.outcome.new,
            "changed": self.outcome.changed,
            "unchanged": self.outcome.unchanged,
            "conflicts": len(self.outcome.conflicts),
            "erased": len(self.outcome.erased),
            "bad": self.outcome.report.bad,
            "past_term": self.outcome.report.past_term_count,
        }
        self.work.session.execute(
            update(ImportRun)
            .where(ImportRun.id == self.run_id)
            .values(finished_at=self.work.clock.now(), counts=json.dumps(counts))
        )
        self.work.note("import_students", "installation", None, **counts)
