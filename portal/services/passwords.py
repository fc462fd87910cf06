"""Passwords of staff: argon2id, the same time for a wrong name and a wrong password, and what is too easy to guess."""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from portal.domain.refusal import Refused

MINIMUM, MAXIMUM = 12, 128  # characters (ASVS 6.2.1, 6.2.9)
HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

# What a Dutch school types first, drawn up by hand; the long list of others says in its head where it comes from.
_OUR_OWN = """
passwordpassword administratie welkom welkombij welkombijons wachtwoord mijnwachtwoord geheim geheimwachtwoord
vergeten vergetenwachtwoord verander veranderdit nederland amsterdam rotterdam denhaag utrecht alkmaar hoorn langedijk
ajaxamsterdam feyenoord inburgering inburgeringscursus inburgeren taalschool nederlandsles cursist docent school
privacy portaal correcthorsebatterystaple trustno letmein changeme changemeplease changemenow iloveyouforever start
goedemorgen goedemiddag goedenavond lente zomer herfst winter voorjaar najaar maandag dinsdag woensdag donderdag
vrijdag zaterdag zondag januari februari maart april juni juli augustus september oktober november december
"""
_LIST = Path(__file__).with_name("common_passwords.txt")


@cache
def common() -> frozenset[str]:
    """Words that are tried first. Compared without case, spaces and signs, and without digits before and behind."""
    listed = (line for line in _LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return frozenset({*listed, *_OUR_OWN.split()})


def normal(password: str) -> str:
    """One spelling for a password typed on different keyboards (NIST SP 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    return HASHER.hash(normal(password))


@cache
def _nobody() -> str:
    return HASHER.hash("nobody has this password")


def verify(stored: str | None, password: str) -> bool:
    """Whether the password is right. Without an account the same work is done for nothing (ASVS 6.3.8)."""
    try:
        return HASHER.verify(stored or _nobody(), normal(password)[:1024]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's, so that it should be made anew."""
    return HASHER.check_needs_rehash(stored)


def check_new(password: str, *about: str) -> None:
    """Nothing, or Refused: too short, too long, or easy to guess; `about` are the person's own words."""
    plain = normal(password)
    if len(plain) < MINIMUM:
        raise Refused("password_too_short", least=MINIMUM)
    if len(plain) > MAXIMUM:
        raise Refused("password_too_long", most=MAXIMUM)
    if _is_common(plain, about):
        raise Refused("password_common")


def _is_common(password: str, about: tuple[str, ...]) -> bool:
    folded = _folded(password)
    word = folded.strip("0123456789")
    if len(set(folded)) < 5 or not word or folded in common() or _once(word) in common():
        return True
    if _runs_on(folded):
        return True
    return _once(word) in {own for text in about if len(own := _folded(text)) >= 4}


def _folded(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


def _once(word: str) -> str:
    """The word that is written twice or more in a row: a longer password is not made so."""
    return word[: (word + word).find(word, 1)]


def _runs_on(folded: str) -> bool:
    """Whether it is one run such as abcdefghijkl or 210987654321."""
    steps = {ord(after) - ord(one) for one, after in pairwise(folded)}
    return steps <= {1, -9} or steps <= {-1, 9}
