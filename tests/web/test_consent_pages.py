"""Questions for consent in the browser: written by the privacy officer, answered by the student (GDPR 7)."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from portal.domain.vocabulary import Role
from portal.i18n import TONGUES
from portal.services.digest import digest
from portal.services.tell_campaigns import tell_campaigns
from tests import factories
from tests.services import cases
from tests.services.campaigns import sent
from tests.web.staff_door import enter
from tests.web.visitor import Visitor, mails, sign_in

EMAIL = "hanan@example.org"
ACTIVITY = "municipality_changed_offer"


def officer(app: Flask) -> Visitor:
    with app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
    return enter(app, "officer")


def test_a_question_is_written_looked_at_and_sent_by_the_privacy_officer(app: Flask) -> None:
    with app.app_context():
        student = factories.make_student(factories.make_branch(), email=EMAIL, language="ar")
        factories.make_student(email=None)
    staff = officer(app).get("/staff/campaigns/new").press("Bekijk de vraag")
    assert "Waarvoor vraagt u toestemming? Kies een van deze mogelijkheden." in staff.text
    assert "Aan wie? Kies een van deze mogelijkheden." in staff.text  # two of the same words name their question
    filled = {"activity": ACTIVITY, "words": "Vanaf januari.", "who": "group", "remind_on": "1-12-2026"}
    staff.press("Bekijk de vraag", **filled, closes_on="24-11-2026")
    assert "Geef de cursist minstens twee weken: kies 07-12-2026 of later." in staff.text
    staff.press("Bekijk de vraag", **filled, closes_on="20-12-2026")
    assert staff.h1 == "Zo leest de cursist het"
    assert "2 cursisten" in staff.text
    assert "Uw lesaanbod verandert. Mogen wij uw gegevens naar de gemeente sturen?" in staff.text
    assert "May we send your data to the municipality" in staff.text  # the other language beside it
    assert "It is not translated." in staff.text
    preview = staff.url
    staff.get(f"{preview}?language=ar")
    assert 'dir="rtl"' in staff.html
    assert "brief posten" in staff.link("Bekijk wie de vraag krijgt").text
    staff.get(preview)
    assert mails(app, "consent_asked") == []
    staff.press("Verstuur aan 2 cursisten")
    assert "De vraag is verstuurd aan 2 cursisten." in staff.text
    assert "brief posten" in staff.text
    with app.app_context():
        tell_campaigns(cases.clock(), lambda: False)
    (mail,) = mails(app, "consent_asked")
    assert (mail["language"], mail["to"]) == ("ar", EMAIL)
    assert not {str(student), "gemeente", "Hanan"} & set(map(str, mail["arguments"].values()))
    staff.get("/staff/campaigns")
    assert "loopt" in staff.text
    staff.get("/staff/post")
    assert "Vragen om toestemming" in staff.text


def test_a_paper_answer_is_posted_received_and_written_down(app: Flask) -> None:
    with app.app_context():
        student = factories.make_student(factories.make_branch(), email=None)
        found = sent(cases.director())
        factories.make_staff("handler", Role.CASE_HANDLER, branch=factories.make_branch())
        digest(cases.clock())
    assert all(mail["arguments"]["to_post"] == 1 for mail in mails(app, "staff_digest"))
    staff = enter(app, "handler").get("/staff/post").link("Gepost op …")
    assert staff.h1 == "Antwoord op papier"
    staff.press("Brief gepost", posted_on="24-11-2026")
    assert "Kies een dag van" in staff.text or "tot en met" in staff.text
    staff.press("Brief gepost", posted_on="23-11-2026")
    assert "Vastgelegd dat de brief is gepost." in staff.text
    staff.get(f"/staff/campaigns/{found}/students/{student}")
    staff.press("Antwoord opschrijven", answer="no", channel="desk", on="23-11-2026")
    assert "De cursist zei nee." in staff.text
    assert staff.get("/staff/campaigns").status == 403


@pytest.mark.parametrize("lang", list(TONGUES))
def test_the_question_reads_in_every_language(sqlite_app: Flask, lang: str) -> None:
    with sqlite_app.app_context():
        factories.make_student(email=EMAIL, language=lang)
        found = sent(cases.officer(), words="Vanaf januari.")
    visitor = sign_in(sqlite_app, EMAIL).get(f"/{lang}/me/consents/{found}")
    assert visitor.status == 200
    assert f'lang="{lang}"' in visitor.html
    main = visitor.html.split("<main", 1)[1].split("</main>", 1)[0]
    if lang != "nl":
        assert main.count('lang="nl"') == 1  # only the words of staff are Dutch
    assert ("<li>Diplomawaardering (IDW)</li>" in main) == (lang == "nl"), "who gets the data is said to the reader too"


def test_both_answers_are_one_press_of_one_weight_and_none_is_chosen_beforehand(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_student(email=EMAIL)
        found = sent(cases.officer())
    visitor = sign_in(sqlite_app, EMAIL).get(f"/nl/me/consents/{found}")
    buttons = re.findall(r"<button ([^>]*name=\"answer\"[^>]*)>", visitor.html)
    looks = {re.sub(r'value="(yes|no)"', "", each).strip() for each in buttons}
    assert len(buttons) == 2
    assert len(looks) == 1, "the one must not look better than the other"
    assert "checked" not in visitor.html
    for text in ("Nee zeggen is altijd goed.", "Wij helpen u net zo goed.", "U kunt altijd weer stoppen."):
        assert text in visitor.text


def test_a_student_says_no_then_yes_and_stops_again(app: Flask) -> None:
    with app.app_context():
        factories.make_student(email=EMAIL)
        found = sent(cases.officer())
    visitor = sign_in(app, EMAIL)
    assert "Wij vragen uw toestemming" in visitor.get("/nl/me").text
    visitor.get("/nl/me/consents").link("Lees en kies")
    visitor.press("Nee, dat mag niet", answer="no")
    assert "U zei nee op:" in visitor.text
    assert "Wij vragen uw toestemming" not in visitor.get("/nl/me").text
    assert "U zei nee op:" in visitor.get("/nl/me/consents").text
    visitor.get(f"/nl/me/consents/{found}").press("Ja, dat mag", answer="yes")
    assert "U zei ja op:" in visitor.text
    visitor.get("/nl/me/consents").press("Stop deze toestemming")
    assert "Uw toestemming is nu gestopt." in visitor.text
    visitor.post(f"/nl/me/consents/{found}", answer="maybe")
    assert visitor.status == 200
