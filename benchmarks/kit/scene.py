"""Single people and cases with more to them than the many of a made school have."""

from __future__ import annotations

import itertools
from dataclasses import replace
from uuid import UUID

from flask import Flask

from benchmarks.kit.bulk import bulk
from benchmarks.kit.school import Maker, School, make_student
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM, Actor
from portal.domain.vocabulary import Channel, RequestKind, TargetKind
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.services.casework import Asked, NewCase, open_case
from portal.services.recognise import staff_actor
from portal.services.send_message import send_message
from portal.services.take_case import take
from portal.services.unit import writing

OUT_OF_THE_WAY = itertools.count(10_000_000, 4)  # numbers of the school's own students stay below


def rich_student(app: Flask, school: School, records: int) -> UUID:
    """A student of the first branch of whom that many sealed records are kept."""
    with app.app_context():
        clock = app.extensions["clock"]
        maker = Maker(app, clock)
        with bulk(db.engines[None]) as rows, bulk(maker.keys_engine) as keys:
            return make_student(maker, school, rows, keys, next(OUT_OF_THE_WAY), records)


def case_in_hand(app: Flask, student: UUID, handler: UUID) -> str:
    """The reference of a request that a handler took up and asked something about."""
    clock = app.extensions["clock"]
    with app.app_context():
        with writing(SYSTEM, clock) as work:
            items = tuple(Asked(TargetKind.GROUP, group=number, words="Graag.") for number in (1, 7, 8))
            new = NewCase(
                RequestKind.ACCESS, Channel.PORTAL, "nl", clock.today(), items, "Voor mijn advocaat.", student
            )
            opened = open_case(work, new)
            work.session.get_one(Case, opened.case_id).assured_level = 3
        actor = acting(handler, clock)
        take(actor, clock, opened.reference)
        for text in ("Waarvoor heeft u het nodig?", "Wilt u ook de foto's van de les?"):
            send_message(actor, clock, opened.reference, text)
        db.session.remove()
        return opened.reference


def acting(staff: UUID, clock: Clock) -> Actor:
    """A member of staff who has just signed in, for services that are called without the web."""
    actor = staff_actor(staff, clock)
    db.session.rollback()
    return replace(actor, confidentiality_acknowledged=True, fresh_sign_in=True)
