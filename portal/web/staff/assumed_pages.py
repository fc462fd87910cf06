"""What the policy assumes, for the school to confirm: every item with what it says, ticked and confirmed together."""

from __future__ import annotations

from itertools import groupby

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level
from portal.policy.assumed import Assumed
from portal.policy.model import Policy
from portal.services import assumed_items
from portal.services.register import BASES, PARTS, SENSITIVITIES, SOURCES
from portal.web.language import _, current_speaker
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.assumed_wording import ACTS, CODES, FACTS
from portal.web.staff.blueprint import blueprint, policy
from portal.web.staff.forms import StaffForm
from portal.web.staff.wording import LEVELS

MOST = 1000  # boxes that are read
WORDS = {**BASES, **SOURCES, **SENSITIVITIES, **CODES, **ACTS}


@blueprint.route("/policy/assumed", methods=["GET", "POST"])
def assumed() -> Response:
    """Each box carries the digest of what stood beside it: what changed since is not confirmed unread."""
    actor, clock, form = current_actor(), current_clock(), StaffForm()
    if form.accepted():
        try:
            count = assumed_items.confirm_assumed(actor, clock, _ticked())
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal)
        else:
            told = current_speaker().plural("%(num)d punt is bevestigd.", "%(num)d punten zijn bevestigd.", count)
            flash(told, "ok")
            return redirect(url_for("staff.assumed"))
    items = assumed_items.listed(actor, clock)
    page = render_template(
        "staff/assumed.html",
        form=form,
        parts=[(part, list(each)) for part, each in groupby(items, key=lambda item: item.assumed.part)],
        words=PARTS,
        still_open=sum(not each.confirmed for each in items),
        facts=_facts,
    )
    return make_response(page, 422 if form.errors else 200)


def _ticked() -> dict[str, str]:
    pairs = (text.partition(" ") for text in request.form.getlist("item")[:MOST])
    return {key: digest for key, _space, digest in pairs}


def _facts(item: Assumed) -> list[tuple[str, list[str]]]:
    """What an item says, in words."""
    rules = policy()
    return [(_(FACTS[name]), [_said(rules, name, each) for each in said if each]) for name, said in item.facts]


def _said(rules: Policy, name: str, code: str) -> str:
    known = {
        "purpose": lambda: rules.purposes[code].label,
        "retention": lambda: rules.retention[code].label,
        "recipients": lambda: rules.recipients[code].name,
        "level": lambda: LEVELS[Level(int(code))],
        "group": lambda: rules.groups[int(code)].label if int(code) in rules.groups else rules.own_section.label,
    }
    return _(known[name]() if name in known else WORDS.get(code, code))
