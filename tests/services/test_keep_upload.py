"""Sending a copy of an ID as the last resort: only by an open way, only one's own, within bounds, sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.domain.clock import FixedClock
from portal.domain.lifecycle import NotPossible
from portal.domain.permissions import ANONYMOUS, Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind, RequestKind, Role
from portal.intake.uploads import BadUpload
from portal.records import files
from portal.records.db import db
from portal.records.tables.proof import OutMail
from portal.services import keep_upload as keeping
from portal.services import own_cases, upload_way
from portal.services.casework import NotFound
from portal.services.read_upload import overview
from portal.services.review_upload import allow
from tests import factories
from tests.intake import hostile_pdf
from tests.intake.hostile import CANARY
from tests.services import cases, uploads

pytestmark = pytest.mark.slow


@pytest.fixture
def drawn_at_once(monkeypatch):
    """For what does not depend on how a file is drawn: no process for each."""
    clean = keeping.clean_upload(uploads.NAME, uploads.PICTURE)
    monkeypatch.setattr(keeping, "clean_upload", lambda name, content: clean)
    return clean


def test_what_is_sent_is_kept_sealed_for_72_hours_under_a_key_of_its_own(context):
    reference, student, _ = uploads.allowed()
    found = uploads.sent(reference, student)
    (file,) = uploads.kept(reference)
    assert (found.pages, found.expires_at) == ((file.id,), cases.clock().now() + timedelta(hours=72))
    assert (file.holder_kind, file.retention, file.purpose, file.media_type) == (
        "case",
        "upload",
        "upload",
        "image/jpeg",
    )
    assert file.expires_at == found.expires_at
    assert len(uploads.keys_of(reference)) == 1
    content = files.content(factories.vault(), file)
    assert content.startswith(b"\xff\xd8\xff")
    assert CANARY not in content
    assert "upload_received" in cases.events_of(reference)


def test_the_name_is_shown_back_and_kept_nowhere(context):
    reference, student, _ = uploads.allowed()
    assert uploads.sent(reference, student).name == uploads.NAME
    if uploads.is_sqlite():
        disk = uploads.on_disk()
        assert uploads.NAME.encode() not in disk
        assert CANARY not in disk
        assert reference.encode() in disk  # so that the search finds what is there


def test_every_page_of_a_pdf_is_a_file(context):
    reference, student, staff = uploads.allowed()
    found = uploads.sent(reference, student, hostile_pdf.pages(3))
    assert [file.id for file in uploads.kept(reference)] == list(found.pages)
    seen = overview(staff, cases.clock(), reference)
    assert [(sent.pages, sent.media_type) for sent in seen.sent] == [(found.pages, "application/pdf")]
    assert seen.files_left == 4


def test_nothing_is_taken_before_staff_opened_the_way(context):
    reference, student = uploads.case()
    with pytest.raises(Refused, match="upload_not_allowed"):
        uploads.sent(reference, factories.student_actor(student))
    assert uploads.kept(reference) == []


def test_the_way_is_for_one_purpose(context):
    reference, student, _ = uploads.allowed(purpose="evidence")
    with pytest.raises(Refused, match="upload_not_allowed"):
        uploads.sent(reference, student)
    assert uploads.sent(reference, student, purpose="evidence").pages


def test_the_way_closes_by_itself_when_nothing_comes(context):
    reference, student, _ = uploads.allowed()
    later = FixedClock(cases.clock().now() + timedelta(days=14))
    with pytest.raises(Refused, match="upload_not_allowed"):
        keeping.keep_upload(student, later, reference, uploads.NAME, uploads.PICTURE)


def test_only_the_student_or_who_holds_the_code_sends(context, drawn_at_once):
    reference, student, staff = uploads.allowed()
    case_id = cases.case_of(reference).id
    stranger = factories.student_actor(factories.make_student())
    other_code = Actor(kind=ActorKind.CASE_CODE, case_id=factories.make_branch())
    for who in (stranger, ANONYMOUS, other_code):
        with pytest.raises(NotFound):
            uploads.sent(reference, who)
    helper = replace(student, kind=ActorKind.REPRESENTATIVE, scope=frozenset(RequestKind))
    for who in (helper, staff):
        with pytest.raises(NotAllowed):
            uploads.sent(reference, who)
    assert uploads.kept(reference) == []
    assert uploads.sent(reference, Actor(kind=ActorKind.CASE_CODE, case_id=case_id)).pages


def test_a_bad_file_is_refused_and_nothing_is_kept(context):
    reference, student, _ = uploads.allowed()
    with pytest.raises(BadUpload, match="upload_wrong_type"):
        uploads.sent(reference, student, b"PK\x03\x04")
    assert uploads.kept(reference) == []
    assert uploads.keys_of(reference) == []
    assert overview(student, cases.clock(), reference).files_left == 5


def test_a_sixth_file_is_refused(context, drawn_at_once):
    reference, student, _ = uploads.allowed()
    for _ in range(5):
        uploads.sent(reference, student)
    with pytest.raises(Refused, match="upload_too_many"):
        uploads.sent(reference, student)
    assert len(uploads.kept(reference)) == 5


def test_fifty_megabytes_are_the_most_for_a_case(context, drawn_at_once, monkeypatch):
    reference, student, _ = uploads.allowed()
    size = len(drawn_at_once.pages[0].data)
    monkeypatch.setattr(upload_way, "MAX_KEPT", 2 * size)
    small = b"x" * 10
    uploads.sent(reference, student, small)
    uploads.sent(reference, student, small)
    with pytest.raises(Refused, match="upload_too_much"):
        uploads.sent(reference, student, small)
    assert len(uploads.kept(reference)) == 2


def test_no_file_is_drawn_for_somebody_who_may_not_send_it(context, monkeypatch):
    reference, student = uploads.case()
    drawn = []
    monkeypatch.setattr(keeping, "clean_upload", lambda name, content: drawn.append(name))
    with pytest.raises(Refused):
        uploads.sent(reference, factories.student_actor(student))
    with pytest.raises(NotFound):
        uploads.sent(reference, ANONYMOUS)
    assert drawn == []


def test_the_same_form_sent_twice_is_one_file(context, drawn_at_once):
    reference, student, _ = uploads.allowed()
    first = uploads.sent(reference, student, once=b"1" * 32)
    again = uploads.sent(reference, student, once=b"1" * 32)
    other = uploads.sent(reference, student, once=b"2" * 32)
    assert first.pages == again.pages != other.pages
    assert len(uploads.kept(reference)) == 2


def test_what_comes_later_goes_with_what_came_first(context, drawn_at_once):
    reference, student, _ = uploads.allowed()
    first = uploads.sent(reference, student)
    later = FixedClock(cases.clock().now() + timedelta(hours=48))
    second = keeping.keep_upload(student, later, reference, uploads.NAME, uploads.PICTURE)
    assert second.expires_at == first.expires_at


def test_a_term_of_the_policy_beyond_72_hours_does_not_count(context, drawn_at_once, monkeypatch):
    reference, student, _ = uploads.allowed()
    policy = context.extensions["policy"]
    longer = {**policy.retention, "upload": replace(policy.retention["upload"], days=30)}
    monkeypatch.setitem(context.extensions, "policy", replace(policy, retention=longer))
    assert uploads.sent(reference, student).expires_at == cases.clock().now() + timedelta(hours=72)


def test_staff_are_told_once_that_something_waits(context, drawn_at_once):
    reference, student, _ = uploads.allowed()
    db.session.rollback()
    before = db.session.query(OutMail).filter_by(kind="staff_reply").count()
    uploads.sent(reference, student)
    uploads.sent(reference, student)
    assert db.session.query(OutMail).filter_by(kind="staff_reply").count() == before + 1
    db.session.rollback()


def test_a_case_taken_back_takes_no_file(context):
    reference, student, _ = uploads.allowed()
    own_cases.take_back(student, cases.clock(), reference, cases.version_of(reference))
    with pytest.raises(NotPossible):
        uploads.sent(reference, student)


def test_the_sender_sees_the_way_but_not_the_reason_of_staff(context, drawn_at_once):
    reference, student, staff = uploads.allowed()
    assert overview(student, cases.clock(), reference).reason == ""
    assert overview(staff, cases.clock(), reference).reason == uploads.WHY
    other = factories.make_staff("far", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    with pytest.raises(NotFound):
        overview(factories.staff_actor(other), cases.clock(), reference)


def test_a_way_is_opened_again_after_it_closed_by_itself(context):
    reference, _, staff = uploads.allowed()
    later = FixedClock(cases.clock().now() + timedelta(days=15))
    assert overview(staff, later, reference) is None
    allow(staff, later, reference, cases.version_of(reference), uploads.WHY)
    assert overview(staff, later, reference).since == later.now()
