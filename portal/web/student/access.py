"""Who may come to the student's pages: one line an endpoint. Nobody in particular, at an address that several students
share, gets no further than the list of requests."""

from __future__ import annotations

from portal.domain.vocabulary import Level
from portal.web.access import STUDENT, Rule

TABLE: dict[str, Rule] = {
    name: Rule(STUDENT, level=Level.ADDRESS)
    for name in (
        "student.data",
        "student.records",
        "student.value",
        "student.reveal",
        "student.wrong",
        "student.ask",
        "student.requests",
        "student.request",
        "student.take_back",
        "student.consents",
        "student.views",
    )
} | {name: Rule(STUDENT, level=Level.KNOWLEDGE) for name in ("student.download", "student.renew")}
