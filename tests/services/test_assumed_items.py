"""What the policy assumes: listed with what it says, confirmed as it was read, open again when it says something
else."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, Role
from portal.policy.assumed import assumed_items
from portal.policy.loader import SHIPPED
from portal.services import retention_terms
from portal.services.assumed_items import Item, confirm_assumed, listed
from portal.services.register import lines_of
from portal.services.register_versions import current
from tests import factories
from tests.services.factors import audited

DUO = "recipient.duo"


@pytest.fixture
def officer(app: Flask) -> Actor:
    with app.app_context():
        return factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))


def items(actor: Actor, clock: FixedClock) -> dict[str, Item]:
    return {each.assumed.key: each for each in listed(actor, clock)}


def test_every_assumption_of_the_file_is_listed_once(app: Flask, clock: FixedClock, officer: Actor) -> None:
    marked = sum(line.startswith("assumed = true") for line in SHIPPED.read_text(encoding="utf-8").splitlines())
    with app.app_context():
        found = items(officer, clock)
        assert len(found) == marked > 50
        assert not any(each.confirmed for each in found.values())
        assert dict(found[DUO].assumed.facts)["country"] == ("Nederland",)


def test_a_confirmed_item_is_no_longer_open_and_the_register_says_so(
    app: Flask, clock: FixedClock, officer: Actor
) -> None:
    with app.app_context():
        found = items(officer, clock)
        read = {key: found[key].assumed.digest for key in (DUO, "term")}
        assert confirm_assumed(officer, clock, read) == 2
        assert confirm_assumed(officer, clock, read) == 0, "once is enough"
        now = items(officer, clock)
        assert (now[DUO].confirmed, now[DUO].by, now[DUO].at) == (True, "Officer", clock.now())
        register = current(officer, clock)
        line = lines_of(register.content, str, register.still_open)["duo_financing"]
        assert "Ontvanger: DUO" not in line["to_confirm"]
        assert audited("confirm_assumed") == 1


def test_an_item_that_says_something_else_is_open_again(
    app: Flask, clock: FixedClock, officer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = app.extensions["policy"]
    other = replace(policy.recipients["duo"], role="processor")
    after = replace(policy, recipients=MappingProxyType({**policy.recipients, "duo": other}))
    with app.app_context():
        read = {DUO: items(officer, clock)[DUO].assumed.digest}
        confirm_assumed(officer, clock, read)
        monkeypatch.setitem(app.extensions, "policy", after)
        assert not items(officer, clock)[DUO].confirmed
        with pytest.raises(Refused, match="changed_since_read"):
            confirm_assumed(officer, clock, read)
        confirm_assumed(officer, clock, {DUO: items(officer, clock)[DUO].assumed.digest})
        assert items(officer, clock)[DUO].confirmed


def test_a_field_that_an_activity_takes_up_has_not_itself_changed(sqlite_app: Flask) -> None:
    policy = sqlite_app.extensions["policy"]
    person = policy.datasets["person"]
    field = replace(person.fields["branch"], activities=("training",))
    moved = replace(person, fields=MappingProxyType({**person.fields, "branch": field}))
    after = replace(policy, datasets=MappingProxyType({**policy.datasets, "person": moved}))
    assert [each.digest for each in assumed_items(after)] == [each.digest for each in assumed_items(policy)]


def test_the_levels_of_proof_are_one_point_that_says_every_act_and_changes_with_each(sqlite_app: Flask) -> None:
    policy = sqlite_app.extensions["policy"]
    before = next(each for each in assumed_items(policy) if each.key == "identity")
    said = dict(before.facts)
    assert "file_request" in said["level_0"]
    assert said["level_3"] == ("change_email", "view_own_sensitive", "carry_out_erasure")
    assert sum(map(len, said.values())) == len(policy.identity.levels)
    lower = {**policy.identity.levels, "carry_out_erasure": Level.KNOWLEDGE}
    after = replace(policy, identity=replace(policy.identity, levels=MappingProxyType(lower)))
    assert next(each for each in assumed_items(after) if each.key == "identity").digest != before.digest


def test_what_is_refused_and_to_whom(sqlite_app: Flask, clock: FixedClock) -> None:
    with sqlite_app.app_context():
        director = factories.staff_actor(factories.make_staff("director", Role.DIRECTOR))
        admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        handler = factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER))
        found = items(admin, clock)
        standard = {"retention.standard": found["retention.standard"].assumed.digest}
        for read, code in (
            ({}, "no_point_chosen"),
            ({"recipient.nobody": "00"}, "changed_since_read"),
            (standard, "terms_apart"),
        ):
            with pytest.raises(Refused, match=code):
                confirm_assumed(director, clock, read)
        for actor in (admin, handler):
            with pytest.raises(NotAllowed):
                confirm_assumed(actor, clock, {DUO: found[DUO].assumed.digest})
        with pytest.raises(NotAllowed):
            listed(handler, clock)


def test_a_term_counts_as_confirmed_by_the_directors_own_act(sqlite_app: Flask, clock: FixedClock) -> None:
    with sqlite_app.app_context():
        director = factories.staff_actor(factories.make_staff("director", Role.DIRECTOR))
        retention_terms.confirm(director, clock, "standard")
        found = items(director, clock)
        assert found["retention.standard"].confirmed
        assert not found["retention.exemption"].confirmed
        assert "retention.standard" not in current(director, clock).still_open
