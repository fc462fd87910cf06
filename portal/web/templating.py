"""Templates as this portal compiles them: once for each language, with the texts that stand in them looked up then.

A page of a student has some five hundred texts; at each request they cost more than the rest of it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, MutableMapping
from typing import Any, ClassVar

from flask import has_request_context
from flask.templating import Environment
from jinja2 import FileSystemBytecodeCache, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

from portal.i18n import TONGUES, Speaker
from portal.web.headers import static_url
from portal.web.language import current_speaker
from portal.web.pieces import icon, pieces, shown


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


class DirectCalls(CodeGenerator):
    """Calls what a template calls without asking each time whether it wants the template's context: nothing here does.
    What is markup already is shown without making it markup once more."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802 - Jinja's
        self.write("environment.call(")
        self.visit(node.node, frame)
        self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
        self.write(")")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and finalize.src is None:
            self.write("environment.shown(")
        else:
            super()._output_child_pre(node, frame, finalize)


class Compiled(Template):
    """A template whose pieces are put together once, whatever a page that imports them knows."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        if self._module is None:
            self._module = self.make_module()
        return self._module


class Templates(Environment):
    """Templates as the language of the request at hand has them."""

    code_generator_class = DirectCalls
    template_class = Compiled
    call: ClassVar[Callable[..., Any]] = operator.call
    shown = staticmethod(shown)
    said: Speaker | None = None

    def get_or_select_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        if self.said is None and has_request_context():
            return self._of(current_speaker()).get_or_select_template(name, parent, globals)
        return super().get_or_select_template(name, parent, globals)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Those of a language stay as they are, and a plain mapping is sooner merged with what a page is given."""
        return super().make_globals(d) if self.said is None else {**self.globals, **(d or {})}

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
