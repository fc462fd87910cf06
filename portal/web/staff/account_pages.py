"""Accounts of staff, for the administrator: no page here shows anything of a student."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, render_template, url_for
from werkzeug.wrappers import Response

from portal.domain.acts import Act
from portal.domain.permissions import NotAllowed, may
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.services.staff_accounts import accounts as all_accounts
from portal.services.staff_accounts import branches_of_school, create_account, disable_account
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint
from portal.web.staff.forms import AccountForm, choices
from portal.web.staff.wording import ROLES

FIELD_OF = {
    "username_taken": "username",
    "username_invalid": "username",
    "name_missing": "name",
    "email_invalid": "email",
    "role_missing": "roles",
    "branch_missing": "branches",
}


@blueprint.get("/accounts")
def accounts() -> str:
    actor = current_actor()
    return render_template(
        "staff/accounts.html",
        accounts=all_accounts(actor, current_clock()),
        role_words=ROLES,
        may_manage=actor.has(Role.ADMINISTRATOR),
        own_id=actor.id,
    )


@blueprint.route("/accounts/new", methods=["GET", "POST"])
def account_new() -> Response:
    actor, clock = current_actor(), current_clock()
    decision = may(actor, Act.MANAGE_STAFF)
    if not decision:
        raise NotAllowed(decision.reason, act=Act.MANAGE_STAFF)
    form = AccountForm()
    branches = branches_of_school(actor, clock)
    form.roles.choices = choices(ROLES.items())
    form.branches.choices = choices((each.id, each.name) for each in branches)
    if form.accepted():
        try:
            made = create_account(
                actor,
                clock,
                form.username.data,
                form.name.data,
                form.email.data,
                [Role(code) for code in form.roles.data],
                [UUID(code) for code in form.branches.data or ()],
            )
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, FIELD_OF.get(refusal.code, ""))
        else:
            return make_response(render_template("staff/account_made.html", made=made, name=form.name.data))
    return make_response(render_template("staff/account_new.html", form=form), 422 if form.errors else 200)


@blueprint.post("/accounts/<uuid:staff_id>/disable")
def account_disable(staff_id: UUID) -> Response:
    return acted(
        lambda: disable_account(current_actor(), current_clock(), staff_id),
        _("Het account staat uit. Wie ermee werkte, is uitgelogd."),
        url_for("staff.accounts"),
    )
