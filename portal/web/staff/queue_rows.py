"""The rows and tabs of the queue: many times the same, written here because a template takes ten times as long."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache, lru_cache

from flask import url_for
from markupsafe import Markup, escape

from portal.domain.lifecycle import CaseState
from portal.i18n import N_, TONGUES, Speaker
from portal.services.queue import Line, Page, Tab
from portal.web.pieces import date_short, shown, tag
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
    """Rows in one language: its words are looked up once."""

    def __init__(self, said: Speaker) -> None:
        self.said = said
        self.columns = [said.text(each) for each in COLUMNS]
        heads = [Markup('<td role="cell" data-label="{}"><div>').format(each) for each in self.columns]
        self.reference, self.request, self.student, self.received, self.due, self.handler, self.state = heads
        self.kinds = {kind: escape(said.text(words)) for kind, words in KINDS.items()}
        self.channels = {channel: escape(said.text(words)) for channel, words in CHANNELS.items()}
        self.states = {state: tag("plain", said.text(words)) for state, words in STATES.items()}
        self.unknown, self.nobody = _none(said.text(UNKNOWN)), _none(said.text(NOBODY))
        self.tick = str(escape(said.text(TICK)))
        self.unmatched = Markup("<small>{}</small>").format(tag("soon", said.text(UNMATCHED), "help"))
        self.answered, self.extended = escape(said.text(ANSWERED)), escape(said.text(EXTENDED))

    def __call__(self, lines: Sequence[Line], ticks: bool, ticked: Collection[str], branches: bool) -> Markup:
        """`ticks`: with a box before each, those in `ticked` set; `branches`: with the branch of each."""
        cases = shown(url_for("staff.case", reference="-").removesuffix("-"))
        matters = {(line.about, line.parts): "" for line in lines}
        said, rules = self.said, policy()
        matters |= {about: shown(describe.matter(said, rules, *about)) for about in matters}
        names = {name for line in lines for name in (line.handler, line.branch) if name}
        named = {name: f"<bdi>{shown(name)}</bdi>" for name in names}
        rows = [
            self._row(
                line,
                cases,
                shown(line.reference),
                matters[line.about, line.parts],
                named[line.handler] if line.handler else self.nobody,
                f" · {named[line.branch]}" if branches and line.branch else "",
                ticked if ticks else None,
            )
            for line in lines
        ]
        return Markup("\n".join(rows))  # noqa: S704 - escaped there

    def _row(
        self,
        line: Line,
        cases: str,
        reference: str,
        matter: str,
        handler: str,
        branch: str,
        ticked: Collection[str] | None,
    ) -> str:
        tick = (
            "" if ticked is None else self._tick(reference, line.version, f"{line.reference}|{line.version}" in ticked)
        )
        name = f"<bdi>{shown(line.name)}</bdi>" if line.name else self.unknown
        unmatched = "" if line.matched or not line.open else self.unmatched
        return (
            f'<tr role="row">{tick}'
            f'{self.reference}<a href="{cases}{reference}"><bdi dir="ltr">{reference}</bdi></a></div></td>'
            f"{self.request}{self.kinds[line.kind]}<small>{matter}</small></div></td>"
            f"{self.student}{name}<small>{_tongue(line.language)}{branch}</small>{unmatched}</div></td>"
            f"{self.received}{date_short(line.received_on)}<small>{self.channels[line.channel]}</small></div></td>"
            f"{self.due}{date_short(line.due_on)}<small>{self._left(line)}</small></div></td>"
            f"{self.handler}{handler}</div></td>"
            f"{self.state}{self.states[line.state]}</div></td></tr>"
        )

    def _tick(self, reference: str, version: int, ticked: bool) -> str:
        return (
            f'<td role="cell" class="tick"><input type="checkbox" name="case" value="{reference}|{version}"'
            f' aria-label="{self.tick % {"reference": reference}}"{" checked" if ticked else ""}></td>'
        )

    def _left(self, line: Line) -> str:
        if line.days_left is not None:
            left: str = describe.days_left_in(self.said, line.days_left)
        else:
            left = self.answered if line.state in {CaseState.DECIDED, CaseState.CLOSED} else ""
        return f"{left} {self.extended}" if line.extended else left


class Tabs:
    """The tabs above the rows, in one language."""

    def __init__(self, said: Speaker) -> None:
        self.head = Markup('<nav class="tabs" aria-label="{}"><ul>').format(said.text(LISTS))
        self.labels = {tab: escape(said.text(words)) for tab, words in TABS.items()}

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


@lru_cache(maxsize=64)
def _tongue(code: str) -> str:
    name = TONGUES[code].name if code in TONGUES else code
    return f'<span lang="{escape(code)}">{escape(name)}</span>'


def _none(words: str) -> Markup:
    return Markup('<span class="none">{}</span>').format(words)
