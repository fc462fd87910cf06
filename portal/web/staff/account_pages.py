"""Accounts of staff, for the administrator: no page here shows anything of a student."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.domain.acts import Act
from portal.domain.permissions import NotAllowed, could, may
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.services import reset_password, second_factor
from portal.services.designate_staff import designations_of
from portal.services.staff_accounts import (
    Account,
    branches_of_school,
    create_account,
    disable_account,
    open_cases_of,
)
from portal.services.staff_accounts import accounts as all_accounts
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.account_forms import AccountForm, ActForm, ReasonForm
from portal.web.staff.blueprint import acted, blueprint
from portal.web.staff.forms import choices
from portal.web.staff.wording import ROLES

FIELD_OF = {
    "username_taken": "username",
    "username_invalid": "username",
    "name_missing": "name",
    "email_invalid": "email",
    "role_missing": "roles",
    "branch_missing": "branches",
}


def demand_to_manage() -> None:
    """Changing accounts asks for a fresh sign-in before the form is shown, so that nothing is typed twice."""
    decision = may(current_actor(), Act.MANAGE_STAFF)
    if not decision:
        raise NotAllowed(decision.reason, act=Act.MANAGE_STAFF)


def account_of(staff_id: UUID) -> Account:
    found = next((each for each in all_accounts(current_actor(), current_clock()) if each.id == staff_id), None)
    return found or abort(404)


@blueprint.get("/accounts")
def accounts() -> str:
    actor = current_actor()
    return render_template(
        "staff/accounts.html",
        accounts=all_accounts(actor, current_clock()),
        role_words=ROLES,
        may_manage=could(actor, Act.MANAGE_STAFF),
    )


@blueprint.get("/accounts/<uuid:staff_id>")
def account(staff_id: UUID) -> str:
    """One account: what it may do, may have done and will, and who said so."""
    actor = current_actor()
    return render_template(
        "staff/account.html",
        account=account_of(staff_id),
        designations=designations_of(actor, current_clock(), staff_id),
        today=current_clock().today(),
        role_words=ROLES,
        may_manage=could(actor, Act.MANAGE_STAFF) and staff_id != actor.id,
        own=staff_id == actor.id,
        handler=Role.CASE_HANDLER,
    )


@blueprint.route("/accounts/new", methods=["GET", "POST"])
def account_new() -> Response:
    """The administrator chooses no password and sees none: the new colleague gets a link by mail (ASVS 6.4.6)."""
    demand_to_manage()
    actor, clock = current_actor(), current_clock()
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
            reset_password.send_link(actor, clock, made.id)
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, FIELD_OF.get(refusal.code, ""))
        else:
            flash(_("Het account is gemaakt. De medewerker kiest zelf een wachtwoord, met de link in de mail."), "ok")
            return redirect(url_for("staff.account", staff_id=made.id))
    return make_response(render_template("staff/account_new.html", form=form), 422 if form.errors else 200)


@blueprint.route("/accounts/<uuid:staff_id>/disable", methods=["GET", "POST"])
def account_disable(staff_id: UUID) -> Response:
    """Asks once more, for it cannot be undone, and says what is left on this person's name."""
    demand_to_manage()
    actor, clock = current_actor(), current_clock()
    found = account_of(staff_id)
    if ActForm().accepted():
        return acted(
            lambda: disable_account(actor, clock, staff_id),
            _("Het account staat uit. Wie ermee werkte, is uitgelogd."),
            url_for("staff.account", staff_id=staff_id),
        )
    left = open_cases_of(actor, clock, staff_id)
    return make_response(render_template("staff/account_disable.html", account=found, form=ActForm(), left=left))


@blueprint.post("/accounts/<uuid:staff_id>/link")
def account_link(staff_id: UUID) -> Response:
    return acted(
        lambda: reset_password.send_link(current_actor(), current_clock(), staff_id),
        _("De link is gestuurd. Hij werkt een uur. De tweede stap blijft gelijk."),
        url_for("staff.account", staff_id=staff_id),
    )


@blueprint.route("/accounts/<uuid:staff_id>/factor", methods=["GET", "POST"])
def account_factor(staff_id: UUID) -> Response:
    """Takes away the second factor of somebody who lost it; the reason goes on record."""
    demand_to_manage()
    found = account_of(staff_id)
    form = ReasonForm()
    if form.accepted():
        try:
            second_factor.reset_factor(current_actor(), current_clock(), staff_id, form.reason.data)
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, "reason")
        else:
            flash(_("De tweede stap is weggehaald. De medewerker stelt bij het inloggen een nieuwe in."), "ok")
            return redirect(url_for("staff.account", staff_id=staff_id))
    page = render_template("staff/account_factor.html", form=form, account=found)
    return make_response(page, 422 if form.errors else 200)
