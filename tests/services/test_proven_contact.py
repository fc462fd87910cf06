"""A phone or an address that a request below level 3 put on file is no second channel: neither asked for nor used."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.domain.assurance import OnFile, Way
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel as Door
from portal.domain.vocabulary import Level, RequestKind
from portal.services import second_channel_tasks as tasks
from portal.services import second_channel_use as use
from portal.services.carry_out import carry_out
from portal.services.confirm_identity import confirm_identity
from portal.services.proven_contact import proven_on_file
from portal.services.second_channel import Channel
from portal.services.unit import reading, writing
from tests import factories
from tests.services import cases
from tests.services.second_channels import ask, change, session

NEW = {"phone": "+31687654321", "street": "Dorpsstraat 9"}
CHANNELS = {"phone": Channel.CALL, "street": Channel.POST}
WAYS = {Channel.CALL: Way.CALL_BACK, Channel.POST: Way.POST_CODE}


def corrected(
    handler, student, field: str, level: Level = Level.KNOWLEDGE, how: Way | None = None, by: Door = Door.PORTAL
) -> None:
    """A correction of this field that was asked for at `level`, decided and carried out."""
    reference = cases.opened(
        RequestKind.RECTIFICATION, student, [cases.field_of(student, field, NEW[field])], level=level
    )
    with writing(factories.SYSTEM, cases.clock()) as work:
        case = cases.within(work, reference)
        case.assured_how, case.channel = how, by.value
    cases.decided(reference, handler, checked=NEW[field])
    carry_out(handler, cases.clock(), reference, cases.version_of(reference))
    assert cases.values_of(student, "person")[0][field] == NEW[field]


def held(student) -> OnFile:
    with reading(factories.SYSTEM, cases.clock()) as work:
        return proven_on_file(work, student)


@pytest.mark.parametrize("field", NEW)
def test_whoever_read_the_mailbox_and_had_a_contact_changed_does_not_reach_level_three_by_it(
    context: Flask, field: str
) -> None:
    student, handler, channel = factories.make_student(), cases.handler(), CHANNELS[field]
    signed_in, other = session(student, Level.KNOWLEDGE), next(each for each in WAYS if each is not channel)
    asked_before = ask(signed_in, channel)
    corrected(handler, student, field)
    offered = use.ways(signed_in, cases.clock(), Level.SECOND_CHANNEL).offered
    assert WAYS[channel] not in offered
    assert WAYS[other] in offered, "what the school knew before still serves"
    with pytest.raises(Refused, match="not_on_file"):
        use.ask(signed_in, cases.clock(), channel)
    make = tasks.call if channel is Channel.CALL else tasks.print_letter
    with pytest.raises(Refused, match="not_on_file"):
        make(handler, cases.clock(), asked_before)
    case = cases.opened(RequestKind.ERASURE, student, level=Level.ADDRESS)
    with pytest.raises(Refused, match="not_on_file"):
        confirm_identity(handler, cases.clock(), case, cases.version_of(case), Level.SECOND_CHANNEL, WAYS[channel])


def test_it_serves_where_the_asker_was_known_well_enough_or_the_school_wrote_it(small: Flask) -> None:
    handler = cases.handler()
    by_code, at_desk, known_afar = (factories.make_student() for _ in range(3))
    corrected(handler, by_code, "phone", Level.SECOND_CHANNEL, Way.POST_CODE)
    corrected(handler, at_desk, "phone", Level.KNOWLEDGE, Way.RECOGNISED_BY_STAFF, Door.DESK)
    corrected(handler, known_afar, "phone", Level.KNOWLEDGE, Way.RECOGNISED_BY_STAFF)
    assert [held(student).phone for student in (by_code, at_desk, known_afar)] == [True, True, False]
    change(known_afar, "phone", "+31611111111")
    assert held(known_afar).phone
