"""The form of a decision: a few fields for each item of the case, made for that case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, StringField, TextAreaField

from portal.domain.acts import Act
from portal.domain.erasure_plan import ErasurePlan
from portal.domain.permissions import could
from portal.domain.vocabulary import Evidence, Outcome, RequestKind, TargetKind
from portal.i18n import N_
from portal.policy.model import Ground
from portal.services.case_lines import ItemLine
from portal.services.case_view import CasePage
from portal.services.decide_case import ItemDecision
from portal.services.decision_choices import Choices, Place
from portal.services.file_request import WrongValue, read_value
from portal.web.forms import AtMost, Required
from portal.web.language import _
from portal.web.sessions import current_actor
from portal.web.staff import describe
from portal.web.staff.blueprint import policy
from portal.web.staff.case_wording import EVIDENCE
from portal.web.staff.forms import LONG_TEXT, MayBeEmpty, Radio, Said, Select, StaffForm, VersionMixin, choices
from portal.web.staff.wording import OUTCOMES

ASK_OUTCOME = N_("Onderdeel %(number)s: kies een besluit.")
ASK_GROUND = N_("Onderdeel %(number)s: kies de grond waarop u afwijst.")
NO_GROUND = N_("Onderdeel %(number)s: kies geen grond als u alles toewijst.")
OFFICERS_GROUND = N_("alleen voor de privacymedewerker")
ASK_OFFICER = N_("Onderdeel %(number)s: op deze grond wijst alleen de privacymedewerker af. Draag de zaak over.")
ASK_REASON = N_("Onderdeel %(number)s: schrijf waarom. De cursist leest dit.")
ASK_VALUE = N_("Onderdeel %(number)s: schrijf de juiste waarde.")
GONE = N_("Haal deze waarde weg. Er komt niets voor in de plaats.")
ASK_CHANGE = N_("Onderdeel %(number)s: verander minstens één waarde.")
ASK_HOW = N_("Onderdeel %(number)s: schrijf wat er met de hand gebeurt, of kies waar het over gaat.")
ASK_EVIDENCE = N_("Onderdeel %(number)s: kies waaruit het blijkt.")
ASK_ACTIVITY = N_("Onderdeel %(number)s: kies om welke verwerking het gaat.")


class DecideForm(StaffForm, VersionMixin):
    """Fields of item number n end in `_n`."""

    reply = TextAreaField(N_("Nog iets aan de cursist"), [MayBeEmpty(), AtMost(LONG_TEXT)])


def decide_form(page: CasePage, offered: Choices, draft: MultiDict[str, str] | None = None) -> DecideForm:
    """A form with the fields that each item of this case needs, filled in with what is already known or was kept."""
    fields: dict[str, Any] = {}
    for number, item in enumerate(page.items):
        fields[f"outcome_{number}"] = Radio(
            N_("Besluit"),
            [Required(_(ASK_OUTCOME, number=number + 1))],
            choices=choices(_outcomes(offered.plans.get(item.id))),
        )
        grounds = [(ground.code, _ground(ground)) for ground in policy().grounds_for(page.kind)]
        fields[f"ground_{number}"] = Select(
            N_("Grond van een afwijzing"), choices=choices(grounds, _("Geen: het is toegewezen"))
        )
        fields[f"reason_{number}"] = TextAreaField(N_("Uitleg bij het besluit"), [AtMost(LONG_TEXT)])
        fields |= _more(page, item, number, offered)
    of_case = type("DecideFormOfCase", (DecideForm,), fields)
    made: DecideForm = of_case() if draft is None else of_case(formdata=draft)
    return made


def _outcomes(plan: ErasurePlan | None) -> list[tuple[Outcome, str]]:
    """Without what the plan of an erasure rules out: what would be refused anyway is not offered."""
    ruled_out = plan.rules_out if plan is not None else ()
    return [(outcome, said) for outcome, said in OUTCOMES.items() if outcome not in ruled_out]


def _ground(ground: Ground) -> str:
    said = f"{_(ground.label)} ({ground.article})"
    return said if _may_use(ground) else f"{said}: {_(OFFICERS_GROUND)}"


def _may_use(ground: Ground) -> bool:
    """A ground wider than the GDPR is not for everybody (regulation, art. 9.2)."""
    return not ground.regulation_only or could(current_actor(), Act.REFUSE_ON_REGULATION_ONLY)


def _more(page: CasePage, item: ItemLine, number: int, offered: Choices) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if item.target is TargetKind.WORDS and offered.places:
        empty = _("Iets buiten het portaal: met de hand") if page.kind is not RequestKind.OBJECTION else _("Kies")
        listed = choices(((place.code, said(place)) for place in offered.places), empty)
        fields[f"about_{number}"] = Select(N_("Waar gaat dit over?"), choices=listed)
    if page.kind is not RequestKind.RECTIFICATION:
        return fields
    if item.target is TargetKind.FIELD:
        field = describe.field_of(item)
        fields[f"checked_{number}"] = StringField(
            N_("Juiste waarde, na controle"),
            [AtMost(LONG_TEXT)],
            default=describe.value(field, item.asked),
        )
        if field is not None and not field.required:
            fields[f"gone_{number}"] = BooleanField(GONE)
        if field is not None and field.evidence:
            fields[f"evidence_{number}"] = Select(
                N_("Waaruit blijkt het?"), choices=choices(EVIDENCE.items(), _("Kies"))
            )
    elif item.target is TargetKind.WORDS and offered.places:
        fields[f"checked_{number}"] = StringField(N_("Juiste waarde, na controle"), [AtMost(LONG_TEXT)])
    for place, (field, kept) in enumerate(offered.records.get(item.id, ())):
        asked = item.asked.get(field.code) if isinstance(item.asked, dict) else None
        fields[f"checked_{number}_{place}"] = StringField(
            field.label,
            [AtMost(LONG_TEXT)],
            default=describe.value(field, kept if asked is None else asked),
        )
    return fields


def said(place: Place) -> str:
    """A place in words: dataset, which one, field."""
    words = [_(label) for label in place.labels] or [_("Alle gegevens")]
    if place.which:
        words.insert(1, f"({', '.join(describe.value(*each) for each in place.which)})")
    return " ".join(words[:2]) + (f": {words[2]}" if len(words) > 2 else "") if place.which else ": ".join(words)


def decisions(form: DecideForm, page: CasePage, offered: Choices, today: date) -> Sequence[ItemDecision] | None:
    """What was decided, or None with the errors beside the fields."""
    found = [_decision(form, page, item, number, offered, today) for number, item in enumerate(page.items)]
    return [each for each in found if each is not None] if all(found) and not form.errors else None


def _decision(
    form: DecideForm, page: CasePage, item: ItemLine, number: int, offered: Choices, today: date
) -> ItemDecision | None:
    outcome = Outcome(form[f"outcome_{number}"].data)
    ground = form[f"ground_{number}"].data or None
    reason = (form[f"reason_{number}"].data or "").strip()
    place = _chosen(form, number, offered)
    checked = None
    if outcome is Outcome.GRANTED:
        if ground:
            form.say(Said(NO_GROUND, {"number": number + 1}), f"ground_{number}")
    else:
        plan = offered.plans.get(item.id)  # of what it keeps the answer says why, line by line
        explained = outcome is Outcome.PARTLY and plan is not None and plan.keeps_a_part
        if not ground and not explained:
            form.say(Said(ASK_GROUND, {"number": number + 1}), f"ground_{number}")
        elif ground and ground in policy().grounds and not _may_use(policy().grounds[ground]):
            form.say(Said(ASK_OFFICER, {"number": number + 1}), f"ground_{number}")
        if not reason and not explained:
            form.say(Said(ASK_REASON, {"number": number + 1}), f"reason_{number}")
    if outcome is not Outcome.REFUSED:
        if page.kind is RequestKind.RECTIFICATION:
            checked = _checked(form, item, number, offered, place, today)
        if item.target is TargetKind.WORDS and place is None:
            _ask_how(form, page, number, reason)
    evidence = form[f"evidence_{number}"].data if f"evidence_{number}" in form else ""
    if f"evidence_{number}" in form and outcome is not Outcome.REFUSED and not evidence:
        form.say(Said(ASK_EVIDENCE, {"number": number + 1}), f"evidence_{number}")
    if form.errors:
        return None
    return ItemDecision(
        item_id=item.id,
        outcome=outcome,
        ground=ground,
        reason=reason,
        checked=checked,
        about=place.target if place and outcome is not Outcome.REFUSED else None,
        evidence=Evidence(evidence) if evidence and outcome is not Outcome.REFUSED else None,
    )


def _ask_how(form: DecideForm, page: CasePage, number: int, reason: str) -> None:
    if page.kind is RequestKind.OBJECTION:
        form.say(Said(ASK_ACTIVITY, {"number": number + 1}), f"about_{number}")
    elif page.kind in {RequestKind.RECTIFICATION, RequestKind.ERASURE, RequestKind.RESTRICTION} and not reason:
        form.say(Said(ASK_HOW, {"number": number + 1}), f"reason_{number}")


def _chosen(form: DecideForm, number: int, offered: Choices) -> Place | None:
    name = f"about_{number}"
    code = form[name].data if name in form else ""
    return next((place for place in offered.places if place.code == code), None)


def _checked(form: DecideForm, item: ItemLine, number: int, offered: Choices, place: Place | None, today: date) -> Any:
    if item.target is TargetKind.RECORD:
        return _checked_record(form, item, number, offered, today)
    target = place.target if place else item
    field = policy().datasets[target.dataset].fields.get(target.field or "") if target.dataset else None
    name = f"checked_{number}"
    if field is None or name not in form:
        return None
    if f"gone_{number}" in form and form[f"gone_{number}"].data:
        return ""
    typed = (form[name].data or "").strip()
    if not typed:
        form.say(Said(ASK_VALUE, {"number": number + 1}), name)
        return None
    try:
        return _written(read_value(field, typed, today))
    except WrongValue as wrong:
        form.say(wrong.msgid, name)
        return None


def _written(value: Any) -> Any:
    """An optional value that is taken out is written as nothing at all."""
    return "" if value is None else value


def _checked_record(form: DecideForm, item: ItemLine, number: int, offered: Choices, today: date) -> Any:
    """The fields that differ from what is kept."""
    changes: dict[str, Any] = {}
    for place, (field, kept) in enumerate(offered.records.get(item.id, ())):
        name = f"checked_{number}_{place}"
        try:
            value = read_value(field, (form[name].data or "").strip(), today)
        except WrongValue as wrong:
            form.say(wrong.msgid, name)
            continue
        if value != kept:
            changes[field.code] = _written(value)
    if not changes:
        form.say(Said(ASK_CHANGE, {"number": number + 1}), f"outcome_{number}")
    return changes


def index_of(page: CasePage, item_id: object) -> int:
    """The number of the item that a refusal names."""
    wanted = item_id if isinstance(item_id, UUID) else None
    return next((number for number, item in enumerate(page.items) if item.id == wanted), 0)
