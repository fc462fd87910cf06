"""What the tests of the last resort share: a case, an opened way, a picture, and a look into the database's files."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from portal.domain.permissions import Actor
from portal.domain.vocabulary import Level, RequestKind
from portal.records import casebook
from portal.records.db import db
from portal.records.tables.people import SealedFile
from portal.services.keep_upload import Kept, keep_upload
from portal.services.review_upload import allow, decide
from portal.vault.tables import data_key
from tests import factories
from tests.intake.hostile import CANARY, exif, photo
from tests.services import cases

WHY = "Mevrouw ligt in het ziekenhuis en haar telefoon is kwijt."
NAME = "paspoort-mevrouw-k4n4rie.jpg"
PICTURE = photo(size=(400, 250), comment=CANARY, exif=exif())


def case() -> tuple[str, UUID]:
    """A reference and its student, who is not known yet."""
    student = factories.make_student()
    return cases.opened(RequestKind.ACCESS, student, level=Level.NONE), student


def allowed(**more: object) -> tuple[str, Actor, Actor]:
    """A case whose way is open: reference, its student, and the handler."""
    reference, student = case()
    staff = cases.handler()
    allow(staff, cases.clock(), reference, cases.version_of(reference), WHY, **more)
    return reference, factories.student_actor(student), staff


def sent(reference: str, sender: Actor, content: bytes = PICTURE, **more: object) -> Kept:
    return keep_upload(sender, cases.clock(), reference, NAME, content, **more)


def decided(reference: str, staff: Actor, accept: bool = True, reason: str = "Naam en gezicht kloppen.") -> None:
    decide(staff, cases.clock(), reference, cases.version_of(reference), accept, reason)


def kept(reference: str) -> list[SealedFile]:
    case_id = cases.case_of(reference).id
    found = db.session.execute(
        select(SealedFile).where(SealedFile.holder_id == case_id, SealedFile.retention == "upload")
    ).scalars()
    rows = list(found)
    db.session.rollback()
    return rows


def keys_of(reference: str) -> list[bytes]:
    """The wrapped keys of the class "upload"."""
    holder = casebook.holder(cases.case_of(reference).id)
    db.session.rollback()
    with db.engines["keys"].connect() as connection:
        return list(
            connection.execute(
                select(data_key.c.wrapped).where(data_key.c.holder_id == holder.id, data_key.c.retention == "upload")
            ).scalars()
        )


def on_disk() -> bytes:
    """Every byte of the SQLite files and of the files beside them."""
    found = b""
    for engine in db.engines.values():
        path = Path(str(engine.url.database))
        found += b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))
    return found


def is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"
