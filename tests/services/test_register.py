"""The register: kept as versions, confirmed by name, compared, and read by tools that are not ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select

from portal.domain.article_30 import Fate, compared, missing
from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.i18n import STAFF_TONGUES, staff_speaker
from portal.jobs import BY_NAME, run
from portal.policy.model import Policy
from portal.records.db import db
from portal.records.tables.register import RegisterVersion
from portal.services import keep_register as keeping
from portal.services.casework import NotFound
from portal.services.confirm_register import confirm_register
from portal.services.keep_register import keep_register
from portal.services.register import COLUMNS, content_of, digest_of, lines_of
from portal.services.register_files import as_json, as_workbook
from portal.services.register_versions import Kept, current, kept, newest_known, versions
from tests import factories
from tests.schemas import faults
from tests.services.factors import audited

SCHEMA = json.loads((Path(__file__).parents[2] / "portal/static/register-schema.json").read_text())


def changed(policy: Policy) -> Policy:
    """Direct debit goes, invoices go to one recipient less, and an activity is new."""
    activities = dict(policy.activities)
    del activities["direct_debit"]
    activities["invoicing"] = replace(activities["invoicing"], recipients=("client",))
    activities["new"] = replace(policy.activities["training"], code="new", label="Iets nieuws")
    return replace(policy, activities=MappingProxyType(activities))


@pytest.fixture
def officer(app: Flask) -> Actor:
    with app.app_context():
        return factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))


def put(monkeypatch: pytest.MonkeyPatch, app: Flask, change: Callable[[Policy], Policy]) -> None:
    monkeypatch.setitem(app.extensions, "policy", change(app.extensions["policy"]))


def test_a_version_is_kept_when_the_register_says_something_else_and_only_then(
    app: Flask, clock: FixedClock, officer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        assert newest_known(clock) is None
        assert current(officer, clock).version is None
        assert keep_register(clock) == (1, True)
        assert keep_register(clock) == (1, False)
        first = current(officer, clock)
        assert first.version is not None
        assert first.version.digest == digest_of(first.content).hex()
        clock.advance(timedelta(days=3))
        put(monkeypatch, app, lambda policy: replace(policy, no_profiling="Iets anders."))
        assert keep_register(clock) == (1, False), "the register does not tell of this"
        put(monkeypatch, app, changed)
        assert current(officer, clock).version is None, "no worker came by yet"
        assert keep_register(clock) == (2, True)
        assert newest_known(clock) == (2, clock.now())
        assert [each.number for each in versions(officer, clock)] == [2, 1]
        assert kept(officer, clock, 1).content == first.content
        assert audited("keep_register") == 2


def test_of_two_workers_at_once_one_makes_the_version(
    app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        keep_register(clock)
        monkeypatch.setattr(keeping, "newest_digest", lambda _work: (0, b""))  # read before the other wrote
        assert keep_register(clock) == (1, False)
        assert db.session.execute(select(func.count()).select_from(RegisterVersion)).scalar_one() == 1
        assert audited("keep_register") == 1


def test_the_worker_keeps_the_register_by_itself(sqlite_app: Flask, clock: FixedClock) -> None:
    assert run(sqlite_app, BY_NAME["register"]) == {"new_versions": 1}
    assert run(sqlite_app, BY_NAME["register"]) == {"new_versions": 0}


def test_a_version_is_confirmed_once_by_name_with_what_changed(app: Flask, clock: FixedClock, officer: Actor) -> None:
    with app.app_context():
        keep_register(clock)
        for note, code in (("  ", "reason_missing"), ("x" * 1001, "reason_too_long")):
            with pytest.raises(Refused, match=code):
                confirm_register(officer, clock, 1, note)
        confirm_register(officer, clock, 1, " Besluit van 1 maart ")
        [version] = versions(officer, clock)
        assert (version.confirmed_by, version.confirmed_at, version.note) == (
            "Officer",
            clock.now(),
            "Besluit van 1 maart",
        )
        assert audited("confirm_register") == 1
        with pytest.raises(Refused, match="already_confirmed_version"):
            confirm_register(officer, clock, 1, "nog eens")
        for number in (0, 2, -1, 2**40):
            with pytest.raises(NotFound):
                kept(officer, clock, number)
        with pytest.raises(NotFound):
            confirm_register(officer, clock, 2, "x")


@pytest.mark.parametrize("role", [Role.CASE_HANDLER, Role.ADMINISTRATOR])
def test_who_only_reads_the_register_confirms_no_version(sqlite_app: Flask, clock: FixedClock, role: Role) -> None:
    with sqlite_app.app_context():
        reader = factories.staff_actor(factories.make_staff("reader", role))
        keep_register(clock)
        assert kept(reader, clock, 1).version is not None
        with pytest.raises(NotAllowed):
            confirm_register(reader, clock, 1, "x")


def test_two_versions_are_compared_by_activity_and_column(sqlite_app: Flask) -> None:
    policy = sqlite_app.extensions["policy"]
    before, after = (lines_of(content_of(each), str) for each in (policy, changed(policy)))
    found = {each.code: each for each in compared(before, after)}
    assert {code: each.fate for code, each in found.items()} == {
        "invoicing": Fate.CHANGED,
        "new": Fate.ADDED,
        "direct_debit": Fate.REMOVED,
    }
    columns = {each.column: each for each in found["invoicing"].differences}
    assert set(columns) == {"recipients", "to_confirm"}
    assert columns["recipients"].gone == ("Gemeente (Nederland)",)
    assert columns["recipients"].new == ()


def test_the_shipped_register_says_all_that_the_law_asks_of_each_activity(sqlite_app: Flask) -> None:
    content = content_of(sqlite_app.extensions["policy"])
    assert len(content["activities"]) >= 16
    assert {each["code"]: missing(content["controller"], each) for each in content["activities"]} == {
        each["code"]: [] for each in content["activities"]
    }
    lines = lines_of(content, str)
    assert "Persoon: Burgerservicenummer (BSN): gevoelig" in lines["exam_registration"]["special"]
    assert lines["quality_survey"]["processors"] == ["Panteia (Nederland)"]
    assert lines["direct_debit"]["transfers"] == ["Geen doorgifte"]
    assert "Ontvanger: DUO" in lines["duo_financing"]["to_confirm"]


def test_a_recipient_outside_the_eea_stands_under_transfers_with_its_safeguard(sqlite_app: Flask) -> None:
    policy = sqlite_app.extensions["policy"]
    far = replace(policy.recipients["bank"], country="Canada", safeguard="Adequaatheidsbesluit van de Commissie")
    moved = replace(policy, recipients=MappingProxyType({**policy.recipients, "bank": far}))
    assert lines_of(content_of(moved), str)["direct_debit"]["transfers"] == [
        "Bank (Canada): Adequaatheidsbesluit van de Commissie"
    ]


def registers(app: Flask, clock: FixedClock, officer: Actor) -> list[Kept]:
    """One that is no version yet, one that nobody confirmed, and one that was confirmed."""
    found = [current(officer, clock)]
    keep_register(clock)
    found.append(current(officer, clock))
    confirm_register(officer, clock, 1, "=cmd|' /C calc'!A0")
    return [*found, kept(officer, clock, 1)]


@pytest.mark.slow
def test_a_validator_of_json_schema_reads_every_export(sqlite_app: Flask, clock: FixedClock) -> None:
    with sqlite_app.app_context():
        officer = factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))
        found = registers(sqlite_app, clock, officer)
        documents = [
            json.loads(as_json(each, lang, staff_speaker(lang).gettext)) for each in found for lang in STAFF_TONGUES
        ]
    for document in documents:
        assert faults(document, SCHEMA) == []
    assert [each["version"] and each["version"]["confirmed_by"] for each in documents] == [
        *(None, None),
        *(None, None),
        *("Officer", "Officer"),
    ]
    dutch, english = documents[-2:]
    assert dutch["activities"][0]["name"] != english["activities"][0]["name"]
    assert dutch["version"] == english["version"]
    for spoil in ("purpose", "retention", "security", "subjects"):
        broken = json.loads(json.dumps(dutch))
        del broken["activities"][0][spoil]
        assert faults(broken, SCHEMA), f"the schema must ask for {spoil}"
    assert faults({**dutch, "extra": 1}, SCHEMA)


def test_a_spreadsheet_library_reads_every_export_and_no_cell_is_a_formula(
    sqlite_app: Flask, clock: FixedClock
) -> None:
    with sqlite_app.app_context():
        officer = factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))
        for found in registers(sqlite_app, clock, officer):
            for lang in STAFF_TONGUES:
                say = staff_speaker(lang).gettext
                lines, about = load_workbook(BytesIO(as_workbook(found, say))).worksheets
                assert [cell.value for cell in lines[1]] == [say(each) for each in COLUMNS.values()]
                assert lines.max_row == len(found.content["activities"]) + 1
                for row in lines.iter_rows(min_row=2):
                    for heading, cell in zip(COLUMNS, row, strict=True):
                        assert cell.data_type == "s", heading
                        assert cell.value or heading == "to_confirm", heading
                facts = {row[0].value: row[1] for row in about.iter_rows()}
                assert all(cell.data_type in {"s", "n"} for cell in facts.values())
        assert facts["Explanation"].value == "'=cmd|' /C calc'!A0"
        assert facts["Confirmed by"].value == "Officer"
