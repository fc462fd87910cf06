"""Every form on every page, sent without a token or with somebody else's: refused, nothing is changed (ASVS 3.5.1)."""

from __future__ import annotations

import re

from tests.security.conftest import Walked
from tests.web.fingerprints import EXCEPTED, changed, fingerprints

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def test_every_form_without_a_token_is_refused_and_changes_nothing(walked: Walked) -> None:
    with walked.app.app_context():
        before = fingerprints()
    sent, wrong = 0, []
    for who, client, form in walked.forms():
        if form.method != "post":
            continue
        values = {name: value for name, value in form.filled().items() if name != "csrf_token"}
        answer = client.post(form.action, data=values)
        sent += 1
        if answer.status_code != 400:
            wrong.append(f"{who} {form.action}: {answer.status_code}")
    print(f"forms without a token: {sent} sent, {len(wrong)} accepted")
    assert wrong == []
    assert sent > 200
    with walked.app.app_context():
        assert changed(before) <= EXCEPTED


def test_every_form_with_the_token_of_another_browser_is_refused(walked: Walked) -> None:
    stranger = walked.app.test_client()
    found = TOKEN.search(stranger.get("/nl/new").get_data(as_text=True))
    assert found
    sent, wrong = 0, []
    for who, client, form in walked.forms():
        if form.method != "post":
            continue
        for token in (found[1], "x.y.é"):
            answer = client.post(form.action, data={**form.filled(), "csrf_token": token})
            sent += 1
            if answer.status_code != 400:
                wrong.append(f"{who} {form.action} with {token!r}: {answer.status_code}")
    print(f"forms with a foreign token: {sent} sent, {len(wrong)} accepted")
    assert wrong == []


def test_every_post_form_carries_a_token_and_leads_to_ourselves(walked: Walked) -> None:
    forms = list(walked.forms())
    assert len(forms) > 60
    for _who, _client, form in forms:
        names = {each.name for each in form.fields}
        assert ("csrf_token" in names) == (form.method == "post"), form.action
        assert form.action.startswith("/"), form.action
        assert not form.action.startswith("//"), form.action


def test_the_walk_reaches_every_page_that_a_get_can_open(walked: Walked) -> None:
    """A new page is covered by itself, or this test says that nobody in the walk reaches it."""
    adapter = walked.app.url_map.bind("127.0.0.1")
    reached = {adapter.match(page.url.partition("?")[0])[0] for page in walked.pages() if page.status == 200}
    pages = {
        rule.endpoint
        for rule in walked.app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and rule.endpoint.split(".")[0] in {"public", "account", "student", "staff"}
    }
    without = pages - reached - NOT_WALKED
    print(f"pages reached: {len(pages & reached)} of {len(pages)}")
    assert without == set()


# Pictures that are there once staff have pressed: of an app being set up, of a file somebody sent. And what a calendar
# program reads at a secret address, and files: the register, a year's report.
NOT_WALKED = {"staff.enrol_qr", "staff.upload_page", "staff.calendar", "staff.register_file", "staff.year_report"}
