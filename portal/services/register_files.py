"""The register as files that outside tools read: a workbook with the columns of the Dutch models, and JSON.

The form of the JSON is published: static/register-schema.json.
"""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from portal.domain.clock import receipt_date
from portal.i18n import N_
from portal.services.cells import sheet_text
from portal.services.register import BASES, COLUMNS, CONTROLLER, Content, Say, controller_of, lines_of
from portal.services.register_versions import Kept, Version

SCHEMA, FORMAT = "/static/register-schema.json", "1"
XLSX, JSON = "xlsx", "json"
MEDIA = {
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    JSON: "application/json",
}
WIDTH = 32  # characters of a column
VERSION = {
    "number": N_("Versie"),
    "found_on": N_("In gebruik sinds"),
    "confirmed_on": N_("Bevestigd op"),
    "confirmed_by": N_("Bevestigd door"),
    "note": N_("Toelichting"),
    "digest": N_("Controlegetal (SHA-256)"),
}
# The texts of a content; everything else in it is a code, a number or a name.
TEXTS = frozenset(
    (
        *("name", "purpose", "basis_explanation", "subjects", "dataset", "field", "label", "term", "law", "what_for"),
        *("country", "safeguard", "security", "address"),
    )
)


def as_file(kept: Kept, form: str, lang: str, say: Say) -> bytes:
    """The register in one of the forms of `MEDIA`, in a language."""
    return as_workbook(kept, say) if form == XLSX else as_json(kept, lang, say)


def as_json(kept: Kept, lang: str, say: Say) -> bytes:
    content = _said(kept.content, say)
    document = {
        "$schema": SCHEMA,
        "format": FORMAT,
        "language": lang,
        "version": _version(kept.version) if kept.version else None,
        "policy": content["policy"],
        "controller": content["controller"],
        "activities": [_activity(each, kept, say) for each in content["activities"]],
    }
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _said(value: Any, say: Say, key: str = "") -> Any:
    """The content in another language: its texts said, all else as it is."""
    if isinstance(value, dict):
        return {name: _said(each, say, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_said(each, say, key) for each in value]
    return say(value) if isinstance(value, str) and value and key in TEXTS else value


def _activity(activity: Content, kept: Kept, say: Say) -> Content:
    assumed = activity["assumed"]
    return {
        **{name: value for name, value in activity.items() if name != "assumed"},
        "basis_label": say(BASES.get(activity["basis"], activity["basis"])),
        "to_confirm": [each for each in assumed if each["key"] in kept.still_open],
    }


def _version(version: Version) -> dict[str, Any]:
    confirmed = version.confirmed_at
    return {
        "number": version.number,
        "found_on": receipt_date(version.found_at).isoformat(),
        "confirmed_on": receipt_date(confirmed).isoformat() if confirmed else None,
        "confirmed_by": version.confirmed_by or None,
        "note": version.note or None,
        "digest": version.digest,
    }


def as_workbook(kept: Kept, say: Say) -> bytes:
    """A sheet of activities, a line each, and one of the controller and the version. Every cell is text."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = say(N_("Verwerkingen"))[:31]
    sheet.append([sheet_text(say(heading)) for heading in COLUMNS.values()])
    for line in lines_of(kept.content, say, kept.still_open).values():
        sheet.append([sheet_text("\n".join(line[name])) for name in COLUMNS])
    sheet.freeze_panes = "B2"
    about = book.create_sheet(say(N_("Wie verantwoordelijk is"))[:31])
    facts = {say(CONTROLLER[name]): "\n".join(said) for name, said in controller_of(kept.content, say).items()}
    if kept.version:
        facts |= {say(VERSION[name]): str(value or "") for name, value in _version(kept.version).items()}
    for heading, text in facts.items():
        about.append([sheet_text(heading), sheet_text(text) or None])
    for heads, each in ((sheet[1], sheet), (about["A"], about)):
        for row in each.iter_rows():
            for cell in row:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
        for cell in heads:
            cell.font = Font(bold=True)
        for column in each.columns:
            each.column_dimensions[column[0].column_letter].width = WIDTH
    out = BytesIO()
    book.save(out)
    return out.getvalue()
