"""What is refused as too easy to guess, without asking anybody outside (ASVS 6.2.4, 6.2.12)."""

from __future__ import annotations

import pytest

from portal.domain.refusal import Refused
from portal.services import passwords


def code_of(password: str, *about: str) -> str:
    try:
        passwords.check_new(password, *about)
    except Refused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(
    "password",
    [
        *("password1234", "P@ssword2026!", "Sunshine-202612", "123456dragon123", "iloveyou iloveyou", "qwertyuiop123"),
        *("monkeymonkeymonkey", "1q2w3e4r5t6y", "Welkom-2026-2026", "!!!Inburgering2026", "liverpool 1234567"),
    ],
)
def test_a_word_of_the_list_with_digits_and_signs_around_it_or_repeated_is_refused(password: str) -> None:
    assert code_of(password) == "password_common"


@pytest.mark.parametrize(
    "password", ["fietsen-door-de-polder", "kwark7 lantaarn oever", "Zm3!kkq0Wd-vR", "ኣብ ትምህርቲ ኢና ዘለና"]
)
def test_what_nobody_tries_first_is_taken(password: str) -> None:
    assert code_of(password) == ""


def test_the_persons_own_words_are_refused_however_often_they_are_repeated() -> None:
    assert code_of("FatmaYilmaz-2026", "Fatma Yilmaz") == "password_common"
    assert code_of("yilmazyilmazyilmaz", "yilmaz") == "password_common"


def test_the_list_is_long_and_says_where_it_comes_from_and_under_which_licence() -> None:
    head = [line for line in passwords._LIST.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert "BSD" in " ".join(head)
    assert "Royce Williams" in " ".join(head)
    assert len(passwords.common()) > 10_000
