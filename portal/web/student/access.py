"""Who may come to the student's pages: one line an endpoint. Nobody in particular, at an address that several students
share, gets no further than the list of requests."""

from __future__ import annotations

from portal.domain.vocabulary import Level
from portal.web.access import ACTING, ASKER, PUBLIC, STUDENT, Rule

TABLE: dict[str, Rule] = {
    name: Rule(STUDENT, level=Level.ADDRESS)
    for name in (
        "student.data",
        "student.records",
        "student.value",
        "student.reveal",
        "student.wrong",
        "student.ask",
        "student.email",
        "student.email_stop",
        "student.sign_out_others",
        "student.helpers",
        "student.helper_end",
        "student.consents",
        "student.consent_question",
        "student.views",
        "student.claim",
        "student.own_letter",
        "student.upload",
        "student.stop_erasure",
        "student.ending",
    )
}
TABLE |= {name: Rule(STUDENT, level=Level.KNOWLEDGE) for name in ("student.helper_new", "student.helper_confirm")}
TABLE |= {
    name: Rule(ASKER, level=Level.ADDRESS)
    for name in ("student.requests", "student.request", "student.letter", "student.take_back", "student.act_for")
}
TABLE |= {name: Rule(ASKER, level=Level.KNOWLEDGE) for name in ("student.download", "student.renew")}
TABLE["student.act_confirm"] = Rule(ACTING, level=Level.ADDRESS)
TABLE["student.erasure_link"] = Rule(PUBLIC, "the mailed link is the proof; it only stops an erasure, by a button")
TABLE["student.stop_email"] = Rule(PUBLIC, "the mailed link is the proof; it only stops a change, by a button")
