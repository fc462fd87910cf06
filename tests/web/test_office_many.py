"""Twenty thousand students through the page: memory stays flat, and statements are of batches, never of rows."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from portal.domain.vocabulary import Role
from portal.records.db import db
from portal.services import run_intakes
from portal.services.import_rows import BATCH
from tests import factories
from tests.intake.exports import as_zip, person, programme, write_export
from tests.proofs import LONG, keep, rounds
from tests.web.staff_door import enter
from tests.web.test_office_pages import send, students, work

pytestmark = pytest.mark.proof
MOST_A_BATCH = 45  # statements for 500 rows of one dataset after the other, commits and progress included
MOST_GROWTH = 60  # MiB between the first tenth of an import and its end


def export_of(folder: Path, many: int) -> Path:
    """Students with a running programme and two lessons each; no two share a name, a number or an address."""
    people = [
        person(f"C{number:05d}", Achternaam=f"Jansen{number}", BSN="", IBAN="", **{"E-mail": f"s{number}@example.org"})
        for number in range(many)
    ]
    lessons = [
        [f"C{number:05d}", f"T{number}", f"0{day}-03-2025", "aanwezig", "", ""]
        for number in range(many)
        for day in (3, 5)
    ]
    programmes = [programme(f"C{number:05d}", f"T{number}") for number in range(many)]
    return write_export(folder, cursisten=people, trajecten=programmes, aanwezigheid=lessons)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """The statements sent to both databases, by their first words."""
    found: Counter[str] = Counter()

    def count(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        found[" ".join(statement.split()[:3])] += 1

    engines = list(db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", count)
    yield found
    for engine in engines:
        event.remove(engine, "before_cursor_execute", count)


def resident() -> float:
    """MiB of this process in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1024 / 1024


def test_twenty_thousand_students_go_in_through_the_page(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = rounds(200, 20_000)
    packed = as_zip(export_of(tmp_path / "export", many))
    with app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        engine = db.engine.dialect.name
    sizes: list[float] = []
    real = run_intakes.Progress.__call__

    def watched(self: run_intakes.Progress, done: int, whole: int) -> None:
        if whole and done >= len(sizes) * whole / 10:
            sizes.append(resident())
        real(self, done, whole)

    monkeypatch.setattr(run_intakes.Progress, "__call__", watched)
    visitor = send(enter(app, "officer"), {"export.zip": packed})
    page, taken, statements, growth = visitor.url, {}, {}, {}
    for step in ("looked", "imported"):
        sizes.clear()
        began = time.monotonic()
        with app.app_context(), counted() as found:
            work(app)
        taken[step] = round(time.monotonic() - began, 1)
        statements[step] = sum(found.values())
        growth[step] = round(max(sizes) - sizes[min(1, len(sizes) - 1)], 1)
        visitor.get(page)
        if step == "looked":
            assert students(app) == 0
            visitor.press("Lees dit in")
    assert "klaar" in visitor.h1
    assert students(app) == many
    batches = -(-4 * many // BATCH)  # a line of people, of programmes, and two lessons for each
    each = {step: round(number / batches, 1) for step, number in statements.items()}
    keep(
        "office-intake",
        engine=engine,
        students=many,
        zip_kib=len(packed) // 1024,
        seconds=taken,
        statements_a_batch=each,
        memory_growth_mib=growth,
    )
    if LONG:
        assert max(each.values()) <= MOST_A_BATCH
    else:
        assert max(statements.values()) <= MOST_A_BATCH * (batches + 3), "begin and end have some of their own"
    assert max(growth.values()) <= MOST_GROWTH
