"""The copy of the data: whole, in the student's language, shown by level, released when every holder answered."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import html5lib
import pytest

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, RequestKind, StepState, TargetKind
from portal.records import files
from portal.records.db import begin_write, db
from portal.records.tables.people import SealedFile, View
from portal.services.carry_out import carry_out, finish_step
from portal.services.casework import Asked, NotFound
from portal.services.export import download, renew
from portal.vault.envelope import Holder
from tests import factories
from tests.schemas import faults
from tests.services import cases

pytestmark = pytest.mark.slow

SCHEMA = json.loads((Path(__file__).parents[2] / "portal/static/export-schema.json").read_text())
PICTURE = b"\x89PNG\r\n\x1a\n not really a picture"


def search_all(reference, actor, note="Niets gevonden."):
    for (task, _), step in cases.steps_of(reference).items():
        if task == "search":
            finish_step(actor, cases.clock(), reference, step.id, StepState.DONE, note)


def released(student, kind=RequestKind.ACCESS, items=(cases.EVERYTHING,), language="nl"):
    reference = cases.opened(kind, student, items, language=language)
    actor = cases.officer()
    cases.decided(reference, actor)
    search_all(reference, actor)
    carry_out(actor, cases.clock(), reference, cases.version_of(reference))
    return reference, actor


def read(reference, student, level=Level.SECOND_CHANNEL, kind="json"):
    found = download(factories.student_actor(student, level), cases.clock(), reference, kind)
    return json.loads(found.content) if kind == "json" else found.content.decode()


def values(document):
    return {
        (dataset["code"], value["code"]): value
        for group in document["groups"]
        for dataset in group["datasets"]
        for record in dataset["records"]
        for value in record["values"]
    }


def screenshot(student, others):
    begin_write()
    file = files.store(
        db.session,
        factories.vault(),
        Holder.student(student),
        "standard",
        "screenshot",
        "image/png",
        PICTURE,
        factories.CREATED,
    )
    file_id = str(file.id)
    db.session.commit()
    return factories.add_record(
        student, "screenshot", lesson_date="2026-03-02", class_group="A", image=file_id, others_visible=others
    )


def test_an_access_copy_holds_all_groups_and_the_facts_of_article_15_and_fits_the_schema(context):
    student = factories.make_student()
    factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    factories.add_record(student, "disclosure", recipient="duo", date="2026-02-01", what="uw BSN")
    factories.add_record(student, "consent", activity="training", date="2026-01-05")
    reference, _ = released(student)
    document = read(reference, student)
    assert faults(document, SCHEMA) == []

    assert [group["number"] for group in document["groups"]] == list(range(1, 12))
    assert document["groups"][4]["datasets"] == []  # nothing is kept about a permit, and the copy says so
    found = values(document)
    assert found["bank", "iban"]["value"] == "NL91ABNA0417164300"
    assert found["person", "bsn"]["recipients"] == ["duo"]
    assert found["person", "town"]["recipients"] == ["duo"]
    assert found["person", "phone"]["recipients"] == []
    assert [each["code"] for each in document["about"]["recipients"]] == ["duo"]
    assert document["about"]["recipients"][0]["given"] == [{"on": "2026-02-01", "what": "uw BSN"}]
    assert set(document["about"]) == {
        "purposes", "categories", "recipients", "retention", "rights", "complaint", "sources", "automated_decisions"
    }  # fmt: skip
    assert [case["reference"] for case in document["own"]["cases"]] == [reference]
    assert {search["found"] for search in document["searches"]} == {"Niets gevonden."}


def test_the_copy_is_not_released_while_a_holder_is_unanswered(context):
    student = factories.make_student()
    reference, actor = cases.opened(RequestKind.ACCESS, student), cases.officer()
    cases.decided(reference, actor)
    with pytest.raises(Refused, match="search_open") as caught:
        carry_out(actor, cases.clock(), reference, cases.version_of(reference))
    assert caught.value.params["count"] == 3
    with pytest.raises(Refused, match="not_released"):
        read(reference, student)


def test_a_search_says_what_it_found(context):
    reference, actor = cases.opened(RequestKind.ACCESS, factories.make_student()), cases.officer()
    cases.decided(reference, actor)
    with pytest.raises(Refused, match="reason_missing"):
        search_all(reference, actor, note=" ")


def test_sensitive_values_are_left_out_below_level_three_and_shown_after_a_step_up(context):
    student = factories.make_student()
    reference, _ = released(student)
    low = read(reference, student, Level.KNOWLEDGE)
    assert faults(low, SCHEMA) == []
    assert values(low)["person", "bsn"]["withheld"] == "level"
    assert values(low)["person", "bsn"]["value"] is None
    assert "999900006" not in json.dumps(low)
    assert "999900006" not in read(reference, student, Level.KNOWLEDGE, "html")
    assert values(read(reference, student))["person", "bsn"]["value"] == "999900006"
    assert "999900006" in read(reference, student, kind="html")


def test_below_level_two_nothing_is_handed_over(context):
    student = factories.make_student()
    reference, _ = released(student)
    with pytest.raises(NotAllowed, match="level") as caught:
        read(reference, student, Level.ADDRESS)
    assert caught.value.params["needs"] == Level.KNOWLEDGE


def test_another_student_does_not_find_the_copy(context):
    reference, _ = released(factories.make_student())
    with pytest.raises(NotFound):
        read(reference, factories.make_student())


def test_staff_hand_over_a_copy_only_with_the_act_and_the_student_sees_that(context):
    from portal.domain.vocabulary import Role

    student = factories.make_student()
    factories.add_record(
        student, "attendance", ("remark",), programme_number="1", lesson_date="2026-03-02", remark="griep"
    )
    reference, officer = released(student)
    document = json.loads(download(officer, cases.clock(), reference, "json").content)
    assert values(document)["attendance", "remark"]["withheld"] == "not_for_staff"
    assert "griep" not in json.dumps(document)
    assert values(read(reference, student))["attendance", "remark"]["value"] == "griep"
    db.session.rollback()
    assert [view.what for view in db.session.query(View).filter_by(student_id=student)] == ["export"]
    admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    with pytest.raises((NotAllowed, NotFound)):
        download(admin, cases.clock(), reference, "json")


def test_portability_holds_only_what_the_student_gave_on_consent_or_contract(context):
    student = factories.make_student()
    factories.add_record(student, "disclosure", recipient="duo", date="2026-02-01", what="uw BSN")
    reference, _ = released(student, RequestKind.PORTABILITY)
    document = read(reference, student)
    assert faults(document, SCHEMA) == []
    found = values(document)
    assert {value["source"] for value in found.values()} == {"student"}
    assert ("person", "student_number") not in found  # the school drew it up
    assert ("person", "bsn") not in found  # a legal duty, neither consent nor contract
    assert ("person", "town") in found
    assert "about" not in document


def test_a_picture_with_others_on_it_waits_for_review(context):
    student = factories.make_student()
    screenshot(student, others=True)
    with pytest.raises(Refused, match="review_open") as caught:
        released(student)
    assert caught.value.params["count"] == 1


def test_a_picture_of_the_student_alone_is_in_the_copy(context):
    student = factories.make_student()
    screenshot(student, others=False)
    reference, _ = released(student)
    picture = values(read(reference, student))["screenshot", "image"]
    assert picture["file"]["media_type"] == "image/png"
    assert "data:image/png;base64," in read(reference, student, kind="html")


@pytest.mark.parametrize("language", ["nl", "en", "ar"])
def test_the_page_reads_without_network_in_the_students_language(context, language):
    student = factories.make_student(language=language, given_names="<b>Hanan</b>")
    reference, _ = released(student, language=language)
    page = read(reference, student, kind="html")
    document = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False).parse(page)
    assert document.get("lang") == language
    assert document.get("dir") == ("rtl" if language == "ar" else "ltr")
    for element in document.iter():
        assert element.tag not in {"script", "link", "iframe", "object"}
        assert not element.get("href", "")
        assert element.get("src", "data:").startswith("data:")
    assert "&lt;b&gt;Hanan&lt;/b&gt;" in page
    assert "url(" not in page
    assert "@import" not in page


def test_a_copy_of_one_group_holds_that_group_only(context):
    student = factories.make_student()
    reference, _ = released(student, items=[Asked(TargetKind.GROUP, group=3)])
    assert set(values(read(reference, student))) == {("person", "bsn")}


def test_a_copy_expires_after_a_fortnight_and_one_press_makes_a_new_one(context):
    student = factories.make_student()
    reference, _ = released(student)
    cases.clock().advance(timedelta(days=14, minutes=1))
    with pytest.raises(Refused, match="export_expired"):
        read(reference, student)
    renew(factories.student_actor(student, Level.KNOWLEDGE), cases.clock(), reference)
    assert values(read(reference, student))
    db.session.rollback()
    assert db.session.query(SealedFile).filter_by(purpose="export").count() == 1


def test_the_copy_lies_sealed(context):
    student = factories.make_student()
    released(student)
    db.session.rollback()
    file = db.session.query(SealedFile).filter_by(purpose="export").one()
    assert b"999900006" not in file.sealed
    assert (file.holder_kind, file.retention) == ("case", "export")


def test_a_released_case_is_closed_and_the_student_is_told(context):
    reference, _ = released(factories.make_student())
    assert cases.case_of(reference).state == "closed"
    assert "carried_out" in cases.mails_of(reference)
    assert "answer_released" in cases.events_of(reference)


def test_a_release_below_the_level_is_blocked(context):
    student = factories.make_student()
    reference, actor = cases.opened(RequestKind.ACCESS, student, level=Level.ADDRESS), cases.officer()
    cases.decided(reference, actor)
    search_all(reference, actor)
    with pytest.raises(Refused, match="identity_needed") as caught:
        carry_out(actor, cases.clock(), reference, cases.version_of(reference))
    assert caught.value.params["level"] is Level.KNOWLEDGE
