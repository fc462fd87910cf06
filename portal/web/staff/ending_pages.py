"""A case that ends without a decision, or begins again: pages that say what follows and ask why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from portal.domain.lifecycle import Action, next_state
from portal.domain.vocabulary import Channel
from portal.services.case_view import CasePage
from portal.services.close_as_abuse import close_as_abuse
from portal.services.merge_duplicate import go_on_in
from portal.services.merge_duplicate import merge as merge_service
from portal.services.record_take_back import record_take_back
from portal.services.reopen_case import reopen as reopen_service
from portal.web.language import _, current_speaker
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import blueprint, policy
from portal.web.staff.case_forms import MergeForm, ReasonForm, TakeBackForm
from portal.web.staff.case_pages import load
from portal.web.staff.confirming import Tried, answered, done, tried, turned_away
from portal.web.staff.forms import StaffForm, choices
from portal.web.staff.wording import STATES

ENDS_UNANSWERED = {Action.RECORD_TAKE_BACK, Action.ABUSE}  # what was merged into such a case has no answer either


def _asked_once_more(
    page: CasePage, action: Action, form: StaffForm, act: Callable[[], object], told: str, beside: str, **more: Any
) -> Response:
    """Asks, when the state of the case allows the action; who may do it is asked by the service, which says why not."""
    if away := turned_away(page, lambda: next_state(page.state, action)):
        return away
    outcome: Tried = None
    if form.accepted():
        outcome = tried(form, page, act, beside)
        if outcome is True:
            return done(page, told)
    also = go_on_in(current_actor(), current_clock(), page.reference) if action in ENDS_UNANSWERED else ()
    return answered("staff/ask_again.html", page, form, outcome, also=also, **more)


def _asked_why(
    page: CasePage, action: Action, use: str, service: Callable[..., object], told: str, **more: Any
) -> Response:
    """An act with a reason of the policy's list for this use, which the student reads in the own language."""
    form = ReasonForm()
    form.reason.choices = choices((each.code, _(each.label)) for each in policy().reasons.values() if each.use == use)

    def act() -> None:
        words = form.words.data or ""
        service(current_actor(), current_clock(), page.reference, form.seen(), form.reason.data, words)

    return _asked_once_more(page, action, form, act, told, "reason", **more)


@blueprint.route("/cases/<reference>/merge", methods=["GET", "POST"])
def merge(reference: str) -> Response:
    page = load(reference)
    form = MergeForm()
    say = current_speaker()
    form.into.choices = choices(
        (
            each.reference,
            _(
                "%(reference)s, ontvangen op %(date)s: %(state)s",
                reference=each.reference,
                date=say.numeric_date(each.received_on),
                state=_(STATES[each.state]),
            ),
        )
        for each in page.takers_in
    )
    if request.method == "GET" and len(page.takers_in) == 1:  # nothing to choose
        form.into.data = page.takers_in[0].reference
    return _asked_once_more(
        page,
        Action.MERGE,
        form,
        lambda: merge_service(
            current_actor(), current_clock(), reference, form.seen(), form.into.data, form.words.data or ""
        ),
        _("De verzoeken zijn samengevoegd. De cursist krijgt bericht."),
        "into",
        heading=_("Samenvoegen met een ander verzoek"),
        consequence=_(
            "Dit verzoek sluit. De cursist krijgt antwoord in het andere verzoek, op de datum die daar staat, en leest "
            "dat in de eigen taal."
        ),
        button=_("Voeg samen"),
        nothing=not page.takers_in and _("Deze cursist heeft geen eerder open verzoek van deze soort."),
    )


@blueprint.route("/cases/<reference>/abuse", methods=["GET", "POST"])
def abuse(reference: str) -> Response:
    return _asked_why(
        load(reference),
        Action.ABUSE,
        "abuse",
        close_as_abuse,
        _("De zaak is gesloten wegens misbruik. De afzender krijgt bericht."),
        heading=_("Sluiten wegens misbruik"),
        consequence=_(
            "De school doet niets met dit verzoek. De afzender leest de reden in de eigen taal en waar hij of zij kan "
            "klagen. Doe dit alleen als het duidelijk is: de school moet het kunnen bewijzen (AVG artikel 12 lid 5)."
        ),
        button=_("Sluit wegens misbruik"),
        look="danger",
    )


@blueprint.route("/cases/<reference>/take-back", methods=["GET", "POST"])
def take_back(reference: str) -> Response:
    page = load(reference)
    form = TakeBackForm()
    return _asked_once_more(
        page,
        Action.RECORD_TAKE_BACK,
        form,
        lambda: record_take_back(
            current_actor(), current_clock(), reference, form.seen(), Channel(form.how.data), form.words.data or ""
        ),
        _("Het verzoek is ingetrokken. De cursist krijgt een bevestiging."),
        "words",
        heading=_("Intrekken namens de cursist"),
        consequence=_(
            "Alleen als de cursist dat zelf zegt. Het verzoek sluit zonder antwoord; de cursist krijgt een bevestiging "
            "en kan altijd opnieuw vragen."
        ),
        button=_("Trek het verzoek in"),
    )


@blueprint.route("/cases/<reference>/reopen", methods=["GET", "POST"])
def reopen(reference: str) -> Response:
    return _asked_why(
        load(reference),
        Action.REOPEN,
        "reopen",
        reopen_service,
        _("De zaak is heropend. De cursist krijgt bericht."),
        heading=_("Zaak heropenen"),
        consequence=_(
            "Er komt een nieuw besluit en een nieuw antwoord. De beloofde datum blijft wat die was. Wat is uitgevoerd, "
            "blijft; het eerdere antwoord wordt bewaard. De cursist leest de reden in de eigen taal."
        ),
        button=_("Heropen de zaak"),
    )
