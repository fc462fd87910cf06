"""Questions for consent: write one, look at it in every language, send it, follow the answers; and those on paper."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.domain.campaign import ConsentAnswer
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel
from portal.i18n import MASTER, TONGUES, speaker
from portal.services import campaign_letters, campaign_pages, queue
from portal.services.answer_campaign import record_answer
from portal.services.campaign_text import askable
from portal.services.casework import ChangedMeanwhile
from portal.services.draft_campaign import Wanted, discard_campaign, draft_campaign
from portal.services.send_campaign import send_campaign, stop_campaign
from portal.web.language import _, current_speaker
from portal.web.sessions import current_actor, current_clock
from portal.web.staff.blueprint import acted, blueprint, policy, words_of
from portal.web.staff.campaign_forms import CampaignForm, PaperForm, QuestionPostedForm, SendForm
from portal.web.staff.campaign_wording import CAMPAIGN_STATES, LEFT_OUT, NARROWED
from portal.web.staff.forms import choices
from portal.web.staff.post_pages import paper

BESIDE = {
    "not_on_consent": "activity",
    "words_needed": "words",
    "unknown_numbers": "numbers",
    "too_many_numbers": "numbers",
    "closes_too_soon": "closes_on",
    "closes_too_late": "closes_on",
    "reminder_outside": "remind_on",
}


@blueprint.get("/campaigns", endpoint="campaigns")
def campaign_list() -> str:
    found = campaign_pages.campaign_list(current_actor(), current_clock(), request.args.get("after", None, UUID))
    following = url_for("staff.campaigns", after=found.after) if found.after else ""
    return render_template("staff/campaigns.html", found=found, states=CAMPAIGN_STATES, following=following)


@blueprint.route("/campaigns/new", methods=["GET", "POST"])
def campaign_new() -> Response:
    """Keeps a draft; the next page shows it as students will read it, with who is asked and who is left out."""
    actor, clock = current_actor(), current_clock()
    form = CampaignForm()
    asked = askable(policy())
    form.activity.choices = choices((each.code, _(each.label)) for each in asked)
    form.branches.choices = choices((each.code, each.name) for each in queue.branches(actor, clock))
    if form.accepted():
        wanted = Wanted(
            form.activity.data,
            form.chosen(),
            form.closes_on.data,
            form.remind_on.data,
            form.words.data or "",
            bool(form.anew.data),
        )
        try:
            campaign_id = draft_campaign(actor, clock, wanted)
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, BESIDE.get(refusal.code, ""))
        else:
            return redirect(url_for("staff.campaign_preview", campaign_id=campaign_id))
    hints = {each.code: _(each.consent_text) for each in asked}
    html = render_template("staff/campaign_new.html", form=form, hints=hints)
    return make_response(html, 422 if form.errors else 200)


@blueprint.get("/campaigns/<uuid:campaign_id>", endpoint="campaign")
def campaign_one(campaign_id: UUID) -> str:
    """The counts, and the people a page at a time; `answer` narrows the list."""
    answer = request.args.get("answer", "")
    answer = answer if answer in NARROWED else ""
    after = request.args.get("after", None, UUID)
    found = campaign_pages.campaign_page(current_actor(), current_clock(), campaign_id, answer, after)
    tabs = [
        {
            "href": url_for("staff.campaign", campaign_id=campaign_id, answer=code or None),
            "label": _(words),
            "current": code == answer,
        }
        for code, words in NARROWED.items()
    ]
    following = url_for("staff.campaign", campaign_id=campaign_id, answer=answer or None, after=found.after)
    return render_template(
        "staff/campaign.html",
        page=found,
        line=found.line,
        states=CAMPAIGN_STATES,
        left_out=LEFT_OUT,
        tabs=tabs,
        following=following if found.after else "",
        form=SendForm(),
    )


@blueprint.get("/campaigns/<uuid:campaign_id>/preview")
def campaign_preview(campaign_id: UUID) -> str:
    """As students read it, in the language chosen and in Dutch; and before it is sent, the button that sends it."""
    found = campaign_pages.campaign_page(current_actor(), current_clock(), campaign_id)
    chosen = request.args.get("language", "en")
    codes = dict.fromkeys((chosen if chosen in TONGUES else MASTER, MASTER))
    form = SendForm()
    form.version.data = str(found.version)
    return render_template(
        "staff/campaign_preview.html",
        page=found,
        line=found.line,
        question=found.question,
        readers=[speaker(code) for code in codes],
        tongues=TONGUES,
        chosen=chosen,
        states=CAMPAIGN_STATES,
        left_out=LEFT_OUT,
        form=form,
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/send")
def campaign_send(campaign_id: UUID) -> Response:
    form = SendForm()
    back = redirect(url_for("staff.campaign", campaign_id=campaign_id))
    try:
        asked = send_campaign(current_actor(), current_clock(), campaign_id, form.seen())
    except NotAllowed:
        raise
    except Refused as refusal:
        flash(words_of(refusal), "error")
    except ChangedMeanwhile:
        flash(_("Een collega heeft deze vraag intussen veranderd. Kijk eerst wat er nu staat."), "warning")
    else:
        told = current_speaker().plural(
            "De vraag is verstuurd aan %(num)d cursist.", "De vraag is verstuurd aan %(num)d cursisten.", asked
        )
        flash(told, "ok")
    return back


@blueprint.post("/campaigns/<uuid:campaign_id>/stop")
def campaign_stop(campaign_id: UUID) -> Response:
    return acted(
        lambda: stop_campaign(current_actor(), current_clock(), campaign_id),
        _("De vraag is gestopt."),
        url_for("staff.campaign", campaign_id=campaign_id),
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/discard")
def campaign_discard(campaign_id: UUID) -> Response:
    return acted(
        lambda: discard_campaign(current_actor(), current_clock(), campaign_id),
        _("Het concept is weggegooid."),
        url_for("staff.campaigns"),
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/students/<uuid:student_id>/letter")
def campaign_letter(campaign_id: UUID, student_id: UUID) -> Response:
    """The letter as PDF; printing shows the address, so it is logged and no page for GET."""
    try:
        content = campaign_letters.print_letter(current_actor(), current_clock(), campaign_id, student_id)
    except NotAllowed:
        raise
    except Refused as refusal:
        flash(words_of(refusal), "error")
        return redirect(url_for("staff.to_post"))
    return paper(content, "consent.pdf")


@blueprint.route("/campaigns/<uuid:campaign_id>/students/<uuid:student_id>", methods=["GET", "POST"])
def campaign_paper(campaign_id: UUID, student_id: UUID) -> Response:
    """The day on which the letter was posted, and the answer that came back on it."""
    form = PaperForm()
    if form.accepted():
        answer, channel = ConsentAnswer(form.answer.data), Channel(form.channel.data)
        try:
            record_answer(current_actor(), current_clock(), campaign_id, student_id, answer, channel, form.on.data)
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, "on" if refusal.code == "bad_date" else "")
        else:
            flash(_("Het antwoord is opgeschreven."), "ok")
            return redirect(url_for("staff.campaign_paper", campaign_id=campaign_id, student_id=student_id))
    return _paper_page(campaign_id, student_id, form, QuestionPostedForm())


@blueprint.post("/campaigns/<uuid:campaign_id>/students/<uuid:student_id>/posted")
def campaign_posted(campaign_id: UUID, student_id: UUID) -> Response:
    form = QuestionPostedForm()
    if form.accepted():
        actor, clock = current_actor(), current_clock()
        try:
            campaign_letters.record_posted(actor, clock, campaign_id, student_id, form.posted_on.data)
        except NotAllowed:
            raise
        except Refused as refusal:
            form.deny(refusal, "posted_on")
        else:
            flash(_("Vastgelegd dat de brief is gepost."), "ok")
            return redirect(url_for("staff.to_post"))
    return _paper_page(campaign_id, student_id, PaperForm(), form)


def _paper_page(campaign_id: UUID, student_id: UUID, form: PaperForm, posted: QuestionPostedForm) -> Response:
    found = campaign_pages.paper_page(current_actor(), current_clock(), campaign_id, student_id)
    if request.method == "GET":
        posted.posted_on.data = current_clock().today()
    html = render_template(
        "staff/campaign_paper.html",
        form=form,
        posted=posted,
        found=found,
        campaign_id=campaign_id,
        student_id=student_id,
    )
    return make_response(html, 422 if form.errors or posted.errors else 200)
