"""Letters are printed in a process that knows nothing, ends by itself, and fails alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from config import ROOT
from portal.letters import press, printing
from portal.letters.printing import NotPrintable, Printer

ON = date(2026, 11, 23)
PAGE = '<html lang="nl"><body><p>Beste mevrouw Geheim, dag</p></body></html>'
HANGS = "import time; time.sleep(60)"


@pytest.fixture
def printer() -> Iterator[Printer]:
    made = Printer()
    yield made
    made.rest()


def pid_of(printer: Printer) -> int:
    assert printer._process is not None
    return printer._process.pid


def test_a_letter_is_the_same_bytes_as_printed_here_and_the_next_one_needs_no_new_process(printer: Printer) -> None:
    first = printer.printed(PAGE, "nl", "Brief", ON)
    used = pid_of(printer)
    assert first == press.render_pdf(PAGE, "nl", "Brief", ON)
    assert printer.printed(PAGE, "nl", "Brief") == press.render_pdf(PAGE, "nl", "Brief")
    assert pid_of(printer) == used


def test_the_process_knows_no_setting_and_its_command_line_and_folder_no_letter(
    printer: Printer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", "of the installation")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    printer.printed(PAGE, "nl", "Brief van Geheim", ON)
    about = Path(f"/proc/{pid_of(printer)}")
    names = {each.partition("=")[0] for each in (about / "environ").read_text().split("\0") if each}
    assert names <= {"HOME", "LANG", "TMPDIR", "LC_CTYPE"}
    assert "Geheim" not in (about / "cmdline").read_text()
    left = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()]
    assert left, "the fonts are there, so this is the folder"
    assert not any(b"Geheim" in each or each.startswith(b"%PDF") for each in left)
    assert "sqlalchemy" not in (about / "maps").read_text()
    printer.rest()
    assert list(tmp_path.iterdir()) == []


def test_the_process_ends_when_nothing_came_for_a_while_and_the_next_letter_starts_another() -> None:
    printer = Printer(idle=0.1)
    made = printer.printed(PAGE, "nl", "Brief", ON)
    until = time.monotonic() + 20
    while printer._process is not None and time.monotonic() < until:
        time.sleep(0.05)
    assert printer._process is None
    assert printer.printed(PAGE, "nl", "Brief", ON) == made
    printer.rest()


def test_a_process_that_hangs_is_ended_and_the_next_letter_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    printer = Printer(patience=0.3)
    with monkeypatch.context() as broken:
        broken.setattr(printing, "_PROGRAM", HANGS)
        with pytest.raises(NotPrintable, match="-9"):
            printer.printed(PAGE, "nl", "Brief", ON)
    printer._patience = printing.PATIENCE
    assert printer.printed(PAGE, "nl", "Brief", ON).startswith(b"%PDF")
    printer.rest()


def test_a_process_that_falls_is_told_and_the_next_letter_is_printed(printer: Printer) -> None:
    printer.printed(PAGE, "nl", "Brief", ON)
    os.kill(pid_of(printer), 9)
    with pytest.raises(NotPrintable):
        printer.printed(PAGE, "nl", "Brief", ON)
    assert printer.printed(PAGE, "nl", "Brief", ON).startswith(b"%PDF")


def test_a_fault_tells_its_kind_and_nothing_of_the_letter(printer: Printer) -> None:
    with pytest.raises(NotPrintable) as fault:
        printer.printed(PAGE, "nl", "Geheim \ud800", ON)
    assert "Geheim" not in str(fault.value)
    used = pid_of(printer)
    assert printer.printed(PAGE, "nl", "Brief", ON).startswith(b"%PDF")
    assert pid_of(printer) == used, "a letter that cannot be printed does not stop the press"


def test_whoever_has_a_letter_printed_loads_no_weasyprint_and_leaves_no_process_behind() -> None:
    code = (
        "import json, sys; from portal.letters import printing;"
        f"made = printing.printed({PAGE!r}, 'nl', 'Brief'); assert made.startswith(b'%PDF');"
        "print(json.dumps(['weasyprint' in sys.modules, printing._printer._process.pid]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    loaded, pid = json.loads(done.stdout)
    assert (loaded, done.stderr) == (False, "")
    assert not Path(f"/proc/{pid}").exists()
