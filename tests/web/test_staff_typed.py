"""What staff were typing when the session ended is there after signing in again, for them in that browser only."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select

from portal.domain.vocabulary import RequestKind, Role, TargetKind
from portal.records.db import db
from portal.records.tables.cases import Draft
from portal.services import passwords
from portal.services.casework import Asked
from portal.web.typed import MARK, SECRETS, WHO
from tests import factories
from tests.security import estate
from tests.security.browsing import open_file, starts, walk
from tests.services.cases import case_of, events_of, person_of
from tests.web import principals
from tests.web.staff_door import enter, give_code, with_app
from tests.web.test_staff_journey import new_case
from tests.web.visitor import Visitor

KEPT = "Wat u typte, staat er nog."


@pytest.fixture(autouse=True)
def light_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()


@pytest.fixture
def reference(sqlite_app: Flask) -> str:
    """A case to decide; `officer` and `second` may."""
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        factories.make_staff("second", Role.PRIVACY_OFFICER)
        student = factories.make_student()
        street = Asked(TargetKind.FIELD, "person", person_of(student), "street", asked="Dorpsstraat 1", current="x")
    return new_case(sqlite_app, RequestKind.RECTIFICATION, student, street)


def drafts(app: Flask) -> list[bytes]:
    with app.app_context():
        found = list(db.session.execute(select(Draft.sealed)).scalars())
        db.session.rollback()
        return found


def end_of_session(app: Flask) -> None:
    app.extensions["clock"].advance(timedelta(minutes=61))


def sign_in_again(visitor: Visitor, app: Flask, username: str = "officer") -> Visitor:
    """On the page where the door sent one."""
    with_app(app, username)
    assert visitor.h1 == "Inloggen voor medewerkers"
    return give_code(visitor.press("Inloggen", username=username, password=factories.PASSWORD), app)


def test_a_decision_that_was_typed_is_there_after_signing_in_and_is_sent_once(
    sqlite_app: Flask, reference: str
) -> None:
    visitor = enter(sqlite_app, "officer").get(f"/staff/cases/{reference}").press("Neem in behandeling")
    visitor.link("Besluit nemen")
    end_of_session(sqlite_app)
    typed = {
        "outcome_0": "refused",
        "ground_0": "value_is_right",
        "reason_0": "Gebeld: het klopt al.",
        "reply": "Groet",
    }
    visitor.press("Besluit nemen", **typed)
    assert case_of_state(sqlite_app, reference) == "in_progress", "nothing is decided by somebody who is not there"
    [sealed] = drafts(sqlite_app)
    assert b"Gebeld" not in sealed
    sign_in_again(visitor, sqlite_app)
    assert visitor.url.startswith(f"/staff/cases/{reference}/decide")
    assert KEPT in visitor.text
    assert "Gebeld: het klopt al." in visitor.html
    assert 'value="refused" checked' in visitor.html
    visitor.press("Besluit nemen").press("Verstuur")
    assert "Het besluit is genomen" in visitor.text
    assert drafts(sqlite_app) == []


def case_of_state(app: Flask, reference: str) -> str:
    with app.app_context():
        return case_of(reference).state


def test_a_message_and_a_new_request_are_kept_too(sqlite_app: Flask, reference: str) -> None:
    visitor = enter(sqlite_app, "officer").get(f"/staff/cases/{reference}")
    end_of_session(sqlite_app)
    visitor.press("Bericht sturen", text="Kunt u een brief meenemen?")
    sign_in_again(visitor, sqlite_app)
    assert visitor.url.startswith(f"/staff/cases/{reference}?")
    assert "Kunt u een brief meenemen?" in visitor.html
    with sqlite_app.app_context():
        assert "message_sent" not in events_of(reference)
    visitor.press("Bericht sturen")
    assert "Uw bericht is verstuurd" in visitor.text
    assert drafts(sqlite_app) == []

    visitor.get("/staff/record")
    end_of_session(sqlite_app)
    visitor.press("", kind="access", channel="desk", name="Yusuf حنان", received_on="20-11-2026")
    sign_in_again(visitor, sqlite_app)
    assert visitor.url == "/staff/record?kept=1"
    for said in ('value="Yusuf حنان"', 'value="20-11-2026"', 'value="desk" checked', 'value="access" checked'):
        assert said in visitor.html


def test_what_a_colleague_should_know_and_the_ticked_cases_are_kept_on_the_list(
    sqlite_app: Flask, reference: str
) -> None:
    visitor = enter(sqlite_app, "officer").get("/staff/")
    end_of_session(sqlite_app)
    with sqlite_app.app_context():
        ticked = f"{reference}|{case_of(reference).version}"
    visitor.post("/staff/hand-over", case=ticked, note="Bel eerst even.")
    sign_in_again(visitor, sqlite_app)
    assert visitor.url == "/staff/?kept=1"
    assert "Bel eerst even." in visitor.html
    assert re.search(rf'value="{re.escape(ticked)}"[^>]*checked', visitor.html)


def test_the_next_person_at_the_computer_sees_nothing_of_it(sqlite_app: Flask, reference: str) -> None:
    visitor = enter(sqlite_app, "officer").get("/staff/record")
    end_of_session(sqlite_app)
    visitor.press("", name="Yusuf")
    sign_in_again(visitor, sqlite_app, "second")
    assert visitor.h1 == "Verzoek opschrijven"
    assert KEPT not in visitor.text
    assert "Yusuf" not in visitor.html
    visitor.press("Uitloggen")
    assert "Yusuf" not in enter(sqlite_app, "officer").get("/staff/record?kept=1").html, "another browser"
    assert "Yusuf" in enter(sqlite_app, "officer", visitor=visitor).get("/staff/record?kept=1").html


def test_nothing_is_kept_of_a_stranger_of_a_password_or_after_signing_out(sqlite_app: Flask, reference: str) -> None:
    stranger = Visitor(sqlite_app).get("/staff/sign-in")
    stranger.post("/staff/record", name="Yusuf")
    visitor = enter(sqlite_app, "officer").press("Uitloggen")
    visitor.post("/staff/record", name="Yusuf")
    typing = enter(sqlite_app, "second").get("/staff/password")
    end_of_session(sqlite_app)
    typing.press("Wachtwoord bewaren", current=factories.PASSWORD, new="x" * 20, again="x" * 20)
    assert typing.h1 == "Inloggen voor medewerkers"
    assert drafts(sqlite_app) == []


def test_what_was_kept_is_gone_after_a_day(sqlite_app: Flask, reference: str) -> None:
    visitor = enter(sqlite_app, "officer").get("/staff/record")
    end_of_session(sqlite_app)
    visitor.press("", name="Yusuf")
    sqlite_app.extensions["clock"].advance(timedelta(hours=24, minutes=1))
    assert "Yusuf" not in sign_in_again(visitor, sqlite_app).html


def test_too_much_text_is_not_kept(sqlite_app: Flask, reference: str) -> None:
    visitor = enter(sqlite_app, "officer").get("/staff/record")
    end_of_session(sqlite_app)
    visitor.press("", name="Yusuf" * 30_000)
    assert visitor.h1 == "Inloggen voor medewerkers"
    assert drafts(sqlite_app) == []


def test_every_form_with_a_text_of_its_own_is_kept_when_the_session_ended(sqlite_app: Flask) -> None:
    """A new form is covered by itself: it leads back to a page that holds what was typed."""
    school, references = estate.build(sqlite_app)
    client = principals.enter(sqlite_app, school, "officer")
    open_file(client, "officer", school)
    begin = [url for url in [*starts(sqlite_app, school), *estate.addresses(references)] if url.startswith("/staff")]
    forms = {form.shape: form for page in walk(client, "officer", begin) for form in page.forms}.values()
    with client.session_transaction() as cookie:
        cookie[WHO] = f"staff:{school.staff['officer']}"
    end_of_session(sqlite_app)
    kept, lost = 0, []
    for form in forms:
        texts = [field.name for field in form.fields if field.kind in {"textarea", "text", "email"}]
        if form.method != "post" or not texts or SECRETS & {field.name for field in form.fields}:
            continue
        answer = client.post(form.action, data=form.filled(**dict.fromkeys(texts, "Wat ik typte")))
        if parse_qs(urlsplit(answer.location).query).get("next", [""])[0].endswith(f"{MARK}=1"):
            kept += 1
        else:
            lost.append(form.action)
    print(f"staff forms with text: {kept} kept, {len(lost)} lost")
    assert lost == []
    assert kept > 10
