"""Every address in a mail leads to a page of the portal."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask

from portal.mail.render import link_of
from tests.mail.posts import HOUSE, every_message, sheet_of


@pytest.mark.parametrize("by_code", [False, True])
@pytest.mark.parametrize("name", sorted(every_message("nl")))
def test_the_address_of_each_mail_is_a_page(sqlite_app: Flask, name: str, by_code: bool):
    sheet = sheet_of(every_message("nl")[name], by_code)
    address = link_of(sheet, HOUSE.base_url, "nl")
    routes = sqlite_app.url_map.bind("privacy.school.example", url_scheme="https")
    assert address.startswith(HOUSE.base_url)
    endpoint, _ = routes.match(urlsplit(address).path, method="GET")
    assert endpoint.split(".")[0] in {"account", "public", "staff", "student"}
