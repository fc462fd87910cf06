"""Figures: charts with their tables over a period and a branch, as files too; and the yearly reports."""

from __future__ import annotations

import json
from typing import Any

from flask import abort, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain import periods
from portal.domain.periods import Period
from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.services import figures as services
from portal.services import year_reports as reports
from portal.services.casework import NotFound
from portal.services.cells import as_csv, as_xlsx
from portal.services.figures import Shown
from portal.services.queue import BranchChoice
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff import figures_tables
from portal.web.staff.blueprint import blueprint, policy
from portal.web.staff.figures_wording import EXPORT_HEAD, FILE_NAME, PERIOD_REFUSALS
from portal.web.staff.forms import DutchDateField, GetForm, Said, Select, choices

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


class PeriodForm(GetForm):
    first = DutchDateField(N_("Vanaf"))
    last = DutchDateField(N_("Tot en met"))
    branch = Select(N_("Vestiging"), choices=[])

    def period(self) -> Period:
        """What was asked; this year where nothing was, or where it cannot be, with the error beside its field."""
        usual = periods.this_year(current_clock().today())
        first, last = self.first.data or usual.first, self.last.data or usual.last
        if not self.errors:
            try:
                return Period(first, last)
            except Refused as refusal:
                self.say(Said(PERIOD_REFUSALS[refusal.code], refusal.params), "last")
        return usual


@blueprint.get("/figures")
def figures() -> Response:
    form = PeriodForm(formdata=request.args)
    offered = services.branches(current_actor(), current_clock())
    period = _asked(form, offered)
    shown = services.show(current_actor(), current_clock(), period, form.branch.data or "")
    if not form.errors:
        form.first.data, form.last.data = period.first, period.last
    html = render_template(
        "staff/figures.html",
        form=form,
        shown=shown,
        found=shown.figures,
        summary=figures_tables.summary(shown.figures),
        tables=figures_tables.tables(shown.figures, policy()),
        shortcuts=_shortcuts(period, form.branch.data or ""),
        formats=tuple(MEDIA),
        with_branch=len(offered) > 1,
    )
    return make_response(html, 422 if form.errors else 200)


def _asked(form: PeriodForm, offered: tuple[BranchChoice, ...]) -> Period:
    form.branch.choices = choices(((each.code, each.name) for each in offered), _("Alle vestigingen"))
    form.validate()
    return form.period()


def _shortcuts(period: Period, branch: str) -> list[dict[str, object]]:
    today = current_clock().today()
    usual = {_("Dit jaar"): periods.this_year(today), _("Vorig jaar"): periods.year(today.year - 1)}
    return [
        {"href": _href(each, branch), "label": label, "current": each == period, "count": None}
        for label, each in usual.items()
    ]


def _href(period: Period, branch: str) -> str:
    first, last = f"{period.first:%d-%m-%Y}", f"{period.last:%d-%m-%Y}"
    return url_for("staff.figures", first=first, last=last, branch=branch or None)


@blueprint.post("/figures/file")
def figures_file() -> Response:
    """The figures as a file. Posted, because it is logged that they were taken out: small counts are in them."""
    form = PeriodForm(formdata=request.form)
    period = _asked(form, services.branches(current_actor(), current_clock()))
    kind = request.form.get("format", "")
    if form.errors or kind not in MEDIA:
        abort(400)
    shown = services.export(current_actor(), current_clock(), period, form.branch.data or "", kind)
    name = f"{_(FILE_NAME)}-{period.first.isoformat()}-{period.last.isoformat()}.{kind}"
    return _attached(_content(shown, kind), MEDIA[kind], name)


def _content(shown: Shown, kind: str) -> bytes:
    found = [figures_tables.summary(shown.figures), *figures_tables.tables(shown.figures, policy())]
    if kind == "json":
        return json.dumps(_document(shown, found), ensure_ascii=False, indent=2).encode()
    head, rows = [_(each) for each in EXPORT_HEAD], list(figures_tables.lines_of(found))
    return as_csv(head, rows) if kind == "csv" else as_xlsx(_("Cijfers"), head, rows)


def _document(shown: Shown, found: list[figures_tables.Table]) -> dict[str, Any]:
    period = shown.figures.period
    return {
        "form": 1,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "open_on": shown.figures.on.isoformat(),
        "branch": shown.branch.code if shown.branch else None,
        "branches": [each.code for each in shown.branches],
        "cases_gone_until": shown.gone_until.isoformat() if shown.gone_until else None,
        "figures": figures_tables.as_json(found),
    }


def _attached(content: bytes, media: str, name: str) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = media
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/figures/years")
def year_reports() -> str:
    closed, waiting = reports.year_reports(current_actor(), current_clock())
    return render_template("staff/year_reports.html", closed=closed, waiting=waiting)


@blueprint.get("/figures/years/<int:year>")
def year_report(year: int) -> Response:
    """The report as PDF. It tells of nobody, so reading it is not logged."""
    try:
        content = reports.print_report(current_actor(), current_clock(), year)
    except NotFound:
        abort(404)
    return _attached(content, "application/pdf", f"jaarverslag-privacyverzoeken-{year}.pdf")
