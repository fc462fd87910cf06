"""One school for all tests of a process that only look or are refused; a test that changes something makes its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.domain.vocabulary import RequestKind
from tests import engines
from tests.conftest import build
from tests.security import estate
from tests.security.browsing import Form, Page, journey, walk_all
from tests.web.principals import School, usual


@dataclass
class Walked:
    app: Flask
    school: School
    by: dict[str, tuple[FlaskClient, list[Page]]]

    def pages(self) -> Iterator[Page]:
        for _client, pages in self.by.values():
            yield from pages

    def forms(self) -> Iterator[tuple[str, FlaskClient, Form]]:
        """Each form of each principal once, though it may stand on many pages."""
        for who, (client, pages) in self.by.items():
            seen = set()
            for page in pages:
                for form in page.forms:
                    if form.shape not in seen:
                        seen.add(form.shape)
                        yield who, client, form


@pytest.fixture(scope="package")
def walked() -> Iterator[Walked]:
    """Every page that every principal reaches. The walk is long: whoever takes it runs in one
    process (tests/together.py)."""
    with engines.sqlite_settings() as settings:
        builder = build(settings)
        app = next(builder)
        school, references = estate.build(app)
        by = walk_all(app, school, estate.addresses(references))
        for who in ("anonymous", "student_l2"):
            client, pages = by[who]
            for kind in RequestKind:
                pages += journey(client, who, kind.value, usual)
        yield Walked(app, school, by)
        next(builder, None)
