"""A small school with everybody who may knock at the door: who they are, and what there is to reach for."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from portal.domain.permissions import ANONYMOUS, SYSTEM
from portal.domain.vocabulary import Channel, RequestKind, Role, TargetKind
from portal.intake.faults import VALUES
from portal.mail import messages
from portal.mail.delivery import FAILED
from portal.records.db import begin_write, db
from portal.records.tables.access import Designation, Login, OneTime, Staff
from portal.records.tables.campaigns import Campaign, Invitation
from portal.records.tables.factors import StaffReset
from portal.records.tables.office import Intake
from portal.records.tables.people import ImportFinding, ImportRun, Record
from portal.records.tables.proof import OutMail
from portal.services import import_findings, intakes, reset_password
from portal.services.add_representative import Asked as Asking
from portal.services.add_representative import record_representative
from portal.services.campaign_text import question_for
from portal.services.casework import Asked, Contact, NewCase, Opened, open_case
from portal.services.recognise import digest_of
from portal.services.representing import Relation
from portal.services.second_channel import Channel as SecondChannel
from portal.services.second_channel import new_task
from portal.services.sign_in import sha256
from portal.services.unit import writing
from portal.vault.envelope import Holder, Json
from portal.vault.normal import normal_email
from tests import factories
from tests.services.factors import give_app

STUDENTS = ("student_l1", "student_l2", "student_l3", "shared_address")
STAFF = ("handler", "other_branch", "officer", "director", "administrator")
# Half a sign-in, by the stage it is in.
STAGES = {"enrolling": "enrol", "half": "factor", "first_password": "password", "unacknowledged": "confidentiality"}
HALVES = tuple(STAGES)
TOKEN = "x" * 43  # of a link for a new password of staff; of every other kind it is unknown
PRINCIPALS = (
    "anonymous",
    "case_code",
    "foreign_case_code",
    "foreign_student",
    "representative",
    *STUDENTS,
    *STAFF,
    *HALVES,
    "disabled",
)


Text = Callable[[int], str]  # what somebody types; the number is the most characters it may have


def usual(most: int) -> str:
    return "Gewone tekst"[:most]


@dataclass(frozen=True)
class School:
    """Everything belongs to the student in branch A; the foreigners have nothing to do with it."""

    student: UUID
    foreign_student: UUID
    staff: dict[str, UUID]
    case: Opened
    foreign_case: Opened
    person: UUID  # item id
    step: UUID
    task: UUID  # a call that the student asked for
    designation: UUID  # the handler's
    representative: UUID  # may ask everything for the student
    campaign: UUID  # a question for consent that the student was asked
    intake: UUID  # an upload that was looked at and waits for a decision
    conflict: UUID  # what an import says otherwise than was corrected for the student
    mail: UUID  # a notice to the student that did not arrive

    def arguments(self) -> dict[str, object]:
        """A value for each argument an address may have."""
        return {
            "lang": "nl",
            "reference": self.case.reference,
            "student_id": self.student,
            "staff_id": self.staff["handler"],
            "item": self.person,
            "field": "given_names",
            "dataset": "person",
            "group": 1,
            "kind": "json",
            "token": TOKEN,
            "draft": uuid7(),
            "name": "who",
            "step_id": self.step,
            "task_id": self.task,
            "designation_id": self.designation,
            "session_id": uuid7(),
            "passkey_id": uuid7(),
            "absence_id": uuid7(),
            "what": "confirm",
            "file_id": uuid7(),
            "filename": "style.css",
            "representative": self.representative,
            "letter": "receipt",
            "code": "standard",
            "term_id": uuid7(),
            "erasure_id": uuid7(),
            "holder": "paper_file",
            "year": 2025,
            "letter_id": uuid7(),
            "campaign_id": self.campaign,
            "number": 1,
            "intake_id": self.intake,
            "finding_id": self.conflict,
            "mail_id": self.mail,
        }


def add_lawyer(app: Flask, student: UUID) -> UUID:
    """A lawyer whose authorisation was shown at the desk."""
    officer = factories.staff_actor(factories.make_staff("recorder", Role.PRIVACY_OFFICER))
    clock = app.extensions["clock"]
    asked = Asking(
        name="mr. Jansen",
        email="lawyer@example.org",
        relation=Relation.LAWYER,
        kinds=frozenset(RequestKind),
        ends_on=clock.today() + timedelta(days=30),
        shown_on=clock.today(),
    )
    return record_representative(officer, clock, student, asked)


def bounced(app: Flask, student: UUID) -> UUID:
    """A notice to the student that the mail server refused."""
    with writing(SYSTEM, app.extensions["clock"]) as work:
        work.send(messages.code_stopped("family@example.org", "nl", student, uuid7()))
        mail = work.session.execute(select(OutMail).where(OutMail.kind == "code_stopped")).scalar_one()
        mail.state = FAILED
        return mail.id


def open_for(app: Flask, student: UUID, kind: RequestKind = RequestKind.RESTRICTION) -> Opened:
    with writing(ANONYMOUS, app.extensions["clock"]) as work:
        return open_case(
            work,
            NewCase(
                kind=kind,
                channel=Channel.PORTAL,
                language="nl",
                received_on=work.today,
                items=(Asked(TargetKind.EVERYTHING),),
                student_id=student,
                contact=Contact(name="Hanan"),
            ),
        )


def make_school(app: Flask, typed: Text = usual, to_all: Text = usual, **foreigner: Json) -> School:
    """Call inside an application context. `typed`: what people type, and a school's files hold; `to_all`: what staff
    write to many, which is about nobody; `foreigner`: values of the student in the other branch."""
    here, there = factories.make_branch("langedijk"), factories.make_branch("hoorn")
    student = factories.make_student(here, email="family@example.org")
    sibling = factories.make_student(here, email="family@example.org", given_names="Omar")
    foreign = factories.make_student(there, email="stranger@example.org", **foreigner)
    staff = {
        "handler": factories.make_staff("handler", Role.CASE_HANDLER, branch=here),
        "other_branch": factories.make_staff("other", Role.CASE_HANDLER, branch=there),
        "officer": factories.make_staff("officer", Role.PRIVACY_OFFICER),
        "director": factories.make_staff("director", Role.DIRECTOR),
        "administrator": factories.make_staff("admin", Role.ADMINISTRATOR),
        "unacknowledged": factories.make_staff("fresh", Role.PRIVACY_OFFICER, acknowledged=False),
        "first_password": factories.make_staff("first", Role.PRIVACY_OFFICER),
        "enrolling": factories.make_staff("enrolling", Role.PRIVACY_OFFICER),
        "half": factories.make_staff("half", Role.PRIVACY_OFFICER),
        "disabled": factories.make_staff("gone", Role.DIRECTOR),
    }
    begin_write()
    db.session.get(Staff, staff["disabled"]).disabled_at = app.extensions["clock"].now()
    db.session.commit()
    person = (
        db.session.execute(select(Record.item_id).where(Record.student_id == student, Record.dataset == "person"))
        .scalars()
        .first()
    )
    designation = db.session.execute(
        select(Designation.id).where(Designation.staff_id == staff["handler"])
    ).scalar_one()
    db.session.rollback()
    give_app(app.extensions["clock"], staff["half"])
    mail_link(app, staff["handler"], staff["administrator"])
    assert sibling
    assert person
    cases = (open_for(app, student), open_for(app, foreign))
    return School(
        student,
        foreign,
        staff,
        *cases,
        person,
        uuid7(),
        ask_call(app, student),
        designation,
        add_lawyer(app, student),
        ask_consent(app, student, to_all),
        looked_at(app, staff["officer"], typed),
        disputed(app, student, person, typed),
        bounced(app, student),
    )


def ask_consent(app: Flask, student: UUID, typed: Text = usual) -> UUID:
    """A question that was sent to this one student, with words of staff, and waits for the answer."""
    with writing(factories.SYSTEM, app.extensions["clock"]) as work:
        question = question_for(work.policy, "diploma_valuation", typed(400))
        campaign = Campaign(
            id=uuid7(),
            activity="diploma_valuation",
            said=question.as_text(),
            text_version=question.version,
            anew=False,
            remind_on=work.today + timedelta(days=7),
            closes_on=work.today + timedelta(days=21),
            left_out="{}",
            created_at=work.now,
            sent_at=work.now,
        )
        work.session.add(campaign)
        work.session.flush()
        work.session.add(Invitation(id=uuid7(), campaign_id=campaign.id, student_id=student))
        return campaign.id


def looked_at(app: Flask, staff: UUID, typed: Text = usual) -> UUID:
    """An upload whose dry run is there, with something of everything that it may find."""
    past = {"student_number": typed(60), "file": "cursisten.csv", "line": 3, "last_end": "2019-06-01"}
    bad = {"file": "cursisten.csv", "line": 4, "column": typed(60), "reason": "bad_email", "masked": typed(60)}
    report = {
        **{"dry_run": True, "new_students": 2, "new": 9, "changed": 1, "unchanged": 4, "ignored": 1},
        "files": {"cursisten.csv": {"read": 4, "good": 2, "bad": 1, "held": 1}},
        "findings": [{**bad, "kind": "bad_value", "leaves_out": True, "text": VALUES["bad_email"]}],
        "past_term": {"count": 1, "students": [{**past, "past": ["standard"], "within": ["exemption"]}]},
        **{"conflicts": [{"file": "cursisten.csv", "line": 2, "field": "person.town"}], "conflict_count": 1},
        **{"erased": [{"file": "cursisten.csv", "line": 5}], "erased_count": 1},
    }
    with writing(factories.SYSTEM, app.extensions["clock"]) as work:
        row = Intake(
            id=uuid7(),
            state=intakes.State.LOOKED.value,
            slot=1,
            by_id=staff,
            created_at=work.now,
            expires_at=work.now + intakes.KEPT,
            step_at=work.now,
            size=12_345,
        )
        row.sealed = intakes.seal_told(work, row.id, intakes.Told(report))
        work.session.add(row)
        return row.id


def disputed(app: Flask, student: UUID, item: UUID, typed: Text = usual) -> UUID:
    """The town of the student was corrected here, and an import says otherwise."""
    with writing(factories.SYSTEM, app.extensions["clock"]) as work:
        run = ImportRun(id=uuid7(), started_at=work.now, counts="{}")
        work.session.add(run)
        work.session.flush()
        finding = uuid7()
        holder, lies = Holder.student(student), import_findings.place(finding)
        work.session.add(
            ImportFinding(
                id=finding,
                run_id=run.id,
                kind=import_findings.CONFLICT,
                digest=work.vault.digest("finding:conflict", finding.hex),
                file="cursisten.csv",
                line=2,
                student_id=student,
                item_id=item,
                field="town",
                sealed=work.vault.seal(holder, import_findings.CLASS, lies, {"value": typed(60)}),
            )
        )
        return finding


def mail_link(app: Flask, staff: UUID, by: UUID) -> None:
    """A link for a new password, as an administrator has it mailed, with TOKEN in it."""
    with writing(factories.SYSTEM, app.extensions["clock"]) as work:
        row = OneTime(
            id=uuid7(),
            purpose=reset_password.PURPOSE,
            token_digest=sha256(TOKEN),
            created_at=work.now,
            expires_at=work.now + reset_password.VALID,
        )
        work.session.add(row)
        work.session.flush()
        work.session.add(StaffReset(one_time_id=row.id, staff_id=staff, issued_by=by))


def ask_call(app: Flask, student: UUID) -> UUID:
    with writing(factories.SYSTEM, app.extensions["clock"]) as work:
        return new_task(work, student, SecondChannel.CALL).id


def enter(app: Flask, school: School, who: str) -> FlaskClient:
    """A client signed in as one of PRINCIPALS, by a session row and its cookie."""
    client = app.test_client()
    with app.app_context():
        values = login_values(school, who)
    if values is None:
        return client
    session_id = secrets.token_urlsafe(32)
    now = app.extensions["clock"].now()
    with app.app_context():
        begin_write()
        row = {"id": uuid7(), "digest": digest_of(session_id), "created_at": now, "fresh_at": now, "seen_at": now}
        db.session.execute(insert(Login).values({"stage": "full", "level": 0, **row, "level_at": now, **values}))
        db.session.commit()
    with client.session_transaction() as session:
        session["_user_id"] = session_id
        session["_fresh"] = True
    return client


def login_values(school: School, who: str) -> dict[str, object] | None:
    if who == "anonymous":
        return None
    if who in {"case_code", "foreign_case_code"}:
        case = school.case if who == "case_code" else school.foreign_case
        return {"kind": "case", "case_id": case.case_id}
    if who == "representative":
        return {"kind": "representative", "level": 1, "representative_id": school.representative}
    if who == "shared_address":
        return {
            "kind": "student",
            "level": 1,
            "address_digest": factories.vault().digest("email", normal_email("family@example.org")),
        }
    if who == "foreign_student":
        return {"kind": "student", "level": 3, "student_id": school.foreign_student}
    if who in STUDENTS:
        return {"kind": "student", "level": int(who[-1]), "student_id": school.student}
    stage = STAGES.get(who, "full")
    return {"kind": "staff", "staff_id": school.staff[who], "stage": stage}
