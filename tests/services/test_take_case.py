"""Taking a case in hand and handing it over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind, Role, TargetKind
from portal.services.casework import Asked, ChangedMeanwhile, NotFound
from portal.services.staff_accounts import disable_account
from portal.services.take_case import Handed, assign, assign_many, take
from tests import factories
from tests.services.cases import case_of, decided, events_of, officer, opened, version_of
from tests.services.factors import mails


@pytest.fixture
def handler(app: Flask) -> Iterator[Actor]:
    with app.app_context():
        here = factories.make_branch("langedijk")
        yield factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))


def a_case() -> str:
    return opened(RequestKind.ACCESS, factories.make_student(), taken=False)


def test_taking_makes_the_handler_and_twice_changes_nothing(handler: Actor, clock: FixedClock) -> None:
    reference = a_case()
    take(handler, clock, reference)
    take(handler, clock, reference)
    case = case_of(reference)
    assert (case.state, case.handler_id) == ("in_progress", handler.id)
    assert events_of(reference) == ["received", "taken"]


def test_a_colleagues_case_is_not_taken_away(handler: Actor, clock: FixedClock) -> None:
    reference = a_case()
    take(handler, clock, reference)
    with pytest.raises(Refused, match="taken_by_other"):
        take(officer(), clock, reference)


def test_the_case_of_somebody_who_left_can_be_taken(handler: Actor, clock: FixedClock) -> None:
    reference = a_case()
    take(handler, clock, reference)
    administrator = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    disable_account(administrator, clock, handler.id)
    second = officer()
    take(second, clock, reference)
    assert case_of(reference).handler_id == second.id


def test_a_foreign_case_does_not_exist(handler: Actor, clock: FixedClock) -> None:
    foreign = opened(RequestKind.ACCESS, factories.make_student(factories.make_branch("hoorn")), taken=False)
    with pytest.raises(NotFound):
        take(handler, clock, foreign)
    with pytest.raises(NotFound):
        assign(handler, clock, foreign, 1, handler.id)


def test_nobody_takes_the_complaint_about_an_own_decision(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    about = opened(RequestKind.ACCESS, student)
    decided(about, handler)
    words = [Asked(TargetKind.WORDS, words="Niet goed")]
    complaint = opened(RequestKind.COMPLAINT, student, words, taken=False, about=case_of(about).id)
    with pytest.raises(NotAllowed, match="own_decision"):
        take(handler, clock, complaint)
    take(officer(), clock, complaint)


def test_a_case_is_handed_to_a_colleague_with_a_note(handler: Actor, clock: FixedClock) -> None:
    reference = a_case()
    take(handler, clock, reference)
    colleague = officer()
    assign(handler, clock, reference, version_of(reference), colleague.id, "De map ligt klaar.")
    assert case_of(reference).handler_id == colleague.id
    assert events_of(reference)[-1] == "assigned"
    assert mails("staff_assigned") == 1
    assign(colleague, clock, reference, version_of(reference), handler.id)
    assign(handler, clock, reference, version_of(reference), colleague.id)
    assert mails("staff_assigned") == 3
    take(handler, clock, a_case())
    own = a_case()
    assign(handler, clock, own, version_of(own), handler.id)
    assert mails("staff_assigned") == 3, "nobody is told what they did themselves"


def test_a_case_goes_to_nobody_who_may_not_handle_it(handler: Actor, clock: FixedClock) -> None:
    reference = a_case()
    far = factories.make_staff("far", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    admin = factories.make_staff("admin", Role.ADMINISTRATOR)
    for staff_id in (far, admin):
        with pytest.raises(Refused, match="not_a_handler"):
            assign(handler, clock, reference, version_of(reference), staff_id)


def test_a_handover_of_a_case_that_changed_meanwhile_is_refused(handler: Actor, clock: FixedClock) -> None:
    reference = a_case()
    seen = version_of(reference)
    take(handler, clock, reference)
    with pytest.raises(ChangedMeanwhile):
        assign(handler, clock, reference, seen, officer().id)
    assert case_of(reference).handler_id == handler.id


def test_several_are_handed_over_at_once_and_what_stays_is_named(handler: Actor, clock: FixedClock) -> None:
    colleague = factories.make_staff("second", Role.CASE_HANDLER, branch=factories.make_branch("langedijk"))
    one, two, changed = (a_case() for _ in range(3))
    seen = {each: version_of(each) for each in (one, two, changed)}
    take(officer(), clock, changed)
    foreign = opened(RequestKind.ACCESS, factories.make_student(factories.make_branch("hoorn")))
    asked = [*seen.items(), (foreign, 1), ("V-2026-0000000", 1)]
    handed = assign_many(handler, clock, asked, colleague, "Graag voor vrijdag.")
    assert handed == Handed(
        2, ((changed, "changed_meanwhile"), (foreign, "unknown_case"), ("V-2026-0000000", "unknown_case"))
    )
    assert [case_of(each).handler_id for each in (one, two)] == [colleague, colleague]
    assert mails("staff_assigned") == 1, "one mail for all of them"
    for cases, code in (([], "nothing_chosen"), ([(one, 1)] * 101, "too_many_chosen")):
        with pytest.raises(Refused, match=code):
            assign_many(handler, clock, cases, colleague)
