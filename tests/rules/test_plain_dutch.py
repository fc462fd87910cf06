"""Everything that students read is plain Dutch (ux.md, rule 7): pages, errors, mails, letters and the policy's texts.

Level A2 cannot be measured whole by a machine. What can: at most ten words a sentence, no hard word, always "u".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from portal.cli.catalogues import template

MOST_WORDS = 10
HARD = (
    *("aangaande", "alsmede", "autoris", "authenticatie", "beperking van", "betreffende", "betrokkene", "conform"),
    *("deadline", "dataportabiliteit", "derhalve", "desbetreffend", "dient te", "u dient", "faciliteren", "gelieve"),
    *(
        "grondslag",
        "hierbij",
        "identificatie",
        "identiteit",
        r"indien\b",
        "ingevolge",
        "inzake",
        "krachtens",
        "middels",
    ),
    *("omtrent", "onderhavig", "persoonsgegevens", "portabiliteit", "profilering", "rectificatie", "retentie"),
    *("teneinde", "tenzij", "termijn", "tevens", "verantwoordelijke voor de verwerking", "verificatie", "verwerken"),
    *("verwerking", "verwerkt", "verzoeker", "met betrekking tot", "ten behoeve van", "in het kader van"),
)
# A name is what it is called; nothing else is let through.
NAMES = ("Autoriteit Persoonsgegevens",)
# (text, fault): why it may stay.
EXCEPTIONS: dict[tuple[str, str], str] = {}
# Read by staff, in the report of an import; the student catalogue has it because its source is no room of the staff.
FOR_STAFF = ("portal/intake/",)


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.?!:;])\s+|\n+", text) if part.strip()]


def words(sentence: str) -> list[str]:
    return [part for part in sentence.split() if any(each.isalnum() for each in part)]


def faults(text: str) -> list[str]:
    found = [f"{len(words(each))} words: {each}" for each in sentences(text) if len(words(each)) > MOST_WORDS]
    plain = text
    for name in NAMES:
        plain = plain.replace(name, "")
    found += [each for each in HARD if re.search(rf"\b{each}", plain, re.IGNORECASE)]
    if re.search(r"\b(je|jij|jou|jouw|jullie|uw\w*e)\b", plain, re.IGNORECASE):
        found.append("not formal")
    return found


def student_texts() -> Iterator[str]:
    for message in template("student"):
        if message.id and not all(place.startswith(FOR_STAFF) for place, _ in message.locations):
            yield from ([message.id] if isinstance(message.id, str) else message.id)


def test_every_text_for_students_is_plain() -> None:
    texts = list(student_texts())
    longest = max(len(words(each)) for text in texts for each in sentences(text))
    print(f"plain Dutch: {len(texts)} texts, longest sentence {longest} words, {len(EXCEPTIONS)} exceptions")
    assert len(texts) > 1200
    found = {(text, fault) for text in texts for fault in faults(text)}
    assert found - set(EXCEPTIONS) == set(), "say it in shorter, simpler words"
    assert set(EXCEPTIONS) - found == set(), "take the exception out"


@pytest.mark.parametrize(
    "text",
    [
        "Wij sturen u een brief met daarin alles wat u van ons wilt weten.",
        "Dit is de deadline.",
        "De betrokkene mag dit.",
        "Wij controleren uw identiteit.",
        "Dat is de grondslag van de verwerking.",
        "Je mag dit vragen.",
    ],
)
def test_the_detectors_find_planted_faults(text: str) -> None:
    assert faults(text)


def test_plain_sentences_pass() -> None:
    assert faults("Wij antwoorden binnen 4 weken. U mag klagen bij de Autoriteit Persoonsgegevens.") == []
