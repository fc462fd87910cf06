"""Slips: one sheet, the code to read over, the square to scan."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from portal.i18n import TONGUES, speaker
from portal.letters.slip import WORDS, SlipKind, grouped, slip_pdf, square
from portal.policy.loader import load_policy
from portal.policy.model import Policy
from tests.letters import paper

ON = date(2026, 11, 23)
URL = "https://privacy.school.example/nl/code"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(Path(__file__).resolve().parents[2] / "portal/policy/jar_opleidingen.toml")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("482913", "482 913"),
        ("48291370", "4829 1370"),
        ("ABCD-EFGH", "ABCD-EFGH"),
        ("123 456", "123 456"),
        ("12", "12"),
    ],
)
def test_a_code_is_shown_in_groups_unless_it_has_its_own(code, shown):
    assert grouped(code) == shown


def test_every_kind_of_slip_has_its_words():
    assert set(WORDS) == set(SlipKind)


@paper.needs_poppler
@pytest.mark.parametrize("kind", SlipKind)
@pytest.mark.parametrize("lang", TONGUES)
def test_a_slip_says_code_address_and_last_day_on_one_sheet(kind, lang, policy, tmp_path):
    made = slip_pdf(
        kind,
        speaker(lang),
        "482913",
        URL,
        policy=policy,
        on=ON,
        expires=date(2026, 12, 7),
        name="Łucja Nowak",
        reference="R-1",
    )
    text = paper.text_of(made, tmp_path)
    for part in ("482 913", "7 december 2026 (07-12-2026)", "Łucja Nowak", "R-1", "JAR Opleidingen"):
        assert part in text
    assert URL in text.replace(" ", "")
    assert int(paper.info_of(made, tmp_path)["Pages"]) <= 2  # both sides of one sheet
    assert paper.languages_of(made) == {lang, "nl"}


@paper.needs_poppler
def test_a_code_by_post_greets_in_the_window_only(policy, tmp_path):
    made = slip_pdf(
        SlipKind.POST,
        speaker("nl"),
        "482913",
        URL,
        policy=policy,
        on=ON,
        name="Łucja Nowak",
        address=["Dorpsstraat 14"],
    )
    assert paper.text_of(made, tmp_path).count("Łucja Nowak") == 1
    assert paper.info_of(made, tmp_path)["Pages"] == "1"


@paper.needs_poppler
def test_a_code_that_dies_at_a_moment_says_the_dutch_time(policy, tmp_path):
    dies = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
    made = slip_pdf(SlipKind.DESK, speaker("nl"), "482913", URL, policy=policy, on=ON, expires=dies)
    assert "23 november 2026 (23-11-2026), 10:15" in paper.text_of(made, tmp_path)


def test_the_square_has_a_name_for_who_cannot_see_it(policy):
    made = slip_pdf(SlipKind.CASE, speaker("nl"), "482913", URL, policy=policy, on=ON)
    objects = paper.objects_of(made)
    assert objects.count("/S /Figure") == 1
    assert "/Alt (Het vierkant voor uw telefoon)" in objects


def test_the_path_of_the_square_paints_exactly_the_dark_modules():
    import segno

    drawn = square(URL)
    wanted = {
        (x, y)
        for y, row in enumerate(segno.make(URL, error="m", micro=False).matrix_iter(border=4))
        for x, dark in enumerate(row)
        if dark
    }
    painted = {
        (int(x) + step, int(y))
        for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawn.path)
        for step in range(int(run))
    }
    assert painted == wanted
    assert drawn.size == max(x for x, _ in wanted) + 1 + 4
