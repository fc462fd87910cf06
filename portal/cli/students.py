"""`students import FOLDER`: a school's export into the portal."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from portal.cli.terminal import answer, clock, json_option, refuse
from portal.domain.permissions import SYSTEM

group = AppGroup("students", help="Students and their records.")
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Bar:
    """A progress bar on standard error, for a person who waits; silent in scripts."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown
        self.bar: Any = None
        self.at = 0

    def to(self, done: int, whole: int) -> None:
        """`done` of `whole` bytes of the export are read."""
        if not self.shown:
            return
        if self.bar is None:
            self.bar = click.progressbar(length=max(whole, 1), label="Importing", file=sys.stderr)
        self.bar.update(done - self.at)
        self.at = done

    def end(self) -> None:
        if self.bar is not None:
            self.bar.render_finish()


@group.command("import")
@click.argument("folder", type=FOLDER)
@click.option("--mapping", type=FILE, help="A mapping file of your own; the shipped one fits the school's export.")
@click.option("--dry-run", is_flag=True, help="Print the same report and write nothing.")
@click.option("--strict", is_flag=True, help="Write nothing when one row is bad.")
@click.option("--admit", multiple=True, metavar="NUMBER", help="A student past the term, or erased and enrolled anew.")
@json_option
def import_(
    folder: Path, mapping: Path | None, dry_run: bool, strict: bool, admit: tuple[str, ...], as_json: bool
) -> None:
    """Import an export. Importing twice changes nothing; a bad row is reported and left out."""
    from portal.intake.faults import BadStructure, StructuralFault
    from portal.services.import_students import import_folder
    from portal.services.imported import Stopped

    gc.freeze()  # what is loaded is no garbage: looking through it again and again took an eighth of an import
    bar = Bar(sys.stderr.isatty() and not as_json)
    try:
        done = import_folder(
            SYSTEM, clock(), folder, mapping, dry_run=dry_run, strict=strict, admit=set(admit), progress=bar.to
        )
    except Stopped as stopped:
        bar.end()
        facts = stopped.outcome.as_json()
        refuse(as_json, "bad_rows", f"{stopped.outcome.as_text()}\n\nNiets is geschreven (--strict).", facts)
    except (BadStructure, StructuralFault) as error:
        bar.end()
        faults = error.faults if isinstance(error, BadStructure) else (error,)
        refuse(as_json, "bad_structure", str(error), {"faults": [fault.as_json() for fault in faults]})
    bar.end()
    answer(as_json, done.as_json(), done.as_text())
