"""A case: its page, and the acts that need no page of their own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from flask import abort, flash, make_response, redirect, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from portal.domain import clock as terms
from portal.domain.acts import Act
from portal.domain.refusal import Refused
from portal.i18n import N_, TONGUES, Speaker
from portal.services import case_page as cases
from portal.services.answer import answer_html
from portal.services.case_dates import Dates
from portal.services.case_view import CasePage
from portal.services.casework import ChangedMeanwhile
from portal.services.send_message import send_message
from portal.services.take_case import assign, take
from portal.services.write_note import write_note
from portal.web.forms import fresh_key
from portal.web.language import _, current_speaker
from portal.web.pieces import pieces
from portal.web.sessions import current_actor, current_clock
from portal.web.staff import describe
from portal.web.staff.blueprint import acted, blueprint, policy
from portal.web.staff.case_forms import NoteForm
from portal.web.staff.case_rows import Reason, said_in
from portal.web.staff.case_wording import EVIDENCE
from portal.web.staff.forms import AssignForm, MessageForm, StaffForm, choices
from portal.web.staff.wording import CHANNELS, EVENT_ICONS, EVENTS, FOUND, KINDS, LEVELS, NEXT, OUTCOMES, STATES, WAYS
from portal.web.typed import typed_before

NOT_TRANSLATED = N_("De cursist leest dit zoals u het schrijft: het wordt niet vertaald.")
NO_PERSONAL_DATA = N_("Ook wie alleen de code van de zaak heeft, leest dit: schrijf er geen persoonsgegevens in.")
BELONGS_TO_STUDENT = N_(
    "Een notitie hoort bij de gegevens van de cursist: wie om inzage vraagt, krijgt haar mee."
    " Schrijf alleen wat nodig is."
)


def load(reference: str) -> CasePage:
    return cases.case_page(current_actor(), current_clock(), reference)


def shown(template: str, page: CasePage, code: int = 200, **more: Any) -> Response:
    """A page about a case, with the words that every such page needs."""
    html = render_template(
        template,
        case=page,
        kinds=KINDS,
        states=STATES,
        channels=CHANNELS,
        outcomes=OUTCOMES,
        levels=LEVELS,
        found_words=FOUND,
        ways=WAYS,
        event_words=EVENTS,
        event_icons=EVENT_ICONS,
        evidence_words=EVIDENCE,
        tongues=TONGUES,
        describe=describe,
        next_words=NEXT[page.next],
        Act=Act,
        back_href=url_for("staff.case", reference=page.reference),
        **more,
    )
    return make_response(html, code)


def trail(page: CasePage, said: Speaker) -> Iterator[Reason]:
    """Why the date is what it is, step by step (ux.md, rule 15)."""
    dates, _ = page.dates, said.text  # asked for once, not for each line
    channel = _(CHANNELS[page.channel])
    yield dates.received_on, _("Ontvangen via %(channel)s. Deze dag telt niet mee.", channel=channel), ""
    if dates.entered_on != dates.received_on:
        yield dates.entered_on, _("In het portaal gezet. Dat verandert de termijn niet."), ""
    counted = said.plural(
        "%(num)d dag na ontvangst, tot het einde van die dag.",
        "%(num)d dagen na ontvangst, tot het einde van die dag.",
        (dates.original_due_on - dates.received_on).days,
    )
    yield dates.original_due_on, counted, _("Reglement artikel 9.5")
    if dates.extended_days:
        yield _extension(dates, policy().term.extension_days)
    yield dates.internal_target, _("Laatste werkdag op of voor die dag: ons eigen doel."), ""
    limit = dates.law_limit_extended if dates.extension_counts else dates.law_limit
    yield limit, _("Zo lang geeft de wet, ter vergelijking."), _("AVG artikel 12 lid 3")


def _extension(dates: Dates, most: int) -> Reason:
    days = dates.extended_days or 0
    until = terms.extended_due_on(dates.original_due_on, days, max(most, days))
    if dates.extension_counts:
        text = _("Verlengd met %(days)s dagen; de cursist wist het op tijd.", days=days)
    elif dates.extension_told_on:
        text = _("Verlenging met %(days)s dagen telt niet: de cursist hoorde het te laat.", days=days)
    else:
        text = _("Verlenging met %(days)s dagen telt pas als de cursist het weet.", days=days)
    return until, text, _("AVG artikel 12 lid 3")


def changed(page: CasePage) -> dict[str, object]:
    """Who changed the case last, for the message that nothing was saved over it."""
    latest = page.events[0] if page.events else None
    return {"who": latest.actor if latest else "", "when": latest.at if latest else None}


@blueprint.get("/cases/<reference>")
def case(reference: str) -> Response:
    return _shown(reference)


def _shown(reference: str, form: StaffForm | None = None) -> Response:
    """The page of the case, with the form that was refused, if any, as it was typed."""
    page, speaker = load(reference), current_speaker()
    said = said_in(speaker)
    return shown(
        "staff/case.html",
        page,
        200 if form is None else 422,
        form=form,
        message=_words(MessageForm, form),
        note=_words(NoteForm, form),
        said=said,
        trail=said.trail(trail(page, speaker)) if page.dates.has_clock else "",
        draft=page.extension,
    )


class Words(NamedTuple):
    """A form of the page for a few words, as it is shown: its key and its field."""

    once: str
    field: Markup


def _words(kind: type[MessageForm] | type[NoteForm], form: StaffForm | None) -> Words:
    if isinstance(form, kind):
        return Words(form.once.data or "", _field(current_speaker(), form))
    if typed_before() is not None:
        return Words(fresh_key(), _field(current_speaker(), kind.begun()))
    return Words(fresh_key(), _blank(current_speaker())[kind])


@cache
def _blank(said: Speaker) -> dict[type[StaffForm], Markup]:
    """The fields in which nobody typed."""
    return {kind: _field(said, kind.begun()) for kind in (MessageForm, NoteForm)}


def _field(said: Speaker, form: MessageForm | NoteForm) -> Markup:
    if isinstance(form, MessageForm):
        hint = f"{said.text(NOT_TRANSLATED)} {said.text(NO_PERSONAL_DATA)}"
        return pieces(said).textarea(form.text, hint=hint, rows=4)
    return pieces(said).textarea(form.note, hint=said.text(BELONGS_TO_STUDENT), rows=3)


@blueprint.get("/cases/<reference>/answer")
def answer(reference: str) -> Response:
    """The written answer as the student reads it: in the student's language, and in the Dutch that counts."""
    page = load(reference)
    found = cases.written_answer(current_actor(), current_clock(), reference)
    if found is None:
        abort(404)
    return shown("staff/answer.html", page, answer=answer_html(found, page.language, policy()))


@blueprint.post("/cases/<reference>/take", endpoint="take")
def take_case(reference: str) -> Response:
    return acted(
        lambda: take(current_actor(), current_clock(), reference),
        _("De zaak staat op uw naam."),
        url_for("staff.case", reference=reference),
    )


@blueprint.post("/cases/<reference>/message")
def message(reference: str) -> Response:
    form = MessageForm()
    if form.accepted():
        try:
            send_message(current_actor(), current_clock(), reference, form.text.data, form.digest())
        except Refused as refusal:
            form.deny(refusal, "text")
        else:
            flash(_("Uw bericht is verstuurd."), "ok")
            return redirect(url_for("staff.case", reference=reference) + "#messages")
    return _shown(reference, form)


@blueprint.post("/cases/<reference>/note")
def note(reference: str) -> Response:
    form = NoteForm()
    if form.accepted():
        try:
            write_note(current_actor(), current_clock(), reference, form.note.data, form.digest())
        except Refused as refusal:
            form.deny(refusal, "note")
        else:
            flash(_("De notitie is bewaard."), "ok")
            return redirect(url_for("staff.case", reference=reference) + "#notes")
    return _shown(reference, form)


@blueprint.route("/cases/<reference>/assign", methods=["GET", "POST"], endpoint="assign")
def assign_case(reference: str) -> Response:
    page = load(reference)
    form = AssignForm()
    people = cases.colleagues(current_actor(), current_clock(), reference)
    form.staff.choices = choices(((each.id, each.name) for each in people), _("Kies een collega"))
    moved = None
    if form.accepted():
        chosen = next(each for each in people if str(each.id) == form.staff.data)
        try:
            assign(current_actor(), current_clock(), reference, form.seen(), chosen.id, form.note.data or "")
        except ChangedMeanwhile:
            moved = changed(page)
        except Refused as refusal:
            form.deny(refusal, "staff")
        else:
            flash(_("De zaak staat nu op naam van %(name)s.", name=chosen.name), "ok")
            return redirect(url_for("staff.case", reference=reference))
    form.version.data = str(page.version)
    return shown("staff/assign.html", page, 409 if moved else 422 if form.errors else 200, form=form, moved=moved)
