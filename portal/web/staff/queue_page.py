"""The queue: what must be answered, first what must be ready first; searched, narrowed, handed over, taken out."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain.refusal import Refused
from portal.i18n import N_, TONGUES
from portal.services import search_queue as search
from portal.services.cells import as_csv, as_xlsx
from portal.services.export_queue import export_queue
from portal.services.queue import Filters, Order, Page, Tab, handlers, queue
from portal.services.take_case import Handed, assign_many
from portal.web.forms import clean
from portal.web.language import _, current_speaker
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import blueprint, policy, words_of
from portal.web.staff.forms import choices
from portal.web.staff.queue_filter import QueueFilter, hand_over_fields, kept_in
from portal.web.staff.queue_forms import FIND, FindForm, HandOverForm, chosen_cases, one_of
from portal.web.staff.queue_rows import rows_in, tabs_in
from portal.web.staff.wording import CHANNELS, KINDS, STATES
from portal.web.typed import typed_before

FILE_NAME = N_("verzoeken")
PLAIN = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
ARROWS = {"": "", "ascending": "↑", "descending": "↓"}
COLUMNS = (
    *(N_("Kenmerk"), N_("Verzoek"), N_("Cursist"), N_("Taal"), N_("Vestiging"), N_("Ontvangen"), N_("Via")),
    *(N_("Antwoord voor"), N_("Dagen over"), N_("Behandelaar"), N_("Stand")),
)


@blueprint.get("/", endpoint="queue")
def queue_page() -> Response:
    return _page()


def _page(sought: str | None = None, hand: HandOverForm | None = None, ticked: Any = (), code: int = 200) -> Response:
    """The list as its address says; `sought` is what was typed in the search box and not taken, `hand` the form of
    handing over as it was refused, with what was ticked."""
    values = (request.args if request.method == "GET" else request.form).to_dict()
    said = current_speaker()
    asked, tab = _asked(values), one_of(Tab, values.get("tab")) or Tab.ALL
    filters, kept, order = asked.filters, asked.kept, asked.order
    after, before = values.get("after", "")[:20], values.get("before", "")[:20]
    page = queue(current_actor(), current_clock(), tab, filters, after, before, order)
    with_branch = len(page.branches) > 1
    people = [(str(each.id), each.name) for each in page.handlers]
    fields = asked.offering(((each.code, each.name) for each in page.branches if with_branch), people)
    if hand is None and (typed := typed_before()):  # of the one form here in which something is written
        hand, ticked = HandOverForm(formdata=typed), typed.getlist("case")
    to = Links(kept)
    html = render_template(
        "staff/queue.html",
        fields=fields,
        errors={**asked.errors, **(hand.errors if hand else {})},
        find=FIND,
        sought=sought if sought is not None else filters.who or filters.reference,
        hand=hand,
        hand_fields=hand_over_fields(said, hand, people),
        ticked=set(ticked),
        page=page,
        tab=tab,
        tabs=tabs_in(said)(to, page, tab),
        filters=filters,
        open=asked.narrowed_by or asked.errors,
        kept=kept,
        lines=page.lines,
        with_branch=with_branch,
        asked_for=_asked_for(filters, page) if kept else (),
        sorts={name: _sort(tab, to, order, name) for name in ("received", "due")},
        next_href=to(tab, after=page.lines[-1].reference) if page.has_after and page.lines else "",
        previous_href=to(tab, before=page.lines[0].reference) if page.has_before and page.lines else "",
        clear_href=Links({})(Tab.ALL if tab is Tab.EVERYTHING else tab) if kept or asked.errors else "",
        rows=rows_in(said),
    )
    return make_response(html, code)


def _asked(values: dict[str, str]) -> QueueFilter:
    actor, clock = current_actor(), current_clock()
    return QueueFilter(
        current_speaker(), tuple(policy().languages), values, lambda token: search.open_words(actor, clock, token)
    )


class Links:
    """Addresses of lists that are narrowed alike."""

    def __init__(self, kept: dict[str, str]) -> None:
        self._start, self._kept = url_for("staff.queue"), kept
        self._narrowed = _query(kept)

    def __call__(self, tab: Tab, **more: str) -> str:
        """The list of a tab; with `more`, from a place on or in another order."""
        narrowed = _query({**self._kept, **more}) if more else self._narrowed
        return f"{self._start}?tab={tab.value}{narrowed}"


def _query(values: dict[str, str]) -> str:
    """As `urlencode` has it; nearly all values stand in an address as they are."""
    pairs = [f"&{name}={value if PLAIN(value) else quote_plus(value)}" for name, value in values.items()]
    return "".join(pairs)


def _sort(tab: Tab, to: Links, order: Order | None, name: str) -> dict[str, str]:
    """A column's link: the first press sorts by it, the next one turns it round."""
    now = "" if order is None or order.value.lstrip("-") != name else "descending" if order.downwards else "ascending"
    turned = f"-{name}" if now == "ascending" else name
    return {"href": to(tab, order=turned), "now": now, "arrow": ARROWS[now]}


def _asked_for(filters: Filters, page: Page) -> list[str]:
    """What was filtered on, in words: for "0 results for …"."""
    say = current_speaker().numeric_date
    named = [
        filters.reference,
        filters.who,
        _(KINDS[filters.kind]) if filters.kind else "",
        _(STATES[filters.state]) if filters.state else "",
        _(CHANNELS[filters.channel]) if filters.channel else "",
        next((each.name for each in page.branches if each.code == filters.branch), ""),
        next((each.name for each in page.handlers if each.id == filters.handler), ""),
        TONGUES[filters.language].name if filters.language in TONGUES else "",
        _("ontvangen vanaf %(date)s", date=say(filters.received_from)) if filters.received_from else "",
        _("ontvangen tot en met %(date)s", date=say(filters.received_until)) if filters.received_until else "",
        _("antwoord vanaf %(date)s", date=say(filters.due_from)) if filters.due_from else "",
        _("antwoord tot en met %(date)s", date=say(filters.due_until)) if filters.due_until else "",
    ]
    return [each for each in named if each]


@blueprint.post("/search", endpoint="search")
def find() -> Response:
    """A reference leads to its case, everything else to the list of whom it may be."""
    form = FindForm()
    typed = clean(form.q.data)
    if not form.accepted() or not typed:
        return _page(sought=form.q.data or "", code=422) if form.errors else redirect(url_for("staff.queue"))
    actor, clock = current_actor(), current_clock()
    if reference := search.find_case(actor, clock, typed):
        return redirect(url_for("staff.case", reference=reference))
    return redirect(Links({})(Tab.EVERYTHING, who=search.seal_words(actor, clock, typed)))


@blueprint.post("/hand-over", endpoint="hand_over")
def hand_over() -> Response:
    """Gives the ticked cases to one person; what could not be given is named with the reason."""
    form = HandOverForm()
    people = handlers(current_actor(), current_clock())
    form.staff.choices = choices(((each.id, each.name) for each in people), _("Kies een collega"))
    ticked = request.form.getlist("case")
    if form.accepted():
        cases = chosen_cases(ticked)
        try:
            told = assign_many(current_actor(), current_clock(), cases, UUID(form.staff.data), form.note.data or "")
        except Refused as refusal:
            form.deny(refusal)
        else:
            _tell(told, next(each.name for each in people if str(each.id) == form.staff.data))
            return redirect(Links(kept_in(request.form.to_dict()))(one_of(Tab, request.form.get("tab")) or Tab.ALL))
    return _page(hand=form, ticked=ticked, code=422)


def _tell(handed: Handed, name: str) -> None:
    if handed.done:
        told = current_speaker().plural(
            "%(num)d zaak staat nu op naam van %(name)s.",
            "%(num)d zaken staan nu op naam van %(name)s.",
            handed.done,
            name=name,
        )
        flash(told, "ok")
    for reference, code in handed.left:
        flash(_("%(reference)s is niet overgedragen.", reference=reference) + " " + words_of(Refused(code)), "warning")


@blueprint.post("/export", endpoint="export")
def export() -> Response:
    """The list as it stands, as a file for a spreadsheet. Posted, because it is logged that it was taken out."""
    actor, clock = current_actor(), current_clock()
    tab, asked = one_of(Tab, request.form.get("tab")) or Tab.ALL, _asked(request.form.to_dict())
    lines = export_queue(actor, clock, tab, asked.filters, asked.order)
    head = [_(each) for each in COLUMNS]
    rows = [
        (
            line.reference,
            _(KINDS[line.kind]),
            line.name,
            TONGUES[line.language].name if line.language in TONGUES else line.language,
            line.branch or "",
            line.received_on,
            _(CHANNELS[line.channel]),
            line.due_on,
            line.days_left,
            line.handler or "",
            _(STATES[line.state]),
        )
        for line in lines
    ]
    name = f"{_(FILE_NAME)}-{clock.today().isoformat()}"
    if request.form.get("format") == "xlsx":
        content, kind = as_xlsx(_("Verzoeken"), head, rows), "xlsx"
        media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    else:
        content, kind, media = as_csv(head, rows), "csv", "text/csv; charset=utf-8"
    response = make_response(content)
    response.headers["Content-Type"] = media
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response
