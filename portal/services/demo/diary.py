"""What happened at the demonstration school in the last weeks: each line on its day, so that every date is real.

A line is (days ago, hour in Amsterdam, what somebody did). The stories stand side by side: the portal's warnings and
mails come in between by themselves, as at a real school.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from portal.domain.assurance import Way
from portal.domain.campaign import ConsentAnswer
from portal.domain.vocabulary import Channel, Level, Outcome, RequestKind, TargetKind
from portal.services.casework import Asked, Contact
from portal.services.demo.scene import Scene

EVERYTHING = Asked(TargetKind.EVERYTHING)
GRANTED, PARTLY, REFUSED = Outcome.GRANTED, Outcome.PARTLY, Outcome.REFUSED
KIND = RequestKind
TOWN = "Heerhugowaard"


class Line(NamedTuple):
    days_ago: int
    hour: int
    do: Callable[[Scene], None]


def group(number: int) -> Asked:
    return Asked(TargetKind.GROUP, group=number)


def activity(code: str) -> Asked:
    return Asked(TargetKind.ACTIVITY, activity=code)


def words(text: str) -> Asked:
    return Asked(TargetKind.WORDS, words=text)


def diary(today: date) -> list[Line]:
    """Every line, in no order."""
    stories = (finished, being_carried_out, waiting, running, asking, by_another_door, ended_otherwise)
    return [line for story in stories for line in story(today)]


def finished(_today: date) -> Iterator[Line]:
    """Cases that went the whole way: a copy, an erasure by two people, a correction, a refusal, a case half granted."""
    yield Line(60, 10, lambda s: s.file("copy", "C90005", KIND.ACCESS, EVERYTHING, language="ar"))
    yield Line(59, 9, lambda s: s.take("copy", "anna"))
    yield Line(57, 11, lambda s: s.confirm("copy", "anna"))
    yield Line(48, 14, lambda s: s.decide("copy", "anna", GRANTED))
    yield Line(47, 10, lambda s: s.search("copy", "anna"))
    yield Line(47, 10, lambda s: s.look_at_images("copy", "anna"))
    yield Line(47, 11, lambda s: s.carry_out("copy", "anna"))
    yield Line(46, 11, lambda s: s.finish_steps("copy", "anna"))

    yield Line(55, 20, lambda s: s.file("erased", "C90019", KIND.ERASURE, group(6), group(5), language="tr"))
    yield Line(54, 9, lambda s: s.take("erased", "bram"))
    yield Line(50, 9, lambda s: s.confirm("erased", "bram", Way.CALL_BACK))
    yield Line(45, 9, lambda s: s.decide("erased", "bram", GRANTED, GRANTED))
    yield Line(44, 9, lambda s: s.approve("erased", "fatma"))
    yield Line(41, 15, lambda s: s.carry_out("erased", "fatma"))
    yield Line(40, 10, lambda s: s.finish_steps("erased", "bram"))

    yield Line(
        40,
        12,
        lambda s: s.file(
            "refused", "C90023", KIND.ERASURE, group(8), words="De gegevens zijn niet meer nodig.", level=Level.ADDRESS
        ),
    )
    yield Line(39, 9, lambda s: s.take("refused", "bram"))
    yield Line(
        30,
        16,
        lambda s: s.decide(
            "refused",
            "bram",
            REFUSED,
            ground="legal_duty",
            reason="DUO vraagt ons uw aanwezigheid nog te bewaren tot drie jaar na het einde van uw traject.",
        ),
    )

    yield Line(
        30,
        18,
        lambda s: s.file(
            "half",
            "C90010",
            KIND.RECTIFICATION,
            s.correct("C90010", "street", "Molenlaan 12"),
            s.correct("C90010", "phone", "06 12345678"),
            language="en",
        ),
    )
    yield Line(29, 9, lambda s: s.take("half", "anna"))
    yield Line(
        27, 13, lambda s: s.write("half", "anna", "Dear Grace, is the new phone number yours or your brother's?")
    )
    yield Line(26, 19, lambda s: s.say("half", "C90010", "It is my brother's. Please leave the old one then."))
    yield Line(
        22,
        10,
        lambda s: s.decide(
            "half",
            "anna",
            GRANTED,
            REFUSED,
            ground="value_is_right",
            reason="Het oude nummer is van u. U hebt dat zelf geschreven.",
            checked="Molenlaan 12",
        ),
    )
    yield Line(22, 11, lambda s: s.carry_out("half", "anna"))
    yield Line(21, 11, lambda s: s.finish_steps("half", "anna"))
    yield Line(21, 12, lambda s: s.lift("half", "anna"))


def being_carried_out(_today: date) -> Iterator[Line]:
    """Decided, and not yet done: a name to correct elsewhere, an erasure that waits for a second person."""
    yield Line(
        14,
        21,
        lambda s: s.file(
            "name",
            "C90006",
            KIND.RECTIFICATION,
            s.correct("C90006", "family_name", "Şahin", "Mijn naam begint met Ş."),
            language="tr",
        ),
    )
    yield Line(13, 9, lambda s: s.take("name", "anna"))
    yield Line(9, 9, lambda s: s.confirm("name", "anna"))
    yield Line(8, 9, lambda s: s.decide("name", "anna", GRANTED, checked="Şahin"))
    yield Line(8, 10, lambda s: s.carry_out("name", "anna"))
    yield Line(7, 10, lambda s: s.finish_steps("name", "anna", most=1))

    yield Line(20, 8, lambda s: s.file("to approve", "C90013", KIND.ERASURE, group(6), group(8), language="fa"))
    yield Line(19, 9, lambda s: s.take("to approve", "bram"))
    yield Line(12, 9, lambda s: s.confirm("to approve", "bram"))
    yield Line(
        5,
        11,
        lambda s: s.decide(
            "to approve",
            "bram",
            GRANTED,
            REFUSED,
            ground="legal_duty",
            reason="De aanwezigheid bewaren wij nog voor DUO.",
        ),
    )

    yield Line(
        11,
        17,
        lambda s: s.file("objection done", "C90022", KIND.OBJECTION, activity("lesson_screenshots"), language="en"),
    )
    yield Line(10, 9, lambda s: s.take("objection done", "bram"))
    yield Line(4, 9, lambda s: s.decide("objection done", "bram", GRANTED))
    yield Line(4, 10, lambda s: s.carry_out("objection done", "bram"))


def waiting(_today: date) -> Iterator[Line]:
    """The clock: one too late, one due today, one extended, one due soon."""
    yield Line(33, 10, lambda s: s.file("overdue", "C90009", KIND.ACCESS, EVERYTHING, language="uk"))
    yield Line(32, 9, lambda s: s.take("overdue", "anna"))
    yield Line(28, 10, lambda s: s.file("due today", "C90017", KIND.ACCESS, group(9), language="ti"))
    yield Line(27, 9, lambda s: s.take("due today", "bram"))
    yield Line(26, 15, lambda s: s.file("extended", "C90014", KIND.ACCESS, EVERYTHING, language="fa"))
    yield Line(25, 9, lambda s: s.take("extended", "bram"))
    yield Line(
        3,
        9,
        lambda s: s.extend("extended", "bram", 14, "Wij zoeken ook in het archief van de medisch adviseur."),
    )
    yield Line(22, 9, lambda s: s.file("soon", "C90007", KIND.PORTABILITY, EVERYTHING, language="tr"))


def running(_today: date) -> Iterator[Line]:
    """Asked in the last days: nobody has it, somebody is at it, a conversation goes on."""
    yield Line(9, 22, lambda s: s.file("restriction", "C90020", KIND.RESTRICTION, group(9), language="uk"))
    yield Line(8, 13, lambda s: s.take("restriction", "bram"))
    yield Line(
        6, 7, lambda s: s.file("objection", "C90016", KIND.OBJECTION, activity("lesson_screenshots"), language="ti")
    )
    yield Line(5, 9, lambda s: s.take("objection", "bram"))
    yield Line(
        5, 10, lambda s: s.write("objection", "bram", "Wij maken nu geen beelden van u. Wilt u vertellen waarom?")
    )
    yield Line(2, 20, lambda s: s.say("objection", "C90016", "ስእለይ ክቕመጥ ኣይደልን።"))
    yield Line(4, 12, lambda s: s.withdraw("consent", "C90021", "diploma_valuation", "ar"))
    yield Line(2, 16, lambda s: s.file("family", "C90001", KIND.ACCESS, group(1), language="ar"))
    yield Line(1, 11, lambda s: s.file("new", "C90010", KIND.PORTABILITY, EVERYTHING, language="en"))
    yield Line(
        5,
        18,
        lambda s: s.file(
            "complaint", "C90023", KIND.COMPLAINT, words("Ik ben het niet eens met uw antwoord."), about="refused"
        ),
    )


def asking(_today: date) -> Iterator[Line]:
    """The arrangement with the municipality changes: everybody who studies is asked, and some have answered."""
    offer = "municipality_changed_offer"
    yes, no = ConsentAnswer.YES, ConsentAnswer.NO
    yield Line(8, 10, lambda s: s.ask_consent("offer", "fatma", offer, days=30, remind=12))
    yield Line(8, 11, lambda s: s.tell_campaigns())
    yield Line(7, 19, lambda s: s.answer("offer", "C90006", yes, "tr"))
    yield Line(6, 8, lambda s: s.answer("offer", "C90005", no, "ar"))
    yield Line(6, 20, lambda s: s.answer("offer", "C90015", yes, "fa"))
    yield Line(3, 21, lambda s: s.answer("offer", "C90020", yes, "uk"))


def by_another_door(today: date) -> Iterator[Line]:
    """A letter that lay for two days, a phone call of a student without mail, a stranger on the portal."""
    yield Line(
        10,
        14,
        lambda s: s.record(
            "letter",
            "anna",
            KIND.ACCESS,
            Channel.LETTER,
            today - timedelta(days=12),
            language="ar",
            name="Omar Khalil",
            email="omar.khalil@example.org",
            words="Ik wil weten welke gegevens u van mij hebt.",
        ),
    )
    yield Line(10, 15, lambda s: s.match("letter", "anna", "C90004"))
    yield Line(9, 9, lambda s: s.take("letter", "anna"))
    yield Line(
        7,
        11,
        lambda s: s.record(
            "by post",
            "bram",
            KIND.RECTIFICATION,
            Channel.PHONE,
            today - timedelta(days=7),
            language="ti",
            name="Luwam Abraha",
            phone="06 10000017",
            words=f"Zij is verhuisd naar {TOWN}.",
        ),
    )
    yield Line(7, 12, lambda s: s.match("by post", "bram", "C90018"))
    yield Line(
        3,
        23,
        lambda s: s.file_unknown(
            "unmatched",
            KIND.ACCESS,
            Contact(name="Mariam Haile", email="mariam.haile@example.org", birth_date="00-00-1993"),
            EVERYTHING,
            language="ti",
        ),
    )


def ended_otherwise(_today: date) -> Iterator[Line]:
    """Taken back by the student."""
    yield Line(
        16,
        10,
        lambda s: s.file("taken back", "C90024", KIND.RECTIFICATION, s.correct("C90024", "birth_place", "Alexandrië")),
    )
    yield Line(15, 10, lambda s: s.take_back("taken back", "C90024"))
