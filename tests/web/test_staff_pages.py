"""What the pages of staff do with bad input, with two people at once, and with what lies out of reach."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

import pytest
from flask import Flask

from portal.domain.vocabulary import Level, RequestKind, Role, TargetKind
from portal.services.casework import Asked, Contact
from tests import factories
from tests.services.cases import case_of, contents_of, events_of, items_of, person_of, values_of, version_of
from tests.services.test_queue import statements
from tests.web.staff_door import enter
from tests.web.test_staff_journey import RECEIVED, new_case
from tests.web.visitor import Visitor, mails

HOME = "langedijk"


@pytest.fixture
def school(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        here, there = factories.make_branch(HOME), factories.make_branch("hoorn")
        factories.make_staff("handler", Role.CASE_HANDLER, branch=here)
        factories.make_staff("second", Role.CASE_HANDLER, branch=here)
        factories.make_staff("far", Role.CASE_HANDLER, branch=there)
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
    return sqlite_app


def student_of(app: Flask, code: str = HOME, **person: str) -> UUID:
    with app.app_context():
        return factories.make_student(factories.make_branch(code), **person)


def street_case(app: Flask, student: UUID, asked: str = "Dorpsstraat 1", **more: object) -> str:
    with app.app_context():
        item = Asked(TargetKind.FIELD, "person", person_of(student), "street", asked=asked, current="Kerkplein 24")
    return new_case(app, RequestKind.RECTIFICATION, student, item, **more)


def in_hand(app: Flask, reference: str, username: str = "handler") -> Visitor:
    return enter(app, username).get(f"/staff/cases/{reference}").press("Neem in behandeling")


def test_a_foreign_case_is_not_there_on_any_page(school: Flask) -> None:
    reference = street_case(school, student_of(school))
    visitor = enter(school, "far")
    assert reference not in visitor.text
    pages = ("", "/decide", "/extend", "/identity", "/approve", "/lift", "/match", "/assign", "/posted")
    for page in pages:
        assert visitor.get(f"/staff/cases/{reference}{page}").status == 404, page
    for page in ("/take", "/message", "/carry-out", "/documents/json"):
        visitor.get("/staff/").post(f"/staff/cases/{reference}{page}", text="Dag", version="1")
        assert visitor.status == 404, page
    with school.app_context():
        assert events_of(reference) == ["received"]


def test_a_decision_without_a_reason_keeps_what_was_typed(school: Flask) -> None:
    reference = street_case(school, student_of(school))
    visitor = in_hand(school, reference).link("Besluit nemen")
    visitor.press("Besluit nemen")
    assert visitor.status == 422
    assert "Onderdeel 1: kies een besluit." in visitor.text
    visitor.press("Besluit nemen", outcome_0="refused", reply="Tot ziens, groet")
    assert visitor.status == 422
    assert "kies de grond" in visitor.text
    assert "schrijf waarom" in visitor.text
    assert "Tot ziens, groet" in visitor.html
    assert 'value="refused" checked' in visitor.html
    with school.app_context():
        assert case_of(reference).state == "in_progress"
    visitor.press("Besluit nemen", ground_0="value_is_right", reason_0="Het klopt al.").press("Verstuur")
    assert "Het besluit is genomen" in visitor.text
    with school.app_context():
        [item] = items_of(reference)
        assert (item.outcome, item.ground, contents_of(item)["reason"]) == (
            "refused",
            "value_is_right",
            "Het klopt al.",
        )


def postcode_case(school: Flask) -> tuple[UUID, str]:
    """The student, and the reference of a request to put the postcode right."""
    student = student_of(school)
    with school.app_context():
        item = Asked(TargetKind.FIELD, "person", person_of(student), "postcode", asked="1234 XY", current="1723 AB")
    return student, new_case(school, RequestKind.RECTIFICATION, student, item)


def test_an_impossible_correction_says_why_and_keeps_the_value(school: Flask) -> None:
    _student, reference = postcode_case(school)
    visitor = in_hand(school, reference).link("Besluit nemen")
    visitor.press("Besluit nemen", outcome_0="granted", checked_0="12345 ABC")
    assert visitor.status == 422
    assert "Dit is geen Nederlandse postcode." in visitor.text
    assert 'value="12345 ABC"' in visitor.html
    visitor.press("Besluit nemen", checked_0="1234xy").press("Verstuur")
    assert "Het besluit is genomen" in visitor.text
    with school.app_context():
        assert contents_of(items_of(reference)[0])["checked"] == "1234 XY"


def test_a_value_goes_only_when_staff_say_so_and_the_letter_tells(school: Flask) -> None:
    student, reference = postcode_case(school)
    visitor = in_hand(school, reference).link("Besluit nemen")
    visitor.press("Besluit nemen", outcome_0="granted", checked_0="")
    assert (visitor.status, "schrijf de juiste waarde" in visitor.text) == (422, True)
    visitor.press("Besluit nemen", checked_0="", gone_0="y")
    assert "Het wordt: Postcode: Niets bewaard" in visitor.text
    visitor.press("Verstuur")
    assert "gaat weg" in visitor.text
    assert "niets veranderd" not in visitor.text
    visitor.press("Voer uit in het portaal")
    with school.app_context():
        assert not values_of(student, "person")[0].get("postcode")


def test_a_ground_that_does_not_fit_is_said_beside_it_before_the_letter(school: Flask) -> None:
    [officers] = [code for code, ground in school.extensions["policy"].grounds.items() if ground.regulation_only][:1]
    reference = street_case(school, student_of(school))
    visitor = in_hand(school, reference).link("Besluit nemen")
    assert "alleen voor de privacymedewerker" in visitor.text
    visitor.press("Besluit nemen", outcome_0="refused", ground_0=officers, reason_0="Te veel werk")
    assert "op deze grond wijst alleen de privacymedewerker af" in visitor.text
    assert "Te veel werk" in visitor.html
    visitor.press("Besluit nemen", outcome_0="granted")
    assert (visitor.status, "kies geen grond als u alles toewijst" in visitor.text) == (422, True)
    visitor.press("Besluit nemen", ground_0="")
    assert "De brief, voordat die weggaat" in visitor.text


def test_two_who_decide_at_once_the_second_is_told_and_loses_nothing(school: Flask) -> None:
    reference = street_case(school, student_of(school))
    first = in_hand(school, reference).link("Besluit nemen")
    second = enter(school, "second").get(f"/staff/cases/{reference}/decide")
    first.press("Besluit nemen", outcome_0="granted").press("Verstuur")
    second.press("Besluit nemen", outcome_0="refused", ground_0="value_is_right", reason_0="Mijn eigen woorden")
    assert second.status == 409
    assert "intussen veranderd" in second.text
    assert "Mijn eigen woorden" in second.html
    with school.app_context():
        assert case_of(reference).outcome == "granted"
    assert len(mails(school, "decided")) == 1


def test_pressing_decide_twice_decides_once(school: Flask) -> None:
    reference = street_case(school, student_of(school))
    visitor = in_hand(school, reference).link("Besluit nemen")
    form, url = visitor.page.forms[-1], visitor.url
    data = {**{name: values[0] for name, values in form.values.items()}, "outcome_0": "granted", "act": "send"}
    assert visitor.client.post(url, data=data).status_code == 302
    assert visitor.client.post(url, data=data).status_code == 409
    assert len(mails(school, "decided")) == 1


def test_words_can_be_tied_to_a_value_and_then_carried_out(school: Flask) -> None:
    student = student_of(school)
    reference = new_case(
        school, RequestKind.RECTIFICATION, student, Asked(TargetKind.WORDS, words="Mijn straat is fout")
    )
    visitor = in_hand(school, reference).link("Besluit nemen")
    visitor.press("Besluit nemen", outcome_0="granted")
    assert "schrijf wat er met de hand gebeurt" in visitor.text
    with school.app_context():
        place = f"field|person|{person_of(student).hex}|street||"
    visitor.press("Besluit nemen", about_0=place, checked_0=" ")
    assert "schrijf de juiste waarde" in visitor.text
    visitor.press("Besluit nemen", about_0=place, checked_0="Dorpsstraat 2").press("Verstuur")
    assert "Het besluit is genomen" in visitor.text
    visitor.press("Voer uit in het portaal")
    with school.app_context():
        assert values_of(student, "person")[0]["street"] == "Dorpsstraat 2"


def test_an_objection_in_own_words_asks_which_activity_it_is_about(school: Flask) -> None:
    reference = new_case(
        school, RequestKind.OBJECTION, student_of(school), Asked(TargetKind.WORDS, words="Geen foto's")
    )
    visitor = in_hand(school, reference).link("Besluit nemen")
    visitor.press("Besluit nemen", outcome_0="granted")
    assert visitor.status == 422
    assert "kies om welke verwerking het gaat" in visitor.text


def test_a_whole_record_is_corrected_field_by_field(school: Flask) -> None:
    student = student_of(school)
    with school.app_context():
        item = factories.add_record(student, "education", programme_number="T1", diploma="mbo", work_experience="kok")
    reference = new_case(
        school, RequestKind.RECTIFICATION, student, Asked(TargetKind.RECORD, "education", item, words="Alles is fout")
    )
    visitor = in_hand(school, reference).link("Besluit nemen")
    visitor.press("Besluit nemen", outcome_0="granted")
    assert "verander minstens één waarde" in visitor.text
    name = next(name for name, held in visitor.page.forms[-1].values.items() if held == ["mbo"])
    visitor.press("Besluit nemen", **{name: "hbo"}).press("Verstuur")
    visitor.press("Voer uit in het portaal")
    with school.app_context():
        [education] = values_of(student, "education")
        assert (education["diploma"], education["work_experience"]) == ("hbo", "kok")


def test_extending_asks_for_a_reason_once_and_in_time(school: Flask) -> None:
    reference = street_case(school, student_of(school))
    visitor = in_hand(school, reference).link("Termijn verlengen")
    visitor.press("Verleng", days="14")
    assert "Kies een reden." in visitor.text
    visitor.press("Verleng", reason="complexity", days="29", words="Wij zoeken nog")
    assert visitor.status == 422
    assert "Verleng met 1 tot 28 dagen." in visitor.text
    assert "Wij zoeken nog" in visitor.html
    visitor.press("Verleng", days="twee weken")
    assert "Verleng met 1 tot 28 dagen." in visitor.text
    assert 'value="twee weken"' in visitor.html
    visitor.press("Verleng", days="14")
    assert "De termijn is verlengd" in visitor.text
    assert "Een tweede keer mag niet" in visitor.get(f"/staff/cases/{reference}/extend").text
    assert visitor.url.endswith(f"/staff/cases/{reference}")
    late = street_case(school, student_of(school), received_on=date(2026, 10, 20))
    assert "Termijn verlengen" not in visitor.get(f"/staff/cases/{late}").text, (
        "what can only be refused is not offered"
    )
    assert "De termijn is voorbij" in visitor.get(f"/staff/cases/{late}/extend").text
    assert "Termijn verlengen" not in visitor.get(f"/staff/cases/{late}").text


def test_a_request_at_the_desk_is_written_down_matched_and_recognised(school: Flask) -> None:
    student = student_of(school, student_number="C800001")
    visitor = enter(school, "handler").get("/staff/record")
    visitor.press("Verzoek opschrijven", kind="erasure", channel="desk", received_on="24-11-2026", name="Hanan")
    assert visitor.status == 422
    for told in ("Kies een taal.", "Schrijf op wat de cursist vraagt."):
        assert told in visitor.text
    visitor.press("Verzoek opschrijven", language="ar", words="احذفوا بياناتي", student_number="C800001")
    assert "De dag van ontvangst ligt in de toekomst" in visitor.text
    visitor.press("Verzoek opschrijven", received_on="31-11-2026")
    assert "Deze datum bestaat niet." in visitor.text
    assert "Vul de dag van ontvangst in." not in visitor.text, "one thing is wrong, and it is said once"
    visitor.press("Verzoek opschrijven", received_on="28.10.2026")
    assert visitor.h1 == "Het verzoek is opgeschreven"
    assert "moet al op 25-11-2026 beantwoord zijn" in visitor.text
    assert "Code van de zaak" in visitor.text
    recorded, code = visitor.url, re.search(r"\d{4} \d{4} \d{4}", visitor.text).group()
    assert visitor.press("Print het papier met de code").response.mimetype == "application/pdf"
    assert Visitor(school).get("/ar/code").press("", code=code).url == "/ar/case"
    visitor.get(recorded).link("Koppel aan een cursist")
    assert "Hanan Al Hassan" in visitor.text
    assert "geboren in 1990" in visitor.text
    visitor.press("Dit is de cursist")
    assert "Kies een cursist." in visitor.text
    visitor.press("Dit is de cursist", student=str(student))
    assert "Het verzoek is gekoppeld" in visitor.text
    visitor.link("Vaststellen").press("Vastleggen", way="show_id_at_desk")
    assert "Vastgelegd" in visitor.text


def test_the_same_form_sent_twice_records_one_request(school: Flask) -> None:
    visitor = enter(school, "handler").get("/staff/record")
    data = {name: values[0] for name, values in visitor.page.forms[-1].values.items()}
    data |= {"kind": "access", "channel": "phone", "received_on": "23-11-2026", "language": "nl", "name": "Omar"}
    first = visitor.client.post("/staff/record", data=data)
    second = visitor.client.post("/staff/record", data=data)
    assert first.status_code == second.status_code == 302
    assert first.location == second.location


def test_a_message_sent_twice_stands_once_and_an_empty_one_is_refused(school: Flask) -> None:
    reference = street_case(school, student_of(school))
    visitor = enter(school, "handler").get(f"/staff/cases/{reference}")
    visitor.press("Bericht sturen", text=" ")
    assert visitor.status == 422
    assert "Schrijf een bericht." in visitor.text
    form = next(form for form in visitor.page.forms if "text" in form.names)
    data = {**{name: values[0] for name, values in form.values.items()}, "text": "<b>Dag</b> مرحبا"}
    for _ in range(2):
        visitor.client.post(f"/staff/cases/{reference}/message", data=data)
    html = visitor.get(f"/staff/cases/{reference}").html
    assert html.count("&lt;b&gt;Dag&lt;/b&gt; مرحبا") == 1
    assert len(mails(school, "message")) == 1


def test_whoever_writes_what_the_case_code_shows_is_told_so_first(school: Flask) -> None:
    """By code one reads messages and decision without data; only who writes them can leave the data out."""
    reference = street_case(school, student_of(school))
    visitor = in_hand(school, reference)
    assert visitor.text.count("Ook wie alleen de code van de zaak heeft, leest dit") == 1
    visitor.get(f"/staff/cases/{reference}/decide")
    assert visitor.text.count("Ook wie alleen de code van de zaak heeft, leest dit") == 2


def test_an_unmatched_case_of_nobody_known_says_so(school: Flask) -> None:
    reference = new_case(
        school,
        RequestKind.ACCESS,
        None,
        Asked(TargetKind.EVERYTHING),
        level=Level.NONE,
        contact=Contact(name="Zoë Yıldız"),
    )
    visitor = enter(school, "handler").get(f"/staff/cases/{reference}")
    assert "nog niet gekoppeld" in visitor.text
    visitor.link("Koppel aan een cursist")
    assert "niemand gevonden" in visitor.text
    visitor.press("Zoek cursist", q="xyzzy")
    assert "xyzzy" not in visitor.url
    assert "0 resultaten voor" in visitor.text
    assert "xyzzy" in visitor.text


def test_the_queue_says_what_was_looked_for_and_not_found(school: Flask) -> None:
    street_case(school, student_of(school, given_names="Olena", family_name="Tkachuk"))
    visitor = enter(school, "handler").get("/staff/?tab=mine&who=<script>alert(1)</script>&kind=erasure")
    assert "0 resultaten voor" in visitor.text
    assert "<script>" not in visitor.html
    assert "Wissen" in visitor.text
    assert "Olena Tkachuk" in visitor.press("Zoek", q="tkachuk").text
    assert "tkachuk" not in visitor.url
    assert "0 resultaten voor" in visitor.press("Zoek", q="<script>alert(1)</script>").text
    assert "<script>" not in visitor.html
    for odd in ("tab=made_up", "kind=x&state=y&channel=z&branch=q", "after=V-2026-0000001", "before=%00"):
        assert visitor.get(f"/staff/?{odd}").status == 200, odd


def test_the_queue_page_asks_as_often_for_many_cases_as_for_few(school: Flask) -> None:
    visitor = enter(school, "handler")
    street_case(school, student_of(school))
    visitor.get("/staff/")
    with school.app_context(), statements() as few:
        visitor.client.get("/staff/")
    for _ in range(8):
        street_case(school, student_of(school))
    with school.app_context(), statements() as many:
        visitor.client.get("/staff/")
    assert len(many) == len(few)


def test_a_file_outside_a_case_asks_why_first_and_shows_masked_values_on_a_press(school: Flask) -> None:
    student = student_of(school)
    with school.app_context():
        factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    visitor = enter(school, "handler").get("/staff/students").press("Zoek cursist", q="hanan")
    assert "hanan" not in visitor.url
    visitor.link("Hanan Al Hassan")
    assert visitor.h1 == "Dossier openen"
    assert "Kerkplein" not in visitor.text
    visitor.press("Dossier openen")
    assert "Kies een reden." in visitor.text
    visitor.press("Dossier openen", reason="student_asked")
    assert visitor.h1 == "Hanan Al Hassan"
    assert "Kerkplein 24" in visitor.text
    assert "NL91ABNA0417164300" not in visitor.html
    bank = next(
        number for number, form in enumerate(visitor.page.forms) if form.values.get("what", [""])[0].endswith("|iban")
    )
    visitor.press(form=bank)
    assert "NL91ABNA0417164300" in visitor.text
    visitor.get(f"/staff/record?student={student}")
    assert 'value="Hanan Al Hassan"' in visitor.html, "filled in from the open file"
    other = student_of(school, given_names="Omar")
    assert "Omar" not in visitor.get(f"/staff/record?student={other}").html
    assert enter(school, "far").get(f"/staff/students/{student}").status == 404


def test_a_file_is_opened_from_an_open_case_without_another_question(school: Flask) -> None:
    student = student_of(school)
    reference = street_case(school, student)
    visitor = in_hand(school, reference).link("Dossier")
    assert visitor.h1 == "Hanan Al Hassan"
    assert f"Geopend voor zaak {reference}" in visitor.text
    assert "Identiteit en contact" in visitor.text
    assert "Wie u bent en hoe wij u bereiken" not in visitor.text, "these are not the reader's own data"
    item = visitor.html.split("/correct/")[1].split("/")[0]
    visitor.get(f"/staff/students/{student}/correct/{item}/street")
    assert "Kerkplein 24" in visitor.text, "what stands there now"
    visitor.press("Open de zaak", value=" ", how="recognised_by_staff")
    assert (visitor.status, "Vul hier iets in." in visitor.text) == (422, True)
    other = street_case(school, student_of(school))
    assert visitor.get(f"/staff/students/{student}?case={other}").h1 == "Dossier openen"
    visitor.get(f"/staff/students/{student}?case={reference}").get(f"/staff/cases/{reference}/take-back")
    visitor.press("Trek het verzoek in", how="phone", words="Hoeft niet meer")
    assert visitor.link("Dossier").h1 == "Dossier openen", "the case has ended"


def test_a_complaint_about_ones_own_decision_leads_to_a_colleague(school: Flask) -> None:
    student = student_of(school)
    reference = street_case(school, student)
    visitor = in_hand(school, reference).link("Besluit nemen")
    visitor.press("Besluit nemen", outcome_0="refused", ground_0="value_is_right", reason_0="Het klopt al")
    visitor.press("Verstuur").get("/staff/record")
    visitor.press(
        "Verzoek opschrijven",
        **{"channel": "phone", "kind": "complaint", "received_on": f"{RECEIVED:%d-%m-%Y}", "about": reference},
        **{"name": "Hanan Al Hassan", "language": "nl", "words": "Ik ben het niet eens."},
    )
    visitor.link("Naar de zaak")
    assert "Geef deze klacht aan een ander" in visitor.text
    assert "Neem de zaak in behandeling" not in visitor.text
    assert visitor.link("Overdragen").h1 == "Zaak overdragen"


def test_the_pages_open_for_a_colleague_who_reads_english(school: Flask) -> None:
    visitor = enter(school, "officer").get("/staff/me")
    visitor.press("Opslaan", language="en")
    for url in ("/staff/", "/staff/register", "/staff/guide", "/staff/record", "/staff/students"):
        assert visitor.get(url).status == 200, url


def test_the_second_of_two_handovers_is_told(school: Flask) -> None:
    reference = street_case(school, student_of(school))
    first = enter(school, "handler").get(f"/staff/cases/{reference}/assign")
    with school.app_context():
        before = version_of(reference)
    in_hand(school, reference, "second")
    form = first.page.forms[-1]
    assert form.values["version"] == [str(before)]
    with school.app_context():
        officer = next(value for value in staff_ids() if value)
    first.press("Overdragen", staff=officer, note="Let op de map")
    assert first.status == 409
    assert "Let op de map" in first.html


def staff_ids() -> list[str]:
    from sqlalchemy import select

    from portal.records.db import db
    from portal.records.tables.access import Staff

    found = [str(each) for each in db.session.execute(select(Staff.id).where(Staff.username == "officer")).scalars()]
    db.session.rollback()
    return found


def test_a_match_found_by_searching_is_confirmed_and_takes_the_case_along(school: Flask) -> None:
    student = student_of(school, given_names="Mehmet", family_name="Şahin")
    contact = Contact(name="M. S.", email="m@example.org")
    reference = new_case(
        school, RequestKind.ACCESS, None, Asked(TargetKind.EVERYTHING), level=Level.NONE, contact=contact
    )
    visitor = enter(school, "handler").get(f"/staff/cases/{reference}/match").press("Zoek cursist", q="sahin")
    visitor.press("Dit is de cursist")
    assert visitor.status == 422
    visitor.press("Dit is de cursist", student=str(student))
    assert "Het verzoek is gekoppeld" in visitor.text
    with school.app_context():
        assert case_of(reference).student_id == student
