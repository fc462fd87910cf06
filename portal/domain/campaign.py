"""Asking students for a consent (GDPR 7; regulation, art. 4.1.4): how long a question is open, when it is repeated.

Silence is no consent (recital 32), and asking over and over is no free choice (GDPR 7(4)): one reminder, not in the
first week, and then rest.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from portal.domain.refusal import Refused

LEAST_OPEN = timedelta(days=14)  # a letter must arrive and come back
MOST_OPEN = timedelta(days=120)  # an answer to what was asked long ago is no longer informed
THINKING = timedelta(days=7)  # before the reminder; and as long again after it
REST = timedelta(days=90)  # whoever let a question pass is left alone with it


class CampaignState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class ConsentAnswer(StrEnum):
    YES = "yes"
    NO = "no"


class LeftOut(StrEnum):
    """Why somebody is not asked."""

    ANSWERED = "answered"  # said yes, said no, or withdrew before
    ASKED = "asked"  # the same question is open, or was let pass lately
    GONE = "gone"  # erased meanwhile


def state_of(sent_on: date | None, closes_on: date, stopped: bool, today: date) -> CampaignState:
    """Open through its last day."""
    if sent_on is None:
        return CampaignState.DRAFT
    return CampaignState.CLOSED if stopped or closes_on < today else CampaignState.OPEN


def demand_dates(sends_on: date, remind_on: date | None, closes_on: date) -> None:
    """Nothing, or Refused: closes_too_soon (earliest), closes_too_late (latest), reminder_outside (both)."""
    earliest, latest = sends_on + LEAST_OPEN, sends_on + MOST_OPEN
    if closes_on < earliest:
        raise Refused("closes_too_soon", earliest=f"{earliest:%d-%m-%Y}")
    if closes_on > latest:
        raise Refused("closes_too_late", latest=f"{latest:%d-%m-%Y}")
    first, last = sends_on + THINKING, closes_on - THINKING
    if remind_on is not None and not first <= remind_on <= last:
        raise Refused("reminder_outside", earliest=f"{first:%d-%m-%Y}", latest=f"{last:%d-%m-%Y}")


def why_left_out(
    answered: bool, open_question: bool, passed_on: date | None, anew: bool, today: date
) -> LeftOut | None:
    """Why this person is not asked, or None. `passed_on`: the last day of a question on the same that was let pass.

    `anew`: the arrangement changed, so what was answered before does not answer this (regulation, art. 4.1.4).
    """
    if answered and not anew:
        return LeftOut.ANSWERED
    if open_question or (passed_on is not None and not anew and today < passed_on + REST):
        return LeftOut.ASKED
    return None
