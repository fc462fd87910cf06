"""Migrations run up and down on both engines, equal the models, and keep rows that point at each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from portal.audit.log import Entry, append
from portal.records.db import Moment, begin_write, db
from portal.records.migrating import downgrade, upgrade
from tests import factories
from tests.conftest import MAKERS, NOW, build

pytestmark = pytest.mark.slow


def differences(bind: str | None) -> list[object]:
    with db.engines[bind].connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": lambda *args: False if isinstance(args[4], Moment) else None},
        )
        return list(compare_metadata(context, db.metadatas[bind]))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """Databases of its own: what goes down and up here is not what other tests begin with."""
    with MAKERS[request.param]() as settings:
        yield from build(settings)


def test_the_migrated_databases_equal_the_models(app: Flask) -> None:
    with app.app_context():
        assert differences(None) == []
        assert differences("keys") == []


def test_a_planted_difference_is_found(app: Flask) -> None:
    with app.app_context(), db.engines[None].begin() as connection:
        connection.execute(text("ALTER TABLE branch ADD COLUMN planted VARCHAR(3)"))
    with app.app_context():
        assert differences(None)


def test_migrations_go_down_to_nothing_and_up_again_with_rows_inside(app: Flask) -> None:
    with app.app_context():
        factories.make_student()
        downgrade(revision="base")
        assert set(inspect(db.engines[None]).get_table_names()) <= {"alembic_version"}
        assert set(inspect(db.engines["keys"]).get_table_names()) <= {"alembic_version"}
        upgrade()
        assert differences(None) == []
        factories.make_student()


@pytest.mark.parametrize("statement", ["UPDATE audit SET act = 'x'", "DELETE FROM audit"])
def test_the_audit_log_refuses_change(app: Flask, statement: str) -> None:
    with app.app_context():
        begin_write()
        append(db.session, factories.vault(), NOW, [Entry("test", "system", None, "installation", None)])
        db.session.commit()
        with pytest.raises(DatabaseError, match="insert-only"), db.engines[None].begin() as connection:
            connection.execute(text(statement))
