"""Passwords of staff: argon2id, the same time for a wrong name and a wrong password, and what is too easy to guess."""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from portal.domain.refusal import Refused

MINIMUM, MAXIMUM = 12, 128  # characters (ASVS 6.2.1, 6.2.9)
HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

# Long enough and still among the first that are tried; short ones fall by their length. Compared without case, spaces
# and marks, and without the digits and signs that people hang behind a word.
_COMMON = """
password passwordpassword passw0rd administrator administratie welkomwelkom welkombij welkombijons wachtwoord
wachtwoordwachtwoord mijnwachtwoord geheimwachtwoord geheimgeheim qwertyuiop qwertyuiopasdf qwertyqwerty
asdfghjkl asdfghjklzxcv qazwsxedcrfv zxcvbnm zxcvbnmasdfgh iloveyou iloveyouforever letmein letmeinletmein
changeme changemeplease changemenow trustno football liverpool ajaxamsterdam feyenoord nederland amsterdam
rotterdam inburgering inburgeringscursus correcthorsebatterystaple monkeymonkey dragondragon sunshine princess
superman startstart goedemorgen goedemiddag vergeten vergetenwachtwoord lente zomer herfst winter voorjaar
januari februari maart april juni juli augustus september oktober november december
"""
COMMON = frozenset(_COMMON.split())


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
    folded = "".join(each for each in password.casefold() if each.isalnum())
    word = folded.strip("0123456789")
    if len(set(folded)) < 5 or not word or word in COMMON or folded in COMMON:
        return True
    if _runs_on(folded):
        return True
    own = {"".join(each for each in text.casefold() if each.isalnum()) for text in about}
    return any(len(text) >= 4 and word == text for text in own) or word in {text + text for text in own}


def _runs_on(folded: str) -> bool:
    """Whether it is one run such as abcdefghijkl or 210987654321."""
    steps = {ord(after) - ord(one) for one, after in pairwise(folded)}
    return steps <= {1, -9} or steps <= {-1, 9}
