"""Record that staff know who asked: recognised, called back, a code by post returned, or a valid ID seen at the desk.

Of an ID nothing is kept but that it was shown, to whom and when: no kind, no number, no copy (regulation, "Identity").
"""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.assurance import OnFile, Way
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level
from portal.services.casework import event, move
from portal.services.held_case import held_case
from portal.services.proven_contact import proven_on_file
from portal.services.unit import writing

BY_STAFF = frozenset({Way.RECOGNISED_BY_STAFF, Way.POST_CODE, Way.CALL_BACK, Way.SHOW_ID_AT_DESK})


def confirm_identity(actor: Actor, clock: Clock, reference: str, version: int, level: Level, how: Way | str) -> None:
    """The asker of this case is known at `level`, in the way `how`. A level reached before is never lowered.

    Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible, and Refused: not_matched, bad_way (how) for a way that
    is not for staff to confirm, way_too_light (how, level) for one that does not lead there, not_on_file (how) for one
    whose address or phone proves nothing, already_confirmed (level).
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.CONFIRM_IDENTITY, version)
        move(case, Action.CONFIRM_IDENTITY)
        if case.student_id is None:
            raise Refused("not_matched")
        try:
            way = Way(how)
        except ValueError:
            raise Refused("bad_way", how=how) from None
        if way not in BY_STAFF:
            raise Refused("bad_way", how=way)
        if way.leads_to < level:
            raise Refused("way_too_light", how=way, level=level)
        if not _has_what_it_takes(proven_on_file(work, case.student_id), way):
            raise Refused("not_on_file", how=way)
        if case.assured_level >= level:
            raise Refused("already_confirmed", level=Level(case.assured_level))
        case.assured_level, case.assured_how = int(level), way.value
        event(work, case, EventKind.IDENTITY_CONFIRMED, level=int(level), how=way.value)
        work.note("confirm_identity", "case", case.id, level=int(level), how=way.value)


def _has_what_it_takes(held: OnFile, way: Way) -> bool:
    return {Way.POST_CODE: held.address, Way.CALL_BACK: held.phone}.get(way, True)
