"""A case with its row locked until the unit ends, so that two who act at once come one after the other."""

from __future__ import annotations

from sqlalchemy import select

from portal.domain.acts import Act
from portal.records.tables.cases import Case
from portal.services.casework import case_by_reference
from portal.services.unit import Work


def held_case(work: Work, reference: str, act: Act, version: int | None = None) -> Case:
    """The case, if the actor may do `act` to it; waits for whoever holds it. Raises as `case_by_reference` does.

    On SQLite the unit of work already holds the database's write lock.
    """
    work.session.execute(select(Case.id).where(Case.reference == reference).with_for_update())
    return case_by_reference(work, reference, act, version)
