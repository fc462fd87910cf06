"""Signed-in browsers without the way in: a session's row and the cookie that leads to it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from uuid_utils.compat import uuid7

from portal.domain.vocabulary import Level
from portal.records.db import begin_write, db
from portal.records.tables.access import Login


def signed_in(app: Flask, kind: str, who: UUID, level: Level = Level.KNOWLEDGE) -> dict[str, str]:
    """The cookies of a browser in which this student or member of staff has just signed in."""
    session_id, now = secrets.token_urlsafe(32), app.extensions["clock"].now()
    with app.app_context():
        begin_write()
        db.session.add(login_of(session_id, kind, who, level, now))
        db.session.commit()
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    kept = {"_user_id": session_id, "_fresh": True, "lang": "nl", "browser": secrets.token_urlsafe(32)}
    return {app.config["SESSION_COOKIE_NAME"]: serializer.dumps(kept)}  # type: ignore[dict-item]  # a str


def login_of(session_id: str, kind: str, who: UUID, level: Level, now: datetime) -> Login:
    return Login(
        id=uuid7(),
        digest=hashlib.sha256(session_id.encode()).digest(),
        kind=kind,
        student_id=who if kind == "student" else None,
        staff_id=who if kind == "staff" else None,
        level=int(level) if kind == "student" else 0,
        level_at=now if kind == "student" else None,
        stage="full",
        created_at=now,
        fresh_at=now,
        seen_at=now,
    )
