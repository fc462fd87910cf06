"""Staff come in through the pages: the password, then the code of an app whose secret the tests know."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from portal.records.db import db
from portal.records.tables.access import Staff
from tests import factories
from tests.services.factors import code_now, give_app
from tests.web.visitor import Visitor


def with_app(app: Flask, username: str) -> None:
    """Gives the account an app, as if no code of it was used yet; nothing where there is no such account."""
    with app.app_context():
        staff_id = db.session.execute(select(Staff.id).where(Staff.username == username)).scalar()
        db.session.rollback()
        if staff_id:
            give_app(app.extensions["clock"], staff_id)


def give_password(visitor: Visitor, username: str, password: str = factories.PASSWORD) -> Visitor:
    return visitor.get("/staff/sign-in").press("Inloggen", username=username, password=password)


def give_code(visitor: Visitor, app: Flask, steps: int = 0) -> Visitor:
    return visitor.press("Verder", code=code_now(app.extensions["clock"], steps))


def enter(app: Flask, username: str, password: str = factories.PASSWORD, visitor: Visitor | None = None) -> Visitor:
    """A whole sign-in."""
    with_app(app, username)
    return give_code(give_password(visitor or Visitor(app), username, password), app)
