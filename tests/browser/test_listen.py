"""Reading aloud: offered only with a voice of this device in the page's language; the browser here has none, so the
voices are put in its place. What is read, and when it stops, is the script's own doing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

DUTCH, ARABIC = {"lang": "nl-NL", "localService": True}, {"lang": "ar_EG", "localService": True}
OF_THE_NETWORK = {"lang": "nl-NL", "localService": False}
SPEECH = """
window.said = []; window.stopped = 0;
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => %s, addEventListener: () => {}, cancel: () => { window.stopped += 1; },
  speak: (each) => { window.said.push([each.voice.lang, each.text]); if (!window.slow) setTimeout(each.onend, 0); },
}});
"""


@pytest.fixture
def opened(live: tuple[Flask, str], chromium: Any) -> Iterator[Any]:
    contexts = []

    def open_page(path: str, *voices: dict[str, object]) -> Any:
        contexts.append(chromium.new_context(viewport={"width": 360, "height": 800}))
        page = contexts[-1].new_page()
        page.add_init_script(SPEECH % json.dumps(voices))
        page.goto(live[1] + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("voices", [(), (ARABIC,), (OF_THE_NETWORK,)], ids=["none", "another", "network"])
def test_without_a_voice_of_the_device_in_the_language_there_is_no_button(opened: Any, voices: tuple[Any, ...]) -> None:
    page = opened("/nl/rights", *voices)
    assert page.locator(".listen").count() == 1
    assert not page.locator(".listen button").is_visible()


def test_it_is_not_there_without_javascript(live: tuple[Flask, str], chromium: Any) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live[1]}/nl/rights")
    assert not page.locator(".listen button").is_visible()
    context.close()


@pytest.mark.parametrize(("lang", "voice"), [("nl", DUTCH), ("ar", ARABIC)])
def test_the_page_is_read_from_its_heading_to_its_end(opened: Any, lang: str, voice: dict[str, object]) -> None:
    page = opened(f"/{lang}/help", DUTCH, ARABIC)
    label = page.inner_text(".listen button")
    page.focus(".listen button")
    page.keyboard.press("Enter")
    page.wait_for_function("label => document.querySelector('.listen button').innerText === label", arg=label)
    said = page.evaluate("window.said")
    assert {each[0] for each in said} == {voice["lang"]}
    assert said[0][1] == page.inner_text("main h1")
    assert len(said) > 10
    assert page.inner_text("main a.button") in [each[1] for each in said]
    assert not any("Nederlands" in each[1] for each in said), "the languages above the page are not read"


def test_pressing_again_stops_it(opened: Any) -> None:
    page = opened("/nl/help", DUTCH)
    page.evaluate("window.slow = true")
    page.click(".listen button")
    assert page.inner_text(".listen button") == "Stop met voorlezen"
    assert len(page.evaluate("window.said")) == 1
    before = page.evaluate("window.stopped")
    page.click(".listen button")
    assert page.evaluate("window.stopped") == before + 1
    assert page.inner_text(".listen button") == "Lees voor"


def test_what_is_folded_away_is_not_read(opened: Any) -> None:
    page = opened("/nl/about", DUTCH)
    folded = page.evaluate("document.querySelector('details:not([open]) li').textContent.trim()")
    page.click(".listen button")
    page.wait_for_function("() => document.querySelector('.listen button').innerText === 'Lees voor'")
    assert folded not in [each[1] for each in page.evaluate("window.said")]
