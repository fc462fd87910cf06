"""A decided correction of the mail address is no way around the week, the notice and the link that stops it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.assurance import Way
from portal.domain.clock import FixedClock
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel, Level, RequestKind
from portal.records.db import db
from portal.records.tables.access import Login
from portal.records.tables.erasure import ChangeLine
from portal.services import sign_in
from portal.services.apply_email_changes import apply_email_changes
from portal.services.carry_out import carry_out
from portal.services.deliver_mail import deliver
from portal.services.sign_in import LinkState, add_login
from portal.services.stop_email_change import StopState, stop_by_link
from portal.services.unit import writing
from tests import factories
from tests.mail.posts import Line
from tests.services import cases
from tests.web.visitor import mails

OLD, NEW = "old@example.org", "New@example.org"
WEEK = timedelta(days=7)


def decided(student, how: Way = Way.POST_CODE, channel: Channel = Channel.PORTAL, new: str = NEW, by=None) -> tuple:
    """A correction of the address, decided and known at level 3: reference and handler."""
    reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, "email", new)])
    with writing(factories.SYSTEM, cases.clock()) as work:
        case = cases.within(work, reference)
        case.assured_how, case.channel = how.value, channel.value
    handler = by or cases.handler()
    cases.decided(reference, handler, checked=new)
    return reference, handler


def press(reference, handler) -> None:
    carry_out(handler, cases.clock(), reference, cases.version_of(reference))


def address(student) -> object:
    return cases.values_of(student, "person")[0].get("email")


def lines(reference) -> int:
    case_id = cases.case_of(reference).id
    return len(db.session.execute(select(ChangeLine.id).where(ChangeLine.case_id == case_id)).all())


def stop_token(app: Flask) -> str:
    [mail] = mails(app, "email_change_asked")
    assert mail["to"] == OLD
    return str(mail["arguments"]["page"]).removeprefix("stop-email/")  # type: ignore[index]


def test_from_afar_it_waits_a_week_and_the_old_address_is_told(context: Flask) -> None:
    student = factories.make_student(email=OLD)
    reference, handler = decided(student)
    for _ in range(2):
        with pytest.raises(Refused, match="address_change_pending") as caught:
            press(reference, handler)
    assert caught.value.params["until"] == (cases.clock().now() + WEEK).date()
    assert address(student) == OLD
    assert stop_token(context)
    assert [each["to"] for each in mails(context, "email_new")] == [NEW]
    assert lines(reference) == 0, "the administration hears of it when it is so"

    deliver(cases.clock(), Line())
    later = context.extensions["clock"] = FixedClock(cases.clock().now() + WEEK)
    assert apply_email_changes(later) == {"addresses": 1}
    assert address(student) == NEW
    press(reference, handler)
    assert "corrected" in cases.events_of(reference)
    assert lines(reference) == 1


def test_stopped_by_the_old_address_it_is_not_set_going_again(context: Flask) -> None:
    student = factories.make_student(email=OLD)
    reference, handler = decided(student)
    with pytest.raises(Refused, match="address_change_pending"):
        press(reference, handler)
    assert stop_by_link(cases.clock(), stop_token(context), "192.0.2.1") is StopState.STOPPED
    with pytest.raises(Refused, match="address_change_stopped"):
        press(reference, handler)
    assert apply_email_changes(FixedClock(cases.clock().now() + WEEK)) == {"addresses": 0}
    assert address(student) == OLD


def test_at_the_desk_it_works_at_once_and_whoever_read_the_old_one_is_out(context: Flask) -> None:
    student, clock = factories.make_student(email=OLD), cases.clock()
    with writing(factories.SYSTEM, clock) as work:
        add_login(work, student, None, Level.ADDRESS)
    sign_in.ask(clock, OLD, "nl", "browser", "192.0.2.1")
    link = str(mails(context, "sign_in")[-1]["arguments"]["path"]).rpartition("/")[2]  # type: ignore[index]
    reference, handler = decided(student, Way.SHOW_ID_AT_DESK, Channel.DESK)
    press(reference, handler)
    assert address(student) == NEW
    assert factories.vault().find("email", "new@example.org") == [student]
    assert factories.vault().find("email", OLD) == []
    assert db.session.execute(select(Login)).all() == []
    assert sign_in.look(clock, link, "browser") is LinkState.REPLACED
    assert [each["to"] for each in mails(context, "email_changed")] == [OLD]
    assert "corrected" in cases.events_of(reference)
    assert lines(reference) == 1
    apply_email_changes(clock)


def test_an_id_that_was_shown_for_a_request_from_afar_is_no_desk(small: Flask) -> None:
    student = factories.make_student(email=OLD)
    with pytest.raises(Refused, match="address_change_pending"):
        press(*decided(student, Way.SHOW_ID_AT_DESK))
    assert address(student) == OLD


def test_another_change_that_waits_goes_first(small: Flask) -> None:
    student = factories.make_student(email=OLD)
    first = decided(student)
    second = decided(student, new="third@example.org", by=first[1])
    with pytest.raises(Refused, match="address_change_pending"):
        press(*first)
    with pytest.raises(Refused, match="address_change_pending"):
        press(*second)
    assert [each["to"] for each in mails(small, "email_new")] == [NEW]
