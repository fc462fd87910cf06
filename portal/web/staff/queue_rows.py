"""The rows and tabs of the queue: many times the same, written here because a template takes ten times as long."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from functools import cache, lru_cache

from flask import url_for
from markupsafe import Markup, escape

from portal.domain.lifecycle import CaseState
from portal.i18n import N_, TONGUES, Speaker
from portal.services.queue import Line, Page, Tab, Target
from portal.web.pieces import apart, date_short, shown, tag
from portal.web.staff import describe
from portal.web.staff.blueprint import policy
from portal.web.staff.wording import CHANNELS, KINDS, STATES

COLUMNS = (
    *(N_("Kenmerk"), N_("Verzoek"), N_("Cursist"), N_("Ontvangen"), N_("Antwoord voor")),
    *(N_("Behandelaar"), N_("Stand")),
)
LISTS = N_("Lijsten")
TABS = {
    Tab.ALL: N_("Open"),
    Tab.MINE: N_("Van mij"),
    Tab.UNASSIGNED: N_("Niet toegewezen"),
    Tab.THIS_WEEK: N_("Deze week"),
    Tab.OVERDUE: N_("Te laat"),
    Tab.TO_CARRY_OUT: N_("Uit te voeren"),
    Tab.COMPLAINTS: N_("Klachten"),
    Tab.CLOSED: N_("Gesloten"),
    Tab.EVERYTHING: N_("Alles"),
}
TICK, UNKNOWN, UNMATCHED = N_("Vink aan: %(reference)s"), N_("naam onbekend"), N_("nog niet gekoppeld")
ANSWERED, EXTENDED, NOBODY = N_("beantwoord"), N_("verlengd"), N_("niemand")


class Rows:
    """Rows in one language: its words are looked up once, and kept as plain text, escaped: markup in an f-string takes
    seven times as long."""

    def __init__(self, said: Speaker) -> None:
        self.said = said
        self.columns = [said.text(each) for each in COLUMNS]
        heads = [f'<td role="cell" data-label="{escape(each)}"><div>' for each in self.columns]
        self.reference, self.request, self.student, self.received, self.due, self.handler, self.state = heads
        self.kinds = {kind: str(escape(said.text(words))) for kind, words in KINDS.items()}
        self.channels = {channel: str(escape(said.text(words))) for channel, words in CHANNELS.items()}
        self.states = {state: str(tag("plain", said.text(words))) for state, words in STATES.items()}
        self.unknown, self.nobody = _none(said.text(UNKNOWN)), _none(said.text(NOBODY))
        self.tick = str(escape(said.text(TICK)))
        self.unmatched = f"<small>{tag('soon', said.text(UNMATCHED), 'help')}</small>"
        self.answered, self.extended = str(escape(said.text(ANSWERED))), str(escape(said.text(EXTENDED)))

    def __call__(self, lines: Sequence[Line], ticks: bool, ticked: Collection[str], branches: bool) -> Markup:
        """`ticks`: with a box before each, those in `ticked` set; `branches`: with the branch of each."""
        said, rules = self.said, policy()
        cases = str(shown(url_for("staff.case", reference="-").removesuffix("-")))
        # What many rows say alike is put together once.
        matters: dict[tuple[Target | None, int], str] = {}
        named: dict[str | None, str] = {None: self.nobody}
        rows = []
        for line in lines:
            about = line.about, line.parts
            if about not in matters:
                matters[about] = str(shown(describe.matter(said, rules, *about)))
            for name in (line.handler, line.branch):
                if name not in named:
                    named[name] = apart(name)
            where = f" · {named[line.branch]}" if branches and line.branch else ""
            rows.append(self._row(line, cases, matters[about], named[line.handler], where, ticked if ticks else None))
        return Markup("\n".join(rows))  # noqa: S704 - escaped there

    def _row(
        self, line: Line, cases: str, matter: str, handler: str, where: str, ticked: Collection[str] | None
    ) -> str:
        reference = shown(line.reference)
        tick = "" if ticked is None else self._tick(reference, line.version, ticked)
        name = apart(line.name) if line.name else self.unknown
        unmatched = "" if line.matched or not line.open else self.unmatched
        return (
            f'<tr role="row">{tick}'
            f'{self.reference}<a href="{cases}{reference}"><bdi dir="ltr">{reference}</bdi></a></div></td>'
            f"{self.request}{self.kinds[line.kind]}<small>{matter}</small></div></td>"
            f"{self.student}{name}<small>{_tongue(line.language)}{where}</small>{unmatched}</div></td>"
            f"{self.received}{_day(line.received_on)}<small>{self.channels[line.channel]}</small></div></td>"
            f"{self.due}{_day(line.due_on)}<small>{self._left(line)}</small></div></td>"
            f"{self.handler}{handler}</div></td>"
            f"{self.state}{self.states[line.state]}</div></td></tr>"
        )

    def _tick(self, reference: str, version: int, ticked: Collection[str]) -> str:
        value = f"{reference}|{version}"
        return (
            f'<td role="cell" class="tick"><input type="checkbox" name="case" value="{value}"'
            f' aria-label="{self.tick % {"reference": reference}}"{" checked" if value in ticked else ""}></td>'
        )

    def _left(self, line: Line) -> str:
        if line.days_left is not None:
            left = _days_left(self.said, line.days_left)
        else:
            left = self.answered if line.state in {CaseState.DECIDED, CaseState.CLOSED} else ""
        return f"{left} {self.extended}" if line.extended else left


class Tabs:
    """The tabs above the rows, in one language."""

    def __init__(self, said: Speaker) -> None:
        self.head = Markup('<nav class="tabs" aria-label="{}"><ul>').format(said.text(LISTS))
        self.labels = {tab: str(escape(said.text(words))) for tab, words in TABS.items()}

    def __call__(self, to: Callable[[Tab], str], page: Page, current: Tab) -> Markup:
        """`to`: the address of each."""
        here = ' aria-current="page"'
        tabs = [
            f'\n  <li><a href="{shown(to(tab))}"{here if tab is current else ""}>{label}'
            f' <span class="count">{page.counts[tab]}{"+" if tab in page.more else ""}</span></a></li>'
            for tab, label in self.labels.items()
        ]
        return Markup(f"{self.head}{''.join(tabs)}\n</ul></nav>")  # noqa: S704 - escaped here


rows_in, tabs_in = cache(Rows), cache(Tabs)


@lru_cache(maxsize=2048)
def _day(day: date) -> str:
    return str(date_short(day))


@lru_cache(maxsize=1024)
def _days_left(said: Speaker, days: int) -> str:
    return str(describe.days_left_in(said, days))


@lru_cache(maxsize=64)
def _tongue(code: str) -> str:
    name = TONGUES[code].name if code in TONGUES else code
    return f'<span lang="{escape(code)}">{escape(name)}</span>'


def _none(words: str) -> str:
    return f'<span class="none">{escape(words)}</span>'
