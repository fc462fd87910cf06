"""A canary in every personal field, file, mail, draft and copy: none sings from a database file, a write-ahead log, a
backup, the erasure ledger, a log line or a temporary file; not before an erasure, and not after."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal.cli.terminal import operator
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import FieldType, Level, Showing
from portal.jobs import JOBS
from portal.jobs import run as run_job
from portal.logs import JsonLines
from portal.mail.messages import Message
from portal.records.db import begin_write, db
from portal.records.sealing import SEALED, uses
from portal.records.tables.people import SealedFile
from portal.services import drafts, totp
from portal.services.add_representative import record_representative
from portal.services.carry_out import carry_out
from portal.services.change_email import ask_change
from portal.services.decide_intake import cancel
from portal.services.deliver_mail import deliver
from portal.services.import_students import import_folder
from portal.services.recognise import recognise
from portal.services.review_images import images, review
from portal.services.rotate_keys import rotate
from portal.services.send_message import send_message
from portal.vault.envelope import INSTALLATION, Holder, Place
from portal.vault.vault import Shredded
from tests import engines, factories
from tests.intake import exports
from tests.mail.posts import send_all
from tests.proofs import keep, rounds
from tests.security import estate
from tests.services import cases, intakes
from tests.services.backups import backup, clock, erase, readable
from tests.services.factors import SECRET, session_in
from tests.services.test_erase_items import picture
from tests.services.test_representatives import asked as representative
from tests.web.principals import School, usual

pytestmark = pytest.mark.proof
SONG = re.compile(rb"QX[0-9]{5}ZQ")
TYPED = {
    FieldType.DATE: "1931-07-19",
    FieldType.BIRTH_DATE: "1932-08-17",
    FieldType.EMAIL: "QX00001ZQ@example.org",
    FieldType.PHONE: "+31699887761",
    FieldType.POSTCODE: "9471 QX",
    FieldType.BSN: "123456782",
    FieldType.IBAN: "NL02ABNA0123456789",
    FieldType.MONEY: "98765.43",
    FieldType.DECIMAL: "87654.32",
}
LITERAL = [SECRET, *(each for each in TYPED.values() if not each.startswith("QX"))]
NOBODYS = {"audit_signer"}  # what it holds is random; of everything else that is sealed some value is known here


class Canaries:
    """Gives out a fresh one at each place, as long as what is typed there may be."""

    def __init__(self) -> None:
        self.given = 1

    def __call__(self, most: int) -> str:
        self.given += 1
        return f"QX{self.given:05d}ZQ"[: max(9, most)]


def songs(content: bytes, literal: Iterable[str] = LITERAL) -> int:
    """How many canaries sing in these bytes: as text, in UTF-16, in hexadecimal, or in Base64 at any place."""
    found = len(SONG.findall(content)) + len(SONG.findall(content.replace(b"\0", b"")))
    found += len(re.findall(rb"5158(3[0-9]){5}5a51", content, re.IGNORECASE))
    for value in literal:
        raw = value.encode()
        found += content.count(raw) + content.count(raw.hex().encode())
        found += any(part in content for part in _in_base64(raw))
    return found


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """What of these bytes can be read in Base64, wherever among other bytes they lie: the characters that hold nothing
    else. Every one of them counts: of four alone, a ledger of random digests has its own sooner or later."""
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + raw)
        yield whole[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]


class Ears:
    """Listens at every place where something of the portal may come to lie."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.folder = folder
        self.known = list(LITERAL)
        settings = app.config["SETTINGS"]
        with app.app_context():
            if db.engine.dialect.name == "sqlite":
                self.databases = Path(str(db.engine.url.database)).parent
            else:
                self.databases = engines.SCRATCH / "postgres"
        self.places = {
            "databases": self.databases,
            "ledger": settings.ledger_file.parent,
            "backups": folder / "backups",
            "logs": folder / "logs",
            "temporary": folder / "temporary",
        }

    def hear(self) -> dict[str, int]:
        """Songs by place. On PostgreSQL the server's whole folder is read, its write-ahead log too."""
        found = Counter[str]()
        for place, root in self.places.items():
            found[place] = 0
            for path in root.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    found[place] += songs(path.read_bytes(), self.known)
        return dict(found)

    def files(self) -> int:
        return sum(1 for root in self.places.values() for path in root.rglob("*") if path.is_file())


@pytest.fixture
def ears(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ears]:
    for name in ("backups", "logs", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    root = logging.getLogger()
    handlers = [logging.FileHandler(tmp_path / "logs" / name) for name in ("lines", "plain")]
    handlers[0].setFormatter(JsonLines())
    levels = {name: logging.getLogger(name).level for name in ("", "portal", "portal.request")}
    for handler in handlers:
        root.addHandler(handler)
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield Ears(app, tmp_path)
    for handler in handlers:
        root.removeHandler(handler)
        handler.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def student_full_of_canaries(canary: Canaries) -> UUID:
    """Somebody with a record of every dataset and a value in every field."""
    from flask import current_app

    policy = current_app.extensions["policy"]
    person = {
        code: value(field, canary) for code, field in policy.datasets["person"].fields.items() if code != "branch"
    }
    made = factories.make_student(**{**person, "preferred_language": "nl"})
    for dataset in policy.datasets.values():
        if dataset.code == "person":
            continue
        values = {code: value(field, canary) for code, field in dataset.fields.items()}
        images = {code: str(picture(made)) for code, field in dataset.fields.items() if field.type is FieldType.IMAGE}
        factories.add_record(made, dataset.code, **{**values, **images})
    return made


def value(field, canary: Canaries):
    if field.type is FieldType.INTEGER:
        return 7
    if field.type is FieldType.YES_NO:
        return True
    return TYPED.get(field.type) or canary(40)


def export_of(canary: Canaries, folder: Path) -> Path:
    """A school's export with canaries in its cells, and somebody past the term who waits apart."""
    one, other = canary(9), canary(9)
    people = [exports.person(number, Achternaam=canary(40), Adres=canary(40)) for number in (one, other)]
    programmes = [
        exports.programme(one),
        exports.programme(other, code="T2", start="01-02-2019", end="01-06-2020"),
    ]
    return exports.write_export(folder, cursisten=people, trajecten=programmes)


def everything_that_happens(app: Flask, canary: Canaries, ears: Ears) -> bytes:
    """A school with cases at every stage, letters, copies, mails, drafts and uploads; the mails that left it."""
    school, references = estate.build(app, canary, usual)
    for job in JOBS:
        if job.name != "deliver":
            run_job(app, job)
    sent: list[bytes] = []

    class Box:
        def send(self, mail, meanwhile) -> None:
            sent.append(mail.content)

        def close(self) -> None:
            """Nothing is open."""

    with app.app_context():
        ears.known.append(on_the_way(school, references, canary))
        drafts.start(clock(), drafts.Owner("a browser", school.student), {"words": canary(200)})
        send_message(factories.staff_actor(school.staff["handler"]), clock(), references["correction"], canary(400))
        asker = factories.student_actor(school.student, Level.SECOND_CHANNEL)
        ask_change(asker, clock(), "QX00001ZQ@example.org")
        export = export_of(canary, ears.folder / "export")
        import_folder(SYSTEM, clock(), export)
        officer = factories.staff_actor(school.staff["officer"])
        cancel(officer, clock(), school.intake)  # one at a time
        intakes.sent(officer, exports.as_zip(export), f"{canary(40)}.zip")
        intakes.worked()
        for number, holder in enumerate((Holder.student(school.student), INSTALLATION)):
            arguments: dict[str, str | int] = {"reference": canary(12)}
            send_all(
                clock(), [Message("message", "nl", "QX00001ZQ@example.org", holder, f"canary:{number}", arguments)]
            )
        deliver(clock(), Box())
        rotate(operator(), clock())
    return b"".join(sent)


def on_the_way(school: School, references: dict[str, str], canary: Canaries) -> str:
    """Somebody who acts for a student, a line for the administration, a picture that is kept back; and an app that is
    being set up, whose secret this is."""
    handler = factories.staff_actor(school.staff["handler"])
    officer = factories.staff_actor(school.staff["officer"])
    record_representative(officer, clock(), school.student, representative(name=canary(40)))
    carry_out(handler, clock(), references["mended"], cases.version_of(references["mended"]))
    for image in images(handler, clock(), references["pictures"]):
        review(handler, clock(), references["pictures"], image.id, Showing.WITHHOLD, [], canary(200))
    setting_up = recognise(session_in(clock(), school.staff["enrolling"], "enrol"), clock())
    assert setting_up is not None
    totp.begin(setting_up.actor, clock())
    found = totp.pending(setting_up.actor, clock())
    assert found is not None
    return found.key.replace(" ", "")


def singing(known: list[str]) -> set[str]:
    """The sealed tables in which a canary sings to whoever has the keys. Files are opened as what they are."""
    vault, found = factories.vault(), set()
    for each in (each for each in SEALED if each.name not in NOBODYS):
        column = getattr(each.table, each.column)
        for row, (kind, holder, retention, _) in uses(db.session, each):
            sealed = db.session.execute(select(column).where(each.row == row)).scalar_one()
            open_ = vault.open_file if each.table is SealedFile else vault.open
            try:
                opened = open_(Holder(kind, holder), retention, Place(each.name, each.column, row), sealed)
            except Shredded:  # what the log said of somebody whose keys are gone: nobody reads it
                continue
            if songs(contents_of(opened), known):
                found.add(each.name)
                break
    db.session.rollback()
    return found


def contents_of(opened: object) -> bytes:
    if not isinstance(opened, bytes):
        return json.dumps(opened, ensure_ascii=False).encode()
    if opened.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(opened)) as package:
            return b"".join(package.read(name) for name in package.namelist())
    return opened


def test_no_canary_sings_before_or_after_an_erasure(app: Flask, ears: Ears) -> None:
    canary = Canaries()
    with app.app_context():
        made = [student_full_of_canaries(canary) for _ in range(rounds(1, 10))]
        values = sum(len(readable(each)) for each in made)
    mails = everything_that_happens(app, canary, ears)
    assert songs(mails), "a mail that leaves carries its reader's address in the open"
    with app.app_context():
        backup(ears.folder / "backups")
        sealed = singing(ears.known)
        before = ears.hear()
        for each in made:
            erase(each)
        backup(ears.folder / "backups")
        after = ears.hear()
        left = [each for each in made if readable(each)]
        engine = db.engine.dialect.name
    keep(
        "canaries",
        engine=engine,
        given=canary.given,
        values_of_students=values,
        sealed_tables=len({each.name for each in SEALED}),
        singing_to_whoever_has_the_keys=len(sealed),
        files_read=ears.files(),
        before_erasure=before,
        after_erasure=after,
    )
    assert left == []
    assert sum(before.values()) == 0, before
    assert sum(after.values()) == 0, after
    assert {each.name for each in SEALED} - sealed == NOBODYS


def test_the_ear_hears_a_canary_that_lies_in_the_open(sqlite_app: Flask, tmp_path: Path) -> None:
    with sqlite_app.app_context():
        path = Path(str(db.engine.url.database))
        begin_write()
        db.session.execute(
            text("INSERT INTO setting (name, value, changed_at) VALUES ('x', 'QX12345ZQ', '2026-01-01')")
        )
        db.session.commit()
        heard = sum(songs(each.read_bytes()) for each in path.parent.iterdir())
        assert heard > 0
    iban = TYPED[FieldType.IBAN].encode()
    song = b"QX12345ZQ"
    hidden = (song, song.decode().encode("utf-16"), song.hex().encode(), iban.hex().encode())
    for said in (*hidden, *(base64.b64encode(before + iban) for before in (b"", b".", b".."))):
        assert songs(b"before " + said + b" after")
    for value in LITERAL:
        around = [b"." * before + value.encode() + b"." * after for before in range(3) for after in range(3)]
        assert all(songs(base64.b64encode(each)) for each in around), value
        assert min(map(len, _in_base64(value.encode()))) >= 8, f"{value}: chance would sing it"
    assert songs(b"nothing of the kind QX1ZQ") == 0
