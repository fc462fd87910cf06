"""Every route stands in the access table, both ways, and the table is tried live."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.web.access import ACTING, ASKER, CASE, HALF, PUBLIC, STAFF, STUDENT, register, rules


def test_the_access_table_and_the_routes_are_the_same_both_ways(sqlite_app: Flask) -> None:
    routes = {rule.endpoint for rule in sqlite_app.url_map.iter_rules()}
    table = set(rules())
    assert routes - table == set(), "add these endpoints to the access table of their blueprint"
    assert table - routes == set(), "these lines of the access table have no route any more"


def test_an_endpoint_that_nobody_declared_does_not_start() -> None:
    app = Flask("planted")
    app.add_url_rule("/planted", "planted.page", lambda: "anything")
    with pytest.raises(RuntimeError, match=r"planted\.page"):
        register(app)


def test_every_public_endpoint_says_why_it_is_public() -> None:
    silent = [endpoint for endpoint, rule in rules().items() if rule.audience == PUBLIC and not rule.reason]
    assert silent == [], "say in `reason` why anybody may come here"


def test_every_staff_endpoint_names_an_act() -> None:
    without = [endpoint for endpoint, rule in rules().items() if rule.audience == STAFF and rule.act is None]
    assert without == [], "name the act that somebody of staff must be allowed to do"


def test_audiences_are_the_known_ones() -> None:
    assert {rule.audience for rule in rules().values()} <= {PUBLIC, CASE, ASKER, ACTING, STUDENT, STAFF, HALF}
