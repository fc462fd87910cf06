"""Look at pictures that may show others before they are released: release, cover parts of, or withhold with a reason.

Also the pages that a search outside found: staff add them as they add any file, drawn anew (portal/intake/uploads.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.box import Box
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Showing, StepState
from portal.intake.uploads import clean_upload
from portal.letters.redaction import redacted
from portal.records import casebook, files
from portal.records.tables.cases import Case, CaseStep
from portal.records.tables.papers import ReviewedImage
from portal.records.tables.people import SealedFile
from portal.services.case_page import log_view
from portal.services.casework import NotFound, case_by_reference
from portal.services.held_case import held_case
from portal.services.issue_letter import STUDENTS_CLASS
from portal.services.reviewed import Image, boxes_of, contents_of, images_of, picture_of, set_contents
from portal.services.steps import RELEASE, SEARCH
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Holder

PURPOSE = "found"
LONGEST = 2000  # characters of a reason
MOST_PAGES = 100  # of one search
MOST_KEPT = 50 * 1024 * 1024  # bytes of one case
MOST_BOXES = 200


@dataclass(frozen=True, slots=True)
class ImageLine:
    id: UUID
    lesson: bool  # a picture of a lesson; else a page that was found
    holder: str  # code of the holder where a page was found
    step_id: UUID | None
    title: str
    verdict: Showing | None
    reason: str
    boxes: tuple[Box, ...]
    released: bool  # the copy is released: nothing can be changed any more


@dataclass(frozen=True, slots=True)
class Picture:
    content: bytes
    media_type: str


def images(actor: Actor, clock: Clock, reference: str) -> list[ImageLine]:
    """The pictures of a case that may show others, without showing any. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        case = case_by_reference(work, reference, Act.REVIEW_IMAGE)
        steps = {step.id: step for step in casebook.steps_of(work.session, case.id)}
        released = _released(steps.values())
        return [_line(work, image, steps, released) for image in images_of(work, case)]


def _line(work: Work, image: Image, steps: dict[UUID, CaseStep], released: bool) -> ImageLine:
    row = image.row
    step = steps.get(image.step_id) if image.step_id else None
    return ImageLine(
        id=image.source_id,
        lesson=image.item_id is not None,
        holder=step.target if step else "",
        step_id=image.step_id,
        title=image.title,
        verdict=Showing(row.verdict) if row and row.verdict else None,
        reason=str(contents_of(work, row).get("reason", "")) if row else "",
        boxes=tuple(boxes_of(work, row)) if row else (),
        released=released,
    )


def _released(steps: Iterable[CaseStep]) -> bool:
    return any(step.task == RELEASE and step.state == StepState.DONE for step in steps)


def picture(actor: Actor, clock: Clock, reference: str, image_id: UUID, as_shown: bool = False) -> Picture:
    """One picture as it came, or as the student will get it. Each look is a view of the student's data, on record.

    Raises NotFound (also for what is gone, of another case, or withheld) and NotAllowed.
    """
    with writing(actor, clock) as work:
        case = case_by_reference(work, reference, Act.REVIEW_IMAGE)
        image = _image(work, case, image_id)
        assert case.student_id is not None
        found = picture_of(work, case.student_id, image_id)
        if found is None:
            raise NotFound(str(image_id))
        content, media_type = found
        boxes = boxes_of(work, image.row) if as_shown and image.row else []
        log_view(work, case.student_id, reason="case", what="image", case_id=case.id)
        work.note("view_image", "case", case.id, image=image_id.hex)
    if boxes:
        content, media_type = redacted(content, boxes)
    return Picture(content, media_type)


def review(
    actor: Actor, clock: Clock, reference: str, image_id: UUID, showing: Showing, boxes: Sequence[Box], reason: str
) -> None:
    """What the student gets of a picture; decided again, the last decision counts, until the copy is released.

    Raises NotFound, NotAllowed, and Refused: already_released, boxes_missing, bad_box, reason_missing,
    words_too_long (most).
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.REVIEW_IMAGE)
        image = _image(work, case, image_id)
        _demand_open(work, case)
        if showing is Showing.REDACT and not boxes:
            raise Refused("boxes_missing")
        if len(boxes) > MOST_BOXES or not all(box.within for box in boxes):
            raise Refused("bad_box")
        text = reason.strip()
        if showing is Showing.WITHHOLD and not text:
            raise Refused("reason_missing")
        if len(text) > LONGEST:
            raise Refused("words_too_long", most=LONGEST)
        row = image.row or _new_row(work, case, image_id, item_id=image.item_id)
        row.verdict, row.by_id, row.at = showing.value, actor.id, work.now
        kept = [list(box) for box in boxes] if showing is Showing.REDACT else []
        set_contents(work, row, {"reason": text if showing is Showing.WITHHOLD else "", "boxes": kept})
        work.note("review_image", "case", case.id, image=image_id.hex, verdict=showing.value)


def _image(work: Work, case: Case, image_id: UUID) -> Image:
    found = next((image for image in images_of(work, case) if image.source_id == image_id), None)
    if found is None:
        raise NotFound(str(image_id))
    return found


def _demand_open(work: Work, case: Case) -> None:
    if _released(casebook.steps_of(work.session, case.id)):
        raise Refused("already_released")


def _new_row(
    work: Work, case: Case, source_id: UUID, item_id: UUID | None = None, step_id: UUID | None = None, page: int = 1
) -> ReviewedImage:
    row = ReviewedImage(id=uuid7(), case_id=case.id, item_id=item_id, step_id=step_id, page=page, source_id=source_id)
    work.session.add(row)
    return row


def add_found(actor: Actor, clock: Clock, reference: str, step_id: UUID, name: str, content: bytes) -> int:
    """Adds the pages of one PDF, JPEG or PNG that a search found, kept under the student's own key; how many.

    Raises BadUpload, NotFound, NotAllowed, and Refused: not_a_search, already_released, upload_too_many (most),
    upload_too_much (most: megabytes).
    """
    with reading(actor, clock) as work:  # before anything is drawn, which is dear
        _search(work, case_by_reference(work, reference, Act.REVIEW_IMAGE), step_id)
    clean = clean_upload(name, content)  # outside any transaction: nobody waits for it
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.REVIEW_IMAGE)
        _search(work, case, step_id)
        assert case.student_id is not None
        holder = Holder.student(case.student_id)
        earlier = [image.row for image in images_of(work, case) if image.row and image.step_id == step_id]
        last = max((row.page for row in earlier), default=0)
        if last + len(clean.pages) > MOST_PAGES:
            raise Refused("upload_too_many", most=MOST_PAGES)
        if _kept(work, case) + sum(len(page.data) for page in clean.pages) > MOST_KEPT:
            raise Refused("upload_too_much", most=MOST_KEPT // (1024 * 1024))
        for number, page in enumerate(clean.pages, start=last + 1):
            file = files.store(
                work.session, work.vault, holder, STUDENTS_CLASS, PURPOSE, page.media_type, page.data, work.now
            )
            _new_row(work, case, file.id, step_id=step_id, page=number)
        work.note("add_found", "case", case.id, pages=len(clean.pages))
        return len(clean.pages)


def _search(work: Work, case: Case, step_id: UUID) -> CaseStep:
    step = next((each for each in casebook.steps_of(work.session, case.id) if each.id == step_id), None)
    if step is None:
        raise NotFound(str(step_id))
    if step.task != SEARCH or case.student_id is None:
        raise Refused("not_a_search")
    _demand_open(work, case)
    return step


def _kept(work: Work, case: Case) -> int:
    statement = (
        select(func.coalesce(func.sum(SealedFile.size), 0))
        .join(ReviewedImage, ReviewedImage.source_id == SealedFile.id)
        .where(ReviewedImage.case_id == case.id, ReviewedImage.step_id.is_not(None))
    )
    return int(work.session.execute(statement).scalar_one())


def remove_found(actor: Actor, clock: Clock, reference: str, image_id: UUID) -> None:
    """Takes a page out that should not have been added, for good. Raises NotFound, NotAllowed, and
    Refused("already_released")."""
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.REVIEW_IMAGE)
        image = _image(work, case, image_id)
        _demand_open(work, case)
        if image.step_id is None or image.row is None or case.student_id is None:
            raise NotFound(str(image_id))
        work.session.delete(image.row)
        files.remove(work.session, Holder.student(case.student_id), [image_id])
        work.note("remove_found", "case", case.id)
