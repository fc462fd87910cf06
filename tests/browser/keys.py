"""A person with a keyboard alone, in a browser without JavaScript: each move is a key, and the focus is always seen."""

from __future__ import annotations

from typing import Any

MOST_TABS = 160


class Keyboard:
    """One page driven by keys. A step that no key reaches fails."""

    def __init__(self, browser: Any, base: str, lang: str, width: int = 360) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=False, locale=lang
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.base, self.lang = base, lang
        self.keys = 0

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def press(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)

    def to(self, selector: str) -> None:
        """Moves the focus by Tab until it is on an element like this."""
        wanted = f":is({selector}):focus"
        for _ in range(MOST_TABS):
            if self.page.locator(wanted).count():
                return
            self.press("Tab")
        raise AssertionError(f"no number of tabs leads to {selector} on {self.page.url}")

    def follow(self, selector: str) -> None:
        """Goes to a link or a button and presses it."""
        self.to(selector)
        assert self._is_seen(), f"{selector} is not seen when it has the focus"
        with self.page.expect_navigation():
            self.press("Enter")

    def tick(self, name: str, value: str) -> None:
        self.to(f"input[name={name}][value='{value}']")
        self.press("Space")

    def choose(self, name: str, value: str) -> None:
        """One of several: Tab reaches the group, arrows move in it."""
        self.to(f"input[type=radio][name={name}]")
        for _ in range(40):
            if self.page.locator(f"input[name={name}][value='{value}']:checked:focus").count():
                return
            self.press("ArrowDown")
        raise AssertionError(f"no arrow leads to {value}")

    def write(self, name: str, text: str) -> None:
        self.to(f"main [name={name}]")
        self.press("ControlOrMeta+a")
        self.keys += len(text)
        self.page.keyboard.insert_text(text)

    def send(self, form: str = "main form[method=post]:not(.act)") -> None:
        self.follow(f"{form} button[type=submit]:not([name])")

    def back(self) -> None:
        """What Alt and the arrow to the left do; a browser without a window has no such key."""
        self.keys += 1
        self.page.go_back()

    def _is_seen(self) -> bool:
        """What has the focus lies in the window and is marked."""
        box = self.page.locator(":focus").bounding_box()
        style = self.page.locator(":focus-visible").count()
        return bool(style) and box is not None and -1 <= box["x"] <= self.page.viewport_size["width"]

    @property
    def text(self) -> str:
        return str(self.page.inner_text("main"))

    def close(self) -> None:
        self.context.close()
