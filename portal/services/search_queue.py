"""Search the queue for a person or a reference. What was typed travels sealed in the list's address, so that an address
can be shared with a colleague and yet no name stands in a history or a log (ASVS 14.2.1)."""

from __future__ import annotations

import base64
import binascii
import re
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, scope_of
from portal.records import queue as lists
from portal.services.drafts import CLASS
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import INSTALLATION, Place, Tampered
from portal.vault.normal import normal_number
from portal.vault.vault import Shredded

LONGEST = 200  # characters
MOST_TOKEN = 4000
YEARS_BACK = 4
_PLACE = Place("queue", "who", UUID(int=0))
_REFERENCE = re.compile(r"V?(20\d\d)?(\d{7})")


def find_case(actor: Actor, clock: Clock, typed: str) -> str | None:
    """The reference that was typed, whole or only its seven digits, when such a case lies within reach."""
    found = _REFERENCE.fullmatch(normal_number(typed).upper())
    if found is None:
        return None
    with reading(actor, clock) as work:
        work.require(Act.VIEW_QUEUE)
        years = [found[1]] if found[1] else [str(work.today.year - back) for back in range(YEARS_BACK)]
        for year in years:
            reference = f"V-{year}-{found[2]}"
            if lists.case_id(work.session, scope_of(actor), reference) is not None:
                return reference
    return None


def seal_words(actor: Actor, clock: Clock, typed: str) -> str:
    """What was typed, as a token for an address."""
    with writing(actor, clock) as work:
        work.require(Act.VIEW_QUEUE)
        sealed = work.vault.seal(INSTALLATION, CLASS, _PLACE, {"who": typed[:LONGEST]})
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def open_words(actor: Actor, clock: Clock, token: str) -> str:
    """What a token holds; "" for one that is none."""
    if not token or len(token) > MOST_TOKEN:
        return ""
    with reading(actor, clock) as work:
        return _opened(work, token)


def _opened(work: Work, token: str) -> str:
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return str(work.vault.open(INSTALLATION, CLASS, _PLACE, sealed)["who"])
    except (Shredded, Tampered, ValueError, binascii.Error):
        return ""
