"""Pages that ask once more before something that the student will read: decide, extend, approve, identity, lift."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from portal.domain import clock as terms
from portal.domain.acts import Act
from portal.domain.erasure_plan import Verdict
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action, next_state
from portal.domain.vocabulary import Level, Outcome
from portal.services.answer import answer_html
from portal.services.approve_erasure import approve as approve_service
from portal.services.confirm_identity import confirm_identity
from portal.services.decide_case import decide as decide_service
from portal.services.decide_case import rehearse
from portal.services.decision_choices import choices
from portal.services.decision_draft import draft_of, save_draft
from portal.services.erasures import stop_for
from portal.services.extend_case import extend as extend_service
from portal.services.lift_restriction import announce_lifting, lift_restriction
from portal.web.forms import kept
from portal.web.forms import typed as typed_now
from portal.web.language import _, current_speaker
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import blueprint, policy
from portal.web.staff.case_pages import load, shown
from portal.web.staff.confirming import Tried, answered, done, tried, turned_away
from portal.web.staff.decide_form import decide_form, decisions
from portal.web.staff.forms import ConfirmForm, ExtendForm, IdentityForm, LiftForm
from portal.web.staff.forms import choices as choices_of
from portal.web.staff.wording import PLAN_WHYS, VERDICTS

LEVEL_OF = {"recognised_by_staff": Level.KNOWLEDGE, "show_id_at_desk": Level.SECOND_CHANNEL}


@blueprint.route("/cases/<reference>/decide", methods=["GET", "POST"])
def decide(reference: str) -> Response:
    """First the letter is shown as it will go out, then it is sent. What is typed can be kept and taken up later."""
    page = load(reference)
    if away := turned_away(page, lambda: next_state(page.state, Action.DECIDE)):
        return away
    actor, clock = current_actor(), current_clock()
    offered = choices(actor, clock, reference)
    draft = draft_of(actor, clock, reference)
    taken_up = draft is not None and request.method == "GET" and "kept" not in request.args
    form = decide_form(page, offered, kept(draft.typed) if draft is not None and taken_up else None)
    act = request.form.get("act", "preview")
    words = (form.reply.data or "").strip()
    outcome: Tried = None
    if request.method == "POST" and act == "draft":
        outcome = tried(form, page, lambda: save_draft(actor, clock, reference, form.seen(), _typed()))
        if outcome is True:
            return done(page, _("Het concept is bewaard bij de zaak."))
    elif act != "edit" and form.accepted() and (decided := decisions(form, page, offered, clock.today())) is not None:
        letters: list[Any] = []
        if act == "send":
            outcome = tried(form, page, lambda: decide_service(actor, clock, reference, form.seen(), decided, words))
            if outcome is True:
                return done(page, _("Het besluit is genomen en staat klaar voor de cursist."))
        else:
            outcome = tried(
                form, page, lambda: letters.append(rehearse(actor, clock, reference, form.seen(), decided, words))
            )
        if letters:
            letter = answer_html(letters[0], page.language, policy())
            typed = [*_typed().items(), ("version", [str(form.seen())])]
            return shown("staff/decide_preview.html", page, letter=letter, typed=typed)
    return answered(
        "staff/decide.html",
        page,
        form,
        outcome,
        offered=offered,
        plans=plan_rows(offered.plans),
        draft=draft if taken_up else None,
    )


def _typed() -> dict[str, list[str]]:
    """What the form holds, without what a page says itself."""
    return {name: values for name, values in typed_now().items() if name not in {"version", "act"}}


def plan_rows(plans: dict[Any, Any]) -> dict[Any, list[dict[str, object]]]:
    """A plan by item, put together by what happens and why: label of the data, words, until when, how many records."""
    return {item_id: _grouped(plan) for item_id, plan in plans.items()}


def _grouped(plan: Any) -> list[dict[str, object]]:
    rules, speaker = policy(), current_speaker()
    rows: dict[tuple[object, ...], dict[str, Any]] = {}
    for line in plan.lines:
        key = (line.verdict, line.item.dataset, line.why, line.law, line.activity, line.until)
        row = rows.setdefault(
            key,
            {
                "verdict": line.verdict,
                "erase": line.verdict is Verdict.ERASE,
                "words": speaker.text(VERDICTS[line.verdict]),
                "dataset": speaker.text(rules.datasets[line.item.dataset].label_plural),
                "fields": {},
                "records": set(),
                "why": speaker.text(PLAN_WHYS[line.why]),
                "law": line.law,
                "activity": speaker.text(activity.label) if (activity := rules.activities.get(line.activity)) else "",
                "article": line.article,
                "until": line.until,
            },
        )
        row["fields"][speaker.text(rules.field(line.item.dataset, line.item.field).label)] = None
        row["records"].add(line.item.record_id)
    order = {Verdict.ERASE: 0, Verdict.RESTRICT: 1, Verdict.KEEP: 2}
    listed = sorted(rows.values(), key=lambda row: (order[row["verdict"]], row["dataset"]))
    return [{**row, "fields": list(row["fields"]), "records": len(row["records"])} for row in listed]


@blueprint.route("/cases/<reference>/extend", methods=["GET", "POST"])
def extend(reference: str) -> Response:
    page = load(reference)
    dates = page.dates
    if away := turned_away(
        page,
        lambda: terms.may_extend(
            dates.original_due_on, current_clock().today(), bool(dates.extended_days), not page.undecided
        ),
    ):
        return away
    form = ExtendForm()
    reasons = [each for each in policy().reasons.values() if each.use == "extension"]
    form.reason.choices = choices_of((each.code, _(each.label)) for each in reasons)
    most = policy().term.extension_days
    draft = page.extension
    if request.method == "GET":
        form.days.data = draft.days if draft else most
        form.reason.data = draft.reason if draft else None
    outcome: Tried = None
    if form.accepted():
        outcome = tried(
            form,
            page,
            lambda: extend_service(
                current_actor(),
                current_clock(),
                reference,
                form.seen(),
                form.days.data if form.days.data is not None else 0,
                form.reason.data,
                form.words.data or "",
            ),
            "days" if (form.days.data or 0) not in range(1, most + 1) else "",
        )
        if outcome is True:
            return done(page, _("De termijn is verlengd. De cursist krijgt bericht."))
    latest = terms.extended_due_on(dates.original_due_on, most, most)
    return answered("staff/extend.html", page, form, outcome, most=most, latest=latest, draft=draft)


@blueprint.route("/cases/<reference>/identity", methods=["GET", "POST"])
def identity(reference: str) -> Response:
    page = load(reference)
    form = IdentityForm()
    outcome: Tried = None
    if form.accepted():
        way = form.way.data
        outcome = tried(
            form,
            page,
            lambda: confirm_identity(current_actor(), current_clock(), reference, form.seen(), LEVEL_OF[way], way),
            "way",
        )
        if outcome is True:
            return done(page, _("Vastgelegd: u weet wie het vraagt."))
    return answered("staff/identity.html", page, form, outcome)


@blueprint.route("/cases/<reference>/approve", methods=["GET", "POST"])
def approve(reference: str) -> Response:
    page = load(reference)
    form = ConfirmForm()
    outcome: Tried = None
    if form.accepted():
        outcome = tried(form, page, lambda: approve_service(current_actor(), current_clock(), reference, form.seen()))
        if outcome is True:
            return done(page, _("Het wissen is goedgekeurd. De cursist krijgt bericht en kan het nog stoppen."))
    offered = choices(current_actor(), current_clock(), reference)
    granted = [item for item in page.items if item.outcome in {Outcome.GRANTED, Outcome.PARTLY}]
    rows = plan_rows({item.id: offered.plans[item.id] for item in granted if item.id in offered.plans})
    tell = sorted({code for item in granted if item.id in offered.plans for code in offered.plans[item.id].tell})
    return answered(
        "staff/approve.html",
        page,
        form,
        outcome,
        plans=rows,
        tell=[policy().recipients[code].name for code in tell],
        may_approve=Act.APPROVE_ERASURE in page.allowed,
        why_not=page.refused.get(Act.APPROVE_ERASURE, ""),
    )


@blueprint.route("/cases/<reference>/stop-erasure", methods=["GET", "POST"])
def stop_erasure(reference: str) -> Response:
    """For a student who called or came by in the time to think it over."""
    page = load(reference)
    form = ConfirmForm()
    outcome: Tried = None
    if form.accepted():
        outcome = tried(form, page, lambda: stop_for(current_actor(), current_clock(), reference, form.seen()))
        if outcome is True:
            return done(page, _("Het wissen is gestopt."))
    return answered("staff/stop_erasure.html", page, form, outcome)


@blueprint.route("/cases/<reference>/lift", methods=["GET", "POST"])
def lift(reference: str) -> Response:
    """First the student is told, then the restriction ends (GDPR 18(3))."""
    page = load(reference)
    announced = any(event.kind is EventKind.RESTRICTION_ANNOUNCED for event in page.events)
    form = ConfirmForm() if announced else LiftForm()
    actor, clock = current_actor(), current_clock()
    outcome: Tried = None
    if form.accepted():
        if announced:
            outcome = tried(form, page, lambda: lift_restriction(actor, clock, reference, form.seen()))
        else:
            words = form["words"].data or ""
            outcome = tried(form, page, lambda: announce_lifting(actor, clock, reference, form.seen(), words), "words")
        if outcome is True:
            told = _("De beperking is opgeheven.") if announced else _("De cursist krijgt bericht. Hef daarna op.")
            return done(page, told)
    return answered("staff/lift.html", page, form, outcome, announced=announced)
