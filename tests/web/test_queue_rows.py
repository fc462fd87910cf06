"""The rows of the queue are put together by hand: whatever a case holds, it stands there as text."""

from __future__ import annotations

from datetime import date

from flask import Flask

from portal.domain.lifecycle import CaseState
from portal.domain.vocabulary import Channel, RequestKind
from portal.i18n import staff_speaker
from portal.services.queue import Line, Page, Tab
from portal.web.staff.queue_filter import QueueFilter, hand_over_fields
from portal.web.staff.queue_rows import rows_in, tabs_in
from tests.web.test_application import HOSTILE

HELD = Line(
    reference=HOSTILE,
    version=1,
    kind=RequestKind.ACCESS,
    state=CaseState.RECEIVED,
    name=HOSTILE,
    matched=False,
    language=HOSTILE,
    received_on=date(2026, 11, 2),
    channel=Channel.PORTAL,
    due_on=date(2026, 11, 30),
    days_left=7,
    extended=True,
    handler=HOSTILE,
    branch=HOSTILE,
    parts=2,
    about=None,
)


def test_whatever_a_case_holds_is_escaped(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context("/staff/"):
        made = rows_in(staff_speaker("nl"))([HELD], True, (), True)
    assert HOSTILE not in made
    assert "<script" not in made
    assert made.count("&lt;script") == 9


def test_a_row_says_what_is_left_and_what_was_ticked(sqlite_app: Flask) -> None:
    line = HELD._replace(reference="V-2026-0000001", language="ti")
    with sqlite_app.test_request_context("/staff/"):
        made = rows_in(staff_speaker("nl"))([line], True, {"V-2026-0000001|1"}, False)
        late = rows_in(staff_speaker("en"))([line._replace(days_left=-2, matched=True)], False, (), False)
    assert 'value="V-2026-0000001|1" aria-label="Vink aan: V-2026-0000001" checked>' in made
    assert all(each in made for each in ("nog 7 dagen", "verlengd", "2 onderdelen"))
    assert 'href="/staff/cases/V-2026-0000001"' in late
    assert "checkbox" not in late
    assert "2 days late" in late


def test_whatever_is_asked_or_offered_is_escaped(sqlite_app: Flask) -> None:
    """A day is shown as it was typed; branches, colleagues and addresses as they are called."""
    said = staff_speaker("nl")
    with sqlite_app.test_request_context("/staff/"):
        asked = QueueFilter(said, ("nl",), {"received_from": HOSTILE, "kind": HOSTILE, "handler": "none"}, str)
        shown = asked.offering([(HOSTILE, HOSTILE)], [(HOSTILE, HOSTILE)])
        handed = hand_over_fields(said, None, [(HOSTILE, HOSTILE)])
    page = Page((), dict.fromkeys(Tab, 7), frozenset({Tab.MINE}), False, False, (), (), ())
    tabs = tabs_in(said)(lambda tab: f"{HOSTILE}{tab.value}", page, Tab.MINE)
    for made, times in ((shown, 5), (handed, 2), (tabs, len(Tab))):
        assert "<script" not in made
        assert made.count("&lt;script") == times
    assert asked.errors.keys() == {"received_from", "kind", "handler"}
    assert (tabs.count(">7</span>"), tabs.count(">7+</span>")) == (len(Tab) - 1, 1)
    assert tabs.count('aria-current="page"') == 1
