"""Confirm a version of the register: somebody of the school stands for it, and says what changed and why."""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records.tables.register import RegisterVersion
from portal.services.casework import NotFound
from portal.services.unit import writing

LONGEST_NOTE = 1000


def confirm_register(actor: Actor, clock: Clock, number: int, note: str) -> None:
    """Raises NotFound, NotAllowed, Refused: reason_missing, reason_too_long, already_confirmed_version."""
    with writing(actor, clock) as work:
        work.require(Act.CONFIRM_REGISTER)
        version = work.session.get(RegisterVersion, number, with_for_update=True)
        if version is None:
            raise NotFound(str(number))
        if version.confirmed_at is not None:
            raise Refused("already_confirmed_version")
        said = note.strip()
        if not said:
            raise Refused("reason_missing")
        if len(said) > LONGEST_NOTE:
            raise Refused("reason_too_long", most=LONGEST_NOTE)
        version.confirmed_at, version.confirmed_by, version.note = work.now, actor.id, said
        work.note("confirm_register", "installation", None, number=number, digest=version.digest.hex())
