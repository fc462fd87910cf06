"""Pictures that may show others, in one case: which there are, what staff decided on each, what the student gets.

Lesson pictures follow from the student's records; pages that a search outside found are added by staff. Nothing is
released while one of them waits (security.md).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.domain.box import Box
from portal.domain.vocabulary import FieldType, Outcome, RequestKind, Showing, TargetKind
from portal.letters.redaction import redacted
from portal.records import casebook, files, items
from portal.records.tables.cases import Case
from portal.records.tables.papers import ReviewedImage
from portal.records.tables.people import SealedFile
from portal.services.targets import EVERYTHING, covered, target_of
from portal.services.unit import Work
from portal.vault.envelope import Holder, Json, Place
from portal.vault.vault import Shredded

TABLE = "reviewed_image"
MISSING, WITHHELD, WAITING = "file_missing", "withheld", "shown_after_review"  # why there is no picture


@dataclass(frozen=True, slots=True)
class Image:
    """A picture under review. `source_id` names it; a lesson picture has `item_id`, a page found outside `step_id`."""

    source_id: UUID
    item_id: UUID | None
    step_id: UUID | None
    title: str  # what tells it from others: a date, or the number of the page
    row: ReviewedImage | None  # None: nobody looked yet


def images_of(work: Work, case: Case) -> list[Image]:
    """Every picture of the case that may show others, in order."""
    if case.student_id is None or case.kind != RequestKind.ACCESS:
        return []
    statement = select(ReviewedImage).where(ReviewedImage.case_id == case.id)
    rows = {row.source_id: row for row in work.session.execute(statement).scalars()}
    lessons = [
        Image(source_id, record.id, None, _day(record), rows.get(source_id))
        for record, source_id in _lesson_pictures(work, case, case.student_id)
    ]
    pages = sorted((row for row in rows.values() if row.step_id is not None), key=lambda row: (row.page, row.id))
    return lessons + [Image(row.source_id, None, row.step_id, str(row.page), row) for row in pages]


def _lesson_pictures(work: Work, case: Case, student_id: UUID) -> Iterator[tuple[items.Item, UUID]]:
    asked = [item for item in casebook.items_of(work.session, case.id) if item.outcome != Outcome.REFUSED]
    targets = [EVERYTHING if item.target == TargetKind.WORDS else target_of(item) for item in asked]
    fields = [
        (dataset.code, field.code)
        for dataset in work.policy.datasets.values()
        for field in dataset.fields.values()
        if field.type is FieldType.IMAGE
    ]
    for record in items.items_of(work.session, work.vault, student_id, {dataset for dataset, _ in fields}):
        for dataset, code in fields:
            value = record.values.get(code)
            if record.dataset != dataset or not value or record.values.get("others_visible") is False:
                continue
            if covered(work.policy, targets, dataset, record.id, code):
                yield record, UUID(str(value))


def _day(record: items.Item) -> str:
    """The day of the lesson in Dutch figures, as staff name the picture."""
    on = record.values.get("lesson_date")
    return f"{date.fromisoformat(str(on)):%d-%m-%Y}" if on else ""


def unreviewed(work: Work, case: Case) -> int:
    """How many pictures still wait for somebody to look."""
    return sum(image.row is None or image.row.verdict is None for image in images_of(work, case))


def picture_of(work: Work, student_id: UUID, source_id: UUID) -> tuple[bytes, str] | None:
    """The picture as it came, of this student and no other; None when it is gone."""
    file = work.session.get(SealedFile, source_id)
    if file is None or Holder(file.holder_kind, file.holder_id) != Holder.student(student_id):
        return None
    try:
        return files.content(work.vault, file), file.media_type
    except Shredded:
        return None


def contents_of(work: Work, row: ReviewedImage) -> dict[str, Json]:
    """{"reason", "boxes"}; nothing before somebody decided."""
    if row.sealed is None:
        return {}
    holder = casebook.holder(row.case_id)
    found: dict[str, Json] = work.vault.open(holder, casebook.CLASS, Place(TABLE, "sealed", row.id), row.sealed)
    return found


def set_contents(work: Work, row: ReviewedImage, contents: Json) -> None:
    holder = casebook.holder(row.case_id)
    row.sealed = work.vault.seal(holder, casebook.CLASS, Place(TABLE, "sealed", row.id), contents)


def boxes_of(work: Work, row: ReviewedImage) -> list[Box]:
    return [Box(*each) for each in contents_of(work, row).get("boxes", ())]


def shown(work: Work, student_id: UUID, row: ReviewedImage | None, source_id: UUID) -> dict[str, Json]:
    """What the copy holds of a picture that may show others: a `file`, or a `note` why there is none."""
    if row is None or row.verdict is None:
        return {"note": WAITING}
    if row.verdict == Showing.WITHHOLD:
        return {"note": WITHHELD, "reason": str(contents_of(work, row).get("reason", ""))}
    found = picture_of(work, student_id, source_id)
    if found is None:
        return {"note": MISSING}
    content, media_type = found
    if row.verdict == Showing.REDACT:
        content, media_type = redacted(content, boxes_of(work, row))
    return {"file": as_file(content, media_type)}


def as_file(content: bytes, media_type: str) -> Json:
    return {"media_type": media_type, "base64": base64.b64encode(content).decode()}
