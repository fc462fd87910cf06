"""The Flask application of the portal, with what Flask does anew for each request done once.

Addresses are put together once for each endpoint and its values; templates are compiled once for each language, with
the texts that stand in them looked up then. A page of a student has some five hundred texts and fifty addresses: at
each request they cost more than the rest of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask, has_request_context, request
from flask.sessions import SecureCookieSessionInterface
from flask.templating import Environment
from itsdangerous import URLSafeTimedSerializer
from jinja2 import FileSystemBytecodeCache, Template, nodes
from jinja2.visitor import NodeTransformer

from portal.i18n import TONGUES, Speaker
from portal.web.headers import static_url
from portal.web.language import current_speaker
from portal.web.pieces import icon, pieces

MOST_ADDRESSES = 4096
SPECIAL = frozenset({"_anchor", "_method", "_scheme", "_external"})  # of Flask: addresses with them are not remembered


class TextsInPlace(NodeTransformer):
    """Puts a text, an address or an icon in the place of the call that asks for it, where all that it depends on stands
    in the template."""

    def __init__(self, said: Speaker) -> None:
        self.said: dict[str, Callable[..., str]] = {
            "_": said.text,
            "gettext": said.gettext,
            "static_url": static_url,
            "icon": icon,
        }

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - the name that Jinja looks for
        self.generic_visit(node)
        values = [*node.args, *(pair.value for pair in node.kwargs)]
        say = self.said.get(called(node))
        if say is None or node.dyn_args or node.dyn_kwargs or not all(isinstance(each, nodes.Const) for each in values):
            return node
        named = {pair.key: pair.value.as_const() for pair in node.kwargs}
        return nodes.Const(say(*(each.as_const() for each in node.args), **named), lineno=node.lineno)


def says_otherwise(tree: nodes.Template) -> bool:
    """Whether a template gives `_` a meaning of its own: it speaks to somebody else than who asked for the page."""
    return any(each.name == "_" and each.ctx != "load" for each in tree.find_all(nodes.Name))


def called(node: nodes.Call) -> str:
    """The name of what is called, also of a piece that a template has as `frame.name`; "" for anything else."""
    match node.node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=nodes.Name(name="frame"), attr=name):
            return str(name)
    return ""


def spoken_by(said: Speaker) -> dict[str, object]:
    """What a template of a language may say without asking; pieces that are imported have it without a context, so that
    they are put together once."""
    return {
        "_": said.text,
        "gettext": said.gettext,
        "ngettext": said.plural,
        "say": said.say,
        "speaker": said,
        "pieces": pieces(said),
        "lang": said.lang,
        "dir": said.dir,
        "translation_reviewed": TONGUES[said.lang].reviewed,
    }


class Templates(Environment):
    """Templates as the language of the request at hand has them."""

    said: Speaker | None = None

    def get_or_select_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        if self.said is None and has_request_context():
            return self._of(current_speaker()).get_or_select_template(name, parent, globals)
        return super().get_or_select_template(name, parent, globals)

    def _of(self, said: Speaker) -> Templates:
        spoken: dict[tuple[str, str], Templates] = self.__dict__.setdefault("spoken", {})
        key = said.lang, said.audience
        if key not in spoken:
            made: Templates = self.overlay()
            made.said = said
            made.globals = {**self.globals, **spoken_by(said)}
            if isinstance(kept := self.bytecode_cache, FileSystemBytecodeCache):  # a language's own code
                made.bytecode_cache = FileSystemBytecodeCache(kept.directory, f"{'-'.join(key)}-%s.cache")
            spoken[key] = made
        return spoken[key]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if self.said is not None and not says_otherwise(tree):
            TextsInPlace(self.said).visit(tree)
        return tree


class Sessions(SecureCookieSessionInterface):
    """Flask's own cookie; what signs it is made once."""

    def __init__(self) -> None:
        self._made: dict[str, URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        key = str(app.secret_key)
        if key not in self._made:
            self._made[key] = super().get_signing_serializer(app)
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

    def _address_anew(self, _script_root: str, endpoint: str, **values: Any) -> str:
        return super().url_for(endpoint, **values)
