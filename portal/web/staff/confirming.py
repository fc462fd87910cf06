"""What every page that asks once more does with the answer: done, refused, or changed by somebody meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.services.case_view import CasePage
from portal.services.casework import ChangedMeanwhile
from portal.web.staff.blueprint import words_of
from portal.web.staff.case_pages import changed, shown
from portal.web.staff.decide_form import index_of
from portal.web.staff.forms import StaffForm

Tried = dict[str, object] | bool | None  # who changed the case, whether it is done, not tried yet

BESIDE = {
    "reason_missing": "reason",
    "bad_ground": "ground",
    "bad_value": "checked",
    "not_correctable": "checked",
    "target_missing": "about",
    "item_undecided": "outcome",
    "plan_keeps_all": "outcome",
    "plan_keeps_some": "outcome",
    "item_gone": "outcome",
    "activity_mandatory": "outcome",
    "not_matched": "outcome",
}


def turned_away(page: CasePage, allowed: Callable[[], object]) -> Response | None:
    """Back to the case with the refusal, before anything is typed. A form that is sent goes on to the service, whose
    refusal keeps what was typed."""
    if request.method != "GET":
        return None
    try:
        allowed()
    except Refused as refusal:
        flash(words_of(refusal), "warning")
        return redirect(url_for("staff.case", reference=page.reference))
    return None


def tried(form: StaffForm, page: CasePage, act: Callable[[], object], beside: str = "") -> Tried:
    """True when it is done; else who changed the case meanwhile, or False with the refusal in the form."""
    try:
        act()
    except ChangedMeanwhile:
        return changed(page)
    except NotAllowed as refusal:
        if refusal.code == "fresh_sign_in_needed":
            raise
        form.deny(refusal)
        return False
    except Refused as refusal:
        form.deny(refusal, beside or _beside(page, refusal))
        return False
    return True


def _beside(page: CasePage, refusal: Refused) -> str:
    name = BESIDE.get(refusal.code, "")
    return f"{name}_{index_of(page, refusal.params.get('item'))}" if name and "item" in refusal.params else ""


def answered(template: str, page: CasePage, form: StaffForm, outcome: Tried, **more: Any) -> Response:
    moved = outcome if isinstance(outcome, dict) else None
    form["version"].data = str(page.version)
    code = 409 if moved else 422 if form.errors else 200
    return shown(template, page, code, form=form, moved=moved, **more)


def done(page: CasePage, told: str, back: str = "") -> Response:
    """`back`: the list from which somebody came, else the case."""
    flash(told, "ok")
    return redirect(back or url_for("staff.case", reference=page.reference))
