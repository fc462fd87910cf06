"""Keep the register as production has it: a content that differs from the last version becomes the next one."""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.records.db import insert_into
from portal.records.tables.register import RegisterVersion
from portal.services.register import content_of, digest_of
from portal.services.register_versions import newest_digest
from portal.services.unit import reading, writing
from portal.vault.envelope import canonical


def keep_register(clock: Clock) -> tuple[int, bool]:
    """The number of the version in force, and whether it is new. Of two workers at once one makes it."""
    with reading(SYSTEM, clock) as work:
        content = content_of(work.policy)
        digest = digest_of(content)
        number, last = newest_digest(work)
    if last == digest:
        return number, False
    with writing(SYSTEM, clock) as work:
        work.require(Act.KEEP_REGISTER)
        made = work.session.execute(
            insert_into(work.session, RegisterVersion)
            .values(number=number + 1, digest=digest, content=canonical(content).decode(), found_at=work.now)
            .on_conflict_do_nothing(index_elements=[RegisterVersion.number])
            .returning(RegisterVersion.number)
        ).first()
        if made is not None:
            work.note("keep_register", "installation", None, number=number + 1, digest=digest.hex())
    return number + 1, made is not None
