"""Staff open the way with a reason, look under a watermark, decide; and then nothing of it is left."""

from __future__ import annotations

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from PIL import Image, ImageChops
from sqlalchemy import select

from portal.audit import log
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind, Role
from portal.records import casebook, files
from portal.records.db import db
from portal.records.tables.people import View
from portal.services import expire_uploads
from portal.services.casework import ChangedMeanwhile, Contact, NotFound
from portal.services.own_cases import own_case
from portal.services.read_upload import overview, page
from portal.services.review_upload import allow, decide
from portal.services.watermark import watermarked
from tests import factories
from tests.services import cases, uploads

pytestmark = pytest.mark.slow


def details_of(reference, kind):
    events = casebook.events_of(db.session, cases.case_of(reference).id, [kind])
    found = [casebook.event_details(factories.vault(), event) for event in events]
    db.session.rollback()
    return found


# --- opening the way


def test_the_way_opens_with_a_reason_that_stays_on_record(context):
    reference, student, _ = uploads.allowed()
    assert details_of(reference, "upload_allowed") == [{"reason": uploads.WHY, "purpose": "identity"}]
    assert overview(student, cases.clock(), reference).files_left == 5


@pytest.mark.parametrize(
    ("reason", "code"), [("", "reason_missing"), (" \r\n ", "reason_missing"), ("x" * 1001, "reason_too_long")]
)
def test_the_way_does_not_open_without_a_reason(context, reason, code):
    reference, student = uploads.case()
    with pytest.raises(Refused, match=code):
        allow(cases.handler(), cases.clock(), reference, cases.version_of(reference), reason)
    assert overview(factories.student_actor(student), cases.clock(), reference) is None


def test_only_staff_of_the_branch_open_the_way(context):
    reference, student = uploads.case()
    version = cases.version_of(reference)
    far = factories.make_staff("far", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    admin = factories.make_staff("admin", Role.ADMINISTRATOR)
    for who in (factories.staff_actor(far), factories.staff_actor(admin)):
        with pytest.raises(NotFound):
            allow(who, cases.clock(), reference, version, uploads.WHY)
    with pytest.raises(NotAllowed):
        allow(factories.student_actor(student), cases.clock(), reference, version, uploads.WHY)


def test_the_way_opens_once_and_for_somebody_who_is_not_known_yet(context):
    reference, _, staff = uploads.allowed()
    with pytest.raises(Refused, match="upload_already_allowed"):
        allow(staff, cases.clock(), reference, cases.version_of(reference), uploads.WHY)
    known = cases.opened(RequestKind.ACCESS, factories.make_student())
    with pytest.raises(Refused, match="already_confirmed"):
        allow(staff, cases.clock(), known, cases.version_of(known), uploads.WHY)
    allow(staff, cases.clock(), known, cases.version_of(known), uploads.WHY, "evidence")
    unmatched = cases.opened(RequestKind.ACCESS, None, contact=Contact(name="Iemand"))
    with pytest.raises(Refused, match="not_matched"):
        allow(cases.officer(), cases.clock(), unmatched, cases.version_of(unmatched), uploads.WHY)


def test_an_old_form_opens_nothing(context):
    reference, _ = uploads.case()
    with pytest.raises(ChangedMeanwhile):
        allow(cases.handler(), cases.clock(), reference, cases.version_of(reference) - 1, uploads.WHY)


# --- looking


def test_a_page_is_seen_under_a_watermark_and_the_view_is_on_record(context):
    reference, student, staff = uploads.allowed()
    (file_id,) = uploads.sent(reference, student).pages
    before = cases.audit_count()
    seen = page(staff, cases.clock(), reference, file_id)
    assert cases.audit_count() == before + 1
    assert (seen.media_type, seen.disposition) == ("image/jpeg", f'attachment; filename="{reference}-1.jpg"')
    (file,) = uploads.kept(reference)
    bare = Image.open(io.BytesIO(files.content(factories.vault(), file)))
    with Image.open(io.BytesIO(seen.content)) as marked:
        assert marked.size == bare.size
        assert ImageChops.difference(marked.convert("L"), bare.convert("L")).getextrema()[1] > 60
    (view,) = db.session.execute(select(View).where(View.student_id == student.student_id)).scalars()
    assert (view.staff_id, view.what, view.reason, view.role) == (staff.id, "upload", "case", "case_handler")
    db.session.rollback()


def test_the_watermark_is_everywhere_and_names_who_looked_and_when(context):
    plain = Image.new("RGB", (800, 500), "white")
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=95)
    now = cases.clock().now()
    marked = {name: watermarked(out.getvalue(), name, now) for name in ("Ayşe Şahin", "Jan de Boer")}
    assert len(set(marked.values())) == 2
    assert watermarked(out.getvalue(), "Jan de Boer", now.replace(minute=1)) != marked["Jan de Boer"]
    with Image.open(io.BytesIO(marked["Ayşe Şahin"])) as image:
        cells = [(x, y, x + 100, y + 100) for x in range(0, 800, 100) for y in range(0, 500, 100)]
        assert all(image.convert("L").crop(cell).getextrema()[0] < 200 for cell in cells)


def test_a_page_is_for_staff_of_the_branch_and_of_its_own_case(context):
    reference, student, staff = uploads.allowed()
    (file_id,) = uploads.sent(reference, student).pages
    with pytest.raises(NotAllowed):
        page(student, cases.clock(), reference, file_id)
    far = factories.make_staff("far", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    with pytest.raises(NotFound):
        page(factories.staff_actor(far), cases.clock(), reference, file_id)
    other = cases.opened(RequestKind.ACCESS, factories.make_student())
    for where, which in ((other, file_id), (reference, uuid4())):
        with pytest.raises(NotFound):
            page(staff, cases.clock(), where, which)
    assert page(cases.officer(), cases.clock(), reference, file_id).content


# --- deciding


def test_an_accepted_id_makes_its_sender_known_at_level_3(context):
    reference, student, staff = uploads.allowed()
    uploads.sent(reference, student)
    uploads.decided(reference, staff)
    case = cases.case_of(reference)
    assert (case.assured_level, case.assured_how) == (3, "uploaded_id")
    assert {"upload_accepted", "identity_confirmed"} <= set(cases.events_of(reference))
    assert details_of(reference, "upload_accepted") == [{"reason": "Naam en gezicht kloppen.", "purpose": "identity"}]


def test_a_rejected_id_changes_nothing_but_the_way(context):
    reference, student, staff = uploads.allowed()
    uploads.sent(reference, student)
    uploads.decided(reference, staff, accept=False, reason="De foto is niet scherp.")
    assert cases.case_of(reference).assured_level == 0
    assert "identity_confirmed" not in cases.events_of(reference)
    assert uploads.kept(reference) == uploads.keys_of(reference) == []
    with pytest.raises(Refused, match="upload_not_allowed"):
        uploads.sent(reference, student)
    allow(staff, cases.clock(), reference, cases.version_of(reference), uploads.WHY)
    assert uploads.sent(reference, student).pages


@pytest.mark.parametrize("accept", [True, False])
def test_the_sender_is_told_by_mail_when_the_way_opens_and_of_the_decision_and_reads_why_it_was_rejected(
    context, accept
):
    reference, student, staff = uploads.allowed()
    assert cases.mails_of(reference).count("message") == 1
    uploads.sent(reference, student)
    cases.clock().advance(timedelta(minutes=5))
    uploads.decided(reference, staff, accept, "De foto is niet scherp.")
    assert cases.mails_of(reference).count("message") == 2
    read = {each.kind: each.words for each in own_case(student, cases.clock(), reference).happened}
    if accept:
        assert read["upload_accepted"] == ""
    else:
        assert read["upload_rejected"] == "De foto is niet scherp."
    assert read["upload_allowed"] == "", "why the desk cannot be reached is for staff"


def test_accepted_evidence_does_not_make_its_sender_known(context):
    reference, student, staff = uploads.allowed(purpose="evidence")
    uploads.sent(reference, student, purpose="evidence")
    uploads.decided(reference, staff)
    assert cases.case_of(reference).assured_level == 0


def test_after_the_decision_nothing_of_it_is_left(context):
    reference, student, staff = uploads.allowed()
    found = uploads.sent(reference, student)
    (file,), (key,) = uploads.kept(reference), uploads.keys_of(reference)
    pieces = [file.sealed[start : start + 48] for start in range(0, len(file.sealed) - 48, 1000)]
    if uploads.is_sqlite():
        disk = uploads.on_disk()
        assert key in disk
        assert sum(piece in disk for piece in pieces) > len(pieces) // 2  # the search finds what is there
    uploads.decided(reference, staff)
    assert uploads.kept(reference) == uploads.keys_of(reference) == []
    if uploads.is_sqlite():
        disk = uploads.on_disk()
        assert key not in disk
        assert not any(piece in disk for piece in pieces)
    with pytest.raises(NotFound):
        page(staff, cases.clock(), reference, found.pages[0])


def test_a_decision_needs_a_reason_and_something_to_decide_on(context):
    reference, student, staff = uploads.allowed()
    with pytest.raises(Refused, match="upload_none"):
        uploads.decided(reference, staff)
    uploads.sent(reference, student)
    with pytest.raises(Refused, match="reason_missing"):
        uploads.decided(reference, staff, reason=" ")
    with pytest.raises(NotAllowed):
        uploads.decided(reference, student)
    assert len(uploads.kept(reference)) == 1
    uploads.decided(reference, staff)
    with pytest.raises(Refused, match="upload_none"):
        uploads.decided(reference, staff)


def test_a_file_that_came_since_makes_the_decision_stale(context):
    reference, student, staff = uploads.allowed()
    uploads.sent(reference, student)
    seen = overview(staff, cases.clock(), reference).version
    uploads.sent(reference, student)
    with pytest.raises(ChangedMeanwhile):
        decide(staff, cases.clock(), reference, seen, True, "Klopt.")
    assert len(uploads.kept(reference)) == 2
    decide(staff, cases.clock(), reference, overview(staff, cases.clock(), reference).version, True, "Klopt.")


def test_a_decision_that_fails_on_the_way_confirms_nobody_and_the_rest_is_wiped_later(context, monkeypatch):
    reference, student, staff = uploads.allowed()
    found = uploads.sent(reference, student)

    def fails(*_arguments):
        raise RuntimeError("the log is full")

    with monkeypatch.context() as broken:
        broken.setattr(log, "append", fails)
        with pytest.raises(RuntimeError):
            uploads.decided(reference, staff)
    assert cases.case_of(reference).assured_level == 0
    assert uploads.keys_of(reference) == []
    with pytest.raises(NotFound):
        page(staff, cases.clock(), reference, found.pages[0])
    assert expire_uploads.sweep(cases.clock()) == 1
    assert uploads.kept(reference) == []
    assert "upload_gone" in cases.events_of(reference)


def test_no_case_is_decided_while_a_copy_waits_so_that_none_outlives_the_decision(context):
    reference, sender, staff = uploads.allowed()
    uploads.sent(reference, sender)
    with pytest.raises(Refused, match="upload_waits"):
        cases.decided(reference, staff)
    uploads.decided(reference, staff)
    assert uploads.kept(reference) == []
    cases.decided(reference, staff)
