"""What the steps of an erasure do to the records, each of which may run again: what is gone stays gone.

In which order, and how a crash is survived, is `portal.services.erasing`. Old backups lose the items too, since their
keys are gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, or_, select

from portal.policy.model import Policy
from portal.records import casebook, files, importing, items, limits, sealing, tally
from portal.records.tables.access import Login, SecondChannel
from portal.records.tables.campaigns import Invitation
from portal.records.tables.cases import Case, CaseFile
from portal.records.tables.erasure import ChangeLine
from portal.records.tables.people import ImportFinding, Record, Student
from portal.records.tables.proof import OutMail
from portal.records.tables.representation import EmailChange, Representative
from portal.services import tombstones
from portal.services.doomed import Doomed
from portal.services.unit import Work
from portal.vault.envelope import Holder

ERASED = "erased"
STANDARD = "standard"  # the class with which questions for consent go
MAIL, IMPORT, AUDIT, EXPORT = "mail", "import", "audit", "export"  # classes of keys beside those of the records
CHANGES, FINDING = "changes", "finding"  # class and kind of holder of what a conflict tells the administration


# --- so that the next import does not bring it back

NATURAL = "natural"  # natural keys of the records of a student of whom everything goes: kept with the student's own


def graves(work: Work, held: Sequence[items.Item], doomed: Doomed) -> dict[str, bytes]:
    """What goes as keyed hashes of its place in the school's export, without any value: of each kind, one after the
    other."""
    number = student_number(held)
    if not number:
        return {}
    grave = tombstones.Graves(work, number)
    found: dict[str, list[bytes]] = {}
    if doomed.everything:
        found[importing.STUDENT] = [grave.of_student()]
    records = found.setdefault(importing.RECORD, [])
    for record in held:
        if record.id in doomed.records:
            records.append(grave.of_record(record.dataset, natural_key(work.policy, record)))
        elif codes := doomed.fields.get(record.id):
            key = natural_key(work.policy, record)
            found.setdefault("field", []).extend(grave.of_field(record.dataset, key, code) for code in codes)
    return {kind: b"".join(digests) for kind, digests in found.items()}


def bury(work: Work, student_id: UUID, found: Mapping[str, bytes]) -> None:
    """Remembers those that are not remembered yet."""
    for kind, digests in found.items():
        if kind == importing.STUDENT:
            importing.entomb_student(work.session, digests, student_id, found.get(NATURAL, b""), work.now)
        elif kind != NATURAL:
            importing.entomb(work.session, kind, digests, work.now)


def student_number(held: Sequence[items.Item]) -> str:
    return next((str(record.values.get("student_number") or "") for record in held if record.dataset == "person"), "")


def natural_key(policy: Policy, record: items.Item) -> tuple[str, ...]:
    """The record's natural key as the export wrote it, also where it was corrected here since."""
    values = record.values
    for part in record.parts:
        values = values | part.imported if part.imported else values
    codes = policy.datasets[record.dataset].natural_key
    return tuple(["" if values.get(code) is None else str(values[code]) for code in codes])


# --- the steps


def destroy_keys(work: Work, student_id: UUID, doomed: Doomed) -> Doomed:
    """Destroys the keys of classes of which nothing remains: from here on their rows open nowhere.

    Where a row came into such a class since the plan was made, the class is sealed anew later and keeps its key for
    now; the plan that holds from here on is returned.
    """
    holder = Holder.student(student_id)
    for retention in sorted(doomed.whole):
        known, which = (doomed.records, Record.item_id) if doomed.everything else (doomed.rows, Record.id)
        if not known.hold(tally.ids_of(work.session, student_id, retention, which)):
            doomed = doomed.without_whole(retention)
        else:
            work.vault.destroy(holder, retention)
    return doomed


def remove_rows(work: Work, student_id: UUID, doomed: Doomed) -> None:
    """Removes the rows, and seals what remains of a class under a new key."""
    holder = Holder.student(student_id)
    work.session.execute(select(Student.id).where(Student.id == student_id).with_for_update())
    beside = sealing.open_beside(work.session, work.vault, student_id, doomed.partly)
    for retention in sorted(doomed.whole):
        work.session.execute(delete(Record).where(Record.student_id == student_id, Record.retention == retention))
    if doomed.partly:
        _remove_parts(work, student_id, doomed)
    for retention in sorted(doomed.partly):
        kept = [
            (file, files.content(work.vault, file))
            for file in files.of_holder(work.session, holder, retention)
            if file.id not in doomed.files
        ]
        items.reseal_class(work.session, work.vault, student_id, retention)
        files.reseal(work.session, holder, kept, work.vault)
    sealing.seal_beside(work.session, work.vault, student_id, beside)
    _remove_findings(work, student_id, doomed)


def _remove_parts(work: Work, student_id: UUID, doomed: Doomed) -> None:
    """Of classes of which something remains: the rows that were in a whole class, and single values."""
    for record in items.items_of(work.session, work.vault, student_id):
        going = {code for part in record.parts if doomed.takes(record.id, part.row) for code in part.values}
        if codes := going | doomed.fields.get(record.id, frozenset()):
            items.remove_fields(work.session, work.vault, record, codes, work.now)


def _remove_findings(work: Work, student_id: UUID, doomed: Doomed | None = None) -> None:
    """Conflicts with an import, all of them or those about what goes, with what they still have to tell the
    administration: the keys first."""
    statement = select(ImportFinding.id, ImportFinding.item_id).where(ImportFinding.student_id == student_id)
    for finding_id, item_id in work.session.execute(statement).all():
        if doomed and not (item_id and doomed.touches(item_id)):
            continue
        work.vault.destroy(Holder(FINDING, finding_id), CHANGES)
        work.session.execute(delete(ChangeLine).where(ChangeLine.finding_id == finding_id))
        work.session.execute(delete(ImportFinding).where(ImportFinding.id == finding_id))


def remove_files(work: Work, student_id: UUID, doomed: Doomed) -> None:
    """Removes the pictures that went with their records, and every file whose key is gone."""
    holder = Holder.student(student_id)
    lost = [file.id for file in files.of_holder(work.session, holder) if file.retention in doomed.whole]
    files.remove(work.session, holder, [*doomed.files, *lost])


def destroy_older_keys(work: Work, student_id: UUID, doomed: Doomed) -> None:
    """Destroys the versions of a key that nothing is sealed with any more; after the rows were committed."""
    holder = Holder.student(student_id)
    used: dict[str, set[int]] = {}
    for each in sealing.STUDENTS:
        for _row, (_kind, _holder, retention, version) in sealing.uses(work.session, each, student_id):
            used.setdefault(retention, set()).add(version)
    for retention in doomed.partly:
        if opening := used.get(retention, set()) & work.vault.versions(holder, retention):
            work.vault.destroy_older(holder, retention, min(opening))
        else:
            work.vault.destroy(holder, retention)


def remove_traces(work: Work, student_id: UUID, doomed: Doomed) -> None:
    """Copies of the data made for the student, mails to an address that went, and what ends with the last value."""
    _remove_copies(work, student_id)
    holder = Holder.student(student_id)
    left = work.session.execute(select(Record.id).where(Record.student_id == student_id).limit(1)).first()
    student = work.session.get_one(Student, student_id)
    if doomed.address or left is None:
        work.session.execute(delete(OutMail).where(OutMail.holder_kind == holder.kind, OutMail.holder_id == student_id))
        work.vault.destroy(holder, MAIL)
        work.session.execute(delete(EmailChange).where(EmailChange.student_id == student_id))
    if left is None or STANDARD in doomed.whole:
        work.session.execute(delete(Invitation).where(Invitation.student_id == student_id))
    if left is not None:
        person = items.persons(work.session, work.vault, [student_id]).get(student_id)
        student.has_email = bool(person and person.values.get("email"))
        return
    student.state, student.has_email, student.last_programme_ended = ERASED, False, None
    acting = select(Representative.id).where(Representative.student_id == student_id)
    work.session.execute(
        delete(Login).where(or_(Login.student_id == student_id, Login.representative_id.in_(acting))),
        execution_options={"synchronize_session": False},
    )
    _remove_findings(work, student_id)
    for table in (Representative, SecondChannel):
        work.session.execute(delete(table).where(table.student_id == student_id))
    limits.end(limits.active(work.session, student_id), work.now)
    files.remove(work.session, holder, [file.id for file in files.of_holder(work.session, holder)])
    work.vault.destroy(holder)  # also of imports and of the log's details: nothing of this person opens any more


def _remove_copies(work: Work, student_id: UUID) -> None:
    """Copies made for a request hold what goes now: they go with their key; another can be made of what is left."""
    for case_id in work.session.execute(select(Case.id).where(Case.student_id == student_id)).scalars():
        holder = casebook.holder(case_id)
        copies = [file.id for file in files.of_holder(work.session, holder, EXPORT)]
        if copies:
            work.session.execute(delete(CaseFile).where(CaseFile.file_id.in_(copies)))
            files.remove(work.session, holder, copies)
        if work.vault.has_key(holder, EXPORT):
            work.vault.destroy(holder, EXPORT)
