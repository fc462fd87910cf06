"""Who may come to the account's pages: one line an endpoint."""

from __future__ import annotations

from portal.domain.vocabulary import Level
from portal.web.access import ASKER, PUBLIC, STUDENT, Rule

TABLE: dict[str, Rule] = {
    "account.sign_in": Rule(PUBLIC, "asking for a link: nobody is signed in yet; same answer for every address"),
    "account.code": Rule(PUBLIC, "the mailed code is the proof; only in the browser that asked, five tries"),
    "account.link": Rule(PUBLIC, "the mailed link is the proof; used by a button in the browser that asked"),
    "account.confirm": Rule(ASKER, level=Level.ADDRESS),
    "account.second_channel": Rule(STUDENT, level=Level.ADDRESS),
    "account.second_code": Rule(STUDENT, level=Level.ADDRESS),
    "account.sign_out": Rule(PUBLIC, "signing out always works, also when the session has ended"),
}
