"""What the tests of uploads share: an officer, an upload as ZIP or as files, a worker, and a look at what is left."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from portal.domain.permissions import Actor
from portal.domain.vocabulary import Role
from portal.jobs import never
from portal.records.db import db
from portal.records.tables.office import Intake
from portal.records.tables.people import SealedFile, Student
from portal.services import run_intakes
from portal.services.decide_intake import confirm
from portal.services.intake_page import Standing, standing
from portal.services.upload_export import Sent, upload_export
from portal.vault.tables import data_key
from tests import factories
from tests.intake.exports import as_zip
from tests.services.cases import clock


def officer(username: str = "officer", role: Role = Role.PRIVACY_OFFICER) -> Actor:
    return factories.staff_actor(factories.make_staff(username, role))


def sent(actor: Actor, content: bytes, name: str = "export.zip") -> UUID:
    return upload_export(actor, clock(), [Sent(name, io.BytesIO(content))])


def zipped(actor: Actor, folder: Path) -> UUID:
    return sent(actor, as_zip(folder))


def worked(stopping: Callable[[], bool] = never) -> dict[str, int]:
    """One nudge of the worker."""
    return run_intakes.run(clock(), stopping)


def looked_at(actor: Actor, folder: Path) -> Standing:
    """The dry run of an upload."""
    intake_id = zipped(actor, folder)
    worked()
    return standing(actor, clock(), intake_id)


def imported(actor: Actor, folder: Path) -> Standing:
    """An upload that was confirmed and went in."""
    found = looked_at(actor, folder)
    confirm(actor, clock(), found.id, found.version)
    worked()
    return standing(actor, clock(), found.id)


def students() -> int:
    found = db.session.execute(select(func.count()).select_from(Student)).scalar_one()
    db.session.rollback()
    return int(found)


def left_of(intake_id: UUID) -> tuple[int, list[str]]:
    """How many sealed parts there are, and the classes of its keys."""
    parts = db.session.execute(
        select(func.count()).select_from(SealedFile).where(SealedFile.holder_id == intake_id)
    ).scalar_one()
    db.session.rollback()
    with db.engines["keys"].connect() as connection:
        wanted = select(data_key.c.retention).where(data_key.c.holder_id == intake_id).order_by(data_key.c.retention)
        return int(parts), list(connection.execute(wanted).scalars())


def row(intake_id: UUID) -> Intake:
    found = db.session.get(Intake, intake_id, populate_existing=True)
    db.session.rollback()
    assert found is not None
    return found
