from __future__ import annotations

from portal.domain.events import EventKind, visible_to_student

INTERNAL = [
    "matched",
    "assigned",
    "note_written",
    "warned",
    "escalated",
    "extension_drafted",
    "draft_saved",
    "approved",
    "step_done",
    "step_impossible",
    "answer_read",
    "mail_failed",
]


def test_the_student_sees_every_event_but_the_offices_own():
    assert sorted(kind.value for kind in EventKind if not visible_to_student(kind)) == sorted(INTERNAL)


def test_event_kinds_are_stored_under_their_own_name():
    assert all(kind.value == kind.name.lower() for kind in EventKind)
