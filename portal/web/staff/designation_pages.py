"""Who may do what, where, from when until when: given, moved and ended by the administrator, reviewed twice a year."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from portal.domain.acts import Act
from portal.domain.permissions import NotAllowed, could
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.i18n import N_
from portal.services import designate_staff, review_access
from portal.services.designate_staff import DesignationShown
from portal.services.staff_accounts import branches_of_school
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.account_forms import NOW, DesignateForm, EndForm, MoveForm
from portal.web.staff.account_pages import account_of, demand_to_manage
from portal.web.staff.blueprint import acted, blueprint
from portal.web.staff.forms import StaffForm, choices
from portal.web.staff.wording import ROLES

FIELD_OF = {
    "branch_missing": "branch",
    "branch_not_for_role": "branch",
    "starts_in_past": "since",
    "already_designated": "role",
}
REVIEWS: dict[str, tuple[Callable[..., None], str]] = {
    "confirm": (review_access.confirm, N_("Vastgelegd: deze rol blijft nodig.")),
    "ask": (review_access.ask_to_end, N_("Vastgelegd: deze rol moet eindigen. Een beheerder doet dat.")),
    "end": (review_access.end, N_("Deze rol is geëindigd.")),
}


@blueprint.route("/accounts/<uuid:staff_id>/designations", methods=["GET", "POST"])
def designate(staff_id: UUID) -> Response:
    """Gives a role, from today or later, through a last day or open."""
    form = DesignateForm()
    form.role.choices = choices(ROLES.items())
    form.branch.choices = _branches(_("Geen: alleen een behandelaar heeft een vestiging"))

    def give() -> None:
        branch = UUID(form.branch.data) if form.branch.data else None
        since, until = form.since.data, form.until.data
        role = Role(form.role.data)
        designate_staff.designate(current_actor(), current_clock(), staff_id, role, branch, since, until)

    return _changed("staff/designate.html", staff_id, form, give, _("De rol is gegeven."), FIELD_OF)


@blueprint.route("/accounts/<uuid:staff_id>/designations/<uuid:designation_id>/end", methods=["GET", "POST"])
def designation_end(staff_id: UUID, designation_id: UUID) -> Response:
    held = _held(staff_id, designation_id)
    form = EndForm()

    def end() -> None:
        last_day = None if form.when.data == NOW else form.last_day.data
        designate_staff.end_designation(current_actor(), current_clock(), held.id, last_day)

    page = "staff/designation_end.html"
    return _changed(
        page, staff_id, form, end, _("Het einde van de rol is vastgelegd."), {"period_wrong": "last_day"}, held
    )


@blueprint.route("/accounts/<uuid:staff_id>/designations/<uuid:designation_id>/move", methods=["GET", "POST"])
def designation_move(staff_id: UUID, designation_id: UUID) -> Response:
    held = _held(staff_id, designation_id)
    if held.role is not Role.CASE_HANDLER:
        abort(404)
    form = MoveForm()
    form.branch.choices = [each for each in _branches(_("Kies een vestiging")) if each.value != str(held.branch_id)]

    def move() -> None:
        designate_staff.move(current_actor(), current_clock(), held.id, UUID(form.branch.data))

    fields = {"already_designated": "branch", **FIELD_OF}
    return _changed(
        "staff/designation_move.html", staff_id, form, move, _("De medewerker is verplaatst."), fields, held
    )


def _branches(empty: str) -> list[SelectChoice]:
    listed = branches_of_school(current_actor(), current_clock())
    return choices(((each.id, each.name) for each in listed), empty)


def _held(staff_id: UUID, designation_id: UUID) -> DesignationShown:
    held = designate_staff.designations_of(current_actor(), current_clock(), staff_id)
    return next((each for each in held if each.id == designation_id), None) or abort(404)


def _changed(
    template: str,
    staff_id: UUID,
    form: StaffForm,
    act: Callable[[], None],
    done: str,
    fields: dict[str, str],
    held: DesignationShown | None = None,
) -> Response:
    """One form of an account's page: does it and goes back there, or says beside the field why not."""
    demand_to_manage()
    account = account_of(staff_id)
    if form.accepted():
        try:
            act()
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, fields.get(refusal.code, ""))
        else:
            flash(done, "ok")
            return redirect(url_for("staff.account", staff_id=staff_id))
    page = render_template(template, form=form, account=account, held=held, role_words=ROLES)
    return make_response(page, 422 if form.errors else 200)


@blueprint.get("/accounts/review")
def review() -> str:
    """The periodic review of who holds what (regulation, art. 6)."""
    actor = current_actor()
    rows = review_access.review_list(actor, current_clock())
    return render_template(
        "staff/review.html",
        rows=rows,
        due=sum(1 for each in rows if each.due),
        role_words=ROLES,
        may_end=could(actor, Act.MANAGE_STAFF),
    )


@blueprint.post("/accounts/review/<uuid:designation_id>/<any(confirm, ask, end):what>")
def reviewed(designation_id: UUID, what: str) -> Response:
    service, told = REVIEWS[what]
    back = url_for("staff.review")
    return acted(lambda: service(current_actor(), current_clock(), designation_id), _(told), back)
