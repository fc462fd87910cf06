"""Pictures that may show others: the list, the look, covering parts of one, and the pages that a search found."""

from __future__ import annotations

import re
from uuid import UUID

from flask import flash, make_response, redirect, request, url_for
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import TextAreaField, ValidationError

from portal.domain.box import Box
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Showing
from portal.i18n import N_
from portal.services import review_images as service
from portal.services.casework import NotFound
from portal.services.review_images import LONGEST, ImageLine
from portal.web.forms import AtMost, Choices, Required
from portal.web.language import _, current_speaker
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint, words_of
from portal.web.staff.case_pages import load, shown
from portal.web.staff.forms import ONE_OF_THESE, Radio, StaffForm, choices

COLUMNS, ROWS = 12, 8  # of the grid over a picture
CELLS = tuple((f"{row}-{column}", f"{chr(65 + column)}{row + 1}") for row in range(ROWS) for column in range(COLUMNS))
SHOWINGS = (
    (Showing.RELEASE.value, N_("Vrijgeven zoals hij is")),
    (Showing.REDACT.value, N_("Vrijgeven met vlakken erover")),
    (Showing.WITHHOLD.value, N_("Niet geven")),
)
LINE = re.compile(r"\s+".join([r"(\d{1,3}(?:[.,]\d)?)"] * 4))


def cell_box(cell: str) -> Box:
    """The rectangle of a cell of the grid; neighbours leave no line of pixels between them."""
    row, column = (int(part) for part in cell.split("-"))
    left, right = column * 1000 // COLUMNS, -(-(column + 1) * 1000 // COLUMNS)
    top, bottom = row * 1000 // ROWS, -(-(row + 1) * 1000 // ROWS)
    return Box(left, top, right - left, bottom - top)


def typed_boxes(text: str) -> list[Box]:
    """A rectangle a line: left, top, width, height in per cent. ValueError names no line: the form says it."""
    found = []
    for line in filter(None, (each.strip() for each in text.splitlines())):
        match = LINE.fullmatch(line)
        if match is None:
            raise ValueError(line)
        box = Box(*(round(float(each.replace(",", ".")) * 10) for each in match.groups()))
        if not box.within:
            raise ValueError(line)
        found.append(box)
    return found


class ReviewForm(StaffForm):
    verdict = Radio(N_("Wat krijgt de cursist?"), choices=choices(SHOWINGS), validators=[Required(ONE_OF_THESE)])
    cells = Choices(N_("Vakken die zwart worden"), choices=CELLS)
    boxes = TextAreaField(N_("Of typ de vlakken"), [AtMost(LONGEST)])
    reason = TextAreaField(N_("Waarom niet?"), [AtMost(LONGEST)])

    def validate_boxes(self, field: TextAreaField) -> None:
        try:
            typed_boxes(field.data or "")
        except ValueError:
            raise ValidationError(
                N_("Schrijf op elke regel vier getallen van 0 tot 100: links, boven, breedte, hoogte.")
            ) from None

    def chosen(self) -> list[Box]:
        return [cell_box(cell) for cell in self.cells.data or ()] + typed_boxes(self.boxes.data or "")


class FoundForm(StaffForm):
    file = FileField(N_("Scan of foto (PDF, JPEG of PNG)"))


def per_cent(boxes: tuple[Box, ...]) -> str:
    return "\n".join(" ".join(f"{part / 10:g}" for part in box) for box in boxes)


@blueprint.get("/cases/<reference>/images")
def images(reference: str) -> Response:
    found = service.images(current_actor(), current_clock(), reference)
    return shown("staff/images.html", load(reference), images=found, showings=dict(SHOWINGS))


@blueprint.route("/cases/<reference>/images/<uuid:file_id>", methods=["GET", "POST"])
def image(reference: str, file_id: UUID) -> Response:
    """One picture under its grid; what was decided before stands in the form."""
    found = _line(reference, file_id)
    form = ReviewForm()
    if form.accepted():
        try:
            service.review(
                current_actor(),
                current_clock(),
                reference,
                file_id,
                Showing(form.verdict.data),
                form.chosen(),
                form.reason.data or "",
            )
        except NotAllowed:
            raise
        except Refused as refusal:
            beside = {"boxes_missing": "cells", "reason_missing": "reason"}
            form.deny(refusal, beside.get(refusal.code, "verdict"))
        else:
            flash(_("Vastgelegd wat de cursist krijgt."), "ok")
            return redirect(url_for("staff.images", reference=reference))
    elif request.method == "GET":
        form.verdict.data = found.verdict.value if found.verdict else None
        form.boxes.data, form.reason.data = per_cent(found.boxes), found.reason
    return shown("staff/image.html", load(reference), 422 if form.errors else 200, form=form, image=found, cells=CELLS)


def _line(reference: str, file_id: UUID) -> ImageLine:
    found = service.images(current_actor(), current_clock(), reference)
    line = next((each for each in found if each.id == file_id), None)
    if line is None:
        raise NotFound(str(file_id))
    return line


@blueprint.get("/cases/<reference>/images/<uuid:file_id>/picture")
def image_picture(reference: str, file_id: UUID) -> Response:
    """The picture itself, or as the student will get it; each look is on record."""
    as_shown = request.args.get("as") == "shown"
    found = service.picture(current_actor(), current_clock(), reference, file_id, as_shown)
    response = make_response(found.content)
    response.headers["Content-Type"] = found.media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{reference}"'
    return response


@blueprint.post("/cases/<reference>/images/<uuid:file_id>/remove")
def image_remove(reference: str, file_id: UUID) -> Response:
    return acted(
        lambda: service.remove_found(current_actor(), current_clock(), reference, file_id),
        _("De bladzijde is gewist."),
        url_for("staff.images", reference=reference),
    )


@blueprint.post("/cases/<reference>/steps/<uuid:step_id>/found")
def found_add(reference: str, step_id: UUID) -> Response:
    """Pages that a search found; they wait for review like every picture."""
    form, back = FoundForm(), url_for("staff.step", reference=reference, step_id=step_id)
    sent = form.file.data if form.accepted() else None
    if not sent or not sent.filename:
        flash(_("Kies een bestand."), "error")
        return redirect(back)
    try:
        count = service.add_found(current_actor(), current_clock(), reference, step_id, sent.filename, sent.read())
    except NotAllowed:
        raise
    except Refused as refusal:
        said = getattr(refusal, "msgid", "")
        flash(_(said) if said else words_of(refusal), "error")
    else:
        told = current_speaker().plural(
            "%(num)d bladzijde is toegevoegd. Bekijk haar voor u de kopie vrijgeeft.",
            "%(num)d bladzijden zijn toegevoegd. Bekijk ze voor u de kopie vrijgeeft.",
            count,
        )
        flash(told, "ok")
    return redirect(back)
