"""Find students by what staff type: a student number, a mail address, a phone number or words of a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.birth_date import NotABirthDate
from portal.domain.birth_date import parse as parse_birth_date
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, BranchScope, scope_of
from portal.records import queue as lists
from portal.records.items import full_name, persons
from portal.services.unit import Work, writing
from portal.vault.normal import name_parts, normal_email, normal_number
from portal.vault.vault import Vault

MOST = 20  # candidates shown; more means: type more
MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """Just enough to tell one student from another: name, year of birth, branch."""

    id: UUID
    name: str
    birth_year: str
    branch: str
    language: str


def ids(vault: Vault, typed: str) -> frozenset[UUID]:
    """The students that carry what was typed: exactly a number, an address or a phone, else every word of a name."""
    text = typed.strip()
    if not text:
        return frozenset()
    if "@" in text:
        return frozenset(vault.find("email", normal_email(text)))
    number = normal_number(text)
    if any(sign.isdigit() for sign in number):
        return frozenset(vault.find("student_number", number)) | frozenset(_by_phone(vault, text))
    words = name_parts(text)[:MOST_WORDS]
    found = [frozenset(vault.find("name", word)) for word in words]
    return frozenset.intersection(*found) if found else frozenset()


def _by_phone(vault: Vault, text: str) -> Iterable[UUID]:
    """Phones are looked up as they are kept: in the international form."""
    import phonenumbers

    spellings = {normal_number(text)}
    try:
        parsed = phonenumbers.parse(text, "NL")
        spellings.add(normal_number(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)))
    except phonenumbers.NumberParseException:
        pass
    for spelling in sorted(spellings):
        yield from vault.find("phone", spelling)


def candidates(work: Work, found: Iterable[UUID], scope: BranchScope) -> tuple[Candidate, ...]:
    """Those within the scope, named in bulk; at most MOST."""
    rows = lists.students(work.session, scope, list(found), MOST)
    known = persons(work.session, work.vault, [row.id for row in rows])
    listed = [
        Candidate(
            id=row.id,
            name=full_name(known[row.id].values) if row.id in known else "",
            birth_year=birth_year(known[row.id].values.get("birth_date")) if row.id in known else "",
            branch=row.branch,
            language=row.language,
        )
        for row in rows
    ]
    return tuple(sorted(listed, key=lambda each: (each.name.casefold(), each.birth_year, each.id.hex)))


def birth_year(value: object) -> str:
    try:
        return str(parse_birth_date(str(value)).year) if value else ""
    except NotABirthDate:
        return ""


def find_students(actor: Actor, clock: Clock, typed: str) -> tuple[Candidate, ...]:
    """The students within the actor's branches that carry what was typed. The log says that somebody searched and
    how many were shown, never what was typed."""
    with writing(actor, clock) as work:
        work.require(Act.SEARCH_STUDENTS)
        found = candidates(work, ids(work.vault, typed), scope_of(actor, Act.VIEW_STUDENT))
        work.note("search_students", "installation", None, shown=len(found))
        return found
