"""Where a letter of a case goes: name and address for the window of an envelope."""

from __future__ import annotations

from uuid import UUID

from portal.mail.outbox import CLASS as MAILS
from portal.records import casebook
from portal.records.items import Item, full_name, persons
from portal.records.tables.cases import Case
from portal.services.unit import Work
from portal.vault.envelope import Json, Place
from portal.vault.vault import Shredded

KEPT = "kept_address"  # in the case's sealed contents, sealed once more
ENVELOPE, ADDRESS = "post_to", "reply_to"  # in there: kept before an erasure takes the address on file


def envelope(work: Work, case: Case) -> tuple[str, ...]:
    """Name and address: of the matched student as on file, or as kept before it was erased; else as given with the
    request."""
    contents = casebook.contents(work.vault, case)
    if case.student_id is None:
        contact = contents.get("contact", {})
        return (str(contact.get("name", "")), *str(contact.get("address", "")).splitlines())
    return address_of(work, case.student_id) or tuple(kept_of(work, case, ENVELOPE) or ())


def address_of(work: Work, student_id: UUID) -> tuple[str, ...]:
    """Name and address on file; nothing where there is none."""
    return lines_of(persons(work.session, work.vault, [student_id]).get(student_id))


def lines_of(person: Item | None) -> tuple[str, ...]:
    """The same of a person's record that was read already."""
    if person is None or not person.values.get("street"):
        return ()
    values = person.values
    place = f"{values.get('postcode') or ''}  {values.get('town') or ''}".strip()
    return (full_name(values), str(values["street"]), place)


def keep(work: Work, case: Case, kept: dict[str, Json]) -> None:
    """Keeps it under the key of the case's mails, which is destroyed when the last of them has left
    (`portal.services.shred_addresses`)."""
    contents = casebook.contents(work.vault, case)
    contents[KEPT] = work.vault.seal(casebook.holder(case.id), MAILS, _place(case), kept).hex()
    casebook.set_contents(work.vault, case, contents)


def kept_of(work: Work, case: Case, name: str) -> Json:
    """What `keep` kept of that name, until its key is gone."""
    sealed = casebook.contents(work.vault, case).get(KEPT)
    if not sealed:
        return None
    try:
        return work.vault.open(casebook.holder(case.id), MAILS, _place(case), bytes.fromhex(sealed)).get(name)
    except Shredded:
        return None


def _place(case: Case) -> Place:
    return Place("case", KEPT, case.id)
