"""Erase what the plan of an approved erasure allows, in an order that a crash at any point cannot spoil.

Intent logged → keys of whole classes destroyed → rows and files removed, the rest of a class sealed anew → older keys
destroyed → look-ups written → done entry (security.md). Every step may run again: what is gone stays gone, what was
begun is finished. Old backups lose the items too, since their keys are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, or_, select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.erasure_plan import ErasurePlan, Verdict
from portal.domain.permissions import Actor
from portal.domain.vocabulary import FieldType
from portal.policy.model import Policy
from portal.records import casebook, files, items, limits
from portal.records.tables.access import Login, SecondChannel
from portal.records.tables.people import ImportFinding, Record, SealedFile, Student, Tombstone
from portal.records.tables.representation import EmailChange, Representative
from portal.services import tombstones
from portal.services.held_case import held_case
from portal.services.plan_erasure import plan_for
from portal.services.reindex import reindex
from portal.services.targets import granted, target_of
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Holder, version_of

ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Removed:
    """How much went, in numbers only: for the log and the certificate."""

    values: int
    records: int
    files: int
    classes: int  # retention classes of which nothing remains


def erase_items(actor: Actor, clock: Clock, reference: str) -> None:
    """Removes rows, files and keys; the caller has checked, logged the intent, and writes the done entry after this."""
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.CARRY_OUT_ERASURE)
        if case.student_id is None:
            return
        work.session.execute(select(Student.id).where(Student.id == case.student_id).with_for_update())
        asked = granted(casebook.items_of(work.session, case.id))
        student_id = case.student_id
        removed = _remove(work, student_id, plan_for(work, student_id, [target_of(item) for item in asked]))
        _remove_orphans(work, student_id)
        _end_student(work, student_id)
        work.note(
            "erased",
            "case",
            case.id,
            values=removed.values,
            records=removed.records,
            files=removed.files,
            classes=removed.classes,
        )
    with reading(actor, clock) as work:
        destroy_left_keys(work, student_id)
        reindex(work, student_id)


def _remove(work: Work, student_id: UUID, plan: ErasurePlan) -> Removed:
    holder = Holder.student(student_id)
    held = items.items_of(work.session, work.vault, student_id)
    gone: dict[UUID, set[str]] = {}
    for line in plan.of(Verdict.ERASE):
        gone.setdefault(line.item.record_id, set()).add(line.item.field)
    going = [record for record in held if record.id in gone]
    if not going:
        return Removed(0, 0, 0, 0)
    whole = plan.whole_classes(_count_by_class(held))
    touched = {part.retention for record in going for part in record.parts if gone[record.id] & set(part.values)}
    image_ids = _images(work.policy, going, gone)
    _bury(work, held, going, gone)
    kept_files = {
        retention: [
            (file, files.content(work.vault, file))
            for file in files.of_holder(work.session, holder, retention)
            if file.id not in image_ids
        ]
        for retention in touched - whole
    }
    for retention in sorted(whole):
        work.vault.destroy(holder, retention)  # before the rows: from here on they open nowhere
    records = 0
    for record in going:
        if gone[record.id] >= set(record.values):
            items.remove_item(work.session, record)
            records += 1
        else:
            items.remove_fields(work.session, work.vault, record, gone[record.id], work.now)
    removed_files = files.remove(work.session, holder, image_ids)
    for retention in sorted(touched - whole):
        items.reseal_class(work.session, work.vault, student_id, retention)
        files.reseal(work.session, holder, kept_files[retention], work.vault)
    work.session.execute(delete(ImportFinding).where(ImportFinding.item_id.in_(list(gone))))
    return Removed(sum(len(codes) for codes in gone.values()), records, removed_files, len(whole))


def _count_by_class(held: Iterable[items.Item]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for record in held:
        for part in record.parts:
            counts[part.retention] = counts.get(part.retention, 0) + len(part.values)
    return counts


def _images(policy: Policy, going: Iterable[items.Item], gone: dict[UUID, set[str]]) -> set[UUID]:
    """The sealed files that erased image fields name."""
    return {
        UUID(str(record.values[code]))
        for record in going
        for code in gone[record.id]
        if policy.field(record.dataset, code).type is FieldType.IMAGE and record.values.get(code)
    }


# --- so that the next import does not bring it back


def _bury(work: Work, held: Sequence[items.Item], going: Sequence[items.Item], gone: dict[UUID, set[str]]) -> None:
    """Remembers what was erased by keyed hashes of its place in the school's export, without any value."""
    number = next((str(record.values.get("student_number") or "") for record in held if record.dataset == "person"), "")
    if not number:
        return
    found: dict[bytes, str] = {}
    if all(gone.get(each.id, set()) >= set(each.values) for each in held):
        found[tombstones.of_student(work, number)] = "student"
    for record in going:
        key = _natural_key(work.policy, record)
        if gone[record.id] >= set(record.values):
            found[tombstones.of_record(work, number, record.dataset, key)] = "record"
        else:
            for code in gone[record.id]:
                found[tombstones.of_field(work, number, record.dataset, key, code)] = "field"
    known = set(work.session.execute(select(Tombstone.digest).where(Tombstone.digest.in_(list(found)))).scalars())
    for digest, kind in found.items():
        if digest not in known:
            work.session.add(Tombstone(digest=digest, kind=kind, erased_at=work.now))
    work.session.flush()


def _natural_key(policy: Policy, record: items.Item) -> tuple[str, ...]:
    """The record's natural key as the export wrote it, also where it was corrected here since."""
    imported = {code: value for part in record.parts for code, value in part.imported.items()}
    values = {**record.values, **imported}
    return tuple(
        "" if values.get(code) is None else str(values[code]) for code in policy.datasets[record.dataset].natural_key
    )


# --- what a crash left, and what ends with the last value


def _remove_orphans(work: Work, student_id: UUID) -> None:
    """Rows and files whose key is gone: what an interrupted erasure left."""
    holder = Holder.student(student_id)
    of_student = Record.student_id == student_id
    for retention in work.session.execute(select(Record.retention).where(of_student).distinct()).scalars().all():
        if not work.vault.has_key(holder, retention):
            work.session.execute(delete(Record).where(of_student, Record.retention == retention))
    lost = [file.id for file in files.of_holder(work.session, holder) if not work.vault.has_key(holder, file.retention)]
    files.remove(work.session, holder, lost)


def _end_student(work: Work, student_id: UUID) -> None:
    """Where nothing is left of the student, sessions end, findings go, no mail is sent any more."""
    left = work.session.execute(select(Record.id).where(Record.student_id == student_id).limit(1)).first()
    student = work.session.get(Student, student_id)
    if student is None:
        return
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
    work.session.execute(delete(Representative).where(Representative.student_id == student_id))
    work.session.execute(delete(EmailChange).where(EmailChange.student_id == student_id))
    work.session.execute(delete(SecondChannel).where(SecondChannel.student_id == student_id))
    work.session.execute(delete(ImportFinding).where(ImportFinding.student_id == student_id))
    limits.end(limits.active(work.session, student_id), work.now)
    holder = Holder.student(student_id)
    files.remove(work.session, holder, [file.id for file in files.of_holder(work.session, holder)])


def destroy_left_keys(work: Work, student_id: UUID) -> None:
    """Destroys the versions of a key that nothing is sealed with any more; call it after the rows are committed."""
    holder = Holder.student(student_id)
    blobs: dict[str, list[bytes]] = {}
    for retention, sealed in work.session.execute(
        select(Record.retention, Record.sealed).where(Record.student_id == student_id)
    ).all():
        blobs.setdefault(retention, []).append(sealed)
    for retention, sealed in work.session.execute(
        select(SealedFile.retention, SealedFile.sealed).where(
            SealedFile.holder_kind == holder.kind, SealedFile.holder_id == holder.id
        )
    ).all():
        blobs.setdefault(retention, []).append(sealed)
    for retention, sealed_with in blobs.items():
        work.vault.destroy_older(holder, retention, min(version_of(blob) for blob in sealed_with))
