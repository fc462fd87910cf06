"""The code of one case: enough for its status, never for data."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import ANONYMOUS
from portal.domain.vocabulary import ActorKind, RequestKind, TargetKind
from portal.services import case_code, drafts, limits
from portal.services.casework import Asked, Contact, NotFound
from portal.services.file_request import Filing, Receipt, file_request
from portal.services.own_cases import case_of_code, own_case
from portal.services.recognise import recognise
from tests.factories import make_student, student_actor

OWNER = drafts.Owner("browser", None)
PLACE = "192.0.2.1"


def filed(clock: FixedClock) -> Receipt:
    filing = Filing(
        RequestKind.ACCESS,
        "nl",
        (Asked(TargetKind.EVERYTHING),),
        words="Ik ben Hanan en woon in Langedijk",
        contact=Contact(name="Hanan", phone="0612345678"),
    )
    return file_request(ANONYMOUS, clock, filing, drafts.start(clock, OWNER, {}), OWNER, PLACE)


def test_the_code_opens_the_case_in_any_spelling(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        receipt = filed(clock)
        persian = receipt.code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
        for typed in (receipt.code, receipt.code.replace(" ", ""), receipt.code.replace(" ", "-"), persian):
            session_id = case_code.enter(clock, typed, PLACE)
            assert session_id
            signed_in = recognise(session_id, clock)
            assert signed_in is not None
            assert signed_in.actor.kind is ActorKind.CASE_CODE
            assert case_of_code(signed_in.actor, clock).reference == receipt.reference


def test_by_code_the_case_shows_no_words_and_no_items(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        receipt = filed(clock)
        signed_in = recognise(case_code.enter(clock, receipt.code, PLACE) or "", clock)
        assert signed_in is not None
        page = case_of_code(signed_in.actor, clock)
        assert (page.words, page.items) == ("", ())
        assert (page.may_write, page.may_take_back) == (True, False)


def test_a_code_opens_no_other_case(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        first, second = filed(clock), filed(clock)
        signed_in = recognise(case_code.enter(clock, first.code, PLACE) or "", clock)
        assert signed_in is not None
        with pytest.raises(NotFound):
            own_case(signed_in.actor, clock, second.reference)
        with pytest.raises(NotFound):
            own_case(student_actor(make_student()), clock, first.reference)


@pytest.mark.parametrize("typed", ["", "0", "000000000000", "not a code", "1" * 400])
def test_a_wrong_code_opens_nothing(app: Flask, clock: FixedClock, typed: str) -> None:
    with app.app_context():
        filed(clock)
        assert case_code.enter(clock, typed, PLACE) is None


def test_guessing_codes_is_stopped(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        receipt = filed(clock)
        for number in range(limits.LIMITS["case_code_place"].count):
            assert case_code.enter(clock, f"{number:012d}", PLACE) is None
        with pytest.raises(limits.TooMany):
            case_code.enter(clock, receipt.code, PLACE)
        assert case_code.enter(clock, receipt.code, "198.51.100.7")
