"""Pages travel compressed only where a stranger cannot measure them (BREACH); what is the same for all, always."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask

from portal.web.headers import STATIC, static_url

GZIP = {"Accept-Encoding": "gzip, br"}
PAGE = "/nl/about"


def packed(app: Flask, address: str, **headers: str) -> bool:
    answer = app.test_client().get(address, headers={**GZIP, **headers}, buffered=True)
    assert answer.status_code == 200
    return answer.headers.get("Content-Encoding") == "gzip"


@pytest.mark.parametrize(
    ("site", "expected"), [("none", True), ("same-origin", True), ("cross-site", False), ("same-site", False)]
)
def test_a_page_is_compressed_only_when_no_foreign_page_asked_for_it(
    sqlite_app: Flask, site: str, expected: bool
) -> None:
    assert packed(sqlite_app, PAGE, **{"Sec-Fetch-Site": site}) is expected


def test_a_browser_that_does_not_say_who_asked_gets_the_page_as_it_is(sqlite_app: Flask) -> None:
    assert not packed(sqlite_app, PAGE)


def test_a_compressed_page_is_the_same_page(sqlite_app: Flask) -> None:
    client = sqlite_app.test_client()
    plain = client.get(PAGE, buffered=True)
    small = client.get(PAGE, headers={**GZIP, "Sec-Fetch-Site": "none"}, buffered=True)
    assert gzip.decompress(small.data).decode() == plain.get_data(as_text=True)
    assert len(small.data) < len(plain.data) / 3
    assert small.content_length == len(small.data)
    assert {"Accept-Encoding", "Sec-Fetch-Site"} <= set(small.vary)
    assert (
        client.get(PAGE, headers={"Accept-Encoding": "gzip;q=0", "Sec-Fetch-Site": "none"}, buffered=True).data
        == plain.data
    )


@pytest.mark.parametrize("name", ["style.css", "icons.svg", "listen.js"])
def test_what_is_the_same_for_everybody_is_always_compressed(sqlite_app: Flask, name: str) -> None:
    with sqlite_app.test_request_context():
        address = static_url(name)
    assert packed(sqlite_app, address, **{"Sec-Fetch-Site": "cross-site"})
    answer = sqlite_app.test_client().get(address, headers=GZIP, buffered=True)
    assert gzip.decompress(answer.data) == (STATIC / name).read_bytes()
    again = sqlite_app.test_client().get(
        address, headers={**GZIP, "If-None-Match": answer.headers["ETag"]}, buffered=True
    )
    assert again.status_code == 304
    plain = sqlite_app.test_client().get(address, buffered=True)
    assert plain.data == (STATIC / name).read_bytes()
    assert "Content-Encoding" not in plain.headers


def test_a_font_is_left_as_it_is(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context():
        address = static_url("fonts/noto-sans-ethiopic.woff2")
    assert not packed(sqlite_app, address)
