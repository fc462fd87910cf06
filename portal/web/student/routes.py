"""A student's own pages: data, one value, what was asked, consents, who looked."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import FieldType, Level, RequestKind
from portal.i18n import N_
from portal.services import own_campaigns, own_data, own_views, withdraw_consent
from portal.services.own_data import Value
from portal.services.recognise import SignedIn
from portal.web.forms import BaseForm, clean, typed
from portal.web.language import _, current_speaker
from portal.web.pieces import with_part
from portal.web.public import filing
from portal.web.public.frame import PREFIX, blueprint_of, go, page, policy, to_confirm
from portal.web.public.journey import Journey, differs, value_form
from portal.web.sessions import current_clock, current_session
from portal.web.student import show
from portal.web.typed import KeptForm, beginning, forget_sent
from portal.wording import BASES, SOURCES

blueprint = blueprint_of("student")
blueprint.after_request(forget_sent)
PAGE = 20  # records of a long list on one page
FROM_VALUE = frozenset({RequestKind.ERASURE, RequestKind.RESTRICTION})
# At a shared address: status only, until it is clear who of them it is; and what is no own page.
OPEN_TO_SHARED = frozenset({"student.requests", "student.act_for", "student.stop_email", "student.erasure_link"})


class MessageForm(KeptForm):
    text = TextAreaField(N_("Uw bericht"), filters=[clean])


@blueprint.before_request
def choose_first() -> Response | None:
    """At an address that several students share, it must be clear who of them it is."""
    signed_in = current_session()
    if signed_in is None or signed_in.actor.student_id is not None or signed_in.kind == "staff":
        return None
    if signed_in.kind == "representative" and request.endpoint not in OPEN_TO_SHARED - {"student.requests"}:
        return go("student.act_for")
    if request.endpoint in OPEN_TO_SHARED:
        return None
    return to_confirm(Level.KNOWLEDGE)


def me() -> tuple[SignedIn, bool]:
    """The session, and whether several students share its mail address."""
    signed_in = current_session()
    assert signed_in is not None  # the access table let nobody else in
    return signed_in, signed_in.address_digest is not None


@blueprint.get(f"{PREFIX}/me")
def data(lang: str) -> bytes:
    signed_in, shared = me()
    found = own_data.own_data(signed_in.actor, current_clock(), shared)
    telling = show.Telling(found.about, current_speaker())
    html = render_template("student/data.html", found=found, telling=telling, level=signed_in.actor.level)
    return with_part(html, telling.told)


@blueprint.get(f"{PREFIX}/me/records/<dataset>/<int:group>")
def records(lang: str, dataset: str, group: int) -> str:
    """All records of one data set, a page at a time: a phone need not load two hundred lessons."""
    signed_in, shared = me()
    series = own_data.records_of(signed_in.actor, current_clock(), shared, dataset, group)
    number = max(0, request.args.get("page", 0, int))
    start = number * PAGE
    telling = show.Telling(series.about, current_speaker())
    entries = [
        (f"{_(series.dataset.label)} {at}", telling.title_of(entry), telling.values(entry))
        for at, entry in enumerate(series.entries[start : start + PAGE], start + 1)
    ]
    return render_template(
        "student/records.html",
        dataset=series.dataset,
        group=group,
        total=series.total,
        entries=entries,
        previous=page("student.records", dataset=dataset, group=group, page=number - 1) if number else "",
        following=page("student.records", dataset=dataset, group=group, page=number + 1)
        if start + PAGE < series.total
        else "",
    )


@blueprint.get(f"{PREFIX}/me/value/<uuid:item>/<field>")
def value(lang: str, item: UUID, field: str) -> str:
    return _value_page(_own(item, field))


def _own(item: UUID, field: str) -> Value:
    signed_in, shared = me()
    return own_data.own_value(signed_in.actor, current_clock(), shared, item, field)


def _value_page(found: Value) -> str:
    return render_template(
        "student/value.html",
        value=found,
        fact=show.Telling(found.about, current_speaker()).fact(found),
        bases=BASES,
        sources=SOURCES,
        image=found.field.type is FieldType.IMAGE,
        dataset=policy().datasets[found.field.dataset],
        term=policy().retention[found.field.retention],
    )


@blueprint.post(f"{PREFIX}/me/value/<uuid:item>/<field>/show")
def reveal(lang: str, item: UUID, field: str) -> str | Response:
    """Shows a hidden value once. The level is asked again here, and the act is logged."""
    signed_in, shared = me()
    try:
        found = own_data.reveal(signed_in.actor, current_clock(), shared, item, field)
    except NotAllowed as refused:
        if refused.code != "level":
            raise
        needs = int(str(refused.params["needs"]))
        return go("account.confirm", level=needs, next=page("student.value", item=item, field=field))
    return _value_page(found)


@blueprint.route(f"{PREFIX}/me/value/<uuid:item>/<field>/wrong", methods=["GET", "POST"])
def wrong(lang: str, item: UUID, field: str) -> str | Response:
    """ "This is wrong": the new value is typed at once; the check page follows."""
    found = _own(item, field)
    journey = Journey(None, RequestKind.RECTIFICATION, _target(found))
    if found.field.type is FieldType.IMAGE or not found.field.correctable:
        return (
            filing.begin(Journey(None, RequestKind.RECTIFICATION)) if request.method == "POST" else _value_page(found)
        )
    form = value_form(found.field, **beginning())
    if form.accepted() and differs(form, found):
        journey.pages["what"] = typed()
        return filing.begin(journey)
    around = filing.around(journey, "what", form, known=True)
    around["back_href"] = page("student.value", item=item, field=field)
    return render_template("public/what_value.html", **around)


def _target(found: Value) -> dict[str, str]:
    return {"item": str(found.item_id), "dataset": found.field.dataset, "field": found.field.code}


@blueprint.post(f"{PREFIX}/me/value/<uuid:item>/<field>/ask")
def ask(lang: str, item: UUID, field: str) -> Response:
    """Begins a request to erase this value, or not to use it for a while."""
    found = _own(item, field)
    kind = request.form.get("kind", "")
    if kind not in FROM_VALUE:
        return redirect(page("student.value", item=item, field=field))
    return filing.begin(Journey(None, RequestKind(kind), _target(found)))


@blueprint.route(f"{PREFIX}/me/consents", methods=["GET", "POST"])
def consents(lang: str) -> str | Response:
    """What the student agreed to; a consent stops with one press (regulation, art. 9.7)."""
    signed_in, _shared = me()
    form = BaseForm()
    if form.accepted():
        try:
            done = withdraw_consent.withdraw(signed_in.actor, current_clock(), request.form.get("activity", ""), lang)
        except Refused as refused:
            if refused.code != "not_withdrawable":
                raise
            flash(_("Deze toestemming kunt u niet stoppen."), "warning")
        else:
            flash(_("Uw toestemming is nu gestopt. Uw nummer is %(number)s.", number=done.reference), "ok")
        return go("student.consents")
    found = withdraw_consent.consents(signed_in.actor, current_clock())
    asked = own_campaigns.own_questions(signed_in.actor, current_clock())
    return render_template("student/consents.html", consents=found, asked=asked, form=form)


@blueprint.get(f"{PREFIX}/me/views")
def views(lang: str) -> str:
    """Who looked, when, as what and why (ux.md, rule 10)."""
    signed_in, _shared = me()
    after = request.args.get("after", None, UUID)
    seen, following = own_views.views(signed_in.actor, current_clock(), after)
    href = page("student.views", after=following) if following else ""
    return render_template("student/views.html", seen=seen, following=href)


from portal.web.student import (  # noqa: E402 - they add their pages to the blueprint
    acting_pages,  # noqa: F401
    consent_pages,  # noqa: F401
    email_pages,  # noqa: F401
    erasure_pages,  # noqa: F401
    representative_pages,  # noqa: F401
    requests,  # noqa: F401
    upload_pages,  # noqa: F401
)
