"""The small school of the access tests with cases at every stage, so that every form stands on some page."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import update

from portal.domain.vocabulary import Channel, FieldType, Outcome, RequestKind, StepKind, StepState, TargetKind
from portal.policy.model import Field
from portal.records.db import begin_write, db
from portal.records.tables.people import Student
from portal.records.tables.proof import OutMail
from portal.services import clock_guard, retention, retention_terms
from portal.services.approve_erasure import approve
from portal.services.carry_out import carry_out, finish_step
from portal.services.case_page import case_page
from portal.services.casework import Asked, Contact, NewCase, open_case
from portal.services.keep_upload import keep_upload
from portal.services.review_upload import allow
from portal.services.unit import writing
from portal.vault.envelope import Json
from tests import factories
from tests.intake.hostile import photo
from tests.services import cases, registers
from tests.services.test_export import screenshot
from tests.web.principals import School, Text, make_school, usual


def build(
    app: Flask, text: Text = usual, to_all: Text | None = None, **foreigner: Json
) -> tuple[School, dict[str, str]]:
    """The school, and the references of its cases by name; every free text and imported value comes from `text`,
    what staff write to many from `to_all` if it is there. `foreigner`: values of the student who has nothing to do
    with it."""
    with app.app_context():
        school = make_school(app, text, to_all or text, **foreigner)
        begin_write()
        db.session.get_one(Student, school.student).last_programme_ended = date(2020, 1, 1)
        db.session.commit()
        typed_in(school.student, text)
        references = {"open": school.case.reference, **_cases(app, school, text)}
        for _ in range(2):  # what one person looked at on one day folds up in the student's list
            case_page(factories.staff_actor(school.staff["handler"]), cases.clock(), references["open"])
        terms_that_end(app, school)
        registers.keep_two(app)
    return school, references


def terms_that_end(app: Flask, school: School) -> None:
    """Two former students: one was told a month ago and is erased, the other is told now."""
    clock, today = cases.clock(), cases.clock().now()
    director = factories.staff_actor(school.staff["director"])
    for code in ("standard", "exemption"):
        retention_terms.confirm(director, clock, code)
    clock.set(today - timedelta(days=40))
    factories.make_student(last_programme_ended=date(2023, 10, 1))
    retention.run(clock)
    begin_write()
    notice = update(OutMail).where(OutMail.kind == "retention_notice")
    db.session.execute(notice.values(state="sent", sent_at=clock.now()))
    db.session.commit()
    clock.set(today)
    clock_guard.look(clock)
    clock_guard.trust(director, clock)
    factories.make_student(last_programme_ended=date(2023, 12, 1))
    retention.run(clock)


def typed_in(student: UUID, text: Text) -> None:
    """A record of every other dataset of the policy, with every field filled in, as an import may have left it."""
    policy = current_app.extensions["policy"]
    for dataset in policy.datasets.values():
        values = {field.code: value_of(field, text) for field in dataset.fields.values()}
        known = {code: value for code, value in values.items() if value is not None}
        if dataset.code != "person":
            factories.add_record(student, dataset.code, **known)


def value_of(field: Field, text: Text) -> Json:
    """A value of the field's type; whatever is kept as text holds `text`."""
    match field.type:
        case FieldType.DATE | FieldType.BIRTH_DATE:
            return "2025-01-06"
        case FieldType.MONEY | FieldType.DECIMAL:
            return "12.50"
        case FieldType.INTEGER:
            return 3
        case FieldType.YES_NO:
            return True
        case FieldType.IMAGE:
            return None
    return text(200)


def _cases(app: Flask, school: School, text: Text) -> dict[str, str]:
    student = school.student
    officer = factories.staff_actor(school.staff["officer"])
    director = factories.staff_actor(school.staff["director"])
    words = [Asked(TargetKind.WORDS, words=text(400), current=text(80), asked=text(80))]
    street = Asked(TargetKind.FIELD, "person", school.person, "street", words=text(200), asked=text(60), current="x")
    found: dict[str, str] = {}

    def opened(name: str, kind: RequestKind, items: list[Asked], **more: object) -> str:
        reference = cases.opened(kind, student, items, contact=contact(text), **more)  # type: ignore[arg-type]
        found[name] = reference
        return reference

    last_resort(school, text)
    for kind in (RequestKind.ACCESS, RequestKind.ERASURE, RequestKind.RESTRICTION):
        opened(kind.value, kind, [cases.EVERYTHING], taken=kind is not RequestKind.ACCESS)
    opened("correction", RequestKind.RECTIFICATION, [street])
    opened("objection", RequestKind.OBJECTION, words)
    opened("complaint", RequestKind.COMPLAINT, words)

    refused = opened("refused", RequestKind.RECTIFICATION, words)
    cases.decided(refused, officer, Outcome.REFUSED, ground="opinion", reason=text(400))
    mended = opened("mended", RequestKind.RECTIFICATION, [street])
    cases.decided(mended, officer, reason=text(400), checked=text(60))
    waiting = opened("waiting", RequestKind.ERASURE, [street])
    cases.decided(waiting, officer, reason=text(200))
    approved = opened("approved", RequestKind.ERASURE, [street])
    cases.decided(approved, officer)
    approve(director, cases.clock(), approved, cases.version_of(approved))
    released = opened("released", RequestKind.ACCESS, [cases.EVERYTHING])
    cases.decided(released, officer, reason=text(200))
    finish(released, officer, text)
    held = opened("held", RequestKind.RESTRICTION, [cases.EVERYTHING])
    cases.decided(held, officer)
    finish(held, officer, text)
    found["unmatched"] = unmatched(app, text)
    classmate = factories.make_student()
    screenshot(classmate, True)
    found["pictures"] = cases.opened(RequestKind.ACCESS, classmate, [cases.EVERYTHING])
    return found


def last_resort(school: School, text: Text) -> None:
    """Staff opened the way for a copy of an ID in the case that the principals reach for, and one picture came."""
    reference = school.case.reference
    handler = factories.staff_actor(school.staff["handler"])
    allow(handler, cases.clock(), reference, cases.version_of(reference), text(200))
    sender = factories.student_actor(school.student)
    keep_upload(sender, cases.clock(), reference, f"{text(60)}.jpg", photo(size=(40, 25)))


def finish(reference: str, officer: object, text: Text) -> None:
    for step in list(cases.steps_of(reference).values()):
        if step.kind == StepKind.HOLDER:
            finish_step(officer, cases.clock(), reference, step.id, StepState.DONE, text(200))  # type: ignore[arg-type]
    carry_out(officer, cases.clock(), reference, cases.version_of(reference))  # type: ignore[arg-type]


def contact(text: Text) -> Contact:
    return Contact(name=text(120), email="hanan@example.org", phone=text(40), address=text(200))


def unmatched(app: Flask, text: Text) -> str:
    new = NewCase(
        kind=RequestKind.ACCESS,
        channel=Channel.PORTAL,
        language="nl",
        received_on=date(2026, 11, 20),
        items=(Asked(TargetKind.EVERYTHING),),
        words=text(400),
        helper=text(120),
        contact=contact(text),
    )
    with writing(factories.SYSTEM, app.extensions["clock"]) as work:
        return open_case(work, new).reference


def addresses(references: dict[str, str]) -> list[str]:
    """Where each case may be looked at, by staff and by the student; and what a choice on a page leads to."""
    seen = [f"{room}/{each}" for each in references.values() for room in ("/nl/me/requests", "/staff/cases")]
    return [f"/staff/cases/{references['pictures']}/images", "/staff/register/compare?old=1&new=2", *seen]
