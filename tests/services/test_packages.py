"""The whole copy as one file: built by the worker, with what was reviewed and found, by level, for a fortnight."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta

import html5lib
import PIL.Image
import pytest

from portal.domain.box import Box
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Found, Level, RequestKind, Role, Showing, StepState
from portal.records import files
from portal.records.db import begin_write, db
from portal.records.tables.papers import Package
from portal.records.tables.people import SealedFile, View
from portal.records.tables.proof import OutMail
from portal.services import build_packages, own_cases
from portal.services.carry_out import carry_out, finish_step
from portal.services.casework import NotFound
from portal.services.export import renew
from portal.services.review_images import add_found, images, picture, remove_found, review
from portal.vault.envelope import Holder
from tests import factories
from tests.intake.hostile import photo
from tests.letters.paper import missing
from tests.schemas import faults
from tests.services import cases
from tests.services.test_export import SCHEMA, read, values

pytestmark = pytest.mark.slow


def lesson(student, others=True):
    out = io.BytesIO()
    PIL.Image.new("RGB", (60, 40), (10, 200, 10)).save(out, "PNG")
    begin_write()
    holder = Holder.student(student)
    file = files.store(
        db.session, factories.vault(), holder, "standard", "screenshot", "image/png", out.getvalue(), factories.CREATED
    )
    file_id = file.id
    db.session.commit()
    factories.add_record(
        student, "screenshot", lesson_date="2026-03-02", class_group="A", image=str(file_id), others_visible=others
    )
    return file_id


def asked(student, language="nl"):
    reference, officer = cases.opened(RequestKind.ACCESS, student, language=language), cases.officer()
    cases.decided(reference, officer)
    return reference, officer


def search(reference, officer, found=Found.NOTHING, only=None):
    for (task, target), step in cases.steps_of(reference).items():
        if task == "search" and step.state == "open" and only in (None, target):
            finish_step(officer, cases.clock(), reference, step.id, StepState.DONE, "", found=found)


def release(reference, officer):
    carry_out(officer, cases.clock(), reference, cases.version_of(reference))


def build():
    return build_packages.build_waiting(cases.clock(), lambda: False)


def package(reference, student, level=Level.SECOND_CHANNEL):
    from portal.services.export import download

    found = download(factories.student_actor(student, level), cases.clock(), reference, "zip")
    return zipfile.ZipFile(io.BytesIO(found.content))


def test_a_package_holds_the_letter_a_page_tables_data_and_how_to_read_it(context):
    student = factories.make_student(language="ar", family_name="=Al Hassan")
    factories.add_record(student, "disclosure", recipient="duo", date="2026-02-01", what="uw BSN")
    lesson(student, others=False)
    reference, officer = asked(student, "ar")
    search(reference, officer)
    release(reference, officer)
    assert build() == {"packages": 1, "packages_failed": 0}
    archive = package(reference, student)
    names = archive.namelist()
    assert {"antwoord.pdf", "gegevens.html", "gegevens.json", "schema.json", "lees-mij.html"} <= set(names)
    assert {"tabellen/01-contact.csv", "fotos/001.png"} <= set(names)

    letter = archive.read("antwoord.pdf")
    assert missing(letter, ["DUO", reference, "AVG artikel 15", "zes weken"]) == []
    data = json.loads(archive.read("gegevens.json"))
    assert faults(data, SCHEMA) == []
    assert json.loads(archive.read("schema.json")) == SCHEMA
    assert values(data)["screenshot", "image"]["file"] == {"media_type": "image/png", "name": "fotos/001.png"}
    rows = list(csv.reader(io.StringIO(archive.read("tabellen/01-contact.csv").decode("utf-8-sig")), delimiter=";"))
    assert any("'=Al Hassan" in row for row in rows)
    for page in ("gegevens.html", "lees-mij.html"):
        document = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False).parse(archive.read(page).decode())
        assert (document.get("lang"), document.get("dir")) == ("ar", "rtl")
        for element in document.iter():
            assert element.tag not in {"script", "link", "iframe", "object"}
            assert element.get("src", "data:").startswith("data:")
            assert element.get("href", names[0]) in names, "what it points to lies beside it"
    assert "من أنتم" in archive.read("lees-mij.html").decode(), "a table is called by what is in it"


def test_who_is_known_less_well_gets_a_package_without_sensitive_values(context):
    student = factories.make_student()
    reference, officer = asked(student)
    search(reference, officer)
    release(reference, officer)
    build()
    low, high = package(reference, student, Level.KNOWLEDGE), package(reference, student)
    assert all(b"999900006" not in low.read(name) for name in low.namelist())
    assert b"999900006" in high.read("gegevens.json")
    assert b"999900006" in high.read("tabellen/03-citizen_number.csv")
    with pytest.raises(NotAllowed, match="level"):
        package(reference, student, Level.ADDRESS)
    with pytest.raises(NotFound):
        package(reference, factories.make_student())


def test_an_unreviewed_picture_blocks_the_release_and_the_decision_shows_in_the_copy(context):
    student = factories.make_student()
    shown, covered, kept = lesson(student), lesson(student), lesson(student)
    reference, officer = asked(student)
    search(reference, officer)
    for done, (image, showing, boxes, reason) in enumerate(
        (
            (shown, Showing.RELEASE, [], ""),
            (covered, Showing.REDACT, [Box(500, 0, 500, 1000)], ""),
            (kept, Showing.WITHHOLD, [], "Een klasgenoot huilt."),
        )
    ):
        with pytest.raises(Refused, match="review_open") as caught:
            release(reference, officer)
        assert caught.value.params["count"] == 3 - done
        review(officer, cases.clock(), reference, image, showing, boxes, reason)
    release(reference, officer)
    build()
    archive = package(reference, student)
    pictures = [PIL.Image.open(io.BytesIO(archive.read(f"fotos/00{number}.png"))).convert("RGB") for number in (1, 2)]
    assert [each.getpixel((50, 20)) for each in pictures] == [(10, 200, 10), (0, 0, 0)]
    assert [each.getpixel((10, 20)) for each in pictures] == [(10, 200, 10), (10, 200, 10)]
    assert "fotos/003.png" not in archive.namelist()
    assert "Een klasgenoot huilt." in archive.read("gegevens.html").decode()
    with pytest.raises(Refused, match="already_released"):
        review(officer, cases.clock(), reference, kept, Showing.RELEASE, [], "")


def test_a_decision_on_a_picture_is_checked(context):
    student = factories.make_student()
    image = lesson(student)
    reference, officer = asked(student)

    def decide(showing, boxes=(), reason=""):
        review(officer, cases.clock(), reference, image, showing, boxes, reason)

    for showing, boxes, code in (
        (Showing.REDACT, [], "boxes_missing"),
        (Showing.REDACT, [Box(900, 0, 200, 10)], "bad_box"),
        (Showing.WITHHOLD, [], "reason_missing"),
    ):
        with pytest.raises(Refused, match=code):
            decide(showing, boxes)
    decide(Showing.WITHHOLD, reason="Anderen.")
    decide(Showing.RELEASE)
    (line,) = images(officer, cases.clock(), reference)
    assert (line.verdict, line.reason, line.title) == (Showing.RELEASE, "", "02-03-2026")
    elsewhere = factories.staff_actor(
        factories.make_staff("other", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    )
    for act in (images, lambda *who: picture(*who, image)):
        with pytest.raises(NotFound):
            act(elsewhere, cases.clock(), reference)


def test_each_look_at_a_picture_is_a_view_and_a_foreign_one_is_not_found(context):
    student, other = factories.make_student(), factories.make_student()
    image, foreign = lesson(student), lesson(other)
    reference, officer = asked(student)
    picture(officer, cases.clock(), reference, image)
    with pytest.raises(NotFound):
        picture(officer, cases.clock(), reference, foreign)
    db.session.rollback()
    assert [view.what for view in db.session.query(View).filter_by(student_id=student)] == ["image"]


def test_what_a_search_found_is_added_reviewed_page_by_page_and_told(context):
    student = factories.make_student()
    reference, officer = asked(student)
    steps = cases.steps_of(reference)
    paper = steps["search", "paper_file"].id
    with pytest.raises(Refused, match="scan_missing"):
        finish_step(officer, cases.clock(), reference, paper, StepState.DONE, "", found=Found.COPY)
    for name in ("een.jpg", "twee.jpg"):
        assert add_found(officer, cases.clock(), reference, paper, name, photo(size=(80, 60))) == 1
    finish_step(officer, cases.clock(), reference, paper, StepState.DONE, "Map 12.", found=Found.COPY)
    search(reference, officer, Found.LOOK, only="mailbox")
    search(reference, officer)
    with pytest.raises(Refused, match="review_open"):
        release(reference, officer)
    first, second = images(officer, cases.clock(), reference)
    assert [(each.holder, each.title) for each in (first, second)] == [("paper_file", "1"), ("paper_file", "2")]
    review(officer, cases.clock(), reference, first.id, Showing.REDACT, [Box(0, 0, 1000, 1000)], "")
    remove_found(officer, cases.clock(), reference, second.id)
    release(reference, officer)
    build()
    archive = package(reference, student)
    page = PIL.Image.open(io.BytesIO(archive.read("gevonden/001.jpg"))).convert("RGB")
    assert max(page.getextrema()[0]) < 10
    found = {each["holder"]: each for each in json.loads(archive.read("gegevens.json"))["searches"]}
    assert found["paper_file"]["result"] == "copy"
    assert found["paper_file"]["pages"] == [{"file": {"media_type": "image/jpeg", "name": "gevonden/001.jpg"}}]
    assert found["mailbox"]["result"] == "look"
    letter = archive.read("antwoord.pdf")
    assert missing(letter, ["Map 12.", "U kunt dit komen bekijken.", "Wij vonden hier niets over u."]) == []
    assert faults(read(reference, student), SCHEMA) == []


def test_a_page_is_added_to_a_search_only_and_is_made_harmless(context):
    from portal.intake.uploads import BadUpload

    student = factories.make_student()
    reference, officer = asked(student)
    steps = cases.steps_of(reference)
    with pytest.raises(Refused, match="not_a_search"):
        add_found(officer, cases.clock(), reference, steps["release", "portal"].id, "a.jpg", photo())
    with pytest.raises(BadUpload, match="upload_wrong_type"):
        add_found(officer, cases.clock(), reference, steps["search", "mailbox"].id, "a.jpg", b"<html>")
    assert images(officer, cases.clock(), reference) == []


def test_progress_is_shown_the_package_expires_and_one_press_renews_it(context):
    student = factories.make_student()
    reference, officer = asked(student)
    search(reference, officer)
    release(reference, officer)

    def packing():
        return own_cases.own_case(factories.student_actor(student), cases.clock(), reference).packing

    assert (packing().state, packing().done) == ("waiting", 0)
    with pytest.raises(Refused, match="package_not_ready"):
        package(reference, student)
    seen = []
    real = build_packages._Progress.step

    def step(self):
        real(self)
        seen.append((packing().done, packing().parts))

    build_packages._Progress.step = step
    try:
        build()
    finally:
        build_packages._Progress.step = real
    assert seen == [(number, 12) for number in range(1, 13)]
    assert (packing().state, packing().done) == ("ready", 12)
    letter = package(reference, student).read("antwoord.pdf")
    cases.clock().advance(timedelta(days=14, minutes=1))
    with pytest.raises(Refused, match="export_expired"):
        package(reference, student)
    renew(factories.student_actor(student, Level.KNOWLEDGE), cases.clock(), reference)
    assert packing().state == "waiting"
    build()
    assert package(reference, student).read("antwoord.pdf") == letter  # the letter that was given, not another
    db.session.rollback()
    kept = {file.expires_at for file in db.session.query(SealedFile).filter_by(purpose="export")}
    assert kept == {cases.clock().now() + timedelta(days=14)}


def test_a_builder_that_died_lets_go_and_two_builders_build_it_once(context):
    student = factories.make_student()
    reference, officer = asked(student)
    search(reference, officer)
    release(reference, officer)
    assert build_packages._claim(cases.clock()) is not None  # and dies
    assert build() == {"packages": 0, "packages_failed": 0}
    cases.clock().advance(timedelta(minutes=6))
    assert build() == {"packages": 1, "packages_failed": 0}
    assert build() == {"packages": 0, "packages_failed": 0}


def test_what_cannot_be_built_is_given_up_and_said(context, monkeypatch):
    student = factories.make_student()
    reference, officer = asked(student)
    search(reference, officer)
    release(reference, officer)

    def fail(*_):
        raise ValueError("999900006")

    monkeypatch.setattr(build_packages, "parts_of", fail)
    for _ in range(build_packages.MOST_ATTEMPTS):
        assert build()["packages_failed"] == 1
        cases.clock().advance(timedelta(minutes=6))
    assert build() == {"packages": 0, "packages_failed": 0}
    db.session.rollback()
    assert db.session.query(Package).one().state == "failed"


def test_nothing_of_a_package_is_ever_mailed(context):
    student = factories.make_student()
    reference, officer = asked(student)
    search(reference, officer)
    release(reference, officer)
    build()
    db.session.rollback()
    mailed = {mail.kind for mail in db.session.query(OutMail)}
    assert mailed <= {"receipt", "decided", "carried_out", "staff_new_case"}
