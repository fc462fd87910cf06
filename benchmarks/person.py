"""One student's whole copy, and the erasure of the same.

The export is everything between the release and a package that is ready: the copy, the letter on paper, tables, data,
the ZIP, sealed, with the process that prints. It is held against WeasyPrint alone on the letter's own HTML. The erasure
is the portal's own with its ledger, its log and its certificate; it is held against plain deletes of the same rows on
the same connections, both from few to many items: it may cost more, it may not grow faster. BENCH_ITEMS=50,5000 names
the sizes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlalchemy import delete, select
from weasyprint import CSS, HTML

from benchmarks.kit.estate import Estate, estate
from benchmarks.kit.meter import cpu_seconds, own_cpu, tree
from benchmarks.kit.scene import case_in_hand, rich_student
from benchmarks.kit.school import School, make_school
from benchmarks.kit.telling import engines, medians, sizes, tell, tell_bar
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Letter
from portal.letters import pdf, press
from portal.records import cleaning
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case
from portal.records.tables.erasure import Erasure
from portal.records.tables.people import Record
from portal.services import erasing, going_whole
from portal.services.build_packages import build_waiting
from portal.services.export import build_export
from portal.services.issue_letter import issue
from portal.services.unit import writing
from portal.services.write_letters import write_waiting
from portal.vault.tables import data_key, lookup

EXPORTED = 500  # items
TIMES_PDF, ROUNDS, ROUNDS_OF_ERASURE = 2, 3, 7


def main() -> None:
    for engine in engines():
        with estate(engine) as place:
            school = make_school(place.app, place.app.extensions["clock"], students=200, cases=1000)
            export(place, school)
            gc.freeze()  # as the worker does
            erasure(place, school)


def spent(place: Estate, do: Any) -> float:
    """Processor seconds of a call in this process, and of the database for it."""
    server = tree(place.server) if place.server else []
    began = cpu_seconds(server)
    return own_cpu(do) + cpu_seconds(server) - began


# --- the copy


def export(place: Estate, school: School) -> None:
    html: list[str] = []

    def whole() -> float:
        student = rich_student(place.app, school, EXPORTED)
        reference = case_in_hand(place.app, student, school.handler)
        with place.app.app_context(), caught(html):
            write_waiting(place.app.extensions["clock"], lambda: False)  # the letters of the request's own opening
            return spent(place, lambda: released_and_packed(place, reference))

    whole()  # loads WeasyPrint and the fonts, and catches the HTML
    cost = medians({"export": whole, "WeasyPrint": lambda: own_cpu(lambda: alone(html[-1]))}, ROUNDS)
    tell("person", "WeasyPrint alone", engine=place.engine, ms=round(cost["WeasyPrint"] * 1000))
    figures = {"engine": place.engine, "items": EXPORTED, "ms": round(cost["export"] * 1000)}
    tell_bar("person", "export", cost["export"] / cost["WeasyPrint"], most=TIMES_PDF, **figures)


@contextmanager
def caught(html: list[str]) -> Iterator[None]:
    """Remembers the HTML that the portal prints; it prints it all the same."""
    printing = pdf.printed

    def remembering(text: str, *more: Any) -> bytes:
        html.append(text)
        return printing(text, *more)

    with patch.object(pdf, "printed", remembering):
        yield


def released_and_packed(place: Estate, reference: str) -> None:
    clock = place.app.extensions["clock"]
    with writing(SYSTEM, clock) as work:
        case = work.session.execute(select(Case).where(Case.reference == reference)).scalar_one()
        document = build_export(work, case)
        issue(work, case, Letter.COPY, facts=document.get("about"), searches=document.get("searches", ()))
    letters, packages = write_waiting(clock, lambda: False), build_waiting(clock, lambda: False)
    assert (letters["letters"], packages["packages"]) == (1, 1), (letters, packages)


def alone(html: str) -> None:
    """The fonts and the style sheet are read before, as the portal does it once a process."""
    ours = press.press()
    style: list[CSS] = [ours.style]
    document = HTML(string=html, url_fetcher=ours.fetcher).render(font_config=ours.fonts, stylesheets=style)
    assert document.write_pdf(pdf_variant="pdf/ua-1").startswith(b"%PDF")


# --- the erasure


def erasure(place: Estate, school: School) -> None:
    at = sizes("BENCH_ITEMS", (50, 1_000))
    few = at[0]
    measures = {}
    for size in at:
        measures[f"{size} erasure"] = lambda size=size: erased(place, school, size)  # type: ignore[misc]  # bound now
        measures[f"{size} plain"] = lambda size=size: deleted(place, school, size)  # type: ignore[misc]  # bound now
    for each in measures.values():
        each()
    cost = medians(measures, ROUNDS_OF_ERASURE)
    for size in at:
        for what in ("plain", "erasure"):
            ms = round(cost[f"{size} {what}"] * 1000, 1)
            name = "plain deletes" if what == "plain" else "erasure"
            if what == "plain" or size == few:
                tell("person", name, engine=place.engine, items=size, ms=ms)
                continue
            grown = cost[f"{size} erasure"] / cost[f"{few} erasure"]
            plain = cost[f"{size} plain"] / cost[f"{few} plain"]
            figures = {"engine": place.engine, "items": size, "ms": ms, "grew": round(grown, 1)}
            tell_bar("person", name, grown / plain, most=1, **figures, plain_grew=round(plain, 1))


def settled_student(place: Estate, school: School, size: int) -> UUID:
    """As after years: what writing the rows left to do (the write-ahead log, dead rows) is done and nobody's cost."""
    student = rich_student(place.app, school, size)
    with place.app.app_context():
        for bind in cleaning.VACUUM:
            cleaning.clean(db.engines[bind or None], bind)
    return student


def erased(place: Estate, school: School, size: int) -> float:
    student = settled_student(place, school, size)
    with place.app.app_context():
        return spent(place, lambda: erase(place, student))


def erase(place: Estate, student: UUID) -> None:
    """All that is kept, as at the end of its terms: class by class."""
    clock = place.app.extensions["clock"]
    with writing(SYSTEM, clock) as work:
        waiting = erasing.new_erasure(work, student, erasing.RETENTION, work.now)
        erasing.begin(work, waiting, going_whole.tally_of(work, student).classes)
        erasure_id = waiting.id
    assert erasing.run(clock, erasure_id)
    assert db.session.get_one(Erasure, erasure_id).certificate
    assert db.session.execute(select(Record.id).where(Record.student_id == student).limit(1)).first() is None
    db.session.remove()


def deleted(place: Estate, school: School, size: int) -> float:
    student = settled_student(place, school, size)
    with place.app.app_context():
        return spent(place, lambda: delete_rows(student))


def delete_rows(student: UUID) -> None:
    """Keys, look-ups and records, by statements that somebody would type; secure_delete is on as it is for us."""
    with db.engines["keys"].begin() as connection:
        for table in (data_key, lookup):
            connection.execute(delete(table).where(table.c.holder_id == student))
    begin_write()
    db.session.execute(delete(Record).where(Record.student_id == student))
    db.session.commit()
    db.session.remove()


if __name__ == "__main__":
    main()
