"""Every error page in the person's language with a way on; never a stack trace, never a person's data."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, current_app, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import Conflict, HTTPException, NotFound, SecurityError, ServiceUnavailable, TooManyRequests

from portal.domain.lifecycle import NotPossible
from portal.services import casework, limits
from portal.services.unit import abandon
from portal.web import request_log
from portal.web.language import is_staff_page

RETRY_SECONDS = 30
MOST_IN_ADDRESS = 100  # characters of one value; no id or code of ours has so many
# What the services refuse, wherever a page does not answer it by itself.
REFUSALS: dict[type[Exception], type[HTTPException]] = {
    casework.NotFound: NotFound,  # a foreign object and a missing one look alike
    casework.ChangedMeanwhile: Conflict,
    limits.TooMany: TooManyRequests,
    NotPossible: Conflict,
    StaleDataError: Conflict,
}


def register(app: Flask) -> None:
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(CSRFError, show)
    for refusal, answer in REFUSALS.items():
        app.register_error_handler(refusal, shown_as(answer))
    app.register_error_handler(OperationalError, database_busy)
    app.register_error_handler(DataError, no_such_value)
    app.register_error_handler(OverflowError, no_such_value)
    app.register_error_handler(Exception, unexpected)


def show(error: HTTPException) -> Response:
    code = error.code or 500
    if code < 400:
        return make_response(error.get_response())
    if isinstance(error, SecurityError):  # a Host that is not ours: no address of a page can be made for it
        return make_response("Bad Request", code, {"Content-Type": "text/plain; charset=utf-8"})
    template = "staff/error.html" if is_staff_page() else "errors/error.html"
    response = make_response(render_template(template, code=code, request_id=number_of(code)), code)
    for name, value in error.get_headers(request.environ):
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    if code == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def shown_as(answer: type[HTTPException]) -> Callable[[Exception], Response]:
    """A handler that answers a refusal with an error page."""

    def answered(_refusal: Exception) -> Response:
        abandon()
        return show(answer())

    return answered


def database_busy(error: OperationalError) -> Response:
    """A locked or lost database: say so, keep nothing half-done, ask to try again."""
    current_app.logger.error(
        "database not available: %s", type(error.orig).__name__, extra={"request_id": request_log.request_id()}
    )
    abandon()
    return show(ServiceUnavailable())


def no_such_value(error: Exception) -> Response:
    """An address with a value that no column can hold (a NUL, a number without end): nobody has that. In what is
    written it is a fault of ours."""
    asked = map(str, [*(request.view_args or {}).values(), *request.args.values()])
    impossible = any(
        "\0" in each or len(each) > MOST_IN_ADDRESS or (each.isdigit() and len(each) > 9) for each in asked
    )
    if request.method not in {"GET", "HEAD"} and not impossible:
        return unexpected(error)
    abandon()
    return show(NotFound())


def unexpected(error: Exception) -> Response:
    current_app.logger.error("unexpected error", exc_info=error, extra={"request_id": request_log.request_id()})
    abandon()
    template = "staff/error.html" if is_staff_page() else "errors/error.html"
    return make_response(render_template(template, code=500, request_id=number_of(500)), 500)


def number_of(code: int) -> str | None:
    """What a person can read out on the phone, so that the line of the log is found; only where it is our fault."""
    return request_log.request_id() if code >= 500 else None
