"""A question for consent: read it, and say yes or no with two buttons of one weight (GDPR 7)."""

from __future__ import annotations

from uuid import UUID

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from portal.domain.campaign import ConsentAnswer
from portal.domain.refusal import Refused
from portal.services import answer_campaign, own_campaigns
from portal.web.forms import BaseForm
from portal.web.language import _
from portal.web.public.frame import PREFIX, go
from portal.web.sessions import current_clock
from portal.web.student.routes import blueprint, me


@blueprint.route(f"{PREFIX}/me/consents/<uuid:campaign_id>", methods=["GET", "POST"])
def consent_question(lang: str, campaign_id: UUID) -> str | Response:
    """Neither answer is chosen beforehand, and none leads to another question."""
    signed_in, _shared = me()
    form = BaseForm()
    if form.accepted() and (answer := request.form.get("answer")) in set(ConsentAnswer):
        try:
            answer_campaign.answer_campaign(signed_in.actor, current_clock(), campaign_id, ConsentAnswer(answer), lang)
        except Refused as refused:
            if refused.code not in {"question_closed", "said_yes"}:
                raise
            flash(_("U kunt hier niet meer kiezen."), "warning")
        else:
            flash(_("Dank u. Wij hebben uw antwoord opgeschreven."), "ok")
        return go("student.consent_question", campaign_id=campaign_id)
    asked = own_campaigns.own_question(signed_in.actor, current_clock(), campaign_id)
    return render_template("student/consent_question.html", asked=asked, question=asked.question, form=form)
