"""The yearly report on paper: what it says, and that no small count is in it or can be worked out from it."""

from __future__ import annotations

import random
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portal.domain.figures import Answered, Part, Received, Tallies, figures
from portal.domain.lifecycle import CaseState
from portal.domain.periods import year
from portal.domain.vocabulary import Outcome, RequestKind
from portal.domain.year_report import year_report
from portal.letters.year_report import HIDDEN, print_year_report
from portal.policy.loader import load_policy
from tests.letters import paper

POLICY = load_policy(Path(__file__).resolve().parents[2] / "portal/policy/jar_opleidingen.toml")
CLOSED = date(2026, 2, 1)
KIND = RequestKind
MAY, JUNE = (2025, 5), (2025, 6)


def report(**more: Any) -> dict[str, Any]:
    """60 requests in two months; of the erasures two were late."""
    tallies = Tallies(
        received=(Received(MAY, KIND.ACCESS, 31), Received(JUNE, KIND.ERASURE, 29)),
        answered=(
            Answered(MAY, KIND.ACCESS, 9, True, False, Outcome.GRANTED, 16),
            Answered(JUNE, KIND.ACCESS, 21, True, False, Outcome.GRANTED, 15),
            Answered(JUNE, KIND.ERASURE, 12, True, True, Outcome.REFUSED, 27),
            Answered(JUNE, KIND.ERASURE, 33, False, False, Outcome.GRANTED, 2),
        ),
        parts=(Part(Outcome.GRANTED, None, 33), Part(Outcome.REFUSED, "legal_duty", 27)),
        done={1: 3, 6: 20, 17: 4},
        open_by_due={date(2025, 12, 20): 2},
        otherwise={CaseState.TAKEN_BACK: 6},
    )
    given = {name: getattr(tallies, name) for name in Tallies.__dataclass_fields__} | more
    found = figures(year(2025), date(2025, 12, 31), Tallies(**given))
    return year_report(2025, found, "1", random.Random(5).randrange)


@pytest.fixture(scope="module")
def printed() -> bytes:
    return print_year_report(report(), CLOSED, POLICY)


@paper.needs_poppler
def test_it_says_what_was_counted_and_how(printed: bytes, tmp_path: Path) -> None:
    text = paper.text_of(printed, tmp_path)
    for said in (
        "Jaarverslag privacyverzoeken 2025",
        "Datum: 1 februari 2026",
        "keurmerk Blik op Werk",
        "Verzoeken ontvangen 60",
        "Verzoeken beantwoord 60",
        "Mei 31",
        "Wissen (AVG artikel 17) 29",
        "Met verlenging 27",
        "Geheel toegewezen 33",
        "Wij moeten dit van de wet bewaren (AVG artikel 17 lid 3 onder b) 27",
        "Na het antwoord uitgevoerd: 27. De helft was klaar binnen 6 dagen",
        "negen van de tien binnen 17 dagen",
        "Ingetrokken door de cursist 6",
        "Hyndman en Fan, definitie 1",
        "mediaan",
        "door loting gekozen",
        "Er staan geen persoonsgegevens in.",
    ):
        assert said in text, said


@paper.needs_poppler
def test_what_was_late_is_hidden_with_all_from_which_it_follows(printed: bytes, tmp_path: Path) -> None:
    text = paper.text_of(printed, tmp_path)
    assert "Daarvan op tijd x" in text
    assert "Te laat en nog open x" in text
    assert "Minder dan 5. Daarom staan hier geen aantallen." in text
    erasures = re.search(
        r"Wissen \(AVG artikel 17\) (\S+) (\S+) (\S+) (\S+) (\S+)", text[text.index("2. Beantwoord") :]
    )
    assert erasures
    assert erasures.group(2) == HIDDEN, "two were late"
    assert erasures.group(1) == HIDDEN or erasures.group(3) == HIDDEN
    assert erasures.group(4, 5) == ("–", "–"), "nine of ten within the term would tell how many were late"


@paper.needs_poppler
def test_it_is_tagged_with_tables_that_a_voice_can_read(printed: bytes, tmp_path: Path) -> None:
    structure = paper.structure_of(printed, tmp_path)
    assert structure.count("Table") == 6
    assert structure.count("H1") == 1
    assert structure.count("H2") == 8
    assert {"TH", "TD", "TR", "Caption"} <= {each.rstrip(":") for each in structure}
    assert paper.languages_of(printed) == {"nl"}
    assert "pdfuaid:part" in paper.objects_of(printed)
    assert paper.info_of(printed, tmp_path)["Tagged"] == "yes"


def test_the_same_report_is_the_same_bytes(printed: bytes) -> None:
    assert print_year_report(report(), CLOSED, POLICY) == printed


@paper.needs_poppler
def test_a_year_in_which_nothing_happened_and_one_with_too_little_have_words_for_it(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("received", "answered", "parts"), ())
    none = {name: {} for name in ("done", "open_by_due", "otherwise")}
    text = paper.text_of(print_year_report(report(**nothing, **none), CLOSED, POLICY), tmp_path)
    for said in ("Er kwam geen verzoek binnen.", "Er is geen verzoek beantwoord.", "Elk verzoek is beantwoord"):
        assert said in text
    few = {**nothing, "received": (Received(MAY, KIND.ACCESS, 3),)}
    text = paper.text_of(print_year_report(report(**few, **none), CLOSED, POLICY), tmp_path)
    assert "Verzoeken ontvangen x" in text
    spread = tuple(Received((2025, month), KIND.ACCESS, 1) for month in range(1, 8))
    text = paper.text_of(print_year_report(report(**{**nothing, "received": spread}, **none), CLOSED, POLICY), tmp_path)
    assert "Ontvangen per maand: de aantallen zijn te klein om uit te splitsen." in text
    assert re.search(r"Inzage \(AVG artikel 15\) 7", text)


def numbers(found: Any) -> list[int]:
    """Every count of a report, shares and days apart."""
    if isinstance(found, dict):
        apart = {"speed", "done_speed", "share_in_time", "form", "year", "policy"}
        return [each for name, value in found.items() if name not in apart for each in numbers(value)]
    return [found] if isinstance(found, int) else []


def test_no_report_of_made_up_years_holds_a_small_count() -> None:
    chance, seen = random.Random(11), 0
    for _ in range(60):
        answered = tuple(
            Answered(month, kind, chance.randint(0, 50), chance.random() < 0.8, chance.random() < 0.2, outcome, count)
            for month in (MAY, JUNE)
            for kind in KIND
            for outcome in Outcome
            if (count := chance.choice([0, 0, 1, 2, 6, 14]))
        )
        received = tuple(Received(each.month, each.kind, each.count) for each in answered)
        late = {date(2025, 12, 1 + day): chance.choice([1, 2, 7]) for day in range(chance.randint(0, 9))}
        made = report(answered=answered, received=received, open_by_due=late)
        counts = numbers(made)
        assert all(count == 0 or count >= 5 for count in counts), counts
        seen += len(counts)
    assert seen > 600
