"""How sure the portal must be who somebody is: as light as the act allows (regulation, "Identity"; GDPR 12(6), 25).

Anything may be filed without proof; it is carried out, or shown, at the level below. The policy's table of levels comes
as a mapping of codes; what it does not name keeps the level of `DEFAULT_LEVELS`, and what neither names needs level 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.domain.acts import Act
from portal.domain.vocabulary import Level, RequestKind, Sensitivity

SECOND_CHANNEL_VALID = timedelta(minutes=30)  # within the session; after that it counts as level 2


def carrying_out(kind: RequestKind) -> str:
    """The code under which the policy names the level for carrying out a kind of request: "carry_out_erasure"."""
    return f"carry_out_{kind.value}"


DEFAULT_LEVELS: Mapping[str, Level] = {
    Act.FILE_REQUEST: Level.NONE,
    Act.STEP_UP: Level.ADDRESS,
    Act.VIEW_OWN_STATUS: Level.ADDRESS,
    Act.VIEW_OWN_DECISION: Level.ADDRESS,
    Act.WRITE_MESSAGE: Level.ADDRESS,
    Act.TAKE_BACK: Level.ADDRESS,
    Act.STOP_ERASURE: Level.ADDRESS,
    Act.VIEW_OWN_DATA: Level.ADDRESS,
    Act.VIEW_OWN_VIEWS: Level.ADDRESS,
    Act.GIVE_CONSENT: Level.ADDRESS,
    Act.WITHDRAW_CONSENT: Level.ADDRESS,
    Act.OBJECT: Level.ADDRESS,
    Act.CHANGE_PREFERENCES: Level.ADDRESS,
    Act.END_REPRESENTATIVE: Level.ADDRESS,
    Act.CONFIRM_REPRESENTATIVE: Level.KNOWLEDGE,
    Act.RECEIVE_ANSWER: Level.KNOWLEDGE,
    Act.VIEW_OWN_SENSITIVE: Level.SECOND_CHANNEL,
    Act.CHANGE_EMAIL: Level.SECOND_CHANNEL,
    carrying_out(RequestKind.COMPLAINT): Level.NONE,
    carrying_out(RequestKind.WITHDRAWAL): Level.ADDRESS,
    carrying_out(RequestKind.OBJECTION): Level.ADDRESS,
    carrying_out(RequestKind.ACCESS): Level.KNOWLEDGE,
    carrying_out(RequestKind.PORTABILITY): Level.KNOWLEDGE,
    carrying_out(RequestKind.RECTIFICATION): Level.KNOWLEDGE,
    carrying_out(RequestKind.RESTRICTION): Level.KNOWLEDGE,
    carrying_out(RequestKind.ERASURE): Level.SECOND_CHANNEL,
}

# The reader of an address that several students share may be any of them, so level 1 shows the status only (regulation,
# L1). Stopping an erasure harms nobody and must stay easy.
AT_SHARED_ADDRESS = frozenset({Act.FILE_REQUEST, Act.VIEW_OWN_STATUS, Act.STEP_UP, Act.STOP_ERASURE})


def required(act: Act | str, identity: Mapping[str, Level], shared_address: bool = False) -> Level:
    """The level that an act of a student asks for; at a shared address at least level 2 for all but the status."""
    code = str(act)
    level = identity.get(code, DEFAULT_LEVELS.get(code, Level.SECOND_CHANNEL))
    if shared_address and code not in AT_SHARED_ADDRESS and level > Level.NONE:
        return max(level, Level.KNOWLEDGE)
    return level


def required_for(kind: RequestKind, identity: Mapping[str, Level]) -> Level:
    """The level at which a request of this kind is carried out."""
    return required(carrying_out(kind), identity)


def effective(
    level: Level, reached_at: datetime | None, now: datetime, valid_for: timedelta = SECOND_CHANNEL_VALID
) -> Level:
    """The level that counts now: level 3 ages back to 2, and one whose moment is unknown or still to come is not fresh.

    Both moments are aware.
    """
    if level < Level.SECOND_CHANNEL:
        return level
    fresh = reached_at is not None and timedelta() <= now - reached_at < valid_for
    return level if fresh else Level.KNOWLEDGE


def needed_to_show(field_level: Level, sensitivity: Sensitivity, shared_address: bool = False) -> Level:
    """The level at which a value is shown to its student: special and sensitive ones ask for level 3 whatever the
    policy says, and at an address that several students share all others ask for level 2."""
    least = Level.KNOWLEDGE if shared_address else Level.ADDRESS
    return max(field_level, least if sensitivity is Sensitivity.ORDINARY else Level.SECOND_CHANNEL)


class Way(StrEnum):
    """A way to a higher level, lightest first. An ID is one among others, never demanded without a recorded doubt."""

    MAIL_LINK = "mail_link"
    KNOW_BIRTH_DATE_AND_POSTCODE = "know_birth_date_and_postcode"
    KNOW_STUDENT_NUMBER = "know_student_number"  # with the birth date
    RECOGNISED_BY_STAFF = "recognised_by_staff"
    POST_CODE = "post_code"
    CALL_BACK = "call_back"
    SHOW_ID_AT_DESK = "show_id_at_desk"

    @property
    def leads_to(self) -> Level:
        return _LEADS_TO[self]


_LEADS_TO = {
    Way.MAIL_LINK: Level.ADDRESS,
    Way.KNOW_BIRTH_DATE_AND_POSTCODE: Level.KNOWLEDGE,
    Way.KNOW_STUDENT_NUMBER: Level.KNOWLEDGE,
    Way.RECOGNISED_BY_STAFF: Level.KNOWLEDGE,
    Way.POST_CODE: Level.SECOND_CHANNEL,
    Way.CALL_BACK: Level.SECOND_CHANNEL,
    Way.SHOW_ID_AT_DESK: Level.SECOND_CHANNEL,
}


@dataclass(frozen=True, slots=True)
class OnFile:
    """What the school holds by which somebody can be known; a way without its fact is not offered."""

    email: bool = True
    birth_date: bool = True
    postcode: bool = True
    student_number: bool = True
    address: bool = True
    phone: bool = True


def ways_to(level: Level, needed: Level, on_file: OnFile | None = None) -> tuple[Way, ...]:
    """The ways from `level` to at least `needed`, lightest first; empty when it is reached already.

    What somebody knows counts only together with the mail address (level 2 holds level 1): without having read the mail
    the link comes first, and then only a second channel, which is enough by itself.
    """
    held = on_file or OnFile()
    offered = {
        Way.MAIL_LINK: held.email and level < Level.ADDRESS,
        Way.KNOW_BIRTH_DATE_AND_POSTCODE: held.birth_date and held.postcode and level >= Level.ADDRESS,
        Way.KNOW_STUDENT_NUMBER: held.birth_date and held.student_number and level >= Level.ADDRESS,
        Way.RECOGNISED_BY_STAFF: True,
        Way.POST_CODE: held.address,
        Way.CALL_BACK: held.phone,
        Way.SHOW_ID_AT_DESK: True,
    }
    if level >= needed:
        return ()
    enough = (way for way in Way if offered[way] and (way.leads_to >= needed or way is Way.MAIL_LINK))
    return tuple(enough)
