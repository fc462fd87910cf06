from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.erasure_plan import ARTICLES, Hold, Item, Objection, PlanLine, Use, Verdict, Why, plan_erasure
from portal.domain.vocabulary import LegalBasis, Outcome

TODAY = date(2026, 1, 15)
UNTIL = date(2027, 6, 30)
CONSENT = Use("survey", LegalBasis.CONSENT)
CONTRACT = Use("lessons", LegalBasis.CONTRACT)
DUTY = Use("duo", LegalBasis.LEGAL_OBLIGATION, law="wet_inburgering")
INTEREST = Use("diplomas", LegalBasis.LEGITIMATE_INTEREST)
TASK = Use("task", LegalBasis.PUBLIC_TASK)
VITAL = Use("emergency", LegalBasis.VITAL_INTEREST)


def item(*uses: Use, until: date | None = UNTIL, hold: Hold | None = None, code: str = "study") -> Item:
    return Item("person", UUID(int=1), "phone", code, until, uses, hold, ("duo", "panteia"))


def line(*uses: Use, running: bool = False, today: date = TODAY, **fields: object) -> PlanLine:
    return plan_erasure([item(*uses, **fields)], today, running).lines[0]


def objected(use: Use, objection: Objection) -> Use:
    return Use(use.activity, use.basis, objection=objection)


@pytest.mark.parametrize(
    ("uses", "running", "verdict", "why", "article"),
    [
        ((), True, "erase", "not_needed", "17(1)(a)"),
        ((CONSENT,), True, "erase", "consent_ended", "17(1)(b)"),
        ((CONTRACT,), True, "keep", "contract_running", "17(1)(a)"),
        ((CONTRACT,), False, "erase", "not_needed", "17(1)(a)"),
        ((CONTRACT, CONSENT), False, "erase", "consent_ended", "17(1)(b)"),
        ((DUTY,), False, "keep", "legal_obligation", "17(3)(b)"),
        ((CONSENT, CONTRACT, DUTY), True, "keep", "legal_obligation", "17(3)(b)"),
        ((Use("duo", LegalBasis.LEGAL_OBLIGATION, ended=True),), False, "erase", "not_needed", "17(1)(a)"),
        ((VITAL,), True, "keep", "vital_interest", "17(1)(a)"),
        ((VITAL,), False, "erase", "not_needed", "17(1)(a)"),
        ((TASK,), False, "keep", "public_task", "17(3)(b)"),
        ((INTEREST,), False, "keep", "still_needed", "17(1)(a)"),
        ((objected(INTEREST, Objection.UPHELD),), True, "erase", "objection_upheld", "17(1)(c)"),
        ((objected(INTEREST, Objection.REFUSED),), False, "keep", "still_needed", "17(1)(a)"),
        ((objected(INTEREST, Objection.PENDING),), False, "restrict", "objection_pending", "18(1)(d)"),
        ((objected(TASK, Objection.PENDING), DUTY), False, "keep", "legal_obligation", "17(3)(b)"),
        ((objected(TASK, Objection.UPHELD), CONTRACT), True, "keep", "contract_running", "17(1)(a)"),
    ],
)
def test_the_bases_of_what_an_item_serves_decide_what_happens_to_it(uses, running, verdict, why, article):
    found = line(*uses, running=running)
    assert (found.verdict, found.why, found.article) == (verdict, why, article)


def test_what_stays_says_until_when_and_because_of_which_law():
    found = line(DUTY)
    assert (found.until, found.activity, found.law) == (UNTIL, "duo", "wet_inburgering")
    assert line(CONTRACT, running=True, until=None).until is None


def test_the_first_of_two_equal_uses_is_the_one_that_is_named():
    second = Use("exam", LegalBasis.LEGAL_OBLIGATION, law="other")
    assert line(DUTY, second).activity == "duo"


def test_past_its_term_everything_goes_even_what_a_law_kept():
    assert line(DUTY, until=TODAY).verdict is Verdict.KEEP
    found = line(DUTY, until=TODAY - timedelta(days=1))
    assert (found.verdict, found.why) == (Verdict.ERASE, Why.RETENTION_OVER)


def test_a_legal_hold_restricts_what_would_have_gone():
    hold = Hold(date(2026, 3, 1), "court case")
    for found in (line(CONSENT, hold=hold), line(DUTY, until=TODAY - timedelta(days=1), hold=hold)):
        assert (found.verdict, found.why, found.until) == (Verdict.RESTRICT, Why.LEGAL_CLAIM, date(2026, 3, 1))
        assert found.tell == ("duo", "panteia")
    assert line(CONSENT, hold=Hold(None, "court case")).until is None


def test_a_hold_ends_with_its_last_day():
    hold = Hold(TODAY, "court case")
    assert line(CONSENT, hold=hold).verdict is Verdict.RESTRICT
    assert line(CONSENT, hold=hold, today=TODAY + timedelta(days=1)).verdict is Verdict.ERASE


def test_what_a_law_keeps_anyway_stays_until_the_later_of_law_and_hold():
    assert line(DUTY, hold=Hold(UNTIL + timedelta(days=9), "claim")).until == UNTIL + timedelta(days=9)
    assert line(DUTY, hold=Hold(TODAY, "claim")).until == UNTIL
    assert line(DUTY, hold=Hold(None, "claim")).until is None
    assert line(DUTY, hold=Hold(TODAY, "claim")).why is Why.LEGAL_OBLIGATION


def test_recipients_are_told_of_what_goes_and_not_of_what_stays():
    assert line(CONSENT).tell == ("duo", "panteia")
    assert line(DUTY).tell == ()
    plan = plan_erasure([item(CONSENT), item(DUTY), item(CONSENT)], TODAY, contract_running=False)
    assert plan.tell == ("duo", "panteia")
    assert [found.verdict.value for found in plan.lines] == ["erase", "keep", "erase"]
    assert len(plan.of(Verdict.ERASE)) == 2
    assert plan.keeps_a_part


@pytest.mark.parametrize(
    ("items", "ruled_out"),
    [
        ([], set()),
        ([CONSENT], set()),
        ([CONSENT, DUTY], {Outcome.GRANTED}),
        ([DUTY, DUTY], {Outcome.GRANTED, Outcome.PARTLY}),
    ],
)
def test_no_decision_promises_more_than_the_plan_does(items: list[Use], ruled_out: set[Outcome]):
    assert plan_erasure(map(item, items), TODAY, contract_running=False).rules_out == ruled_out


def test_a_class_goes_as_a_whole_only_when_nothing_of_it_remains():
    plan = plan_erasure(
        [item(CONSENT), item(CONSENT), item(CONSENT, code="photo"), item(DUTY, code="exemption")], TODAY, False
    )
    assert plan.whole_classes({"study": 2, "photo": 2, "exemption": 1}) == {"study"}


def test_every_reason_has_its_article():
    assert set(ARTICLES) == set(Why)


USES = st.builds(
    Use,
    st.sampled_from(["a", "b"]),
    st.sampled_from(LegalBasis),
    st.just(""),
    st.booleans(),
    st.sampled_from(Objection),
)


@given(uses=st.lists(USES, max_size=5), running=st.booleans(), offset=st.integers(-3, 3), held=st.booleans())
def test_nothing_is_erased_while_a_law_a_running_contract_or_a_hold_keeps_it(uses, running, offset, held):
    until = TODAY + timedelta(days=offset)
    hold = Hold(None, "claim") if held else None
    verdict = line(*uses, running=running, until=until, hold=hold).verdict
    live = [use for use in uses if not use.ended]
    law = any(use.basis is LegalBasis.LEGAL_OBLIGATION for use in live)
    contract = running and any(use.basis is LegalBasis.CONTRACT for use in live)
    if held:
        assert verdict is not Verdict.ERASE
    elif offset < 0:
        assert verdict is Verdict.ERASE
    elif law or contract:
        assert verdict is Verdict.KEEP
    elif all(use.basis is LegalBasis.CONSENT for use in live):
        assert verdict is Verdict.ERASE
