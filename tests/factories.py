"""Plain makers of rows for tests; call them inside `app.app_context()`."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from flask import current_app
from sqlalchemy import select
from uuid_utils.compat import uuid7

from portal.domain.permissions import SYSTEM, Actor
from portal.domain.vocabulary import ActorKind, Level, Role
from portal.records.db import begin_write, db
from portal.records.tables.access import Designation, Staff
from portal.records.tables.people import Branch, Record, Student
from portal.services import recognise
from portal.vault.envelope import Holder, Json, Place
from portal.vault.normal import name_parts, normal_email, normal_number
from portal.vault.vault import Vault

PASSWORD = "correct horse battery staple"
CREATED = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_numbers = itertools.count(1)
__all__ = ["PASSWORD", "SYSTEM"]


def vault() -> Vault:
    return Vault(db.engines["keys"], current_app.extensions["master_key"])


def make_branch(code: str = "langedijk") -> UUID:
    """The branch of that code, made when it is not there yet."""
    found = db.session.execute(select(Branch.id).where(Branch.code == code)).scalar()
    db.session.rollback()
    if found:
        return found
    begin_write()
    branch = Branch(id=uuid7(), code=code, name=code.replace("_", " ").title())
    db.session.add(branch)
    db.session.commit()
    return branch.id


def make_student(
    branch: UUID | None = None,
    language: str = "nl",
    last_programme_ended: date | None = None,
    email: str | None = "",
    **person: Json,
) -> UUID:
    """A student with a person record; `email=None` makes one without an address, "" makes up a fresh one."""
    number = next(_numbers)
    values: dict[str, Json] = {
        "student_number": f"C9{number:04d}",
        "family_name": "Al Hassan",
        "given_names": "Hanan",
        "initials": "H.",
        "birth_date": "1990-04-02",
        "street": "Kerkplein 24",
        "postcode": "1723 AB",
        "town": "Noord-Scharwoude",
        "phone": f"+316{number:08d}",
        "bsn": "999900006",
        "nationality": "Syrische",
        "preferred_language": language,
        **person,
    }
    if email is not None:
        values["email"] = email or f"student{number}@example.org"
    student_id = uuid7()
    branch_id = branch or make_branch()
    begin_write()
    db.session.add(
        Student(
            id=student_id,
            branch_id=branch_id,
            language=language,
            last_programme_ended=last_programme_ended,
            has_email=email is not None,
            created_at=CREATED,
        )
    )
    db.session.commit()
    add_record(student_id, "person", **values)
    entries = [("student_number", normal_number(str(values["student_number"])))]
    if "email" in values:
        entries.append(("email", normal_email(str(values["email"]))))
    entries.append(("phone", normal_number(str(values["phone"]))))
    entries += [("name", part) for part in name_parts(str(values["given_names"]), str(values["family_name"]))]
    vault().index(Holder.student(student_id), "standard", entries)
    return student_id


def add_record(student_id: UUID, dataset: str, hidden: tuple[str, ...] = (), **values: Json) -> UUID:
    """A record of a dataset, split by retention class as the policy says; returns its item id."""
    policy = current_app.extensions["policy"]
    item_id = uuid7()
    by_class: dict[str, dict[str, Json]] = {}
    for code, value in values.items():
        by_class.setdefault(policy.field(dataset, code).retention, {})[code] = value
    keys = vault()
    begin_write()
    for retention, part in by_class.items():
        row = uuid7()
        payload = {"values": part, "hidden": [code for code in hidden if code in part], "imported": {}}
        db.session.add(
            Record(
                id=row,
                item_id=item_id,
                student_id=student_id,
                dataset=dataset,
                retention=retention,
                natural_key=row.bytes,
                import_digest=row.bytes,
                sorts=next(_numbers),
                sealed=keys.seal(Holder.student(student_id), retention, Place("record", "sealed", row), payload),
                created_at=CREATED,
                updated_at=CREATED,
            )
        )
    db.session.commit()
    return item_id


@cache
def password_hash(password: str) -> str:
    return PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(password)


def make_staff(
    username: str,
    *roles: Role,
    branch: UUID | None = None,
    password: str = PASSWORD,
    acknowledged: bool = True,
    language: str = "nl",
) -> UUID:
    """An account with designations from 2026 on; a case handler is designated for `branch` (made when not given)."""
    staff_id = uuid7()
    place = branch or (make_branch() if Role.CASE_HANDLER in roles else None)
    begin_write()
    db.session.add(
        Staff(
            id=staff_id,
            username=username,
            name=username.title(),
            email=f"{username}@school.example.org",
            language=language,
            password_hash=password_hash(password),
            must_change_password=False,
            confidentiality_at=CREATED if acknowledged else None,
            created_at=CREATED,
        )
    )
    db.session.flush()
    for role in roles:
        db.session.add(
            Designation(
                id=uuid7(),
                staff_id=staff_id,
                role=role.value,
                branch_id=place if role is Role.CASE_HANDLER else None,
                starts_on=date(2026, 1, 1),
                created_at=CREATED,
            )
        )
    db.session.commit()
    return staff_id


def staff_actor(staff_id: UUID, fresh: bool = True) -> Actor:
    actor = recognise.staff_actor(staff_id, current_app.extensions["clock"])
    db.session.rollback()
    return replace(actor, confidentiality_acknowledged=True, fresh_sign_in=fresh)


def student_actor(student_id: UUID, level: Level = Level.ADDRESS, at: datetime | None = None) -> Actor:
    when = at or current_app.extensions["clock"].now()
    return Actor(kind=ActorKind.STUDENT, id=student_id, level=level, level_at=when, student_id=student_id)
