"""The address that an erasure leaves to the case for its last mail or letter.

It lies under the key of the case's mails, which is destroyed when that mail has left
(`portal.services.shred_addresses`): no backup tells it any more then.
"""

from __future__ import annotations

from portal.mail.outbox import CLASS
from portal.records import casebook
from portal.records.tables.cases import Case
from portal.services.unit import Work
from portal.vault.envelope import Json, Place
from portal.vault.vault import Shredded

KEPT = "kept_address"  # in the case's sealed contents
EMAIL, ENVELOPE = "reply_to", "post_to"


def keep(work: Work, case: Case, **kept: Json) -> None:
    """Keeps an address by mail, by post or both."""
    contents = casebook.contents(work.vault, case)
    contents[KEPT] = work.vault.seal(casebook.holder(case.id), CLASS, _place(case), kept).hex()
    casebook.set_contents(work.vault, case, contents)


def kept(work: Work, case: Case, name: str) -> Json:
    """What was kept of that name, until its key is gone; None where nothing was."""
    sealed = casebook.contents(work.vault, case).get(KEPT)
    if not sealed:
        return None
    try:
        return work.vault.open(casebook.holder(case.id), CLASS, _place(case), bytes.fromhex(sealed)).get(name)
    except Shredded:
        return None


def _place(case: Case) -> Place:
    return Place("case", KEPT, case.id)
