"""A made-up school of any size: students with sealed values, and cases of every kind, state, age and channel.

The same size gives the same school, but for ids and keys. Nothing in it is about a real person.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from uuid_utils.compat import uuid7

from benchmarks.kit.bulk import Bulk, bulk
from portal.domain.clock import Clock
from portal.domain.vocabulary import Role
from portal.records.db import db
from portal.records.tables.access import Designation, Staff
from portal.records.tables.cases import Case, CaseEvent, CaseItem
from portal.records.tables.people import Branch, Record, Student
from portal.vault.envelope import Holder, Json, Place
from portal.vault.key import Key, key_binding
from portal.vault.normal import name_parts, normal_email, normal_number
from portal.vault.tables import data_key, lookup
from portal.vault.vault import Vault

UNDECIDED_DAYS = 36  # how long ago the oldest undecided case came in: a few are late
ENDED_DAYS = 1000
SYLLABLES = [a + b for a in "bdfghjklmnrstvwz" for b in ("a", "e", "i", "o", "u", "aa", "ij")]
GIVEN = [a + b + c for a in SYLLABLES[:12] for b in SYLLABLES[20:28] for c in ("", "n")]
KINDS = ("access", "rectification", "erasure", "restriction", "objection", "portability", "complaint", "withdrawal")
KIND_SHARE = (30, 25, 15, 5, 10, 5, 5, 5)
CHANNELS = ("portal", "email", "letter", "phone", "desk")
CHANNEL_SHARE = (70, 10, 5, 5, 10)
LANGUAGES = ("nl", "en", "ar", "fa", "ti", "tr", "uk")
LANGUAGE_SHARE = (20, 10, 30, 5, 15, 10, 10)
STATES = ("received", "in_progress", "decided", "closed", "taken_back", "duplicate")
STATE_SHARE = (8, 12, 5, 70, 4, 1)
NOBODY = UUID(int=0)
UNMATCHED = 0.03  # of the requests: not yet known whose


@dataclass(slots=True)
class School:
    """What a benchmark needs to know of the school that was made."""

    branches: dict[str, UUID] = field(default_factory=dict)
    handler: UUID = NOBODY  # a case handler of two of the four branches
    officer: UUID = NOBODY  # the privacy officer, who sees every branch
    handlers: list[UUID] = field(default_factory=list)
    students: list[tuple[UUID, int]] = field(default_factory=list)  # id, branch number
    references: list[str] = field(default_factory=list)  # some open cases in the handler's branches, early ones first
    number: str = ""  # of a student of the handler's branches
    name: str = ""  # a family name that a handful of students bear
    common: str = ""  # a given name that one student in two hundred bears


class Maker:
    """Makes rows; keys stay in memory only for the student or case at hand."""

    def __init__(self, app: Flask, clock: Clock) -> None:
        self.policy = app.extensions["policy"]
        self.master = app.extensions["master_key"]
        self.now: datetime = clock.now()
        self.today: date = clock.today()
        self.keys_engine = db.engines["keys"]
        self.vault = Vault(self.keys_engine, self.master)
        self.vault.digest("name", "made first")  # the key of look-ups, before another connection writes
        self.random = random.Random(7)  # the same school each time
        self.numbers = itertools.count(1)

    def key(self, keys: Bulk, holder: Holder, retention: str) -> Key:
        made = os.urandom(32)
        master_id, wrapped = self.master.wrap(made, key_binding(holder, retention, 1))
        keys.add(
            data_key,
            id=uuid7(),
            holder_kind=holder.kind,
            holder_id=holder.id,
            retention=retention,
            version=1,
            master_id=master_id,
            wrapped=wrapped,
        )
        return Key(holder, retention, 1, made)

    def found_by(self, keys: Bulk, holder: Holder, retention: str, entries: Iterable[tuple[str, str]]) -> None:
        for kind, text in dict.fromkeys(entries):
            keys.add(
                lookup,
                kind=kind,
                digest=self.vault.digest(kind, text),
                holder_kind=holder.kind,
                holder_id=holder.id,
                retention=retention,
            )

    def record(self, rows: Bulk, student: UUID, key: Key, dataset: str, values: dict[str, Json]) -> None:
        """One record whose fields all stand in one retention class."""
        retention = self.policy.field(dataset, next(iter(values))).retention
        row = uuid7()
        rows.add(
            Record.__table__,
            id=row,
            item_id=uuid7(),
            student_id=student,
            dataset=dataset,
            retention=retention,
            natural_key=2 * row.bytes,
            import_digest=2 * row.bytes,
            value_count=len(values),
            sorts=next(self.numbers),
            sealed=key.seal(Place("record", "sealed", row), {"values": values, "hidden": [], "imported": {}}),
            created_at=self.now,
            updated_at=self.now,
        )


def family_name(number: int) -> str:
    """A name that a handful of students bear, however many there are: one for each five."""
    number //= 5
    parts = []
    for _ in range(4):
        number, rest = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[rest])
    return "".join(parts).title()


def make_school(app: Flask, clock: Clock, students: int, cases: int, open_from: date | None = None) -> School:
    """Fills the empty databases of `app`. With `open_from`, every case is undecided and received on that day."""
    with app.app_context():
        maker, school = Maker(app, clock), School()
        main = db.engines[None]
        with bulk(main) as rows:
            make_people(maker, school, rows)
        with bulk(main, [Record.__table__]) as rows, bulk(maker.keys_engine, [lookup]) as keys:
            for number in range(students):
                made = make_student(maker, school, rows, keys, number)
                school.students.append((made, number % 4))
        with bulk(main, [Case.__table__, CaseItem.__table__]) as rows, bulk(maker.keys_engine) as keys:
            for number in range(cases):
                make_case(maker, school, rows, keys, number, open_from)
        school.name, school.common = family_name(students // 2), GIVEN[0]
        school.number = student_number(students // 2)
        return school


def make_people(maker: Maker, school: School, rows: Bulk) -> None:
    for code, branch in maker.policy.branches.items():
        school.branches[code] = uuid7()
        rows.add(Branch.__table__, id=school.branches[code], code=code, name=branch.name)
    places = list(school.branches.values())
    school.handlers = [
        make_staff(maker, rows, f"handler{number}", Role.CASE_HANDLER, places[number % 4 : number % 4 + 2])
        for number in range(8)
    ]
    school.handler = school.handlers[0]
    school.officer = make_staff(maker, rows, "officer", Role.PRIVACY_OFFICER, [])
    make_staff(maker, rows, "director", Role.DIRECTOR, [])


def make_staff(maker: Maker, rows: Bulk, username: str, role: Role, branches: Sequence[UUID]) -> UUID:
    """An account that nobody can sign in to: benchmarks bring sessions of their own."""
    staff = uuid7()
    rows.add(
        Staff.__table__,
        id=staff,
        username=username,
        name=username.title(),
        email=f"{username}@school.example",
        language="nl",
        password_hash="!",
        must_change_password=False,
        confidentiality_at=maker.now,
        created_at=maker.now,
        version=1,
    )
    for branch in branches or [None]:
        rows.add(
            Designation.__table__,
            id=uuid7(),
            staff_id=staff,
            role=role.value,
            branch_id=branch,
            starts_on=date(2020, 1, 1),
            created_at=maker.now,
        )
    return staff


def student_number(number: int) -> str:
    return f"C{1_000_000 + number}"


USUAL_RECORDS = 3


def make_student(
    maker: Maker, school: School, rows: Bulk, keys: Bulk, number: int, records: int = USUAL_RECORDS
) -> UUID:
    """A student with a person, a programme and a bank account, found as an imported one is; with more records the
    others follow."""
    student, place = uuid7(), number % 4
    holder = Holder.student(student)
    language = maker.random.choices(LANGUAGES, LANGUAGE_SHARE)[0]
    code = list(school.branches)[place]
    rows.add(
        Student.__table__,
        id=student,
        branch_id=school.branches[code],
        language=language,
        state="active",
        has_email=True,
        created_at=maker.now,
        version=1,
    )
    values: dict[str, Json] = {
        "student_number": student_number(number),
        "family_name": family_name(number),
        "given_names": GIVEN[number % len(GIVEN)].title(),
        "initials": "H.",
        "birth_date": f"{1960 + number % 45}-{1 + number % 12:02}-{1 + number % 28:02}",
        "street": f"Kerkplein {number % 300}",
        "postcode": "1723 AB",
        "town": "Noord-Scharwoude",
        "email": f"student{number}@example.org",
        "phone": f"+316{10_000_000 + number}",
        "nationality": "Syrische",
        "preferred_language": language,
        "branch": code,
    }
    key = maker.key(keys, holder, "standard")
    maker.record(rows, student, key, "person", values)
    maker.record(rows, student, key, "programme", programme("P1"))
    maker.record(rows, student, key, "bank", {"iban": "NL91ABNA0417164300"})
    if records > USUAL_RECORDS:
        more_records(maker, rows, student, key, records - USUAL_RECORDS)
    names = name_parts(str(values["given_names"]), str(values["family_name"]))
    entries = [("student_number", normal_number(str(values["student_number"])))]
    entries += [("email", normal_email(str(values["email"]))), ("phone", normal_number(str(values["phone"])))]
    maker.found_by(keys, holder, "standard", [*entries, *(("name", part) for part in names)])
    return student


def programme(number: str) -> dict[str, Json]:
    return {
        "programme_number": number,
        "training": "Inburgering B1",
        "goal": "integration_duty",
        "integration_duty": True,
        "intake_level": "a1",
        "start_date": "2026-01-12",
        "client": "Gemeente Dijk en Waard",
        "class_group": "B1-ochtend",
    }


def more_records(maker: Maker, rows: Bulk, student: UUID, key: Key, many: int) -> None:
    """Records of other data sets, most of them lessons, for a student who has a person, a programme and a bank."""
    kinds = ("reading", "writing", "listening", "speaking", "knm", "map", "ona", "pvt")
    maker.record(rows, student, key, "permit", {"kind": "permanent", "valid_until": "2030-01-01"})
    maker.record(rows, student, key, "education", {"programme_number": "P1", "education_abroad": "secondary"})
    maker.record(
        rows, student, key, "payment", {"programme_number": "P1", "cost": "3250.00", "payment_method": "duo_loan"}
    )
    maker.record(rows, student, key, "consent", {"activity": "training", "date": "2026-01-05"})
    for number in range(2):
        values = {"recipient": ("duo", "municipality")[number], "date": "2026-03-01", "what": "Aanwezigheid"}
        maker.record(rows, student, key, "disclosure", values)
    for number in range(4):
        exam = {"part": kinds[number], "date": f"2026-0{number + 4}-10", "result": "passed", "mark": "7.5"}
        maker.record(rows, student, key, "exam", exam)
    for number in range(many - 10):
        day = date(2024, 1, 8) + timedelta(days=number)
        values = {"programme_number": "P1", "lesson_date": day.isoformat(), "status": "present"}
        maker.record(rows, student, key, "attendance", values)


def make_case(maker: Maker, school: School, rows: Bulk, keys: Bulk, number: int, open_from: date | None) -> None:
    draw = maker.random
    state = "received" if open_from else draw.choices(STATES, STATE_SHARE)[0]
    days = draw.randrange(UNDECIDED_DAYS if state in STATES[:2] else ENDED_DAYS if state != "decided" else 90)
    received = open_from or maker.today - timedelta(days=days)
    student, place = draw.choice(school.students)
    known = state not in STATES[:2] or draw.random() > UNMATCHED
    case, kind = uuid7(), draw.choices(KINDS, KIND_SHARE)[0]
    handler = None if state == "received" and draw.random() < 0.8 else school.handlers[(place + number % 2 * 4) % 8]
    reference = f"V-{received.year}-{(number * 7919 + 13) % 10_000_000:07}"
    holder, due = Holder.case(case), received + timedelta(days=28)
    key = maker.key(keys, holder, "case")
    ended = maker.now - timedelta(days=max(0, days - 20)) if state not in STATES[:2] else None
    contact = {} if known else {"name": f"Bekende van {family_name(number)}", "email": "iemand@example.org"}
    contents = {"contact": contact, "words": "", "helper": ""}
    rows.add(
        Case.__table__,
        id=case,
        reference=reference,
        kind=kind,
        state=state,
        student_id=student if known else None,
        branch_id=list(school.branches.values())[place] if known else None,
        channel=draw.choices(CHANNELS, CHANNEL_SHARE)[0],
        language=draw.choices(LANGUAGES, LANGUAGE_SHARE)[0],
        received_on=received,
        entered_at=maker.now - timedelta(days=(maker.today - received).days),
        original_due_on=due,
        due_on=due,
        handler_id=handler,
        decided_at=ended,
        outcome="granted" if ended else None,
        closed_at=ended if state == "closed" else None,
        assured_level=1,
        by_post=False,
        policy_version=maker.policy.regulation.version,
        sealed=key.seal(Place("case", "sealed", case), contents),
        version=1,
    )
    add_item(rows, case, key, kind)
    rows.add(CaseEvent.__table__, id=uuid7(), case_id=case, at=maker.now, kind="received", actor_kind="student")
    if place < 2 and known and state in STATES[:2] and len(school.references) < 2000:
        school.references.append(reference)


TARGETS: dict[str, dict[str, Any]] = {
    "rectification": {"target": "words"},
    "complaint": {"target": "words"},
    "objection": {"target": "activity", "activity": "quality_survey"},
    "withdrawal": {"target": "activity", "activity": "diploma_valuation"},
}


def add_item(rows: Bulk, case: UUID, key: Key, kind: str) -> None:
    row = uuid7()
    contents = {"asked": None, "current": None, "words": "Graag snel."}
    about = TARGETS.get(kind, {"target": "everything"})
    rows.add(
        CaseItem.__table__,
        id=row,
        case_id=case,
        position=0,
        target=about["target"],
        activity=about.get("activity"),
        sealed=key.seal(Place("case_item", "sealed", row), contents),
    )
