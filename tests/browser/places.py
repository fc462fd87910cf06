"""Every page that students and the public can meet, and whose browser meets it.

They come from walks of the whole portal by links as everybody who is not staff, from filing each right up to its last
page, from pressing the button of an empty form, and from each error: a page that somebody adds is found by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Flask, abort, request
from flask.testing import FlaskClient

from portal.domain.vocabulary import RequestKind
from tests.security import browsing, estate
from tests.web.principals import School, enter

OUTSIDE = ("anonymous", "case_code", "student_l1", "student_l3", "shared_address", "representative")
ERRORS = (400, 401, 403, 404, 405, 409, 413, 429, 500, 503)
FAILING = "public.accessibility"  # shows each error when the address asks for it: the real handler and page
SCRIPTS_APART = "Hanan حنان ሃናን Ганна (V-12)"  # a text that changes its direction twice
SUBMIT = "main form[method=post]:has(input:not([type=hidden]), textarea, select) button[type=submit]:not([name])"


def mixed(most: int) -> str:
    return SCRIPTS_APART[:most]


@dataclass(frozen=True)
class Place:
    """`path` in Dutch; `press`: the page after sending its empty form."""

    who: str
    path: str
    name: str
    press: bool = False
    status: int = 200

    @property
    def speaks_many(self) -> bool:
        """Not the page on which the language is chosen: it is one page for everybody."""
        return self.path.startswith("/nl")

    def in_language(self, lang: str) -> str:
        return self.path.replace("/nl", f"/{lang}", 1).replace("%2Fnl", f"%2F{lang}")

    def __str__(self) -> str:
        return f"{self.who} {self.name}{' (sent empty)' if self.press else ''}"


@dataclass(frozen=True)
class Town:
    """The school with everybody's browser and all there is to see."""

    school: School
    clients: dict[str, FlaskClient]
    places: list[Place]


def found(app: Flask) -> Town:
    """Builds the school and walks through it. Call before anybody else uses the application."""
    school, references = estate.build(app, mixed)
    can_fail(app)
    begin = ["/", *(each for each in browsing.starts(app, school) if each.startswith("/nl"))]
    begin += [each for each in estate.addresses(references) if each.startswith("/nl")]
    clients = {who: enter(app, school, who) for who in OUTSIDE}
    pages = {who: browsing.walk(client, who, begin, kind_of) for who, client in clients.items()}
    places = list(_by_links(pages))
    places += _values(app, clients["student_l3"], pages["student_l3"])
    for who in ("anonymous", "student_l3"):
        clients[f"{who}, filing"] = enter(app, school, who)
        places += _filing(clients[f"{who}, filing"], who)
    places += [Place("anonymous", f"/nl/accessibility?fail={code}", f"error-{code}", status=code) for code in ERRORS]
    return Town(school, clients, places)


def kind_of(path: str) -> str:
    """An address without what differs between two of a kind; values are looked up by their types instead."""
    return re.sub(r"/value/[^/]+/\w+", "/value/*/*", browsing.blur(path))


def can_fail(app: Flask) -> None:
    view = app.view_functions[FAILING]

    def failing(**values: str) -> object:
        if "fail" in request.args:
            abort(int(request.args["fail"]))
        return view(**values)

    app.view_functions[FAILING] = failing


def _by_links(walked: dict[str, list[browsing.Page]]) -> Iterable[Place]:
    """Each page once: the same kind of address with the same headings is the same page, whoever reads it."""
    seen: set[tuple[str, str]] = set()
    for who, pages in walked.items():
        for page in pages:
            path = page.url.split("?", maxsplit=1)[0]
            if page.status != 200 or not path.startswith(("/nl", "/")) or path.startswith(("/staff", "/dev")):
                continue
            headings = [browsing.text_of(each) for each in browsing.elements(page.tree) if each.tag in {"h1", "h2"}]
            shape = (kind_of(path), " ".join(headings))
            if shape in seen:
                continue
            seen.add(shape)
            name = kind_of(path).removeprefix("/nl").strip("/").replace("/", "-").replace("*", "x") or "start"
            yield from _with_errors(who, page, name if path != "/" else "choose")


def _with_errors(who: str, page: browsing.Page, name: str) -> Iterable[Place]:
    yield Place(who, page.url, name)
    if any(form.method == "post" and form.text_fields for form in page.forms):
        yield Place(who, page.url, name, press=True)


def _values(app: Flask, client: FlaskClient, pages: list[browsing.Page]) -> Iterable[Place]:
    """The page of a value, and of what is wrong with it, for each type of value that there is."""
    policy = app.extensions["policy"]
    types = {field.code: field.type for each in policy.datasets.values() for field in each.fields.values()}
    seen = set()
    for href in (href for page in pages for href in browsing.links(page) if "/value/" in href):
        field = href.split("/value/")[1].split("/")[1]
        wrong = "-wrong" if href.endswith("/wrong") else ""
        if (types[field], wrong) not in seen:
            seen.add((types[field], wrong))
            page = browsing.read(client, "student_l3", href)
            if page.status == 200:
                yield from _with_errors("student_l3", page, f"value-{types[field].value}{wrong}")


def _filing(client: FlaskClient, who: str) -> Iterable[Place]:
    """The pages of each right from the first to the check, still open, and a receipt."""
    owner = f"{who}, filing"
    for kind in RequestKind:
        if kind is RequestKind.WITHDRAWAL and who != "anonymous":
            continue  # one press on the page of consents
        pages = browsing.journey(client, who, kind.value, mixed, until="/check")
        for page in pages[1:]:
            step = page.url.rsplit("/", maxsplit=1)[-1]
            if step == "who" and kind is not RequestKind.COMPLAINT:
                continue  # the same page for each
            yield Place(owner, page.url, f"new-{kind.value}-{step}")
            if step in {"what", "who"} and kind is not RequestKind.PORTABILITY:
                yield Place(owner, page.url, f"new-{kind.value}-{step}", press=True)
        receipt = browsing.journey(client, who, kind.value, mixed)[-1]
        yield Place(owner, receipt.url, f"new-{kind.value}-receipt")
