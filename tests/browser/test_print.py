"""A receipt on paper: the number, the code and the date, on one sheet, without what only a screen can use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.letters.paper import info_of, needs_poppler, text_of
from tests.web.test_public import WHO

SUBMIT = "main form[method=post]:not(.act) button[type=submit]:not([name])"


@needs_poppler
@pytest.mark.parametrize("lang", ["nl", "ar", "ti"])
def test_a_receipt_prints_on_one_sheet(live: tuple[Flask, str], chromium: Any, tmp_path: Path, lang: str) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(f"{live[1]}/{lang}/new?kind=complaint")
    page.click(SUBMIT)
    page.fill("[name=words]", "Niemand belt mij terug")
    page.click(SUBMIT)
    page.fill("[name=name]", WHO["name"])
    page.fill("[name=email]", WHO["email"])
    page.click(SUBMIT)
    page.click(SUBMIT)
    page.wait_for_url("**/receipt")
    reference, code = page.locator(".receipt dd").all_inner_texts()
    printed = page.pdf(format="A4")
    context.close()
    text = text_of(printed, tmp_path)
    assert info_of(printed, tmp_path)["Pages"] == "1"
    assert reference in text
    assert code.replace(" ", "") in text.replace(" ", "")
    assert "21-12-2026" in text
    assert "Türkçe" not in text, "the languages are for the screen"
    assert "mevrouw" in text.lower(), "whom to ask stands on the paper"
