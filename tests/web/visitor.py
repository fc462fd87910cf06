"""A person with a browser and no JavaScript: opens pages, fills in their forms, presses their buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass
class FormOnPage:
    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects forms with what they would send, headings, links and the visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormOnPage] = []
        self.h1: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.ids: list[str] = []
        self._open: FormOnPage | None = None
        self._stack: list[str] = []
        self._select: tuple[str, list[str]] | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "form":
            self._open = FormOnPage(found.get("action", ""), found.get("method", "get"))
            self.forms.append(self._open)
        elif tag == "a" and "href" in found:
            self.links.append((found["href"], ""))
        elif self._open is not None and "name" in found:
            self._take(tag, found)
        elif tag == "option" and self._select and "selected" in found:
            self._select[1][:] = [found.get("value", "")]
        if tag == "h1":
            self.h1.append("")
        if tag not in {"input", "br", "meta", "link", "use", "hr", "img"}:
            self._stack.append(tag)

    def _take(self, tag: str, found: dict[str, str]) -> None:
        assert self._open is not None
        name = found["name"]
        self._open.names.add(name)
        if tag == "input":
            kind = found.get("type", "text")
            if kind not in {"radio", "checkbox"} or "checked" in found:
                self._open.values.setdefault(name, []).append(found.get("value", ""))
        elif tag == "select":
            self._select = (name, self._open.values.setdefault(name, [""]))
        elif tag == "textarea":
            self._area = name
            self._open.values[name] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None
        if tag in self._stack:
            while self._stack.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._open is not None:
            self._open.values[self._area][0] += data
        if "script" not in self._stack and "style" not in self._stack:
            self.text.append(data)
            if self.h1 and "h1" in self._stack:
                self.h1[-1] += data
            if self.links and "a" in self._stack:
                href, said = self.links[-1]
                self.links[-1] = (href, said + data)
            if "button" in self._stack and self._open is not None and data.strip():
                self._open.buttons.append(data.strip())


class Visitor:
    """One browser: cookies kept, redirects followed, the newest page read."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.client: FlaskClient = app.test_client()
        self.environ = {"REMOTE_ADDR": address}
        self.response: TestResponse
        self.page: _Reader
        self.url = "/"

    def get(self, url: str) -> Visitor:
        return self._read(self.client.get(urljoin(self.url, url), environ_base=self.environ, follow_redirects=True))

    def press(self, button: str = "", form: int | None = None, **fields: str | list[str]) -> Visitor:
        """Sends the form with this button (or the n-th one), with the values it holds and these changed."""
        chosen = self._form(button, form)
        values: dict[str, object] = dict(chosen.values)
        for name, value in fields.items():
            assert name in chosen.names or name == "switch_language", f"the form has no field {name}"
            values[name] = value
        url = urljoin(self.url, chosen.action) if chosen.action else self.url
        return self._read(self.client.post(url, data=values, environ_base=self.environ, follow_redirects=True))

    def post(self, url: str, **fields: str) -> Visitor:
        """Posts to any address, with a token of the newest page."""
        token = next(form.values["csrf_token"][0] for form in self.page.forms if "csrf_token" in form.values)
        data = {"csrf_token": token, **fields}
        return self._read(self.client.post(url, data=data, environ_base=self.environ, follow_redirects=True))

    def post_anywhere(self, url: str, **fields: str) -> Visitor:
        """As `post`, with a token from the start page when this one has none."""
        if not any("csrf_token" in form.values for form in self.page.forms):
            self.get("/nl/new")
        return self.post(url, **fields)

    def _form(self, button: str, number: int | None) -> FormOnPage:
        if number is not None:
            return self.page.forms[number]
        found = [form for form in self.page.forms if form.method == "post" and any(button in b for b in form.buttons)]
        assert found, f"no form with a button {button!r} on {self.url}: {[form.buttons for form in self.page.forms]}"
        return found[-1] if not button else found[0]

    def link(self, said: str) -> Visitor:
        """Follows the first link that says this."""
        href = next((href for href, text in self.page.links if said in text), None)
        assert href, f"no link {said!r} on {self.url}: {[text for _, text in self.page.links]}"
        return self.get(href)

    def _read(self, response: TestResponse) -> Visitor:
        self.response = response
        self.page = _Reader()
        if response.mimetype == "text/html":
            self.page.feed(response.get_data(as_text=True))
        split = urlsplit(response.request.url)
        self.url = split.path + (f"?{split.query}" if split.query else "")
        return self

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.page.text))

    @property
    def html(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def h1(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.page.h1)).strip()


def mails(app: Flask, kind: str | None = None) -> list[dict[str, object]]:
    """What lies in the outbox and may still be sent, oldest first: kind, to, arguments."""
    from sqlalchemy import select

    from portal.records.db import db
    from portal.records.tables.proof import OutMail
    from portal.vault.envelope import Holder, Place
    from tests.factories import vault

    with app.app_context():
        now = app.extensions["clock"].now()
        keys = vault()
        rows = db.session.execute(select(OutMail).order_by(OutMail.id)).scalars().all()
        found = []
        for row in rows:
            if (kind is None or row.kind == kind) and (row.expires_at is None or row.expires_at > now):
                holder = Holder(row.holder_kind, row.holder_id)
                opened = keys.open(holder, "mail", Place("outbox", "sealed", row.id), row.sealed)
                found.append({"kind": row.kind, "language": row.language, **opened})
        db.session.rollback()
        return found


def sign_in(app: Flask, email: str, visitor: Visitor | None = None, lang: str = "nl") -> Visitor:
    """Signs in with the mailed code."""
    visitor = visitor or Visitor(app)
    visitor.get(f"/{lang}/sign-in").press("link", email=email)
    mail = [each for each in mails(app, "sign_in") if each["to"] == email][-1]
    arguments = mail["arguments"]
    assert isinstance(arguments, dict)
    return visitor.press("Inloggen", code=str(arguments["code"]))
