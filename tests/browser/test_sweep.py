"""Every page that students meet, in every language, on a small telephone and at a desk: measured, and the sum kept."""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask
from playwright.sync_api import Browser

from portal.i18n import MASTER, TONGUES
from tests.browser import places
from tests.browser.places import Place, Town
from tests.browser.sweep import WIDTHS, Figures, Window
from tests.proofs import LONG, keep

# Pictures of these are kept in `make proof`, in each language and width, to be looked at.
MAIN = ("choose", "start", "rights", "about", "new", "sign-in", "me", "me-requests", "me-consents", "me-requests-x")
PRESSED = 4  # in the quick cut one in so many pages is also looked at after sending it empty,
QUICK = 3  # and one in so many is looked at: the browser is the slowest of all


def chosen(town: Town) -> list[tuple[Place, tuple[str, ...], tuple[int, ...]]]:
    """What is looked at, in which languages and widths: all of it, or some, in each language and width in turn."""
    if LONG:
        return [(place, tuple(TONGUES) if place.speaks_many else (MASTER,), WIDTHS) for place in town.places]
    tongues = list(TONGUES)
    kinds = Counter[str]()
    found = []
    for place in town.places:
        kinds[place.name] += 1
        if kinds[place.name] == 1 or (place.press and kinds[place.name] == 2 and len(found) % PRESSED == 0):
            number = len(found)
            found.append((place, (tongues[number % len(tongues)],), (WIDTHS[number % 2],)))
    return found[::QUICK]


@pytest.mark.proof
def test_every_page_in_every_language_is_readable_by_everybody(live: tuple[Flask, str], chromium: Browser) -> None:
    app, base = live
    town = places.found(app)
    figures = Figures()
    windows: dict[str, Window] = {}
    looks = chosen(town)
    for place, tongues, widths in looks:
        if place.who not in windows:
            windows[place.who] = Window(chromium, base, town.clients[place.who], figures)
        for lang in tongues:
            pictured = LONG and place.name in MAIN and not place.press
            windows[place.who].look(place, lang, widths, picture=pictured)
    for window in windows.values():
        window.close()
    assert len({place.name for place in town.places}) > 60, "the walk finds the pages"
    keep("pages", pages=len(looks), languages=len(TONGUES), **figures.summary())
    assert figures.faults() == []
