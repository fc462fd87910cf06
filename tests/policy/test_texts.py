"""The texts of the policy: all of them reach the translators, and students can read them."""

from __future__ import annotations

import re

import pytest

from portal.policy.loader import SHIPPED, load_policy
from portal.policy.texts import Audience, babel_extract, texts
from tests.policy.documents import PARSED, shipped

HARD_WORDS = (
    "deadline", "betrokkene", "verwerking", "verwerken", "identiteit", "verificatie", "authenticatie", "rectificatie",
    "grondslag", "verantwoordelijke ", "persoonsgegevens ", "conform", "middels", "derhalve", "teneinde", "inzake",
)  # fmt: skip
NO_TEXTS = re.compile(
    r"(code|version|icon|type|source|sensitivity|retention|lookup|master|purpose|basis|starts|role|use|direction)$"
    r"|\.(fields|security|recipients|kinds|natural_key|title|purposes|export_labels)\[\d+\]$|\.retention\[\d+\]$"
    r"|^controller\.(name|town|email|phone|website|representative|data_protection_officer|contact_\w+)$|^(branch|language)\..*\.name$"
    r"|\.website$|\.export_label$|choices\[\d+\]\.code$"
)
POLICY = load_policy()


def strings(value: object, key: str = "") -> dict[str, str]:
    if isinstance(value, str):
        return {key: value}
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for name, item in value.items():
            found |= strings(item, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            found |= strings(item, f"{key}[{place}]")
    return found


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.?!:])\s+", text) if part]


STUDENT_TEXTS = [
    (key, text) for key, text in texts(POLICY, Audience.STUDENT) if not key.endswith((".law", ".article", ".name"))
]


def test_every_text_of_the_file_is_extracted_or_known_as_no_text() -> None:
    extracted = dict(texts(POLICY))
    for key, text in strings(PARSED).items():
        assert extracted.get(key) == text or NO_TEXTS.search(key), key


def test_every_extracted_text_stands_in_the_file_under_its_key() -> None:
    assert dict(texts(POLICY)).items() <= strings(shipped()).items()


def test_keys_are_told_apart() -> None:
    keys = [key for key, _ in texts(POLICY)]
    assert len(keys) == len(set(keys))


def test_what_staff_do_at_the_holders_and_how_they_call_things_is_for_staff_alone() -> None:
    staff = dict(texts(POLICY, Audience.STAFF))
    at_holders = {
        f"holder.{code}.{name}"
        for code in POLICY.holders
        for name in ("keeper", "place", "search", "correct", "erase", "restrict")
    }
    groups = {f"group.{number}.staff_label" for number, group in POLICY.groups.items() if group.staff_label}
    reasons = {f"reason.{code}.staff_label" for code, reason in POLICY.reasons.items() if reason.staff_label}
    assert staff.keys() == at_holders | groups | reasons | {"own_section.staff_label"}
    assert not staff.keys() & dict(texts(POLICY, Audience.STUDENT)).keys()


def test_sentences_for_students_have_at_most_ten_words() -> None:
    long = [(key, part) for key, text in STUDENT_TEXTS for part in sentences(text) if len(part.split()) > 10]
    assert long == []


@pytest.mark.parametrize("word", HARD_WORDS)
def test_hard_words_are_avoided(word: str) -> None:
    assert [key for key, text in STUDENT_TEXTS if word in f"{text.lower()} "] == []


def test_students_are_addressed_formally() -> None:
    informal = re.compile(r"\b(je|jij|jou|jouw|jullie)\b", re.IGNORECASE)
    assert [key for key, text in STUDENT_TEXTS if informal.search(text)] == []


def test_full_texts_end_like_sentences() -> None:
    ends = (".explanation", ".how", ".consequence", ".continues", ".what_for", ".help", ".basis_explanation")
    assert [key for key, text in STUDENT_TEXTS if key.endswith(ends) and text[-1] not in ".?!"] == []


def test_the_extractor_of_babel_gives_line_and_key_of_each_text() -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    with SHIPPED.open("rb") as file:
        messages = list(babel_extract(file, (), (), {}))
    assert [(comments[0], text) for _, _, text, comments in messages] == list(texts(POLICY))
    by_key = {comments[0]: line for line, _, _, comments in messages}
    assert lines[by_key["no_profiling"] - 1].startswith("no_profiling =")
    assert lines[by_key["activity.training.label"] - 1].startswith("label =")


def test_the_extractor_can_be_narrowed_to_one_catalogue() -> None:
    with SHIPPED.open("rb") as file:
        messages = list(babel_extract(file, (), (), {"audience": "staff"}))
    assert [(comments[0], text) for _, _, text, comments in messages] == list(texts(POLICY, Audience.STAFF))


def test_no_group_or_reason_speaks_to_staff_as_if_the_data_were_theirs() -> None:
    named = [group.for_staff for group in (*POLICY.groups.values(), POLICY.own_section)]
    named += [reason.for_staff for reason in POLICY.reasons.values() if reason.use == "view"]
    assert not [name for name in named if {"u", "uw"} & set(name.casefold().split())]
