"""The Flask application of the portal, with what Flask does anew for each request done once.

Addresses are put together once for each endpoint and its values: a page of a student has some fifty. Templates are
compiled as portal/web/templating.py says.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from flask import Flask, has_request_context, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from portal.web.signing import CookieSerializer
from portal.web.templating import Templates

MOST_ADDRESSES = 4096
SPECIAL = frozenset({"_anchor", "_method", "_scheme", "_external"})  # of Flask: addresses with them are not remembered


class Sessions(SecureCookieSessionInterface):
    """Flask's own cookie; what signs it is made once."""

    def __init__(self) -> None:
        self._made: dict[str, URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        key = str(app.secret_key)
        if key not in self._made:
            flasks = super().get_signing_serializer(app)
            self._made[key] = flasks and CookieSerializer(
                flasks.secret_keys, flasks.salt, flasks.serializer, signer_kwargs=flasks.signer_kwargs
            )
        return self._made[key]


class Portal(Flask):
    jinja_environment = Templates

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.session_interface = Sessions()
        self._address = lru_cache(maxsize=MOST_ADDRESSES, typed=True)(self._address_anew)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: nothing here is a coroutine, and to look at each view and hook again takes its time."""
        return func

    def url_for(self, endpoint: str, **values: Any) -> str:
        if not SPECIAL.isdisjoint(values):
            values = {name: value for name, value in values.items() if name not in SPECIAL or value is not None}
        if not has_request_context() or not SPECIAL.isdisjoint(values):
            return super().url_for(endpoint, **values)
        try:
            return self._address(request.script_root, endpoint, **values)
        except TypeError:  # a list among the values
            return super().url_for(endpoint, **values)

    def addresses(self, **given: Any) -> Callable[..., str]:
        """`url_for` with these values given, for a page with many links: neither other sites nor lists."""
        return partial(self._address, request.script_root, **given)

    def _address_anew(self, _script_root: str, endpoint: str, **values: Any) -> str:
        return super().url_for(endpoint, **values)
