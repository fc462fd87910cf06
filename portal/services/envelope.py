"""Where a letter of a case goes: name and address for the window of an envelope."""

from __future__ import annotations

from uuid import UUID

from portal.records import casebook
from portal.records.items import full_name, persons
from portal.records.tables.cases import Case
from portal.services import kept_address
from portal.services.unit import Work


def envelope(work: Work, case: Case) -> tuple[str, ...]:
    """Name and address: of the matched student as on file, or as kept before it was erased; else as given with the
    request."""
    contents = casebook.contents(work.vault, case)
    if case.student_id is None:
        contact = contents.get("contact", {})
        return (str(contact.get("name", "")), *str(contact.get("address", "")).splitlines())
    return address_of(work, case.student_id) or tuple(kept_address.kept(work, case, kept_address.ENVELOPE) or ())


def address_of(work: Work, student_id: UUID) -> tuple[str, ...]:
    """Name and address on file; nothing where there is none."""
    person = persons(work.session, work.vault, [student_id]).get(student_id)
    if person is None or not person.values.get("street"):
        return ()
    values = person.values
    place = f"{values.get('postcode') or ''}  {values.get('town') or ''}".strip()
    return (full_name(values), str(values["street"]), place)
