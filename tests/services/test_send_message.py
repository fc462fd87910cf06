"""Messages to the student: in the portal, with news by mail to the address on file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind, Role
from portal.records import casebook
from portal.records.db import db
from portal.records.tables.proof import OutMail
from portal.services.casework import Contact, NotFound
from portal.services.send_message import LONGEST, send_message
from portal.vault.envelope import Holder, Place
from tests import factories
from tests.services.cases import case_of, events_of, mails_of, opened


@pytest.fixture
def handler(app: Flask) -> Iterator[Actor]:
    with app.app_context():
        here = factories.make_branch("langedijk")
        yield factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))


def messages_of(reference: str) -> list[str]:
    case_id = case_of(reference).id
    found = [casebook.message_text(factories.vault(), each) for each in casebook.messages_of(db.session, case_id)]
    db.session.rollback()
    return found


def test_a_message_stands_in_the_portal_and_the_mail_only_says_that_there_is_news(
    handler: Actor, clock: FixedClock
) -> None:
    student = factories.make_student(email="hanan@example.org", language="ar")
    reference = opened(RequestKind.ACCESS, student, language="ar")
    send_message(handler, clock, reference, "Dag mevrouw,\r\nwij zoeken nog. مرحبا ")
    assert messages_of(reference) == ["Dag mevrouw,\nwij zoeken nog. مرحبا"]
    assert events_of(reference)[-1] == "message_sent"
    assert mails_of(reference) == ["message", "receipt"]
    mail = db.session.execute(select(OutMail).where(OutMail.kind == "message")).scalar_one()
    place = Place("outbox", "sealed", mail.id)
    opened_mail = factories.vault().open(Holder(mail.holder_kind, mail.holder_id), "mail", place, mail.sealed)
    assert opened_mail["to"] == "hanan@example.org"
    assert opened_mail["arguments"] == {"reference": reference}
    db.session.rollback()


def test_the_same_form_sent_twice_is_one_message(handler: Actor, clock: FixedClock) -> None:
    reference = opened(RequestKind.ACCESS, factories.make_student())
    first = send_message(handler, clock, reference, "Dag", once=b"m" * 32)
    assert send_message(handler, clock, reference, "Dag", once=b"m" * 32) == first
    assert messages_of(reference) == ["Dag"]
    assert mails_of(reference).count("message") == 1


def test_an_empty_or_endless_message_is_refused(handler: Actor, clock: FixedClock) -> None:
    reference = opened(RequestKind.ACCESS, factories.make_student())
    for text, code in ((" \r\n ", "message_empty"), ("x" * (LONGEST + 1), "message_too_long")):
        with pytest.raises(Refused, match=code):
            send_message(handler, clock, reference, text)
    assert messages_of(reference) == []


def test_without_an_address_there_is_no_mail(handler: Actor, clock: FixedClock) -> None:
    reference = opened(RequestKind.ACCESS, None, contact=Contact(name="Hanan", phone="0612345678"), taken=False)
    send_message(handler, clock, reference, "Dag")
    assert mails_of(reference) == []


def test_nobody_writes_in_another_branchs_case(handler: Actor, clock: FixedClock) -> None:
    foreign = opened(RequestKind.ACCESS, factories.make_student(factories.make_branch("hoorn")))
    with pytest.raises(NotFound):
        send_message(handler, clock, foreign, "Dag")
