"""Notes, and the ways in which a case ends without an answer: each told, each undone by reopening, none too early."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from portal.domain.lifecycle import ENDED, Action, CaseState, NotPossible, possible
from portal.domain.permissions import ANONYMOUS, Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind, Channel, Letter, Level, Outcome, RequestKind, Role, TargetKind
from portal.letters.letter import Written, print_letter
from portal.records import limits
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.services.case_page import case_page, colleagues
from portal.services.casework import Asked, ChangedMeanwhile, Contact, NotFound, staff_for
from portal.services.close_as_abuse import close_as_abuse
from portal.services.export_document import export_document
from portal.services.issue_letter import contents_of, latest
from portal.services.merge_duplicate import go_on_in, merge
from portal.services.own_cases import own_case
from portal.services.record_take_back import record_take_back
from portal.services.reopen_case import reopen
from portal.services.to_post import due_letters
from portal.services.unit import reading
from portal.services.write_note import write_note
from tests import factories
from tests.services import cases
from tests.services.cases import case_of, clock, events_of, mails_of, opened, version_of, within

pytestmark = pytest.mark.slow


@pytest.fixture
def handler(app: Flask) -> Iterator[Actor]:
    with app.app_context():
        here = factories.make_branch("langedijk")
        yield factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))


def student_view(reference: str, student_id):
    actor = Actor(ActorKind.STUDENT, student_id=student_id, level=Level.SECOND_CHANNEL, level_at=clock().now())
    return own_case(actor, clock(), reference)


def merged(actor: Actor, reference: str, into: str, version: int | None = None) -> None:
    merge(actor, clock(), reference, version or version_of(reference), into, "Tweemaal gestuurd.")


def test_a_note_is_for_colleagues_and_stands_in_the_students_copy(handler: Actor) -> None:
    student = factories.make_student()
    reference = opened(RequestKind.ACCESS, student)
    write_note(handler, clock(), reference, "  Belde: komt dinsdag langs. ", b"k" * 32)
    write_note(handler, clock(), reference, "Belde: komt dinsdag langs.", b"k" * 32)
    [note] = case_page(handler, clock(), reference).notes
    assert (note.author, note.text) == ("Handler", "Belde: komt dinsdag langs.")
    assert mails_of(reference) == ["receipt"]
    assert all("NOTE" not in each.kind.name for each in student_view(reference, student).happened)
    cases.decided(reference, handler)
    with reading(factories.SYSTEM, clock()) as work:
        document = export_document(work, within(work, reference), "schema")
    [own] = document["own"]["cases"]
    assert [each["text"] for each in own["notes"]] == ["Belde: komt dinsdag langs."]


@pytest.mark.parametrize(("text", "code"), [(" \r\n ", "note_empty"), ("x" * 4001, "words_too_long")])
def test_an_empty_or_endless_note_is_refused(handler: Actor, text: str, code: str) -> None:
    reference = opened(RequestKind.ACCESS, factories.make_student())
    with pytest.raises(Refused, match=code):
        write_note(handler, clock(), reference, text)
    assert "note_written" not in events_of(reference)


def test_a_duplicate_ends_and_points_to_the_earlier_request(handler: Actor) -> None:
    student = factories.make_student()
    first = opened(RequestKind.OBJECTION, student, [Asked(TargetKind.ACTIVITY, activity="lesson_screenshots")])
    second = opened(RequestKind.OBJECTION, student, received_on=cases.RECEIVED + timedelta(days=2), level=Level.ADDRESS)
    page = case_page(handler, clock(), second)
    assert [each.reference for each in page.takers_in] == [first]
    assert case_page(handler, clock(), first).takers_in == ()
    merged(handler, second, first)
    case = case_of(second)
    assert (case.state, case.closed_at is not None) == ("duplicate", True)
    assert mails_of(second) == ["changed", "receipt"]
    seen = student_view(second, student)
    assert (seen.state, seen.other) == (CaseState.DUPLICATE, first)
    ended = case_page(handler, clock(), second).ended_as
    assert ended is not None
    assert ended.details["other"] == first
    assert case_of(first).state == "in_progress"


def test_who_ends_a_request_is_told_which_ones_go_on_in_it(handler: Actor) -> None:
    student = factories.make_student()
    first, second, third, apart = (
        opened(RequestKind.ACCESS, student, received_on=cases.RECEIVED + timedelta(days=later)) for later in range(4)
    )
    merged(handler, third, second)
    assert go_on_in(handler, clock(), second) == [third]
    merged(handler, second, first)
    asker = Actor(ActorKind.STUDENT, student_id=student, level=Level.ADDRESS, level_at=clock().now())
    assert go_on_in(asker, clock(), first) == go_on_in(handler, clock(), first) == [second, third]
    assert go_on_in(asker, clock(), apart) == []
    reopen(handler, clock(), second, version_of(second), "our_mistake", "")
    assert (go_on_in(handler, clock(), first), go_on_in(handler, clock(), second)) == ([], [third])
    other = Actor(ActorKind.STUDENT, student_id=factories.make_student(), level=Level.ADDRESS, level_at=clock().now())
    with pytest.raises(NotFound):
        go_on_in(other, clock(), first)


def test_what_a_duplicate_limited_meanwhile_is_free_again(handler: Actor) -> None:
    student = factories.make_student()
    asked = [cases.field_of(student, "street", "Dorpsstraat 1")]
    first = opened(RequestKind.RECTIFICATION, student, asked)
    second = opened(RequestKind.RECTIFICATION, student, asked, received_on=cases.RECEIVED + timedelta(days=1))
    from portal.services.limits_of_processing import place_meanwhile
    from portal.services.unit import writing

    with writing(factories.SYSTEM, clock()) as work:
        for reference in (first, second):
            place_meanwhile(work, within(work, reference))
    merged(handler, second, first)
    left = [limit.case_id for limit in limits.active(db.session, student)]
    assert left == [case_of(first).id]


def test_only_the_same_question_of_the_same_student_takes_a_case_in(handler: Actor) -> None:
    student = factories.make_student()
    mine = opened(RequestKind.ACCESS, student)
    older = opened(RequestKind.ACCESS, student, received_on=cases.RECEIVED - timedelta(days=1))
    refused = {
        "merge_other_student": opened(RequestKind.ACCESS, factories.make_student(given_names="Omar")),
        "merge_other_kind": opened(RequestKind.ERASURE, student),
        "merge_into_older": opened(RequestKind.ACCESS, student, received_on=cases.RECEIVED + timedelta(days=1)),
        "unknown_case": opened(RequestKind.ACCESS, factories.make_student(factories.make_branch("hoorn"))),
    }
    ended = opened(RequestKind.ACCESS, student, received_on=cases.RECEIVED - timedelta(days=3))
    merged(handler, mine, older)
    reopen(handler, clock(), mine, version_of(mine), "our_mistake")
    merged(handler, older, ended)
    refused["merge_ended"] = older
    for code, other in refused.items():
        with pytest.raises(Refused, match=code):
            merged(handler, mine, other)
    with pytest.raises(Refused, match="unknown_case"):
        merged(handler, mine, mine)
    nobodys = opened(RequestKind.ACCESS, None, contact=Contact(name="Omar", email="o@example.org"))
    with pytest.raises(Refused, match="not_matched"):
        merged(handler, nobodys, mine)
    assert case_of(mine).state == "in_progress"


def test_a_question_that_was_answered_takes_no_later_one_in(handler: Actor) -> None:
    student = factories.make_student()
    answered = opened(RequestKind.ACCESS, student, received_on=cases.RECEIVED - timedelta(days=1))
    cases.decided(answered, handler)
    assert case_of(answered).state == "decided", "it is open still: the copy must be made"
    later = opened(RequestKind.ACCESS, student)
    assert not case_page(handler, clock(), later).takers_in
    with pytest.raises(Refused, match="merge_ended"):
        merged(handler, later, answered)


def test_two_who_end_a_case_at_once_the_second_is_told(handler: Actor) -> None:
    reference = opened(RequestKind.ACCESS, factories.make_student())
    seen = version_of(reference)
    record_take_back(handler, clock(), reference, seen, Channel.PHONE, "Het hoeft niet meer.")
    with pytest.raises(ChangedMeanwhile):
        close_as_abuse(cases.officer(), clock(), reference, seen, "excessive")
    assert case_of(reference).state == "taken_back"


def test_staff_take_a_request_back_for_a_student_who_is_told(handler: Actor) -> None:
    student = factories.make_student()
    reference = opened(RequestKind.ACCESS, student)
    for how, words, code in ((Channel.PORTAL, "x", "not_another_door"), (Channel.DESK, "  ", "reason_missing")):
        with pytest.raises(Refused, match=code):
            record_take_back(handler, clock(), reference, version_of(reference), how, words)
    record_take_back(handler, clock(), reference, version_of(reference), Channel.DESK, "Zij zei: laat maar.")
    assert case_of(reference).state == "taken_back"
    assert mails_of(reference) == ["receipt", "taken_back"]
    ended = case_page(handler, clock(), reference).ended_as
    assert ended is not None
    assert (ended.actor, ended.details["how"], ended.details["words"]) == ("Handler", "desk", "Zij zei: laat maar.")


def test_only_the_privacy_officer_closes_for_abuse_with_a_reason_of_the_list(handler: Actor) -> None:
    student = factories.make_student()
    reference = opened(RequestKind.ACCESS, student)
    with pytest.raises(NotAllowed):
        close_as_abuse(handler, clock(), reference, version_of(reference), "excessive")
    with pytest.raises(NotAllowed):
        close_as_abuse(cases.director(), clock(), reference, version_of(reference), "excessive")
    officer = cases.officer()
    for reason in ("", "complexity", "our_mistake"):
        with pytest.raises(Refused, match="reason_missing"):
            close_as_abuse(officer, clock(), reference, version_of(reference), reason)
    close_as_abuse(officer, clock(), reference, version_of(reference), "excessive", "Tiende keer deze maand.")
    assert mails_of(reference) == ["changed", "receipt"]
    seen = student_view(reference, student)
    assert (seen.state, seen.why) == (CaseState.ABUSE, "Dezelfde vraag komt steeds opnieuw.")
    assert "closed_as_abuse" in [each.kind.value for each in seen.happened]


def test_reopening_tells_the_student_why_and_has_a_handler(handler: Actor) -> None:
    student = factories.make_student()
    reference = opened(RequestKind.RESTRICTION, student)
    cases.decided(reference, handler, Outcome.REFUSED, ground="no_restriction_ground", reason="Nagekeken.")
    reopen(handler, clock(), reference, version_of(reference), "new_facts", "Zij bracht een brief.")
    assert case_of(reference).handler_id == handler.id
    assert "changed" in mails_of(reference)
    assert student_view(reference, student).why == "Er is iets nieuws bekend."


@pytest.mark.parametrize("state", sorted(CaseState))
def test_each_act_is_possible_only_in_the_states_of_the_table(handler: Actor, state: CaseState) -> None:
    """Role × state × act, on the services themselves; the table alone is tried in tests/domain."""
    student = factories.make_student()
    older = opened(RequestKind.ACCESS, student, received_on=cases.RECEIVED - timedelta(days=1))
    officer, administrator = (
        cases.officer(),
        factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR)),
    )
    elsewhere = factories.make_branch("hoorn")
    stranger = factories.staff_actor(factories.make_staff("stranger", Role.CASE_HANDLER, branch=elsewhere))
    acts = {
        Action.NOTE: lambda who, ref: write_note(who, clock(), ref, "Let op."),
        Action.MERGE: lambda who, ref: merged(who, ref, older),
        Action.RECORD_TAKE_BACK: lambda who, ref: record_take_back(
            who, clock(), ref, version_of(ref), Channel.DESK, "Laat maar."
        ),
        Action.ABUSE: lambda who, ref: close_as_abuse(who, clock(), ref, version_of(ref), "excessive"),
        Action.REOPEN: lambda who, ref: reopen(who, clock(), ref, version_of(ref), "our_mistake"),
    }
    for action, act in acts.items():
        reference = opened(RequestKind.ACCESS, student)
        in_state(reference, state)
        for outsider in (stranger, administrator, ANONYMOUS):
            with pytest.raises(NotFound):
                act(outsider, reference)
        if action in possible(state):
            act(officer, reference)
        else:
            with pytest.raises(NotPossible):
                act(officer, reference)
            assert case_of(reference).state == state.value


def in_state(reference: str, state: CaseState) -> None:
    from portal.services.unit import writing

    with writing(factories.SYSTEM, clock()) as work:
        case = within(work, reference)
        case.state = state.value
        case.closed_at = work.now if state in ENDED else None


def test_a_complaint_is_not_offered_or_told_to_whoever_decided(handler: Actor) -> None:
    """Regulation, art. 10: neither as a colleague to hand it to, nor in the news of it."""
    student = factories.make_student()
    other = factories.staff_actor(
        factories.make_staff("second", Role.CASE_HANDLER, branch=factories.make_branch("langedijk"))
    )
    about = opened(RequestKind.RESTRICTION, student)
    cases.decided(about, handler, Outcome.REFUSED, ground="no_restriction_ground", reason="Nagekeken.")
    complaint = opened(RequestKind.COMPLAINT, student, about=case_of(about).id, taken=False)
    offered = {each.id for each in colleagues(other, clock(), complaint)}
    assert other.id in offered
    assert handler.id not in offered
    with reading(factories.SYSTEM, clock()) as work:
        assert [staff.id for staff in staff_for(work, within(work, complaint))] == [other.id]
    assert case_of(complaint).due_on - case_of(complaint).received_on == timedelta(days=28)
    db.session.rollback()
    assert db.session.get(Case, case_of(complaint).id).handler_id is None


def test_whoever_reads_no_mail_is_told_by_letter_in_the_own_language(handler: Actor) -> None:
    student = factories.make_student(email=None, language="ti")
    first = opened(RequestKind.ACCESS, student, language="ti")
    second = opened(RequestKind.ACCESS, student, language="ti")
    merged(handler, second, first)
    with reading(handler, clock()) as work:
        case = within(work, second)
        assert set(due_letters(work, case)) == {Letter.CHANGED}
        row = latest(work, case.id, Letter.CHANGED.value)
        assert row is not None
        written = Written.of(contents_of(work, row))
        assert (written.language, written.facts["other"]) == ("ti", first)
        assert print_letter(written, work.policy).startswith(b"%PDF")
