"""The requests of the years before the demonstration's stories: enough of them for figures that say something.

Each is a line of the same kind as in the diary, done through the real services on its day. They follow a fixed round of
rights, waits and outcomes, so that every demonstration shows the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import NamedTuple

from portal.domain.vocabulary import Outcome, RequestKind, TargetKind
from portal.services.casework import Asked, Contact
from portal.services.decide_case import ItemDecision, decide
from portal.services.demo.diary import Line
from portal.services.demo.scene import Scene

FIRST, LAST = 690, 82  # days ago
GRANTED, REFUSED = Outcome.GRANTED, Outcome.REFUSED
KIND = RequestKind
EVERYTHING = Asked(TargetKind.EVERYTHING)
SCREENSHOTS = Asked(TargetKind.ACTIVITY, activity="lesson_screenshots")
ALKMAAR = ("C90005", "C90006", "C90007", "C90008", "C90009", "C90010")
HOORN = ("C90013", "C90015", "C90016", "C90017", "C90020", "C90022")
DESKS = tuple(zip(cycle(("anna", "bram")), (number for pair in zip(ALKMAAR, HOORN, strict=True) for number in pair)))
GAPS = (9, 14, 6, 20, 11, 8, 17, 13)  # days from one request to the next
WAITS = (9, 14, 21, 6, 27, 12, 18, 3, 25, 16, 35, 11, 23, 8, 20)  # days to the answer; the longest is late or extended
LATE, FORGOTTEN_SINCE = 28, 320  # days; days ago: a long wait was extended until then, later ones were late


class Kind(NamedTuple):
    kind: RequestKind
    asked: Asked
    outcome: Outcome
    ground: str | None = None


def _words(text: str) -> Asked:
    return Asked(TargetKind.WORDS, words=text)


ROUND = (
    Kind(KIND.RECTIFICATION, _words("Mijn adres is anders."), GRANTED),
    Kind(KIND.ACCESS, EVERYTHING, GRANTED),
    Kind(KIND.ERASURE, _words("Wis mijn aanwezigheid."), REFUSED, "legal_duty"),
    Kind(KIND.ACCESS, EVERYTHING, GRANTED),
    Kind(KIND.RECTIFICATION, _words("Mijn cijfer klopt niet."), REFUSED, "value_is_right"),
    Kind(KIND.COMPLAINT, _words("Ik wachtte te lang aan de telefoon."), GRANTED),
    Kind(KIND.ACCESS, EVERYTHING, GRANTED),
    Kind(KIND.RESTRICTION, _words("Gebruik mijn oude adres niet."), GRANTED),
    Kind(KIND.RECTIFICATION, _words("Mijn telefoonnummer is nieuw."), GRANTED),
    Kind(KIND.OBJECTION, SCREENSHOTS, REFUSED, "compelling_grounds"),
    Kind(KIND.ACCESS, EVERYTHING, GRANTED),
    Kind(KIND.ERASURE, _words("Wis mijn examens."), REFUSED, "legal_duty"),
    Kind(KIND.PORTABILITY, EVERYTHING, REFUSED, "portability_basis"),
)


def years() -> Iterator[Line]:
    """Every line, in no order."""
    rounds = zip(cycle(GAPS), cycle(WAITS), cycle(ROUND), cycle(DESKS))
    days_ago = FIRST
    for number, (gap, wait, asked, (handler, student)) in enumerate(rounds):
        if days_ago - wait < LAST:
            return
        yield from _one(f"past {number}", days_ago, wait, asked, handler, student, extended=days_ago > FORGOTTEN_SINCE)
        days_ago -= gap


def _one(
    story: str, days_ago: int, wait: int, asked: Kind, handler: str, student: str, *, extended: bool
) -> Iterator[Line]:
    if asked.kind is KIND.ACCESS:  # somebody who was never a student here
        handler, contact = "fatma", Contact(name="Robin Jansen", email="robin.jansen@example.org")
        yield Line(days_ago, 10, lambda s: s.file_unknown(story, asked.kind, contact, asked.asked, language="nl"))
    else:
        yield Line(days_ago, 10, lambda s: s.file(story, student, asked.kind, asked.asked))
    yield Line(days_ago - 1, 9, lambda s: s.take(story, handler))
    if wait > LATE and extended:
        yield Line(days_ago - 20, 9, lambda s: s.extend(story, handler, 14, ""))
    yield Line(days_ago - wait, 14, lambda s: _decide(s, story, handler, asked))
    finish = Scene.lift if asked.kind is KIND.OBJECTION else Scene.finish_steps
    yield Line(days_ago - wait - days_ago % 9, 16, lambda s: finish(s, story, handler))


def _decide(scene: Scene, story: str, handler: str, asked: Kind) -> None:
    decisions = [
        ItemDecision(item_id, asked.outcome, asked.ground, "Wij hebben het nagekeken.")
        for item_id in scene.item_ids(story)
    ]
    reference = scene.refs[story]
    decide(scene.member(handler), scene.clock, reference, scene.version(story), decisions)
