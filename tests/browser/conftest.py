"""A real server and a real Chromium without JavaScript; axe on each page that is looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.chromium import CHROMIUM

# What makes a page scroll sideways, when it does: the elements that reach beyond the screen.
BEYOND = """() => {
  const edge = window.innerWidth + 1, out = box => box.right > edge || box.left < -1;
  if (document.documentElement.scrollWidth <= window.innerWidth) return [];
  return [...document.querySelectorAll("body *")].filter(each => out(each.getBoundingClientRect()))
    .map(each => each.outerHTML.slice(0, 200));
}"""
ARTEFACTS = Path(__file__).resolve().parents[2] / "artefacts" / "screenshots"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # the development server leaves a static file to the collector when a browser breaks off
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine: apt-get install chromium"))


def press(page: Any, selector: str) -> None:
    """Presses the first such link or button and waits until the page it leads to is there whole.

    A click alone comes back at that page's first bytes: who counts then, counts half a page.
    """
    with page.expect_navigation():
        page.locator(selector).first.click()


@dataclass
class Looker:
    """A page that is looked at: axe on each stop, no outside request, no sideways scroll, a picture kept."""

    page: Any
    base: str
    name: str
    violations: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    stops: int = 0
    twin: Any = None  # of the page, with scripts

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def look(self, what: str) -> None:
        """Checks the page as it stands and keeps a picture under artefacts/."""
        self.stops += 1
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(ARTEFACTS / f"{self.name}-{self.stops:02d}-{what}.png"), full_page=True)
        self.violations += [f"{what}: {fault}" for fault in self.faults(self.page.content())]

    def faults(self, html: str) -> list[str]:
        """What axe finds and what reaches beyond the screen, in a twin of the page, for the journey has no scripts.

        The twin stands at the page's own address, without which it would get no style sheet from the server.
        """
        if self.twin is None:
            context = self.page.context.browser.new_context(
                viewport=self.page.viewport_size, bypass_csp=True, reduced_motion="reduce"
            )
            self.twin = context.new_page()
        self.twin.route(self.page.url, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        self.twin.goto("about:blank")  # the same address with another fragment would not be opened anew
        self.twin.goto(self.page.url)
        self.twin.unroute_all()
        return axe(self.twin) + [f"reaches beyond the screen: {element}" for element in self.twin.evaluate(BEYOND)]

    def close(self) -> None:
        for each in (self.page, self.twin):
            if each is not None:
                each.context.close()


def axe(page: Any) -> list[str]:
    """axe-core's findings on a page, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{rule['id']} ({rule['impact']}): {node['html'][:200]}" for rule in found for node in rule["nodes"]]


@pytest.fixture
def looker(live: tuple[Flask, str], chromium: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Looker]]:
    """Opens a page of a given width and language without JavaScript; at the end nothing may have been found."""
    opened: list[Looker] = []

    def open_page(name: str, width: int, language: str) -> Looker:
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=False, locale=language
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        looked = Looker(page, live[1], name)
        page.on("request", lambda sent: looked.outside.append(sent.url) if not sent.url.startswith(live[1]) else None)
        opened.append(looked)
        return looked

    yield open_page
    for looked in opened:
        looked.close()
    assert [each for looked in opened for each in looked.violations] == []
    assert [each for looked in opened for each in looked.outside] == []


os.environ.setdefault("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
