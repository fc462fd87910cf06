"""The written answer: fixed when given, read by level, in the reader's language with the Dutch below."""

from __future__ import annotations

import html5lib
import pytest

from portal.domain.permissions import SYSTEM, Actor
from portal.domain.vocabulary import ActorKind, Level, Outcome, RequestKind, TargetKind
from portal.i18n import TONGUES
from portal.letters.answer import as_json, from_json
from portal.services.answer import answer_html, answer_of
from portal.services.casework import Asked
from portal.services.decide_case import ItemDecision, decide
from portal.services.unit import reading
from tests import factories
from tests.services import cases

MARKUP = '<script>alert(1)</script> & "reden"'


def read(reference, actor=SYSTEM):
    with reading(actor, cases.clock()) as work:
        return answer_of(work, cases.within(work, reference))


def mixed_case():
    student = factories.make_student(language="ar")
    factories.add_record(student, "disclosure", recipient="duo", date="2026-02-01", what="gegevens")
    asked = [cases.field_of(student, "bsn", "111222333"), cases.field_of(student, "town", "Alkmaar")]
    reference, handler = cases.opened(RequestKind.RECTIFICATION, student, asked, language="ar"), cases.handler()
    first, second = (item.id for item in cases.items_of(reference))
    decisions = [
        ItemDecision(first, Outcome.GRANTED, checked="111222333"),
        ItemDecision(second, Outcome.REFUSED, "not_shown", MARKUP),
    ]
    decide(handler, cases.clock(), reference, cases.version_of(reference), decisions, "Groeten van de school.")
    return student, reference


def test_there_is_no_answer_before_the_decision(context):
    assert read(cases.opened(RequestKind.ACCESS, factories.make_student())) is None


def test_the_answer_holds_what_the_law_asks(context):
    _, reference = mixed_case()
    answer = read(reference)
    assert answer is not None
    assert (answer.gdpr, answer.regulation, answer.reference) == ("16", "9.2", reference)
    assert answer.outcome == "partly"
    assert answer.received_on == cases.RECEIVED
    granted, refused = answer.items
    assert (granted.outcome, granted.changed[0].value) == ("granted", "111222333")
    assert (refused.outcome, refused.reason) == ("refused", MARKUP)
    assert refused.article.startswith("AVG artikel 16")
    assert [each.code for each in answer.recipients] == ["duo"]
    assert [route.code for route in answer.routes] == ["school", "trade_association", "supervisor", "court"]
    assert "zes weken" in answer.routes[-1].how
    assert "advocaat" in answer.routes[-1].how
    assert {(step.task, step.state) for step in answer.progress} == {("correct", "open"), ("tell", "open")}


def test_it_stays_the_same_whatever_the_policy_says_later(context):
    _, reference = mixed_case()
    before = read(reference)
    policy = context.extensions["policy"]
    ground = policy.grounds["not_shown"]
    object.__setattr__(policy, "grounds", {})
    try:
        assert read(reference) == before
    finally:
        object.__setattr__(policy, "grounds", {**load_grounds(), ground.code: ground})


def load_grounds():
    from portal.policy.loader import load_policy

    return dict(load_policy().grounds)


def test_it_survives_being_written_and_read(context):
    answer = read(mixed_case()[1])
    assert answer is not None
    assert from_json(as_json(answer)) == answer


def test_values_are_shown_by_level_and_never_by_the_case_code(context):
    student, reference = mixed_case()
    case_id = cases.case_of(reference).id

    def shown(actor):
        return [[value.value for value in item.changed + item.asked] for item in read(reference, actor).items]

    assert shown(Actor(ActorKind.CASE_CODE, case_id=case_id)) == [[], []]
    assert shown(factories.student_actor(student, Level.ADDRESS)) == [[], ["Alkmaar"]]
    assert shown(factories.student_actor(student, Level.KNOWLEDGE)) == [[], ["Alkmaar"]]
    assert shown(factories.student_actor(student, Level.SECOND_CHANNEL)) == [["111222333", "111222333"], ["Alkmaar"]]


@pytest.mark.parametrize("language", list(TONGUES))
def test_it_reads_in_every_language_with_the_binding_dutch_below(context, language):
    page = answer_html(read(mixed_case()[1]), language, context.extensions["policy"])
    document = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False).parseFragment(page)
    sections = document.findall("section")
    assert [section.get("lang") for section in sections] == list(dict.fromkeys((language, "nl")))
    assert sections[0].get("dir") == TONGUES[language].dir
    assert sections[-1].get("dir") == "ltr"
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    dutch = "".join(sections[-1].itertext())
    for fact in (
        "Nee, wij doen dit niet.",
        "Ja, wij doen dit.",
        "AVG artikel 16",
        "zes weken",
        "DUO",
        "9 november 2026",
    ):
        assert fact in dutch
    if language != "nl":
        assert 'class="words" lang="nl"' in page  # the school's own words, marked as Dutch


def test_an_erasures_answer_lists_what_goes_and_what_stays(context):
    student = factories.make_student(last_programme_ended=cases.RECEIVED)
    factories.add_record(student, "permit", kind="asylum", valid_until="2027-01-01")
    reference = cases.opened(RequestKind.ERASURE, student)
    cases.granted_erasure(reference, cases.officer())
    page = answer_html(read(reference), "nl", context.extensions["policy"])
    assert "Dit wissen wij" in page
    assert "Dit moet blijven" in page
    assert "9 november 2029" in page
    assert "AVG artikel 17 lid 3 onder b" in page


def test_a_complaint_is_answered_in_its_own_words(context):
    words = [Asked(TargetKind.WORDS, words="Ik kreeg geen antwoord")]
    reference = cases.opened(RequestKind.COMPLAINT, factories.make_student(), words)
    cases.decided(reference, cases.officer(), reason="Wij waren te laat.")
    page = answer_html(read(reference), "nl", context.extensions["policy"])
    assert "U heeft gelijk." in page
    assert "Ik kreeg geen antwoord" in page


def test_the_answer_lies_sealed_under_the_cases_key(context):
    _, reference = mixed_case()
    sealed = cases.case_of(reference).sealed
    assert b"111222333" not in sealed
    factories.vault().destroy(cases.casebook.holder(cases.case_of(reference).id), "case")
    assert read(reference) is None
