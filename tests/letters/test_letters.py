"""Every letter in every language: printed, its text read back, its facts found (regulation, art. 9.5; GDPR 12, 15)."""

from __future__ import annotations

import re
import shutil

import pytest

from portal.domain.erasure_plan import ARTICLES
from portal.domain.vocabulary import Letter, Outcome, RequestKind
from portal.i18n import TONGUES
from portal.letters import wording
from portal.letters.letter import Written, print_letter
from portal.letters.notice import WORDS, Change, Notice, print_notice
from tests.letters import paper
from tests.letters.paper import missing
from tests.letters.samples import ANSWERED, OF_STAFF, POLICY, REFERENCE, answer, expected, item, printed, samples
from tests.proofs import LONG

NAMES = tuple(samples())
FOOT = re.compile(rf"{re.escape(POLICY.controller.name)} · (?:\S+ · )?\d+ / \d+")
BOTH_WAYS = re.compile(rf"{paper.FROM_RIGHT}.*[A-Za-z0-9]|[A-Za-z0-9].*{paper.FROM_RIGHT}")
# `make test` prints each letter in one language, so that each language comes by twice; `make proof` prints all.
EVERY = [(name, lang) for name in NAMES for lang in TONGUES]
FEW = [(name, list(TONGUES)[place % len(TONGUES)]) for place, name in enumerate(NAMES)]


def unread(text: str, wanted: list[str]) -> list[str]:
    """What does not stand in the text of pdftotext as a whole; or word by word, where it runs both ways."""
    found = paper.letters(FOOT.sub("", text))
    parts = {each: paper.words_of(each) if BOTH_WAYS.search(each) else [each] for each in wanted}
    return [each for each in wanted if not all(paper.letters(part) in found for part in parts[each])]


@pytest.mark.proof
@pytest.mark.parametrize(("name", "lang"), EVERY if LONG else FEW)
def test_a_letter_says_what_the_law_asks_in_the_readers_language_and_in_dutch(name, lang, tmp_path):
    sample = samples()[name]
    pdf = printed(sample, lang)
    wanted = expected(sample, lang)
    assert missing(pdf, wanted) == []
    languages = paper.languages_of(pdf)
    assert {lang, "nl"} <= languages <= set(TONGUES), "each part names its language (PDF/UA-1, 7.2)"
    assert "pdfuaid:part" in paper.objects_of(pdf)
    if shutil.which("pdftotext"):
        assert unread(paper.text_of(pdf, tmp_path), wanted) == []


def test_a_fact_that_is_not_in_a_letter_is_noticed():
    pdf = printed(samples()["receipt"], "nl")
    assert missing(pdf, ["rijksmuseum"]) == ["rijksmuseum"]
    assert missing(pdf, expected(samples()["receipt"], "nl")) == []


def test_what_staff_wrote_is_marked_as_not_translated_for_who_reads_another_language():
    note = "De school schreef dit. Het is niet vertaald."
    from portal.i18n import speaker

    assert missing(printed(samples()["message"], "tr"), [speaker("tr").gettext(note), OF_STAFF]) == []
    assert missing(printed(samples()["message"], "nl"), ["vertaald."]) == ["vertaald."]


def test_what_the_asker_wrote_stands_in_the_answer_once():
    own = "Ik wil weten wat u bewaart."
    refused = item(wording.OWN_WORDS, outcome=Outcome.REFUSED, ground="rights_of_others", words=own)
    letter = Written(Letter.ANSWER, "nl", ANSWERED, answer(RequestKind.ACCESS, refused, words=own), (), by_post=False)
    assert paper.text_by_pdfium(print_letter(letter, POLICY)).count(own) == 1


def test_every_reason_to_keep_or_erase_has_its_words_and_its_article_as_it_is_cited():
    assert set(wording.PLAN) == set(ARTICLES)
    assert set(wording.ARTICLES) == set(ARTICLES.values())


def test_a_letter_that_was_kept_as_data_prints_the_same_bytes():
    written = samples()["partly"].written
    assert isinstance(written, Written)
    again = Written.of(written.as_json())
    assert again == written


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_a_notice_to_a_recipient_says_what_changed_with_the_fewest_identifiers(kind):
    notice = Notice(
        kind, "DUO", REFERENCE, ANSWERED, ANSWERED, "Ş. Yıldız", "02-04-1990", (ANSWERED,),
        (Change("Plaats", "Heerhugowaard"),),
    )  # fmt: skip
    assert Notice.of(notice.as_json()) == notice
    pdf = print_notice(notice, POLICY)
    words = WORDS[kind]
    said = [words.title, words.opening, words.asking, "DUO", "Ş. Yıldız", "02-04-1990", "Heerhugowaard", REFERENCE]
    assert missing(pdf, said) == []
    assert paper.languages_of(pdf) == {"nl"}
