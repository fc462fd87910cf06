"""How the installation is doing: for the administrator, without anything of a student."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import current_app, render_template

from portal.i18n import N_
from portal.services.operations import overview
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import blueprint
from portal.web.staff.wording import ROLES

JOBS: Mapping[str, str] = MappingProxyType(
    {
        "warn": N_("Waarschuwen voor termijnen"),
        "remind_steps": N_("Herinneren aan open stappen"),
        "digest": N_("Dagbericht aan medewerkers"),
        "campaigns": N_("Vragen om toestemming versturen"),
        "expire": N_("Verlopen kopieën en codes opruimen"),
        "addresses": N_("Nieuwe e-mailadressen laten ingaan"),
        "retention": N_("Bewaartermijnen"),
        "year_figures": N_("Cijfers van het jaar vastleggen"),
        "checkpoint": N_("Logboek ondertekenen"),
        "erasures": N_("Wissen afmaken"),
        "register": N_("Register vastleggen"),
        "wipe_uploads": N_("Kopieën van identiteitsbewijzen wissen"),
    }
)
MAILS: Mapping[str, str] = MappingProxyType(
    {
        "waiting": N_("wacht op verzending"),
        "sent": N_("verstuurd"),
        "failed": N_("geweigerd: gaat verder per post"),
        "quarantined": N_("kan niet worden geschreven"),
        "expired": N_("te oud om nog te versturen"),
        "told": N_("op een andere manier verteld"),
    }
)


@blueprint.get("/operations")
def operations() -> str:
    found = overview(current_actor(), current_clock(), current_app.extensions["timings"])
    return render_template("staff/operations.html", found=found, jobs=JOBS, mails=MAILS, role_words=ROLES)
