"""The web: routes, forms and pages. Deny by default; nothing here touches records, vault or mail directly."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Binds languages, headers, access, errors and every blueprint."""
    from portal import extensions
    from portal.web import (
        access,
        bodies,
        compress,
        dev,
        errors,
        forgery,
        headers,
        language,
        request_log,
        sessions,
        standing,
        system,
    )
    from portal.web.account import routes as account
    from portal.web.public import routes as public
    from portal.web.staff import routes as staff
    from portal.web.student import routes as student

    app.request_class = bodies.BoundedRequest
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.autoescape = True
    extensions.babel.init_app(app, locale_selector=language.current_language)
    app.context_processor(language.template_names)
    forgery.register(app)
    request_log.register(app)
    compress.register(app)
    headers.register(app)
    standing.register(app)
    sessions.register(app)
    errors.register(app)
    for blueprint in (system.blueprint, public.blueprint, account.blueprint, student.blueprint, staff.blueprint):
        app.register_blueprint(blueprint)
    dev.register(app)
    access.register(app)
