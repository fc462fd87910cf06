"""A form takes the fields it shows and nothing else: extra ones named after columns change nothing (ASVS 15.3.3)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from portal.records.db import db
from tests.security import estate
from tests.security.browsing import page_of, read, walk_all

WHO = ("anonymous", "student_l2", "handler", "officer", "administrator")
# Values that would stand out in any column.
STAMP = "2001-01-01"
PLANTED = {"date": STAMP, "text": "planted-by-mass-assignment", "number": "31337"}


def extra(app: Flask) -> dict[str, str]:
    """Every column of every table as a field, also with its table's name before it."""
    found = {}
    for bind in (None, "keys"):
        for table in db.metadatas[bind].tables.values():
            for column in table.columns:
                value = PLANTED["text"]
                if "DATE" in str(column.type).upper():
                    value = PLANTED["date"]
                elif "INT" in str(column.type).upper() or "BOOL" in str(column.type).upper():
                    value = PLANTED["number"]
                for name in (column.name, f"{table.name}.{column.name}", f"{table.name}-{column.name}"):
                    found[name] = value
    return found


def planted(app: Flask) -> list[str]:
    """Tables in which a planted value stands."""
    found = []
    with app.app_context():
        for bind in (None, "keys"):
            for table in db.metadatas[bind].tables:
                with db.engines[bind].connect() as connection:
                    for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                        if any(stands_out(value) for value in row):
                            found.append(table)
    return found


def stands_out(value: Any) -> bool:
    if isinstance(value, bytes | UUID):
        return PLANTED["text"].encode() in value if isinstance(value, bytes) else False
    return PLANTED["text"] in str(value) or STAMP in str(value) or str(value) == PLANTED["number"]


@pytest.mark.proof
def test_fields_that_a_form_does_not_show_are_ignored(sqlite_app: Flask) -> None:
    school, references = estate.build(sqlite_app)
    with sqlite_app.app_context():
        fields = extra(sqlite_app)
    assert planted(sqlite_app) == []
    sent = 0
    for who, (client, pages) in walk_all(sqlite_app, school, estate.addresses(references), WHO).items():
        for form in {form.shape: form for page in pages for form in page.forms}.values():
            if form.method != "post" or form.action.endswith("/sign-out"):
                continue
            page = read(client, who, form.url)
            fresh = next((each for each in page.forms if each.shape == form.shape), None)
            if fresh is None:
                continue
            own = {each.name for each in fresh.fields}
            typed = dict.fromkeys(fresh.text_fields, "Gewone tekst")
            more = {name: value for name, value in fields.items() if name not in own and name not in TAKEN}
            answer = client.post(fresh.action, data={**more, **fresh.filled(**typed)}, buffered=True)
            assert page_of(who, answer).status < 500, form.action
            sent += 1
    print(f"mass assignment: {sent} forms with {len(fields)} extra fields each, 0 taken")
    assert planted(sqlite_app) == []
    assert sent > 40


# Read by a view itself beside its form, each checked there: never a column's value as it stands.
TAKEN = {"kind", "version", "once", "activity"}


def test_the_detector_sees_a_planted_value() -> None:
    assert stands_out(PLANTED["text"])
    assert stands_out(31337)
    assert stands_out(f"{STAMP} 00:00:00")
    assert not stands_out(b"\x00")
