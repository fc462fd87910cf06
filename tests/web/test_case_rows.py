"""What was said and what happened in a case is put together by hand: whatever it holds, it stands there as text."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from markupsafe import escape

from portal.domain.events import EventKind
from portal.domain.vocabulary import ActorKind
from portal.i18n import staff_speaker
from portal.services.case_lines import EventLine, MessageLine, NoteLine
from portal.web.staff.case_rows import said_in
from tests.web.test_application import HOSTILE

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
TOLD = {"name": HOSTILE, "note": HOSTILE, "words": HOSTILE, "reason": HOSTILE}


def test_whatever_was_said_or_happened_is_escaped(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context("/staff/"):
        said = said_in(staff_speaker("nl"))
        happened = said.happened([EventLine(AT, EventKind.ASSIGNED, ActorKind.STAFF, HOSTILE, TOLD)], False)
        messages = said.messages([MessageLine(AT, each, HOSTILE, HOSTILE, each) for each in (True, False)])
        notes = said.notes([NoteLine(AT, HOSTILE, HOSTILE)])
        trail = said.trail([(AT.date(), HOSTILE, HOSTILE)])
    for made, times in ((happened, 4), (messages, 3), (notes, 2), (trail, 2)):
        assert "<script" not in made
        assert made.count("&lt;script") == times


def test_an_event_says_who_it_was_and_what_stands_nowhere_else(sqlite_app: Flask) -> None:
    code, reason = next(iter(sqlite_app.extensions["policy"].reasons.items()))
    told = {"words": "met deze woorden", "reason": code}
    note = EventLine(AT, EventKind.NOTE_WRITTEN, ActorKind.STAFF, "Kees", {"note": "bij de notities"})
    ended = EventLine(AT, EventKind.CLOSED_AS_ABUSE, ActorKind.SYSTEM, "", told)
    with sqlite_app.test_request_context("/staff/"):
        said = said_in(staff_speaker("nl"))
        short, long = (said.happened([note, ended], each) for each in (True, False))
        read, unread = (said.messages([MessageLine(AT, True, "", "", each)]) for each in (True, False))
    assert "<bdi>Kees</bdi>" in short
    assert "het portaal" in short
    assert escape(reason.label) in short
    assert "bij de notities" not in long
    assert ("met deze woorden" in short, "met deze woorden" in long) == (False, True)
    assert ("nog niet gelezen" in read, "nog niet gelezen" in unread) == (False, True)
    assert "<bdi>school</bdi>" in read
