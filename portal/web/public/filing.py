"""Filing a request, signed in or not: choose, what it means, what, who, check, receipt. No page needs JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain.refusal import Refused
from portal.domain.rights import right
from portal.domain.vocabulary import ActorKind, LegalBasis, RequestKind, TargetKind
from portal.policy.model import Policy, RetentionClass
from portal.services import drafts, own_data, representing
from portal.services.casework import Asked
from portal.services.file_request import Filing, FilledIn, Receipt, file_request
from portal.services.own_cases import own_cases
from portal.services.own_plan import OwnPlan, own_plan
from portal.services.raise_cases import what_helps
from portal.web.forms import BaseForm, switching, typed
from portal.web.language import _, current_speaker
from portal.web.place import place
from portal.web.public import journey as pages
from portal.web.public.frame import PREFIX, go, page, policy, student_session
from portal.web.public.journey import ALL, CONSEQUENCES, NO_CASE, Journey
from portal.web.public.routes import blueprint
from portal.web.sessions import browser_secret, current_actor, current_clock
from portal.web.student import show
from portal.wording import KINDS, REFUSALS

STEP = f"{PREFIX}/new/<uuid:draft>"


class Unfinished(Exception):
    """A page of the journey is missing, or not right."""

    def __init__(self, journey: Journey) -> None:
        super().__init__(str(journey.id))
        self.journey = journey


def owner() -> drafts.Owner:
    signed_in = student_session()
    return drafts.Owner(browser_secret(), signed_in.actor.id if signed_in else None)


def load(draft: UUID) -> Journey | Receipt:
    contents = drafts.read(current_clock(), draft, owner())
    return Receipt.of(contents["receipt"]) if "receipt" in contents else Journey.of(draft, contents)


def begin(journey: Journey) -> Response:
    """Starts a draft and goes to its first open page, or to the check."""
    from portal.services import limits

    limits.demand(current_clock(), "draft_place", place())
    draft = drafts.start(current_clock(), owner(), journey.contents())
    journey.id = draft
    return to_next(journey)


def to_next(journey: Journey) -> Response:
    open_page = pages.first_open_page(journey, student_session() is not None, policy(), own_references(journey))
    if open_page:
        return go("public.draft_page", draft=journey.id, name=open_page)
    return go("public.check", draft=journey.id)


def own_references(journey: Journey) -> list[tuple[str, str]]:
    """The cases a complaint may be about: reference and what to call it."""
    signed_in = student_session()
    if signed_in is None or journey.kind is not RequestKind.COMPLAINT:
        return []
    lines, _shared = own_cases(signed_in, current_clock())
    return [
        (line.reference, f"{line.reference} · {_(KINDS[line.kind].name)}" if line.kind else line.reference)
        for line in lines
    ]


@blueprint.route(f"{PREFIX}/new", methods=["GET", "POST"])
def new(lang: str) -> str | Response:
    acting = current_actor() if current_actor().kind is ActorKind.REPRESENTATIVE else None
    if acting and acting.student_id is None:
        return go("student.act_for")
    form = pages.ChooseForm()
    if acting:
        form.kind.choices = [each for each in form.kind.choices if each.value in acting.scope]
    if form.accepted():
        kind = RequestKind(str(form.kind.data))
        if acting and kind not in acting.scope:
            return go("public.new")
        if kind is RequestKind.WITHDRAWAL and student_session() and not acting:
            return go("student.consents")
        return begin(Journey(None, kind, about=request.args.get("about", "")))
    if request.method == "GET" and request.args.get("kind") in set(RequestKind):
        form.kind.data = request.args["kind"]
    hints = {kind.value: _(words.text) for kind, words in KINDS.items()}
    icons = {kind.value: words.icon for kind, words in KINDS.items()}
    return render_template("public/new.html", form=form, hints=hints, icons=icons, known=student_session() is not None)


@blueprint.route(f"{STEP}/<any(meaning, what, who):name>", methods=["GET", "POST"])
def draft_page(lang: str, draft: UUID, name: str) -> str | Response:
    """One page of the journey; its address stays the same in another language, and so does what was typed."""
    try:
        journey = load(draft)
    except drafts.SignInFirst:
        if request.method == "POST":  # the session ended while this page was being filled in
            drafts.keep_page(current_clock(), draft, owner(), name, typed())
        flash(_("Log weer in. Dan gaat u verder waar u was."), "info")
        return go("account.sign_in", next=page("public.draft_page", draft=draft, name=name))
    if isinstance(journey, Receipt):
        return go("public.receipt", draft=draft)
    known = student_session() is not None
    if name not in journey.page_names(known):
        return to_next(journey)
    cases = own_references(journey)
    if request.method == "POST":
        journey.pages[name] = typed()
        form = pages.form_for(name, journey, policy(), cases)
        of_value = known and template_of(name, journey) == "what_value"
        if switching() or (form.accepted() and (not of_value or pages.differs(form, _own_value(journey)))):
            drafts.save(current_clock(), draft, owner(), journey.contents())
            if not switching():
                return to_next(journey)
            return redirect(url_for("public.draft_page", lang=lang, draft=draft, name=name))
    else:
        form = pages.kept_form(name, journey, policy(), cases)
    return render_template(f"public/{template_of(name, journey)}.html", **around(journey, name, form, known))


def template_of(name: str, journey: Journey) -> str:
    if name != "what":
        return name
    if journey.kind in pages.SCOPED:
        return "what_scope"
    if journey.kind is RequestKind.RECTIFICATION:
        return "what_value" if journey.target else "what_words"
    return "what_complaint" if journey.kind is RequestKind.COMPLAINT else "what_activity"


def around(journey: Journey, name: str, form: BaseForm, known: bool) -> dict[str, Any]:
    """What the page of a step shows beside its form."""
    names = journey.page_names(known)
    before = names[names.index(name) - 1] if name in names and names.index(name) else None
    back = page("public.draft_page", draft=journey.id, name=before) if before else page("public.new")
    if before is None and journey.target and known:
        back = page("student.value", item=journey.target["item"], field=journey.target["field"])
    return {
        "form": form,
        "journey": journey,
        "words": KINDS[journey.kind],
        "back_href": back,
        "known": known,
        "about": about_value(journey) if journey.target and known else None,
        "keeps": kept_classes(policy()),
        "plan": plan_of(journey) if name == "meaning" else None,
        "objectable": [each for each in policy().activities.values() if each.basis in right(journey.kind).bases],
        "consents": [each for each in policy().activities.values() if each.basis is LegalBasis.CONSENT],
    }


def kept_classes(promised: Policy) -> list[RetentionClass]:
    """What is kept of students' data, and until when: the classes of the policy's fields."""
    used = {field.retention for each in promised.datasets.values() for field in each.fields.values()}
    return [each for code, each in promised.retention.items() if code in used]


def plan_of(journey: Journey, asked: Sequence[Asked] = ()) -> OwnPlan | None:
    """What erasing would do, for a signed-in student: for all data, for one value, or for what was chosen."""
    if journey.kind is not RequestKind.ERASURE or student_session() is None:
        return None
    if journey.target and not asked:
        target = journey.target
        asked = [Asked(TargetKind.FIELD, target["dataset"], UUID(target["item"]), target["field"])]
    return own_plan(current_actor(), current_clock(), asked)


def about_value(journey: Journey) -> dict[str, Any]:
    """The one value that a request began from, as the student may see it now."""
    value = _own_value(journey)
    return show.Telling(value.about, current_speaker()).fact(value)


def _own_value(journey: Journey) -> own_data.Value:
    signed_in = student_session()
    assert signed_in is not None
    assert journey.target is not None
    return own_data.own_value(
        signed_in.actor,
        current_clock(),
        signed_in.address_digest is not None,
        UUID(journey.target["item"]),
        journey.target["field"],
    )


@blueprint.post(f"{STEP}/instead")
def instead(lang: str, draft: UUID) -> Response:
    """Another kind of request instead of this one, about the same: offered where it may suit better, never forced."""
    journey = load(draft)
    if isinstance(journey, Receipt):
        return go("public.receipt", draft=draft)
    wanted = request.form.get("kind", "")
    offered = {RequestKind.ACCESS, RequestKind.RESTRICTION} if journey.kind in CONSEQUENCES else set()
    if wanted not in offered:
        return to_next(journey)
    kind = RequestKind(wanted)
    target = journey.target if kind is RequestKind.RESTRICTION else None
    changed = Journey(draft, kind, target, pages={key: journey.pages[key] for key in ("who",) if key in journey.pages})
    drafts.save(current_clock(), draft, owner(), changed.contents())
    return to_next(changed)


@blueprint.route(f"{STEP}/check", methods=["GET", "POST"])
def check(lang: str, draft: UUID) -> str | Response:
    """Everything once more, with a way to change it; the button sends it. Pressed twice, it is one request."""
    form = BaseForm()
    if form.accepted():
        try:
            send(draft, lang)
        except Unfinished as unfinished:
            return to_next(unfinished.journey)
        except Refused as refused:
            if refused.code not in REFUSALS or refused.code == "too_many":
                raise
            form.form_errors.append(REFUSALS[refused.code])
        else:
            return go("public.receipt", draft=draft)
    journey = load(draft)
    if isinstance(journey, Receipt):
        return go("public.receipt", draft=draft)
    known = student_session() is not None
    cases = own_references(journey)
    if pages.first_open_page(journey, known, policy(), cases):
        return to_next(journey)
    chosen = pages.filing_of(journey, known, policy(), cases, lang).items
    return render_template(
        "public/check.html",
        form=form,
        journey=journey,
        rows=rows(journey, known, cases),
        plan=plan_of(journey, chosen),
    )


def send(draft: UUID, lang: str) -> None:
    """Sends what was filled in; nothing where that was done before. Raises Unfinished, and what `file_request` raises.

    A stranger's draft is opened before it counts as one more request: what cannot be sent uses up no limit.
    """

    def filled_in(contents: dict[str, Any]) -> Filing:
        journey, known = Journey.of(draft, contents), student_session() is not None
        cases = own_references(journey)
        if pages.first_open_page(journey, known, policy(), cases):
            raise Unfinished(journey)
        return pages.filing_of(journey, known, policy(), cases, lang)

    filing: Filing | FilledIn = filled_in
    if student_session() is None:
        contents = drafts.read(current_clock(), draft, owner())
        if "receipt" in contents:
            return
        filing = filled_in(contents)
    file_request(current_actor(), current_clock(), filing, draft, owner(), place())


def rows(journey: Journey, known: bool, cases: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """The answers, as a summary list with Change links."""
    found: list[dict[str, Any]] = [{"key": _("Uw vraag"), "value": _(KINDS[journey.kind].title)}]
    signed_in = student_session()
    if signed_in is not None and (other := representing.whom(signed_in, current_clock())):
        found.insert(0, {"key": _("Voor wie?"), "value": other.name, "kind": "name"})
    what_href = page("public.draft_page", draft=journey.id, name="what")
    if journey.target is None:
        found[-1]["href"] = page("public.new", kind=journey.kind.value)
    else:
        about = about_value(journey)
        found.append({"key": _("Het gaat over"), "value": about["label"]})
        if not about["masked"] and journey.kind is RequestKind.RECTIFICATION:
            found.append({"key": _("Nu staat er"), "value": about["value"], "kind": about["kind"]})
    if "what" in journey.page_names(known):
        form = pages.kept_form("what", journey, policy(), cases)
        form.validate()
        found += [{**row, "href": what_href} for row in _what_rows(journey, form, cases)]
    if not known:
        who = pages.kept_form("who", journey, policy(), cases)
        who.validate()
        href = page("public.draft_page", draft=journey.id, name="who")
        kinds = {"name": "name", "address": "words", "helper": "name"}
        for field in who:
            if field.data and field.name != "csrf_token":
                row = {"key": _(field.label.text), "value": field.data, "kind": kinds.get(field.name, "ltr")}
                found.append({**row, "href": href})
    return found


def _what_rows(journey: Journey, form: BaseForm, cases: list[tuple[str, str]]) -> list[dict[str, Any]]:
    found = []
    if "scope" in form and form.scope.data:
        labels = {str(each.value): _(each.label) for each in form.scope.choices}
        chosen = [ALL] if ALL in form.scope.data else form.scope.data
        found.append({"key": _(form.scope.label.text), "value": " · ".join(labels[value] for value in chosen)})
    if "activities" in form and form.activities.data:
        labels = {str(each.value): _(each.label) for each in form.activities.choices}
        key = _(form.activities.label.text)
        found.append({"key": key, "value": " · ".join(labels[value] for value in form.activities.data)})
    if "value" in form and journey.target:
        about = policy().field(journey.target["dataset"], journey.target["field"])
        item = pages.filing_of(journey, True, policy(), cases, "nl").items[0]
        said = show.shown(about, item.asked, current_speaker())
        found.append({"key": _(form.value.label.text), "value": said.value, "kind": said.kind})
    for name in ("words", "should"):
        if name in form and form[name].data:
            found.append({"key": _(form[name].label.text), "value": form[name].data, "kind": "words"})
    if "about" in form:
        labels = dict(cases)
        reference = form.about.data if form.about.data not in (None, NO_CASE) else ""
        value = labels.get(reference) or _("Nee, over iets anders")
        found.append({"key": _(form.about.label.text), "value": value})
    return found


@blueprint.get(f"{STEP}/receipt")
def receipt(lang: str, draft: UUID) -> str | Response:
    """What the person keeps. Reading it again sends nothing again."""
    found = load(draft)
    if isinstance(found, Journey):
        return to_next(found)
    known = student_session()
    prove = what_helps(known.actor, current_clock(), found.reference).prove if known else None
    words = KINDS[found.kind]
    return render_template("public/receipt.html", receipt=found, known=known, prove=prove, words=words)
