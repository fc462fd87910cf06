"""The queue: what must be answered, first what must be ready first."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from flask import render_template, request, url_for

from portal.domain.lifecycle import CaseState
from portal.domain.vocabulary import Channel, RequestKind
from portal.i18n import N_, TONGUES
from portal.services.queue import COUNT_CAP, BranchChoice, Filters, Page, Tab, branches, queue
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff import describe
from portal.web.staff.blueprint import blueprint
from portal.web.staff.forms import QueueForm, choices
from portal.web.staff.wording import CHANNELS, KINDS, STATES

TABS = {
    Tab.ALL: N_("Open"),
    Tab.MINE: N_("Van mij"),
    Tab.UNASSIGNED: N_("Niet toegewezen"),
    Tab.THIS_WEEK: N_("Deze week"),
    Tab.OVERDUE: N_("Te laat"),
    Tab.TO_CARRY_OUT: N_("Uit te voeren"),
    Tab.COMPLAINTS: N_("Klachten"),
    Tab.CLOSED: N_("Gesloten"),
}

E = TypeVar("E", bound=StrEnum)


@blueprint.get("/", endpoint="queue")
def queue_page() -> str:
    form = QueueForm(formdata=request.args)
    offered = branches(current_actor(), current_clock())
    form.branch.choices = choices(((each.code, each.name) for each in offered), _("Alle vestigingen"))
    form.validate()
    tab = _one_of(Tab, request.args.get("tab")) or Tab.ALL
    filters = _filters(form)
    after, before = request.args.get("after", "")[:20], request.args.get("before", "")[:20]
    page = queue(current_actor(), current_clock(), tab, filters, after, before)
    kept = {name: value for name, value in request.args.items() if name in FILTER_NAMES and value}
    return render_template(
        "staff/queue.html",
        form=form,
        errors=form.errors,
        page=page,
        tab=tab,
        tabs=_tabs(page, tab, kept),
        filters=filters,
        lines=page.lines,
        with_branch=len(offered) > 1,
        asked_for=_asked_for(filters, offered),
        next_href=_href(tab, kept, after=page.lines[-1].reference) if page.has_after and page.lines else "",
        previous_href=_href(tab, kept, before=page.lines[0].reference) if page.has_before and page.lines else "",
        clear_href=_href(tab, {}) if filters.any else "",
        kinds=KINDS,
        states=STATES,
        channels=CHANNELS,
        tongues=TONGUES,
        subjects=describe.subjects,
    )


FILTER_NAMES = ("who", "reference", "kind", "state", "channel", "branch")


def _filters(form: QueueForm) -> Filters:
    return Filters(
        kind=_one_of(RequestKind, form.kind.data),
        state=_one_of(CaseState, form.state.data),
        channel=_one_of(Channel, form.channel.data),
        branch=form.branch.data or "",
        reference=(form.reference.data or "").strip()[:20],
        who=(form.who.data or "").strip()[:200],
    )


def _one_of(kind: type[E], text: str | None) -> E | None:
    try:
        return kind(text or "")
    except ValueError:
        return None


def _href(tab: Tab, kept: dict[str, str], **more: str) -> str:
    query: dict[str, Any] = {"tab": tab.value, **kept, **more}
    return url_for("staff.queue", **query)


def _tabs(page: Page, current: Tab, kept: dict[str, str]) -> list[dict[str, object]]:
    return [
        {
            "href": _href(tab, kept),
            "label": _(words),
            "current": tab is current,
            "count": f"{COUNT_CAP}+" if page.counts[tab] > COUNT_CAP else str(page.counts[tab]),
        }
        for tab, words in TABS.items()
    ]


def _asked_for(filters: Filters, offered: tuple[BranchChoice, ...]) -> list[str]:
    """What was filtered on, in words: for "0 results for …"."""
    named = [
        _(KINDS[filters.kind]) if filters.kind else "",
        _(STATES[filters.state]) if filters.state else "",
        _(CHANNELS[filters.channel]) if filters.channel else "",
        next((each.name for each in offered if each.code == filters.branch), ""),
        filters.reference,
        filters.who,
    ]
    return [each for each in named if each]
