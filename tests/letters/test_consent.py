"""A question for consent on paper: who gets the data is said to the reader, and what comes back stands on its own."""

from __future__ import annotations

from datetime import date

import pytest

from portal.i18n import TONGUES, speaker
from portal.letters.consent import TITLE
from portal.letters.pdf import letter_html
from portal.services.campaign_text import question_for
from tests.letters.samples import ADDRESS, POLICY


@pytest.mark.parametrize("lang", list(TONGUES))
def test_the_sheet_that_comes_back_says_whose_answer_to_which_text_it_is(lang: str) -> None:
    question = question_for(POLICY, "municipality_changed_offer", "")
    page = letter_html(
        "letters/consent.html",
        speaker(lang),
        policy=POLICY,
        title=TITLE,
        on=date(2026, 11, 23),
        address=ADDRESS,
        question=question,
        closes_on=date(2026, 12, 21),
        contact=POLICY.controller,
    )
    letter, sheet, *_ = page.split('<div class="ticked">')
    say = speaker(lang).gettext
    for text in (
        ADDRESS[0],
        question.version,
        say(question.asked),
        say("Stuur dit blad terug, of geef het op school."),
    ):
        assert text in sheet
    for each in question.recipients:
        assert say(each) in letter
    assert ("<dd>Gemeente" in letter) == (lang == "nl")
