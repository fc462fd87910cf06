"""Every letter in every language: printed, its text read back, its facts found (regulation, art. 9.5; GDPR 12, 15)."""

from __future__ import annotations

import re
import shutil
import unicodedata

import pypdfium2
import pytest

from portal.i18n import TONGUES
from portal.letters.letter import Written
from portal.letters.notice import WORDS, Change, Notice, print_notice
from tests.letters import paper
from tests.letters.samples import ANSWERED, OF_STAFF, POLICY, REFERENCE, expected, printed, samples

NAMES = tuple(samples())
LAM_ALEF = "\u0627\u0644"
SIGNS = ".,:;()?!؟،؛፦።‘’«»"
READ_BY_SECOND_PROGRAM = {"nl", "ar", "ti"}
# `make test` prints each letter in one language, so that each language comes by twice; `make proof` prints all.
EVERY = [(name, lang) for name in NAMES for lang in TONGUES]
FEW = [(name, list(TONGUES)[place % len(TONGUES)]) for place, name in enumerate(NAMES)]


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(document[number].get_textpage().get_text_bounded() for number in range(len(document)))
    finally:
        document.close()


def letters_and_signs(text: str) -> str:
    """Without white space, marks above and below letters and the marks that no reader sees. Programs that read a PDF
    put the two letters of lam-alef, one sign, in either order, so both are left out (test_pdf.py reads them from the
    PDF itself)."""
    parts = unicodedata.normalize("NFKD", paper.plain(text))
    left_out = ("Mn", "Zs", "Cc")
    return "".join(sign for sign in parts if unicodedata.category(sign) not in left_out and sign not in LAM_ALEF)


def missing(pdf: bytes, wanted: list[str]) -> list[str]:
    """What cannot be found, word by word: lines and pages may break a sentence anywhere, and signs at the ends of what
    runs the other way stand on either side."""
    return absent(text_of(pdf), wanted)


def absent(text: str, wanted: list[str]) -> list[str]:
    found = letters_and_signs(text)
    words = {each: [letters_and_signs(word).strip(SIGNS) for word in words_of(each)] for each in wanted}
    return [each for each, spelt in words.items() if not all(word in found for word in spelt)]


def words_of(text: str) -> list[str]:
    """Its words; what runs to the left apart from a number or letter that stands against it and runs to the right: a
    program that reads a PDF may put either first."""
    return re.findall(r"[\u0600-\u06ff]+|[^\s\u0600-\u06ff]+", text)


@pytest.mark.parametrize(("name", "lang"), FEW)
def test_a_letter_says_what_the_law_asks_in_the_readers_language_and_in_dutch(name, lang, tmp_path):
    tells_its_facts(name, lang, tmp_path)


@pytest.mark.proof
def test_every_letter_in_every_language_says_what_the_law_asks(tmp_path):
    for name, lang in EVERY:
        tells_its_facts(name, lang, tmp_path)
    print(f"letters: {len(NAMES)} kinds in {len(TONGUES)} languages, every fact found in the text")


def tells_its_facts(name, lang, folder):
    sample = samples()[name]
    pdf = printed(sample, lang)
    wanted = expected(sample, lang)
    assert missing(pdf, wanted) == []
    languages = paper.languages_of(pdf)
    assert {lang, "nl"} <= languages <= set(TONGUES), "each part names its language (PDF/UA-1, 7.2)"
    assert "pdfuaid:part" in paper.objects_of(pdf)
    if lang in READ_BY_SECOND_PROGRAM and shutil.which("pdftotext"):
        assert absent(paper.text_of(pdf, folder), wanted) == []


def test_a_fact_that_is_not_in_a_letter_is_noticed():
    pdf = printed(samples()["receipt"], "nl")
    assert missing(pdf, ["rijksmuseum"]) == ["rijksmuseum"]
    assert missing(pdf, expected(samples()["receipt"], "nl")) == []


def test_what_staff_wrote_is_marked_as_not_translated_for_who_reads_another_language():
    note = "De school schreef dit. Het is niet vertaald."
    from portal.i18n import speaker

    assert missing(printed(samples()["message"], "tr"), [speaker("tr").gettext(note), OF_STAFF]) == []
    assert missing(printed(samples()["message"], "nl"), ["vertaald."]) == ["vertaald."]


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
