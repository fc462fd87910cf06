"""The privacy portal. `create_app` is the only place that sees every room.

Imports stand inside the function, so that importing `portal.domain` loads no Flask.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings

Application = TypeVar("Application", bound="Flask")


def create_app(settings: Settings | None = None) -> Flask:
    """Builds the application. WeakSettings, BadKeyFile, PolicyError or KeysDoNotBelong rather than a bad start."""
    from werkzeug.middleware.proxy_fix import ProxyFix

    from config import read_settings
    from portal import commands, extensions, web
    from portal.web.application import Portal

    settings = settings or read_settings()
    app = furnished(Portal(__name__), settings)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask documents wrapping it so
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies
        )
    app.cli = commands.Commands(app)
    if os.environ.get("FLASK_RUN_FROM_CLI"):  # `flask db …` asks for it, and adds itself
        from portal.records.migrating import bind

        bind(app)
    extensions.csrf.init_app(app)
    extensions.login.init_app(app, add_context_processor=False)
    web.register(app)
    return app


def create_worker(settings: Settings | None = None) -> Flask:
    """The application without pages: what the worker needs, in half the memory. Raises as `create_app` does."""
    from flask import Flask

    from config import read_settings

    return furnished(Flask(__name__), settings or read_settings())


def furnished(app: Application, settings: Settings) -> Application:
    """With settings, keys, policy, clock and databases."""
    from portal.domain.clock import SystemClock
    from portal.jobs import JOBS
    from portal.policy.loader import load_policy
    from portal.records import tables
    from portal.records.db import db, prepare_engine
    from portal.vault.master import create_master_file, read_master

    app.config.update(settings.flask())
    if not settings.key_file.exists() and not settings.production:
        create_master_file(settings.key_file)
    app.extensions["master_key"] = read_master(settings.key_file)
    app.extensions["policy"] = load_policy(settings.policy_file)
    app.extensions["clock"] = SystemClock(settings.clock_offset)
    app.extensions["timings"] = JOBS
    tables.load_all()
    db.init_app(app)
    with app.app_context():
        for name, engine in db.engines.items():
            prepare_engine(engine, keys=name == "keys")
    if settings.production and not os.environ.get("FLASK_RUN_FROM_CLI"):  # commands say it themselves
        refuse_what_does_not_belong(app)
    return app


def refuse_what_does_not_belong(app: Flask) -> None:
    """Raises KeysDoNotBelong when keys and records are of two installations. Leaves no connection open: processes that
    part after this must not share one."""
    from portal.records.db import db
    from portal.services.belonging import KeysDoNotBelong, why_not

    with app.app_context():
        reason = why_not(app.extensions["master_key"])
        for engine in db.engines.values():
            engine.dispose()
    if reason:
        raise KeysDoNotBelong(reason)
