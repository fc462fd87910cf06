"""Recording how sure staff are who asked."""

from __future__ import annotations

import pytest

from portal.domain.assurance import Way
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, RequestKind
from portal.services.casework import ChangedMeanwhile, Contact
from portal.services.confirm_identity import confirm_identity
from tests import factories
from tests.services import cases


def confirmed(reference, actor, level, how):
    confirm_identity(actor, cases.clock(), reference, cases.version_of(reference), level, how)


def test_staff_confirm_who_asked_and_the_way_is_on_the_timeline(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student(), level=Level.NONE)
    handler, before = cases.handler(), cases.audit_count()
    confirmed(reference, handler, Level.SECOND_CHANNEL, Way.CALL_BACK)
    case = cases.case_of(reference)
    assert (case.assured_level, case.assured_how) == (3, "call_back")
    assert "identity_confirmed" in cases.events_of(reference)
    assert cases.audit_count() == before + 1


def test_a_way_must_lead_to_the_level_and_be_one_of_staff(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student(), level=Level.NONE)
    handler = cases.handler()
    with pytest.raises(Refused, match="way_too_light"):
        confirmed(reference, handler, Level.SECOND_CHANNEL, Way.RECOGNISED_BY_STAFF)
    for way in (Way.MAIL_LINK, Way.KNOW_BIRTH_DATE_AND_POSTCODE, "a nice face"):
        with pytest.raises(Refused, match="bad_way"):
            confirmed(reference, handler, Level.KNOWLEDGE, way)
    assert cases.case_of(reference).assured_level == 0


def test_a_level_is_never_lowered(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student(), level=Level.SECOND_CHANNEL)
    with pytest.raises(Refused, match="already_confirmed"):
        confirmed(reference, cases.handler(), Level.KNOWLEDGE, Way.RECOGNISED_BY_STAFF)


def test_nobody_is_confirmed_before_it_is_known_which_student_it_is(context):
    reference = cases.opened(RequestKind.ACCESS, None, contact=Contact(name="Somebody"), level=Level.NONE)
    with pytest.raises(Refused, match="not_matched"):
        confirmed(reference, cases.officer(), Level.KNOWLEDGE, Way.RECOGNISED_BY_STAFF)
    with pytest.raises(NotAllowed):
        confirmed(reference, cases.handler(), Level.KNOWLEDGE, Way.RECOGNISED_BY_STAFF)


def test_an_old_form_confirms_nothing(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student(), level=Level.NONE)
    stale = cases.version_of(reference) - 1
    with pytest.raises(ChangedMeanwhile):
        confirm_identity(cases.handler(), cases.clock(), reference, stale, Level.KNOWLEDGE, Way.RECOGNISED_BY_STAFF)
