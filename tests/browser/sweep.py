"""One page in one language, measured: axe, sideways scroll, fonts, direction, hosts, weight, scripts.

A browser window serves all pages of one person: the page is opened once, cold, and looked at in each width.
"""

from __future__ import annotations

import subprocess
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import axe_playwright_python
from flask.testing import FlaskClient
from fontTools.ttLib import TTFont
from playwright.sync_api import TimeoutError

from portal.i18n import TONGUES
from portal.web.headers import STATIC
from tests.browser.conftest import ARTEFACTS
from tests.browser.places import SUBMIT, Place

WIDTHS = (320, 1280)
SCRIPTS = {"listen.js", "keep-draft.js"}  # the only ones a student's page may load (ux.md, rule 13)
KIB = 1024
MOST, MOST_WITH_TIGRINYA = 40 * KIB, 120 * KIB  # over the wire, cold; the latter on a first visit
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
    "preload": False,
}
AXE_SOURCE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
AXE_RUN = """(options) => axe.run(document, options).then((found) => found.violations.flatMap(
  (rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`)))"""
SETTLED = """async () => {
  document.body.getBoundingClientRect();
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  await document.fonts.ready;
}"""
# Beside the name of the language above each page: somebody's own words, also in a field.
SHOWS_TIGRINYA = """() => {
  const typed = [...document.querySelectorAll("input, textarea")].map((field) => field.value);
  const said = [...document.querySelectorAll("main, .menu, .back")].map((part) => part.innerText);
  return /[\u1200-\u139f]/.test([...said, ...typed].join(" "));
}"""
# Marks the elements with a text of their own that holds a character nobody has looked at yet.
UNSEEN = """(seen) => {
  const known = new Set(seen), found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const element = text.parentElement;
    if (!element.checkVisibility() || element.closest(".visually-hidden, [hidden], textarea, option")) continue;
    const bold = Number(getComputedStyle(element).fontWeight) > 500 ? "b" : "";
    const fresh = [...text.data].filter((each) => each.trim() && !known.has(bold + each));
    if (!fresh.length) continue;
    fresh.forEach((each) => known.add(bold + each));
    if (element.dataset.fresh) {
      found[Number(element.dataset.fresh)][2] += fresh.join("");
      continue;
    }
    element.dataset.fresh = found.length;
    found.push([found.length, bold, fresh.join("")]);
  }
  return found;
}"""


@dataclass
class Figures:
    looked: int = 0
    violations: list[str] = field(default_factory=list)
    scroll: list[str] = field(default_factory=list)
    glyphs: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)  # lang, dir, status
    hosts: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    heavy: list[str] = field(default_factory=list)
    heaviest: dict[str, tuple[int, str]] = field(default_factory=dict)
    characters: set[str] = field(default_factory=set)  # each (language, weight, character) that was looked at

    def faults(self) -> list[str]:
        lists = (self.violations, self.scroll, self.glyphs, self.marks, self.hosts, self.scripts, self.heavy)
        return [fault for each in lists for fault in each]

    def summary(self) -> dict[str, object]:
        return {
            "looks": self.looked,
            "axe_violations": len(self.violations),
            "sideways_scrolls": len(self.scroll),
            "missing_glyphs": len(self.glyphs),
            "wrong_lang_or_dir": len(self.marks),
            "outside_requests": len(self.hosts),
            "unnamed_scripts": len(self.scripts),
            "too_heavy": len(self.heavy),
            "characters_looked_at": len(self.characters),
            "heaviest_kib": {lang: round(size / KIB, 1) for lang, (size, _) in sorted(self.heaviest.items())},
        }


@cache
def system_fonts() -> dict[str, frozenset[int]]:
    """What each font family of this machine can draw."""
    listed = subprocess.run(
        ["fc-list", "--format", "%{file}|%{index}|%{family}\n"], capture_output=True, text=True, check=True
    )
    found: dict[str, frozenset[int]] = {}
    for line in listed.stdout.splitlines():
        file, index, families = line.split("|")
        if Path(file).suffix.lower() not in {".ttf", ".otf", ".ttc"}:
            continue
        drawn = characters_of(file, int(index) & 0xFFFF)
        for family in families.split(","):
            found[family] = found.get(family, frozenset()) | drawn
    return found


def characters_of(file: str | BytesIO, index: int = 0) -> frozenset[int]:
    with TTFont(file, fontNumber=index, lazy=True) as font:
        return frozenset(font.getBestCmap() or ())


@cache
def own_fonts() -> frozenset[int]:
    """What the fonts that style.css names can draw."""
    return characters_of(str(STATIC / "fonts" / "noto-sans-ethiopic.woff2"))


def invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cf", "Zs", "Cc", "Mn"}


class Window:
    """The browser of one person."""

    def __init__(self, browser: Any, base: str, client: FlaskClient, figures: Figures) -> None:
        self.base, self.figures = base, figures
        self.context = browser.new_context(viewport={"width": WIDTHS[0], "height": 800}, bypass_csp=True)
        cookies = [{"name": each.key, "value": each.value, "url": base} for each in client._cookies.values()]
        if cookies:
            self.context.add_cookies(cookies)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.devtools = self.context.new_cdp_session(self.page)
        self.devtools.send("Network.enable")
        self.devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self.devtools.send("DOM.enable")
        self.devtools.send("CSS.enable")
        self.sent: list[str] = []
        self.weight = 0
        self.page.on("request", lambda request: self.sent.append(request.url))
        self.devtools.on("Network.loadingFinished", self._weigh)

    def _weigh(self, event: dict[str, Any]) -> None:
        self.weight += int(event["encodedDataLength"])

    def close(self) -> None:
        self.context.close()

    def look(self, place: Place, lang: str, widths: tuple[int, ...] = WIDTHS, picture: bool = False) -> None:
        """Opens the page cold and measures it in each width; that it cannot be used is a fault like any other."""
        try:
            self._look(place, lang, widths, picture)
        except TimeoutError as fault:
            self.figures.marks.append(f"{lang} {place}: {fault.message.splitlines()[0]}")

    def _look(self, place: Place, lang: str, widths: tuple[int, ...], picture: bool) -> None:
        self.sent, self.weight = [], 0
        self.page.set_viewport_size({"width": widths[0], "height": 800})
        answer = self.page.goto(self.base + place.in_language(lang), wait_until="load")
        what = f"{lang} {place}"
        if answer.status != place.status:
            self.figures.marks.append(f"{what}: answers {answer.status}, not {place.status}")
        self._weighed(what, lang)
        if place.press:
            button = self.page.locator(SUBMIT).last
            if not button.count():
                self.figures.marks.append(f"{what}: has nothing to send any more")
                return
            with self.page.expect_navigation():
                button.click()
        self._marks(what, lang)
        self._fonts(what, lang)
        self.page.evaluate(AXE_SOURCE)
        self._large_text(what)
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 800})
            self._width(what, width)
            if picture:
                self._picture(place, lang, width)

    def _weighed(self, what: str, lang: str) -> None:
        self.page.evaluate(SETTLED)
        shows_tigrinya = self.page.evaluate(SHOWS_TIGRINYA)
        most = MOST_WITH_TIGRINYA if shows_tigrinya else MOST
        if self.weight > most:
            self.figures.heavy.append(f"{what}: {self.weight / KIB:.1f} KiB")
        kind = f"{lang} showing Tigrinya" if shows_tigrinya and lang != "ti" else lang
        self.figures.heaviest[kind] = max(self.figures.heaviest.get(kind, (0, "")), (self.weight, what))
        for url in self.sent:
            if not url.startswith(self.base + "/"):
                self.figures.hosts.append(f"{what}: {url}")
            name = url.split("?", maxsplit=1)[0].rsplit("/", maxsplit=1)[-1]
            if name.endswith(".js") and name not in SCRIPTS:
                self.figures.scripts.append(f"{what}: {name}")

    def _marks(self, what: str, lang: str) -> None:
        root = self.page.evaluate(
            "[document.documentElement.lang, document.documentElement.dir, getComputedStyle(document.body).direction]"
        )
        said = TONGUES[lang].dir
        if root != [lang, said, said]:
            self.figures.marks.append(f"{what}: {root}")

    def _fonts(self, what: str, lang: str) -> None:
        seen = [each[len(lang) :] for each in self.figures.characters if each.startswith(lang)]
        self.page.evaluate(SETTLED)
        fresh = self.page.evaluate(UNSEEN, seen)
        if not fresh:
            return
        document = self.devtools.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
        for number, bold, characters in fresh:
            node = self.devtools.send(
                "DOM.querySelector", {"nodeId": document, "selector": f'[data-fresh="{number}"]'}
            )["nodeId"]
            used = self.devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
            drawn = frozenset[int]().union(
                *(
                    own_fonts() if font["isCustomFont"] else system_fonts().get(font["familyName"], frozenset())
                    for font in used
                )
            )
            missing = {each for each in characters if ord(each) not in drawn and not invisible(each)}
            if missing:
                families = ", ".join(font["familyName"] for font in used)
                self.figures.glyphs.append(f"{what}: {' '.join(sorted(missing))} in {families or 'no font'}")
            self.figures.characters.update(f"{lang}{bold}{each}" for each in characters)

    def _width(self, what: str, width: int) -> None:
        self.figures.looked += 1
        scroll = self.page.evaluate("document.documentElement.scrollWidth")
        if scroll > width:
            self.figures.scroll.append(f"{what} at {width}: {scroll}")
        found = self.page.evaluate(AXE_RUN, AXE)
        self.figures.violations += [f"{what} at {width}: {each}" for each in found]

    def _large_text(self, what: str) -> None:
        """Letters of twice the size still fit (WCAG 1.4.4)."""
        self.page.evaluate("document.documentElement.style.fontSize = '200%'")
        wide = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if wide[0] > wide[1]:
            self.figures.scroll.append(f"{what} with letters of 200 %: {wide[0]} > {wide[1]}")
        self.page.evaluate("document.documentElement.style.fontSize = ''")

    def _picture(self, place: Place, lang: str, width: int) -> None:
        folder = ARTEFACTS / lang / str(width)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{place.name[:60]}{'-error' if place.press else ''}-{place.who.split(',')[0]}"
        self.page.screenshot(path=str(folder / f"{name}.png"), full_page=True)
