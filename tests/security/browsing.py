"""Everybody's walk through the whole portal: every page each principal reaches, parsed as a browser parses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID
from xml.etree.ElementTree import Comment, Element

from flask import Flask, url_for
from flask.testing import FlaskClient
from selectolax.lexbor import LexborHTMLParser, LexborNode
from uuid_utils.compat import uuid7
from werkzeug.routing import IntegerConverter, Rule, UUIDConverter
from werkzeug.routing.converters import AnyConverter
from werkzeug.test import TestResponse

from tests.web.principals import HALVES, PRINCIPALS, STAFF, School, enter

MOST_PAGES = 140  # of one principal
# What fields accept that check what is typed.
KNOWN_TEXTS = {"email": "hanan@example.org", "birth_date": "2-4-1990"}
SPACES = {"svg": "{http://www.w3.org/2000/svg}", "math": "{http://www.w3.org/1998/Math/MathML}"}
HTML_INSIDE = {"foreignObject", "desc", "title", "mi", "mo", "mn", "ms", "mtext"}  # of a drawing, of a formula
TYPED = {"text", "search", "email", "tel", "url", "password", "number", "textarea"}


@dataclass
class Field:
    """One control of a form: its kind, the value it holds, and what it offers where it is a choice."""

    name: str
    kind: str
    value: str = ""
    chosen: bool = False
    offered: list[str] = field(default_factory=list)


@dataclass
class Form:
    url: str  # of the page it stands on
    action: str
    method: str
    fields: list[Field]

    @property
    def text_fields(self) -> list[str]:
        return [each.name for each in self.fields if each.kind in TYPED]

    def filled(self, **typed: str) -> dict[str, list[str]]:
        """What a person would send who takes the first of every choice and types these texts."""
        sent: dict[str, list[str]] = {}
        for each in self.fields:
            if each.kind in TYPED:
                sent[each.name] = [typed.get(each.name, each.value)]
            elif each.kind == "select":
                sent[each.name] = [each.value or next((value for value in each.offered if value), "")]
            elif each.kind in {"radio", "checkbox"}:
                if each.chosen or each.name not in sent:
                    sent[each.name] = [each.value]
            elif each.kind not in {"submit", "button", "file"} or each.name not in sent:
                sent.setdefault(each.name, []).append(each.value)
        return {**sent, **{name: [text] for name, text in typed.items()}}

    @property
    def shape(self) -> tuple[str, tuple[str, ...]]:
        """What makes two forms the same one: where they lead, without numbers, and what they ask."""
        return blur(urlsplit(self.action).path), tuple(sorted({each.name for each in self.fields}))


@dataclass
class Page:
    who: str
    url: str
    status: int
    html: str
    headers: Any

    @cached_property
    def tree(self) -> Element:
        return parse(self.html)

    @cached_property
    def forms(self) -> list[Form]:
        return forms_of(self.tree, self.url)


def parse(html: str) -> Element:
    """The tree that a browser makes of it. Lexbor makes the same as html5lib, in a seventh of the time."""
    root = LexborHTMLParser(html).root
    assert root is not None
    return _element(root, "")


def _element(node: LexborNode, space: str) -> Element:
    """With what is below it. `space`: the namespace of what is neither HTML nor begins another one."""
    name = str(node.tag)
    space = space or SPACES.get(name, "")
    made, last = Element(space + name, {key: value or "" for key, value in node.attributes.items()}), None
    for child in node.iter(include_text=True):
        if child.is_text_node:
            if last is None:
                made.text = (made.text or "") + (child.text_content or "")
            else:
                last.tail = (last.tail or "") + (child.text_content or "")
            continue
        inside = "" if name in HTML_INSIDE else space
        last = Comment(child.comment_content) if child.is_comment_node else _element(child, inside)
        made.append(last)
    return made


def elements(tree: Element) -> Iterator[Element]:
    """Every element; comments and doctypes have no tag of text."""
    return (each for each in tree.iter() if isinstance(each.tag, str))


def text_of(element: Element) -> str:
    return "".join(element.itertext())


def forms_of(tree: Element, url: str) -> list[Form]:
    found = []
    for form in (each for each in elements(tree) if each.tag == "form"):
        action = urljoin(url, form.get("action") or url)
        fields = [each for control in elements(form) if (each := _field(control)) is not None]
        found.append(Form(url, action, (form.get("method") or "get").lower(), fields))
    return found


def _field(control: Element) -> Field | None:
    name = control.get("name")
    if not name:
        return None
    if control.tag == "input":
        kind = (control.get("type") or "text").lower()
        return Field(
            name, kind, control.get("value") or ("on" if kind == "checkbox" else ""), "checked" in control.attrib
        )
    if control.tag == "textarea":
        return Field(name, "textarea", text_of(control))
    if control.tag == "select":
        options = [each for each in elements(control) if each.tag == "option"]
        values = [each.get("value") or "" for each in options]
        chosen = next((each.get("value") or "" for each in options if "selected" in each.attrib), "")
        return Field(name, "select", chosen, offered=values)
    return Field(name, "submit", control.get("value") or "") if control.tag == "button" else None


def blur(path: str) -> str:
    """An address without what differs between two of a kind."""
    return "/".join("*" if any(each.isdigit() for each in part) else part for part in path.split("/"))


def routes(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint, str(rule)))


def value_for(rule: Rule, name: str, known: dict[str, object]) -> object:
    """A value for an argument: the school's own, else one of the right shape, so that a new route is walked too."""
    converter = rule._converters[name]
    if name in known:
        value = known[name]
        fits = not isinstance(converter, UUIDConverter) or isinstance(value, UUID)
        if fits and not isinstance(converter, AnyConverter):
            return value
        if isinstance(converter, AnyConverter) and value in converter.items:
            return value
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)[0]
    if isinstance(converter, UUIDConverter):
        return uuid7()
    return 1 if isinstance(converter, IntegerConverter) else "x" * 43


def address(app: Flask, rule: Rule, known: dict[str, object]) -> str:
    with app.test_request_context():
        return url_for(rule.endpoint, **{name: value_for(rule, name, known) for name in rule.arguments})


def starts(app: Flask, school: School) -> list[str]:
    return [address(app, rule, school.arguments()) for rule in routes(app) if "GET" in (rule.methods or set())]


def links(page: Page) -> Iterator[str]:
    """Where a person may go from here, and the pictures that a browser fetches."""
    for each in elements(page.tree):
        href = each.get({"a": "href", "img": "src"}.get(each.tag, ""))
        if href and not href.startswith(("#", "mailto:", "tel:", "http")):
            split = urlsplit(urljoin(page.url, href))
            if split.path.startswith(("/nl", "/staff")):
                yield split.path + (f"?{split.query}" if split.query else "")


def read(client: FlaskClient, who: str, url: str, **more: Any) -> Page:
    """Opens an address, following redirects; the page names where it ended."""
    return page_of(who, client.get(url, follow_redirects=True, buffered=True, **more))


def page_of(who: str, answer: TestResponse) -> Page:
    split = urlsplit(answer.request.url)
    url = split.path + (f"?{split.query}" if split.query else "")
    html = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
    return Page(who, url, answer.status_code, html, answer.headers)


def walk(client: FlaskClient, who: str, begin: Iterable[str], kind_of: Callable[[str], str] = blur) -> list[Page]:
    """Every page and picture that links from these addresses lead to, each kind of address at most twice."""
    found: dict[str, Page] = {}
    kinds: dict[str, int] = {}
    queue, seen = list(begin), set(begin)
    while queue and len(found) < MOST_PAGES:
        url = queue.pop(0)
        page = read(client, who, url)
        if page.url in found or not (page.html or page.headers["Content-Type"].startswith("image/")):
            continue
        found[page.url] = page
        for href in links(page):
            kind = kind_of(urlsplit(href).path)
            if href not in seen and kinds.get(kind, 0) < 2:
                kinds[kind] = kinds.get(kind, 0) + 1
                seen.add(href)
                queue.append(href)
    return list(found.values())


def walk_all(
    app: Flask, school: School, also: Iterable[str] = (), who: Iterable[str] = PRINCIPALS
) -> dict[str, tuple[FlaskClient, list[Page]]]:
    """The client and the pages of each principal: staff among the staff's, everybody else among the others."""
    begin = [*starts(app, school), *also]
    walked = {}
    for each in who:
        client = enter(app, school, each)
        at_work = each in {*STAFF, *HALVES}
        if at_work:
            open_file(client, each, school)
        walked[each] = (client, walk(client, each, [url for url in begin if url.startswith("/staff") == at_work]))
    walked["anonymous"][1].append(read(walked["anonymous"][0], "anonymous", "/staff/sign-in"))
    return walked


def open_file(client: FlaskClient, who: str, school: School) -> None:
    """Says why the student's file is opened, where this member of staff is asked for it."""
    page = read(client, who, f"/staff/students/{school.student}")
    for form in page.forms:
        if form.method == "post" and "reason" in {each.name for each in form.fields}:
            client.post(form.action, data=form.filled())


def journey(
    client: FlaskClient, who: str, kind: str, text: Callable[[int], str], until: str = "/receipt"
) -> list[Page]:
    """Files a request of this kind, typing `text` wherever one may; the pages on the way, the last one that ends in
    `until`: what was begun and not sent stays open."""
    page = read(client, who, "/nl/new")
    pages = [page]
    for _ in range(10):
        here = urlsplit(page.url).path
        own = [form for form in page.forms if form.method == "post" and urlsplit(form.action).path == here]
        if not own or here.endswith(until):
            break
        form = own[-1]
        typed = {name: KNOWN_TEXTS.get(name) or text(150) for name in form.text_fields}
        if here.endswith("/new"):
            typed["kind"] = kind
        page = page_of(who, client.post(form.action, data=form.filled(**typed), follow_redirects=True, buffered=True))
        pages.append(page)
    return pages
