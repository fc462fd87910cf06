"""The tree that the walks look at is the one that html5lib makes, also of what is hostile."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import Flask

from tests.security.browsing import parse
from tests.security.payloads import PAYLOADS

XLINK = "{http://www.w3.org/1999/xlink}"  # html5lib's name for what is written xlink:


def plainly(element: Element) -> Any:
    """Names, attributes and texts, all the way down."""
    tag = element.tag if isinstance(element.tag, str) else "a comment"
    values = sorted((str(key).replace(XLINK, "xlink:"), value) for key, value in element.attrib.items())
    return tag, values, element.text or "", [(plainly(each), each.tail or "") for each in element]


def same(html: str) -> bool:
    return bool(plainly(parse(html)) == plainly(html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)))


@pytest.mark.parametrize(
    "around", ["{}", "<p>{}</p>", '<a title="{}">x</a>', "<textarea>{}</textarea>", "<svg>{}</svg>"]
)
def test_hostile_text_is_read_alike(around: str) -> None:
    assert [payload for payload in PAYLOADS if not same(around.format(payload))] == []


@pytest.mark.parametrize("path", ["/", "/nl/", "/ar/rights", "/ti/new", "/staff/sign-in", "/nl/nowhere"])
def test_a_page_is_read_alike(sqlite_app: Flask, path: str) -> None:
    html = sqlite_app.test_client().get(path).get_data(as_text=True)
    assert same(html)


def test_what_differs_is_noticed() -> None:
    assert plainly(parse("<p>a<b>b</b>")) != plainly(parse("<p>a<b>c</b>"))
    assert plainly(parse("<p title=x>a")) != plainly(parse("<p title=y>a"))
