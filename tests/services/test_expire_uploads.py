"""After 72 hours what was sent is gone, decided on or not; and what a crash left goes too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from portal.domain.clock import FixedClock
from portal.domain.refusal import Refused
from portal.records import casebook
from portal.records.db import begin_write, db
from portal.records.tables.people import SealedFile
from portal.services.casework import NotFound
from portal.services.expire_uploads import sweep
from portal.services.read_upload import overview, page
from portal.services.review_upload import allow, decide
from tests import factories
from tests.services import cases, uploads

pytestmark = pytest.mark.slow


def after(**time):
    return FixedClock(cases.clock().now() + timedelta(**time))


def test_what_was_sent_is_there_until_72_hours_and_not_a_second_longer(context):
    reference, student, staff = uploads.allowed()
    (file_id,) = uploads.sent(reference, student).pages
    assert sweep(after(hours=71, minutes=59, seconds=59)) == 0
    assert page(staff, after(hours=71, minutes=59, seconds=59), reference, file_id).content
    assert sweep(after(hours=72)) == 1
    assert uploads.kept(reference) == uploads.keys_of(reference) == []
    assert cases.events_of(reference)[-1] == "upload_gone"
    assert cases.mails_of(reference).count("message") == 2, "one when the way opened, one that nobody looked in time"
    assert overview(student, after(hours=72), reference) is None
    assert sweep(after(hours=72)) == 0


def test_nothing_past_its_time_is_shown_or_decided_on_even_before_the_sweep(context):
    reference, student, staff = uploads.allowed()
    (file_id,) = uploads.sent(reference, student).pages
    with pytest.raises(NotFound):
        page(staff, after(hours=72), reference, file_id)
    with pytest.raises(Refused, match="upload_none"):
        decide(staff, after(hours=72), reference, cases.version_of(reference), True, "Klopt.")
    assert cases.case_of(reference).assured_level == 0


def test_after_72_hours_nothing_of_it_is_in_the_files(context):
    reference, student, _ = uploads.allowed()
    uploads.sent(reference, student)
    (file,), (key,) = uploads.kept(reference), uploads.keys_of(reference)
    pieces = [file.sealed[start : start + 48] for start in range(0, len(file.sealed) - 48, 1000)]
    assert not uploads.is_sqlite() or pieces[0] in uploads.on_disk()
    sweep(after(hours=72))
    if uploads.is_sqlite():
        disk = uploads.on_disk()
        assert key not in disk
        assert not any(piece in disk for piece in pieces)


def test_other_cases_keep_what_was_sent_to_them(context):
    first, student, staff = uploads.allowed()
    uploads.sent(first, student)
    other, second = uploads.case()
    allow(staff, cases.clock(), other, cases.version_of(other), uploads.WHY)
    uploads.sent(other, factories.student_actor(second))
    decide(staff, cases.clock(), first, cases.version_of(first), False, "Niet scherp.")
    assert sweep(cases.clock()) == 0
    assert len(uploads.kept(other)) == len(uploads.keys_of(other)) == 1
    assert uploads.kept(first) == []


def test_a_key_whose_rows_are_gone_is_destroyed(context):
    reference, student, _ = uploads.allowed()
    uploads.sent(reference, student)
    begin_write()
    db.session.execute(delete(SealedFile).where(SealedFile.retention == "upload"))  # by the general clock of files
    db.session.commit()
    assert len(uploads.keys_of(reference)) == 1
    assert sweep(cases.clock()) == 1
    assert uploads.keys_of(reference) == []


def test_rows_whose_key_is_gone_are_removed(context):
    reference, student, _ = uploads.allowed()
    uploads.sent(reference, student)
    case_id = cases.case_of(reference).id
    db.session.rollback()
    factories.vault().destroy(casebook.holder(case_id), "upload")
    assert sweep(cases.clock()) == 1
    assert uploads.kept(reference) == []


def test_a_key_without_anything_sent_leaves_the_way_open(context):
    """A file that failed to be stored leaves a key behind; its sender may try again."""
    reference, student, _ = uploads.allowed()
    case_id = cases.case_of(reference).id
    db.session.rollback()
    factories.vault().create_keys([(casebook.holder(case_id), "upload")])
    assert sweep(cases.clock()) == 1
    assert "upload_gone" not in cases.events_of(reference)
    assert uploads.sent(reference, student).pages


def test_the_rest_of_the_case_stays_readable(context):
    reference, student, _ = uploads.allowed()
    uploads.sent(reference, student)
    sweep(after(hours=72))
    case = cases.case_of(reference)
    assert set(casebook.contents(factories.vault(), case)) == {"contact", "words", "helper"}
    db.session.rollback()
