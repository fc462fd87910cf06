"""Terms that end: what is due, confirming the terms, letters, steps outside, running it; and certificates."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain.acts import Act
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import StepState
from portal.i18n import N_
from portal.services import clock_guard, resume_erasures, retention, retention_pages, retention_terms
from portal.web.forms import Required
from portal.web.language import _
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint, policy, words_of
from portal.web.staff.forms import DutchDateField, StaffForm

STATES = {
    "unconfirmed": ("plain", N_("termijn niet bevestigd")),
    "to_tell": ("soon", N_("cursist krijgt bericht")),
    "to_post": ("soon", N_("brief posten")),
    "waiting": ("plain", N_("cursist heeft nog tijd")),
    "due": ("late", N_("wordt gewist")),
    "kept": ("ok", N_("blijft: zaak of bewaarplicht")),
    "outside": ("soon", N_("hier gewist, elders nog niet")),
}
STARTS = {
    "programme_end": N_("na het laatste traject"),
    "case_closed": N_("na het sluiten van de zaak"),
    "created": N_("na het vastleggen"),
}
ERASURE_STATES = {
    "waiting": N_("wacht op de bedenktijd"),
    "running": N_("bezig"),
    "done": N_("gewist"),
    "stopped": N_("gestopt"),
}
CAUSES = {"request": N_("verzoek"), "retention": N_("bewaartermijn")}
ERASURE_STEPS = {
    "ledger": N_("buiten de databases genoteerd"),
    "keys": N_("sleutels vernietigd"),
    "rows": N_("gegevens verwijderd"),
    "files": N_("bestanden verwijderd"),
    "older_keys": N_("oude sleutels vernietigd"),
    "lookups": N_("zoekgegevens bijgewerkt"),
    "traces": N_("e-mails, kopieën en sessies verwijderd"),
    "cleaning": N_("schijf opgeschoond"),
    "done": N_("vastgelegd"),
    "certificate": N_("bewijs gemaakt"),
}


class ToldForm(StaffForm):
    on = DutchDateField(N_("Gepost op"), [Required(N_("Vul de dag in."))])


@blueprint.get("/retention", endpoint="retention")
def retention_page() -> str:
    found = retention_pages.preview(current_actor(), current_clock())
    return render_template(
        "staff/retention.html", found=found, states=STATES, starts=STARTS, confirmable=_may(Act.CONFIRM_POLICY)
    )


def _may(act: Act) -> bool:
    from portal.domain.permissions import could

    return bool(could(current_actor(), act))


@blueprint.route("/retention/classes/<code>", methods=["GET", "POST"])
def retention_confirm(code: str) -> Response | str:
    """Once more before the director confirms: what goes when, and that it cannot be undone."""
    form = StaffForm()
    found = policy().retention.get(code)
    if found is None:
        return redirect(url_for("staff.retention"))
    if form.accepted():
        retention_terms.confirm(current_actor(), current_clock(), code)
        flash(_("De termijn is bevestigd."), "ok")
        return redirect(url_for("staff.retention"))
    return render_template("staff/retention_confirm.html", form=form, retention=found, starts=STARTS)


@blueprint.post("/retention/clock")
def retention_clock() -> Response:
    return acted(
        lambda: clock_guard.trust(current_actor(), current_clock()),
        _("De klok klopt. Het wissen gaat verder."),
        url_for("staff.retention"),
    )


@blueprint.post("/retention/run")
def retention_run() -> Response:
    """The same as the nightly run, now."""
    return acted(
        lambda: retention.run(current_clock(), current_actor()),
        _("Alles wat aan de beurt was, is gedaan."),
        url_for("staff.retention"),
    )


@blueprint.route("/retention/terms/<uuid:term_id>", methods=["GET", "POST"])
def term(term_id: UUID) -> Response:
    """One ended term: the letter and the day on which it was posted, and the steps outside."""
    form = ToldForm()
    actor, clock = current_actor(), current_clock()
    if form.accepted():
        try:
            retention_pages.record_told(actor, clock, term_id, form.on.data)
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, "on")
        else:
            flash(_("Vastgelegd dat de brief is gepost."), "ok")
            return redirect(url_for("staff.term", term_id=term_id))
    elif request.method == "GET":
        form.on.data = clock.today()
    page = retention_pages.term_page(actor, clock, term_id)
    html = render_template("staff/term.html", form=form, page=page, line=page.line, states=STATES)
    return make_response(html, 422 if form.errors else 200)


@blueprint.post("/retention/terms/<uuid:term_id>/letter")
def term_letter(term_id: UUID) -> Response:
    """The letter as PDF; printing shows the address, so it is logged and no page for GET."""
    try:
        content = retention_pages.print_notice(current_actor(), current_clock(), term_id)
    except NotAllowed:
        raise
    except Refused as refusal:
        flash(words_of(refusal), "error")
        return redirect(url_for("staff.term", term_id=term_id))
    response = make_response(content)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = 'attachment; filename="retention.pdf"'
    return response


@blueprint.post("/retention/terms/<uuid:term_id>/<holder>")
def term_step(term_id: UUID, holder: str) -> Response:
    wanted = StepState.IMPOSSIBLE if request.form.get("state") == "impossible" else StepState.DONE
    return acted(
        lambda: retention_pages.finish_outside(current_actor(), current_clock(), term_id, holder, wanted),
        _("De stap is bijgewerkt."),
        url_for("staff.term", term_id=term_id),
    )


@blueprint.get("/erasures")
def erasures() -> str:
    """What was erased and what is under way: numbers and moments, nothing of a person."""
    found = resume_erasures.list_erasures(current_actor(), current_clock())
    return render_template(
        "staff/erasures.html", found=found, states=ERASURE_STATES, causes=CAUSES, steps=ERASURE_STEPS
    )


@blueprint.get("/erasures/<uuid:erasure_id>")
def certificate(erasure_id: UUID) -> str:
    """The certificate, to print."""
    found = resume_erasures.certificate(current_actor(), current_clock(), erasure_id)
    return render_template("staff/certificate.html", found=found, causes=CAUSES, steps=ERASURE_STEPS)
