"""The branches of the school: what the policy calls them, who handles cases there, and what is to be taken over."""

from __future__ import annotations

from flask import render_template, url_for
from werkzeug.wrappers import Response

from portal.domain.acts import Act
from portal.domain.permissions import could
from portal.services.branches import branches as all_branches
from portal.services.branches import follow_policy
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint


@blueprint.get("/branches")
def branches() -> str:
    actor = current_actor()
    return render_template(
        "staff/branches.html",
        branches=all_branches(actor, current_clock()),
        may_manage=could(actor, Act.MANAGE_BRANCHES),
    )


@blueprint.post("/branches/follow")
def branches_follow() -> Response:
    return acted(
        lambda: follow_policy(current_actor(), current_clock()),
        _("De vestigingen zijn nu gelijk aan het beleid."),
        url_for("staff.branches"),
    )
