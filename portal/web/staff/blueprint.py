"""The staff pages' blueprint: its frame, and what its pages do with a no."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from flask import Blueprint, current_app, flash, redirect, request, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from portal.domain.acts import Act
from portal.domain.permissions import Actor, NotAllowed, could, powers
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.i18n import N_, STAFF_TONGUES, Speaker
from portal.policy.model import Policy
from portal.services.casework import ChangedMeanwhile
from portal.web import errors, typed
from portal.web.access import safe_next
from portal.web.application import Portal
from portal.web.language import _, current_language, current_speaker, is_staff_page
from portal.web.pieces import menu
from portal.web.sessions import current_actor, current_session
from portal.web.staff.forms import written
from portal.web.staff.wording import REFUSALS, UNKNOWN_REFUSAL

blueprint = Blueprint("staff", __name__, url_prefix="/staff")
blueprint.after_request(typed.forget_sent)
FULL = "full"

# The menu: endpoint, words, the act that opens it.
MENU = (
    ("staff.queue", N_("Verzoeken"), Act.VIEW_QUEUE),
    ("staff.record", N_("Verzoek opschrijven"), Act.RECORD_REQUEST),
    ("staff.identity_tasks", N_("Wie is het?"), Act.CONFIRM_IDENTITY),
    ("staff.students", N_("Cursisten"), Act.SEARCH_STUDENTS),
    ("staff.campaigns", N_("Toestemming vragen"), Act.RUN_CAMPAIGN),
    ("staff.intake", N_("Import"), Act.IMPORT_STUDENTS),
    ("staff.to_post", N_("Post"), Act.PRINT_LETTER),
    ("staff.changes", N_("Wijzigingslijst"), Act.EXPORT_CHANGES),
    ("staff.retention", N_("Bewaartermijnen"), Act.PREVIEW_RETENTION),
    ("staff.figures", N_("Cijfers"), Act.VIEW_FIGURES),
    ("staff.year_reports", N_("Jaarverslagen"), Act.VIEW_YEAR_REPORT),
    ("staff.accounts", N_("Accounts"), Act.REVIEW_ACCESS),
    ("staff.register", N_("Register"), Act.VIEW_REGISTER),
    ("staff.operations", N_("Beheer"), Act.VIEW_OPERATIONS),
    ("staff.guide", N_("Hulp"), Act.MANAGE_OWN_ACCOUNT),
)
OF_A_CASE = (
    *("case", "answer", "match", "assign", "identity", "extend", "decide", "approve", "step", "posted", "lift"),
    *("merge", "abuse", "take_back", "reopen", "upload", "hand_over", "search", "message", "note", "absence"),
    *("stop_erasure", "images", "image"),
)
UNDER = {
    **dict.fromkeys((f"staff.{page}" for page in OF_A_CASE), "staff.queue"),
    "staff.recorded": "staff.record",
    "staff.student": "staff.students",
    **dict.fromkeys(("staff.identity_desk", "staff.conflicts", "staff.conflict"), "staff.students"),
    "staff.correct": "staff.students",
    **dict.fromkeys(("staff.contact", "staff.representatives", "staff.representative_new"), "staff.students"),
    **dict.fromkeys(("staff.student_new", "staff.programme_end"), "staff.students"),
    **dict.fromkeys(("staff.intake_one", "staff.intake_people"), "staff.intake"),
    "staff.account_new": "staff.accounts",
    **dict.fromkeys(("staff.identity_task", "staff.identity_call", "staff.identity_phone"), "staff.identity_tasks"),
    **dict.fromkeys(
        ("staff.retention_confirm", "staff.term", "staff.erasures", "staff.certificate"), "staff.retention"
    ),
    "staff.hold": "staff.students",
    **dict.fromkeys(("staff.campaign", "staff.campaign_new", "staff.campaign_preview"), "staff.campaigns"),
    "staff.campaign_paper": "staff.to_post",
    "staff.assumed": "staff.register",
    **dict.fromkeys(
        (f"staff.register_{page}" for page in ("history", "version", "compare", "check", "confirm")), "staff.register"
    ),
    **dict.fromkeys(("staff.account", "staff.account_factor", "staff.account_disable"), "staff.accounts"),
    "staff.designate": "staff.accounts",
    **dict.fromkeys(("staff.designation_end", "staff.designation_move", "staff.review"), "staff.accounts"),
    "staff.branches": "staff.accounts",
}


def policy() -> Policy:
    found: Policy = current_app.extensions["policy"]
    return found


@blueprint.app_context_processor
def frame() -> dict[str, object]:
    """What the frame of a staff page shows; nothing elsewhere."""
    if not is_staff_page():
        return {}
    signed_in = current_session()
    if signed_in is None or signed_in.kind != "staff":
        return {"staff_home": url_for("staff.sign_in")}
    opened = powers(signed_in.actor)
    here = UNDER.get(request.endpoint or "", request.endpoint)
    start, whole = home(signed_in.actor), signed_in.stage == FULL
    return {
        **_ways(current_speaker(), request.script_root, here, start, opened, whole),
        "url_for": cast(Portal, current_app).addresses(),
        "staff_user": signed_in.actor.name,
        "may_do": lambda act: Act(act) in opened,
        "staff_languages": STAFF_TONGUES,
        "staff_language": current_language(),
    }


@lru_cache(maxsize=1024)
def _ways(
    said: Speaker, root: str, here: str | None, start: str, opened: frozenset[Act], whole: bool
) -> dict[str, str]:
    """Where the frame leads whoever may do these acts, in a language; put together once. `whole`: signed in all the
    way."""
    entries = ((endpoint, said.text(words)) for endpoint, words, act in MENU if act in opened)
    return {
        "staff_home": url_for(start),
        "own_account_url": url_for("staff.me") if whole else "",
        "sign_out_url": url_for("staff.sign_out"),
        "staff_nav": menu((url_for(each), label, each == here) for each, label in entries) if whole else "",
    }


def home(actor: Actor) -> str:
    """The endpoint where this person's work begins."""
    if could(actor, Act.VIEW_QUEUE):
        return "staff.queue"
    return "staff.accounts" if actor.has(Role.ADMINISTRATOR) else "staff.me"


def way_on(target: str | None) -> str:
    """Where to go after signing in: a staff page of ours, else the start of this person's work."""
    start = url_for(home(current_actor()))
    wanted = safe_next(target, start)
    return wanted if wanted.startswith("/staff/") and wanted != "/staff/" else start


def words_of(refusal: Refused) -> str:
    return _(REFUSALS.get(refusal.code, UNKNOWN_REFUSAL), **written(refusal.params))


@blueprint.errorhandler(NotAllowed)
def not_allowed(error: NotAllowed) -> Any:
    """A page that asks for a fresh sign-in leads to it; everything else is not for this person."""
    if error.code != "fresh_sign_in_needed":
        return errors.show(Forbidden())
    return redirect(url_for("staff.again", next=_page_of_this()))


@blueprint.errorhandler(Forbidden)
def forbidden(error: Forbidden) -> Any:
    """`/staff/` is the address that all staff know: who has no queue goes on to where the own work begins."""
    if request.endpoint != "staff.queue":
        return errors.show(error)
    return redirect(url_for(home(current_actor())))


def _page_of_this() -> str:
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def acted(act: Callable[[], object], done: str, back: str) -> Response:
    """For a button: does it, says so, goes back to the page; a no is told there too."""
    try:
        act()
    except NotAllowed as refusal:
        if refusal.code == "fresh_sign_in_needed":
            return redirect(url_for("staff.again", next=back))
        flash(words_of(refusal), "error")
    except Refused as refusal:
        flash(words_of(refusal), "error")
    except ChangedMeanwhile:
        flash(_("Een collega heeft deze zaak intussen veranderd. Kijk eerst wat er nu staat."), "warning")
    else:
        flash(done, "ok")
    return redirect(back)
