"""The floor: what Flask itself costs for one page with a template and one indexed query.

It stands on the same connections as the portal (the same engine options, pragmas and pool, a session that is begun and
ended a request) and asks the same table; it has no language, no session, no key, no log and no headers of its own.
"""

from __future__ import annotations

from flask import Flask, render_template
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from config import engine_options, read_settings
from portal.records.db import Model, prepare_engine
from portal.records.tables.cases import Case


def create_app() -> Flask:
    settings = read_settings()
    app = Flask(__name__, template_folder="floor_pages")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        SQLALCHEMY_TRACK_MODIFICATIONS=False,
    )
    db = SQLAlchemy(app, model_class=Model, disable_autonaming=True)
    with app.app_context():
        prepare_engine(db.engine)

    @app.get("/floor/<reference>")
    def page(reference: str) -> str:
        row = db.session.execute(
            select(Case.reference, Case.kind, Case.state, Case.received_on, Case.due_on).where(
                Case.reference == reference
            )
        ).one()
        return render_template("page.html", row=row)

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    return app
