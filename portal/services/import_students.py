"""Import a school's export: new records are added, changed ones updated, corrected ones listed as conflicts.

The whole import is one transaction: a fault in the middle leaves nothing behind but unused keys. Importing the same
files again changes nothing. What was erased does not come back (security.md, "The vault").
"""

from __future__ import annotations

from collections.abc import Callable, Container
from pathlib import Path

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.intake.mapping import load_mapping, shipped_mapping
from portal.services.import_rows import ImportRows
from portal.services.imported import Imported, Stopped
from portal.services.unit import reading, writing


def import_folder(
    actor: Actor,
    clock: Clock,
    folder: Path,
    mapping: Path | None = None,
    *,
    dry_run: bool = False,
    strict: bool = False,
    admit: Container[str] = frozenset(),
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Imports a folder. Raises BadStructure before anything is written, Stopped when `strict` and a row is bad."""
    unit = reading if dry_run else writing
    with unit(actor, clock) as work:
        work.require(Act.IMPORT_STUDENTS)
        bound = load_mapping(mapping, work.policy) if mapping else shipped_mapping(work.policy)
        outcome = ImportRows(work, dry_run).run(folder, bound, admit, progress)
        if strict and outcome.report.bad:
            raise Stopped(outcome)
    return outcome
