"""What the tests of second channels share: a session, a code by each channel, a changed value on file."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from flask import current_app

from portal.domain.permissions import ANONYMOUS, Actor
from portal.domain.vocabulary import Level
from portal.records.db import begin_write, db
from portal.records.items import change_value, persons
from portal.services import second_channel_tasks as tasks
from portal.services import second_channel_use as use
from portal.services.recognise import SignedIn, recognise
from portal.services.second_channel import Channel, open_tasks
from portal.services.sign_in import add_login
from portal.services.unit import writing
from tests import factories


def clock():
    return current_app.extensions["clock"]


def session(student: UUID, level: Level = Level.ADDRESS) -> SignedIn:
    """A live session, as after a mailed link."""
    with writing(ANONYMOUS, clock()) as work:
        session_id = add_login(work, student, None, level)
    return again(session_id)


def again(session_id: str | None) -> SignedIn:
    """The session as the next request finds it."""
    assert session_id
    found = recognise(session_id, clock())
    assert found is not None
    db.session.rollback()
    return found


class Printed:
    """Keeps what the slips say instead of drawing them: the code is nowhere else."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slips: list[dict[str, object]] = []
        monkeypatch.setattr(tasks, "slip_pdf", self.draw)

    def draw(self, kind, speaks, code, url, **more) -> bytes:
        self.slips.append({"kind": kind, "lang": speaks.lang, "code": code, "url": url, **more})
        return b"%PDF-"

    @property
    def code(self) -> str:
        return str(self.slips[-1]["code"])


def ask(signed_in: SignedIn, channel: Channel) -> UUID:
    """The task that the student asked for."""
    use.ask(signed_in, clock(), channel)
    with writing(ANONYMOUS, clock()) as work:
        assert signed_in.actor.student_id
        return open_tasks(work, signed_in.actor.student_id, channel)[-1].id


def code_by(channel: Channel, signed_in: SignedIn, staff: Actor, printed: Printed) -> str:
    """A fresh code by this channel, from the asking on."""
    if channel is Channel.DESK:
        assert signed_in.actor.student_id
        tasks.seen_at_desk(staff, clock(), signed_in.actor.student_id, clock().today())
        return printed.code
    task = ask(signed_in, channel)
    if channel is Channel.CALL:
        return tasks.call(staff, clock(), task).code
    tasks.print_letter(staff, clock(), task)
    tasks.record_posted(staff, clock(), task, clock().today())
    return printed.code


def wrong(code: str) -> str:
    """Another code."""
    return re.sub(r"^\d", lambda found: str((int(found[0]) + 1) % 10), code)


def change(student: UUID, field: str, value: str) -> None:
    """What a correction, an import or a new address does to the record."""
    begin_write()
    keys = factories.vault()
    held = persons(db.session, keys, [student])[student]
    retention = current_app.extensions["policy"].field("person", field).retention
    change_value(db.session, keys, held, field, value, retention, clock().now())
    db.session.commit()
