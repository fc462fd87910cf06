"""What happened to a case, as its timeline keeps it; past tense."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """Values are stored: they never change."""

    RECEIVED = "received"
    RECORDED = "recorded"  # by staff, for a request that came by another door
    MATCHED = "matched"
    TAKEN = "taken"
    ASSIGNED = "assigned"
    MESSAGE_SENT = "message_sent"  # by staff
    MESSAGE_RECEIVED = "message_received"  # from the student
    NOTE_WRITTEN = "note_written"
    IDENTITY_CONFIRMED = "identity_confirmed"
    WARNED = "warned"
    ESCALATED = "escalated"
    EXTENSION_DRAFTED = "extension_drafted"
    EXTENDED = "extended"
    TOLD_LATE = "told_late"  # the student, that the school is late
    SUSPENDED = "suspended"  # an activity, while an objection is weighed
    RESTRICTED = "restricted"  # data
    TOOK_EFFECT = "took_effect"  # a withdrawal of consent
    DRAFT_SAVED = "draft_saved"
    DECIDED = "decided"
    APPROVED = "approved"  # by a second person
    STEP_DONE = "step_done"
    STEP_IMPOSSIBLE = "step_impossible"
    RECIPIENT_TOLD = "recipient_told"
    CORRECTED = "corrected"
    ERASED = "erased"
    PACKAGE_BUILT = "package_built"
    ANSWER_RELEASED = "answer_released"
    ANSWER_READ = "answer_read"
    RESTRICTION_ANNOUNCED = "restriction_announced"  # that it will be lifted (GDPR 18(3))
    RESTRICTION_LIFTED = "restriction_lifted"
    LETTER_POSTED = "letter_posted"
    MAIL_FAILED = "mail_failed"
    ERASURE_PLANNED = "erasure_planned"  # from when on it may be carried out, and how to stop it
    ERASURE_STOPPED = "erasure_stopped"
    HELD = "held"  # a legal hold
    HOLD_ENDED = "hold_ended"
    CLOSED = "closed"
    TAKEN_BACK = "taken_back"
    MERGED = "merged"
    CLOSED_AS_ABUSE = "closed_as_abuse"
    REOPENED = "reopened"
    UPLOAD_ALLOWED = "upload_allowed"  # the last resort: staff opened the way, with a reason
    UPLOAD_RECEIVED = "upload_received"
    UPLOAD_ACCEPTED = "upload_accepted"  # looked at and wiped
    UPLOAD_REJECTED = "upload_rejected"  # looked at and wiped
    UPLOAD_GONE = "upload_gone"  # wiped by the clock, before anybody decided


VISIBLE_TO_STUDENT = frozenset(
    {
        EventKind.RECEIVED,
        EventKind.RECORDED,
        EventKind.TAKEN,
        EventKind.MESSAGE_SENT,
        EventKind.MESSAGE_RECEIVED,
        EventKind.IDENTITY_CONFIRMED,
        EventKind.EXTENDED,
        EventKind.TOLD_LATE,
        EventKind.SUSPENDED,
        EventKind.RESTRICTED,
        EventKind.TOOK_EFFECT,
        EventKind.DECIDED,
        EventKind.RECIPIENT_TOLD,
        EventKind.CORRECTED,
        EventKind.ERASED,
        EventKind.PACKAGE_BUILT,
        EventKind.ANSWER_RELEASED,
        EventKind.RESTRICTION_ANNOUNCED,
        EventKind.RESTRICTION_LIFTED,
        EventKind.LETTER_POSTED,
        EventKind.ERASURE_PLANNED,
        EventKind.ERASURE_STOPPED,
        EventKind.HELD,
        EventKind.HOLD_ENDED,
        EventKind.CLOSED,
        EventKind.TAKEN_BACK,
        EventKind.MERGED,
        EventKind.CLOSED_AS_ABUSE,
        EventKind.REOPENED,
        EventKind.UPLOAD_ALLOWED,
        EventKind.UPLOAD_RECEIVED,
        EventKind.UPLOAD_ACCEPTED,
        EventKind.UPLOAD_REJECTED,
        EventKind.UPLOAD_GONE,
    }
)


def visible_to_student(kind: EventKind) -> bool:
    """Whether the student sees the event in the timeline; all of them are in the answer to an access request."""
    return kind in VISIBLE_TO_STUDENT
