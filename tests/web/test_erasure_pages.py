"""Erasure and retention on the pages alone: the plan before asking, stopping, holds, terms, the change list."""

from __future__ import annotations

import re
from datetime import date, timedelta

from flask import Flask

from portal.domain.vocabulary import RequestKind, Role, TargetKind
from portal.services import retention
from portal.services.approve_erasure import approve
from portal.services.casework import Asked
from portal.services.deliver_mail import deliver
from tests import factories
from tests.mail.posts import Line
from tests.services import cases
from tests.web.staff_door import enter
from tests.web.test_staff_journey import new_case
from tests.web.visitor import Visitor, mails, sign_in

ENDED = date(2023, 12, 1)


def waiting_erasure(app: Flask) -> str:
    """An approved erasure whose student can still stop it."""
    with app.app_context():
        student = factories.make_student(last_programme_ended=date(2020, 1, 1), email="stop@example.org")
        reference = cases.opened(RequestKind.ERASURE, student)
        cases.decided(reference, cases.officer())
        approve(cases.director(), cases.clock(), reference, cases.version_of(reference))
    return reference


def test_the_plan_is_shown_before_asking_and_again_for_what_was_chosen(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        student = factories.make_student(last_programme_ended=date(2020, 1, 1), email="plan@example.org")
        factories.add_record(student, "bank", iban="NL91ABNA0417164300")
        factories.add_record(student, "exemption", kind="medical", application_date="2020-01-05")
    stranger = Visitor(sqlite_app).get("/nl/new?kind=erasure").press("Ga verder")
    assert "Dit wissen wij" not in stranger.text
    visitor = sign_in(sqlite_app, "plan@example.org").get("/nl/new?kind=erasure").press("Ga verder")
    assert visitor.h1 == "Wat betekent dit?"
    assert "Dit wissen wij" in visitor.text
    assert "NL91ABNA" not in visitor.text  # what, never the value
    visitor.press("Ik begrijp het").press("Ga verder", scope=["2"])
    assert visitor.h1 == "Klopt dit?"
    assert "Dit wissen wij" in visitor.text
    assert "Woonplaats" not in visitor.text
    visitor.press("Stuur mijn vraag")
    assert "Wij moeten zeker weten dat u het bent." in visitor.text, "what is still to be done is said at once"
    assert visitor.link("Laat weten wie u bent").status == 200


def test_a_decision_offers_what_the_plan_leaves_possible(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        gone = factories.make_student(last_programme_ended=date(2020, 1, 1))
        kept = factories.make_student(last_programme_ended=cases.RECEIVED)
        whole = cases.opened(RequestKind.ERASURE, gone)
        part = cases.opened(RequestKind.ERASURE, kept)
        nothing = cases.opened(RequestKind.ERASURE, kept, [cases.field_of(kept, "bsn", None)])
    officer = enter(sqlite_app, "officer")

    def offered(reference: str) -> list[str]:
        html = officer.get(f"/staff/cases/{reference}/decide").html
        return re.findall(r'name="outcome_0"[^>]* value="(\w+)"', html)

    assert offered(whole) == ["granted", "partly", "refused"]
    assert "Alles toewijzen kan niet" not in officer.text
    assert "Verplicht bij deels toewijzen of afwijzen." in officer.text
    assert offered(part) == ["partly", "refused"]
    assert "Alles toewijzen kan niet" in officer.text
    assert "Verplicht bij afwijzen." in officer.text
    assert "Verplicht bij deels" not in officer.text
    officer.press("Besluit nemen", outcome_0="granted")
    assert officer.status == 422, "a page from before the plan changed"
    officer.press("Besluit nemen", outcome_0="partly")
    assert "Dit moet blijven" in officer.text, "the letter says why, so no ground is asked for"
    assert offered(nothing) == ["refused"]
    assert "Kies afwijzen, met de grond." in officer.text


def test_the_link_of_the_mail_asks_once_more_and_then_stops_it(sqlite_app: Flask) -> None:
    reference = waiting_erasure(sqlite_app)
    page = str(mails(sqlite_app, "erasure_planned")[-1]["arguments"]["page"])
    visitor = Visitor(sqlite_app).get(f"/en/{page}")
    assert visitor.h1 == "Do you want to stop the deletion?"
    with sqlite_app.app_context():
        assert cases.case_of(reference).state == "decided"
    assert visitor.press("Yes, stop the deletion").h1 == "The deletion has been stopped"
    with sqlite_app.app_context():
        assert cases.case_of(reference).state == "taken_back"
    assert Visitor(sqlite_app).get("/nl/stop-erasure/nonsense").h1 == "Deze link werkt niet"


def test_the_student_stops_it_from_the_request(sqlite_app: Flask) -> None:
    reference = waiting_erasure(sqlite_app)
    visitor = sign_in(sqlite_app, "stop@example.org").get(f"/nl/me/requests/{reference}")
    assert "U kunt dat nog stoppen" in visitor.text
    assert visitor.link("Ik wil het wissen stoppen").press("Ja, stop het wissen").h1 == "Het wissen is gestopt"
    assert "U kunt dat nog stoppen" not in visitor.get(f"/nl/me/requests/{reference}").html.split("<ol")[0]


def test_staff_stop_it_for_who_calls(sqlite_app: Flask) -> None:
    reference = waiting_erasure(sqlite_app)
    visitor = enter(sqlite_app, "officer").get(f"/staff/cases/{reference}")
    visitor.link("De cursist wil het stoppen").press("Stop het wissen")
    assert "Het wissen is gestopt." in visitor.text


def test_the_director_confirms_a_term_and_the_office_follows_it_to_the_end(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        factories.make_staff("boss", Role.DIRECTOR)
        student = factories.make_student(last_programme_ended=ENDED, email="old@example.org")
        retention.run(clock)
    boss = enter(sqlite_app, "boss").get("/staff/retention")
    assert "Hanan Al Hassan" in boss.text
    assert "termijn niet bevestigd" in boss.text
    boss.get("/staff/retention/classes/standard").press("Ik bevestig deze termijn")
    assert "De termijn is bevestigd." in boss.text
    boss.press("Doe nu wat aan de beurt is")
    assert "cursist heeft nog tijd" in boss.text
    own = sign_in(sqlite_app, "old@example.org").get("/nl/me")
    assert "Wij wissen oude gegevens" in own.text
    assert own.link("Lees wat wij wissen").h1 == "Wij wissen oude gegevens"
    assert "23-12-2026" in own.text
    for _ in range(30):
        clock.advance(timedelta(days=1))
        with sqlite_app.app_context():
            deliver(clock, Line())
            retention.run(clock)
    boss = enter(sqlite_app, "boss").get("/staff/retention")
    assert "hier gewist, elders nog niet" in boss.text
    boss.link("gewist").press("Gewist").press("Daar stond niets").press("Gewist")
    assert "Er loopt deze maand niets af." in boss.get("/staff/retention").text
    proof = boss.link("Wat er is gewist").link("bewijs")
    assert "Bewijs van wissen" in proof.text
    assert "Hassan" not in proof.text
    with sqlite_app.app_context():
        assert cases.values_of(student, "person") == []


def test_a_clock_that_jumped_is_said_and_trusted_by_a_press(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        factories.make_staff("boss", Role.DIRECTOR)
        retention.run(clock)
    clock.advance(timedelta(days=9))
    boss = enter(sqlite_app, "boss").get("/staff/retention")
    assert "De klok is versprongen" in boss.text
    boss.press("De klok klopt, ga verder")
    assert "De klok is versprongen" not in boss.text


def test_the_officer_places_a_hold_and_ends_it(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        student = factories.make_student()
    visitor = enter(sqlite_app, "officer").get(f"/staff/students/{student}/hold")
    visitor.press("Bewaren tot en met die dag", reason="court_case", until="01-01-2020")
    assert "Kies een dag die nog moet komen" in visitor.text
    visitor.press("Bewaren tot en met die dag", reason="court_case", until="31-12-2027", groups=["2"])
    assert "Nu van kracht" in visitor.text
    assert "31-12-2027" in visitor.text
    visitor.press("Nu beëindigen")
    assert "Nu van kracht" not in visitor.text


def test_the_change_list_is_fetched_and_ticked_off(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_staff("mdeboer", Role.CASE_HANDLER)
        student = factories.make_student(student_number="C40004")
        asked = Asked(
            TargetKind.FIELD, "person", cases.person_of(student), "street", asked="Dorpsstraat 1", current="x"
        )
    reference = new_case(sqlite_app, RequestKind.RECTIFICATION, student, asked)
    visitor = enter(sqlite_app, "mdeboer").get(f"/staff/cases/{reference}").press("Neem in behandeling")
    visitor.link("Besluit nemen").press("Besluit nemen", outcome_0="granted", checked_0="Dorpsstraat 11")
    visitor.press("Verstuur dit besluit").press("Voer uit in het portaal").get("/staff/changes")
    assert "C40004" in visitor.text
    assert "Dorpsstraat 11" not in visitor.text
    with sqlite_app.app_context():
        from portal.services.change_list import open_changes

        (line,) = open_changes(factories.staff_actor(cases.case_of(reference).handler_id), cases.clock())
    file = visitor.post("/staff/changes/file", form="csv").response
    assert "Dorpsstraat 11" in file.get_data(as_text=True)
    assert file.headers["Content-Disposition"] == 'attachment; filename="changes.csv"'
    visitor.get("/staff/changes").post("/staff/changes", state="done")
    assert "Kies eerst een of meer regels." in visitor.text
    visitor.post("/staff/changes", state="done", line=str(line.id))
    assert "Er is niets over te nemen." in visitor.text
