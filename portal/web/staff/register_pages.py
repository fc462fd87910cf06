"""The register of processing: as it stands, its versions, what changed between two, what is missing, and as a file."""

from __future__ import annotations

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from portal.domain.article_30 import compared, missing
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.services import register_files, register_versions
from portal.services.confirm_register import LONGEST_NOTE, confirm_register
from portal.services.register import COLUMNS, CONTROLLER, Columns, controller_of, lines_of
from portal.services.register_versions import Kept
from portal.web.forms import AtMost, Required
from portal.web.language import _, current_language
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import blueprint
from portal.web.staff.forms import GetForm, Select, StaffForm, choices
from portal.web.staff.register_wording import ELEMENTS, FATES

SCHOOL = ""  # stands for the controller among the lines of a comparison: no activity has this code


class CompareForm(GetForm):
    old = Select(N_("Van versie"), choices=[])
    new = Select(N_("Naar versie"), choices=[])


class ConfirmForm(StaffForm):
    note = TextAreaField(
        N_("Wat is er veranderd, en waarom?"), [Required(N_("Schrijf wat er is veranderd.")), AtMost(LONGEST_NOTE)]
    )


@blueprint.get("/register")
def register() -> str:
    return _shown(register_versions.current(current_actor(), current_clock()), current=True)


@blueprint.get("/register/versions/<int:number>")
def register_version(number: int) -> str:
    return _shown(_kept(number), current=False)


def _shown(found: Kept, *, current: bool) -> str:
    return render_template(
        "staff/register.html",
        found=found,
        current=current,
        controller=controller_of(found.content, _),
        lines=lines_of(found.content, _, found.still_open),
        columns=COLUMNS,
        controller_heads=CONTROLLER,
    )


def _kept(number: int) -> Kept:
    return register_versions.kept(current_actor(), current_clock(), number)


@blueprint.get("/register/versions")
def register_history() -> str:
    """Every version, and a choice of two to compare: the newest two at first."""
    found = register_versions.versions(current_actor(), current_clock())
    form = CompareForm(old=str(found[1].number) if len(found) > 1 else "", new=str(found[0].number) if found else "")
    form.old.choices = form.new.choices = choices((each.number, str(each.number)) for each in found)
    return render_template("staff/register_versions.html", versions=found, form=form)


@blueprint.get("/register/compare")
def register_compare() -> str:
    """What was added, changed and removed from one version to the other, by activity and column."""
    old, new = (request.args.get(name, type=int) for name in ("old", "new"))
    if old is None or new is None:
        abort(404)
    before, after = _comparable(_kept(old)), _comparable(_kept(new))
    return render_template(
        "staff/register_compare.html",
        old=old,
        new=new,
        changes=compared(before, after),
        names={code: (after.get(code) or before[code])["name"][0] for code in (*before, *after)},
        heads={**CONTROLLER, **COLUMNS},
        fates=FATES,
    )


def _comparable(found: Kept) -> dict[str, Columns]:
    """The lines with the controller before them; what was confirmed since is no difference between contents."""
    return {SCHOOL: controller_of(found.content, _), **lines_of(found.content, _)}


@blueprint.get("/register/check")
def register_check() -> str:
    """Whether each activity says all that GDPR 30(1) asks, and on what nobody has confirmed it rests."""
    found = register_versions.current(current_actor(), current_clock())
    lines = lines_of(found.content, _, found.still_open)
    rows = [(lines[each["code"]], missing(found.content["controller"], each)) for each in found.content["activities"]]
    return render_template("staff/register_check.html", rows=rows, elements=ELEMENTS)


@blueprint.route("/register/versions/<int:number>/confirm", methods=["GET", "POST"])
def register_confirm(number: int) -> Response:
    found, form = _kept(number), ConfirmForm()
    if form.accepted():
        try:
            confirm_register(current_actor(), current_clock(), number, form.note.data)
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, "note")
        else:
            flash(_("Versie %(number)s is bevestigd.", number=number), "ok")
            return redirect(url_for("staff.register_version", number=number))
    page = render_template("staff/register_confirm.html", form=form, version=found.version)
    return make_response(page, 422 if form.errors else 200)


@blueprint.get("/register/file/<any(xlsx, json):kind>")
def register_file(kind: str) -> Response:
    """The register as it stands, or a version of it, as a workbook or JSON. It holds nothing of a student."""
    number = request.args.get("version", type=int)
    found = register_versions.current(current_actor(), current_clock()) if number is None else _kept(number)
    response = make_response(register_files.as_file(found, kind, current_language(), _))
    name = f"register-{found.version.number}" if found.version else "register"
    response.headers["Content-Type"] = register_files.MEDIA[kind]
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response
