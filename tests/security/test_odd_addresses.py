"""Values in an address that no column can hold lead nowhere: never to an error of ours, on either engine."""

from __future__ import annotations

from flask import Flask, url_for
from werkzeug.routing.converters import IntegerConverter, UnicodeConverter

from tests.security.browsing import routes, value_for
from tests.web.principals import enter, make_school

NO_COLUMN_HOLDS = ("\x00", "x" * 3000, "\uffff")
ENDLESS = 10**30
QUERIES = (
    "/staff/?reference=%00&language=%00&branch=%00&after=%00",
    f"/staff/register/compare?old={ENDLESS}&new=1",
    f"/staff/register/file/json?version={ENDLESS}",
    "/staff/figures?first=1-1-9999&last=31-12-9999&branch=%00",
    "/staff/?due_from=31-12-9999&received_until=1-1-0001",
    f"/nl/me/records/person/1?page={ENDLESS}",
)


def test_what_no_column_can_hold_is_nowhere(app: Flask) -> None:
    with app.app_context():
        school = make_school(app)
    addresses = [(query, "GET") for query in QUERIES]
    for rule in routes(app):
        method = "GET" if "GET" in (rule.methods or set()) else "POST"
        for name in rule.arguments - {"lang"}:
            kind = type(rule._converters[name])
            odd = {UnicodeConverter: NO_COLUMN_HOLDS, IntegerConverter: (ENDLESS,)}.get(kind, ())
            if rule.endpoint in {"static", "dev.mail"}:
                continue
            for value in odd:
                known = school.arguments()
                values = {each: value_for(rule, each, known) for each in rule.arguments} | {name: value}
                with app.test_request_context():
                    addresses.append((url_for(rule.endpoint, **values), method))
    app.config["WTF_CSRF_ENABLED"] = False
    wrong = []
    for who in ("anonymous", "student_l3", "officer"):
        client = enter(app, school, who)
        for address, method in addresses:
            status = client.open(address, method=method, buffered=True).status_code
            if status >= 500:
                wrong.append(f"{who} {method} {address[:80]}: {status}")
    assert wrong == []
    assert len(addresses) > 60
