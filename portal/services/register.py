"""The register of processing activities (GDPR 30(1); regulation, art. 8.3-10) as the policy makes it.

`content_of` is what a version keeps: Dutch texts and codes, so that the same policy gives the same bytes. `lines_of`
says it in a language, column by column, as pages, comparisons and sheets show it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from portal.domain.article_30 import EEA
from portal.domain.vocabulary import LegalBasis, Sensitivity, Source
from portal.i18n import N_
from portal.policy.assumed import Assumed, assumed_items, rests_on
from portal.policy.model import Activity, Controller, Policy, Recipient
from portal.vault.envelope import canonical

T = TypeVar("T")
Say = Callable[[str], str]
Content = dict[str, Any]
Columns = dict[str, list[str]]

# The columns of the registers that Dutch supervisors and public bodies publish as models, and what must be confirmed.
COLUMNS = {
    "name": N_("Naam van de verwerking"),
    "purpose": N_("Doel"),
    "basis": N_("Grondslag"),
    "basis_explanation": N_("Uitleg bij de grondslag"),
    "subjects": N_("Categorieën betrokkenen"),
    "data": N_("Categorieën persoonsgegevens"),
    "special": N_("Bijzondere en gevoelige gegevens"),
    "sources": N_("Bron van de gegevens"),
    "recipients": N_("Ontvangers"),
    "processors": N_("Verwerkers"),
    "transfers": N_("Doorgifte buiten de EER"),
    "retention": N_("Bewaartermijn"),
    "security": N_("Beveiligingsmaatregelen"),
    "to_confirm": N_("Nog te bevestigen"),
}
CONTROLLER = {
    "name": N_("Verwerkingsverantwoordelijke"),
    "address": N_("Adres"),
    "email": N_("E-mail"),
    "phone": N_("Telefoon"),
    "website": N_("Website"),
    "representative": N_("Vertegenwoordigd door"),
    "contact": N_("Aanspreekpunt privacy"),
    "joint_controllers": N_("Gezamenlijk verantwoordelijk"),
    "data_protection_officer": N_("Functionaris gegevensbescherming"),
    "regulation": N_("Reglement"),
    "policy": N_("Beleid"),
}
BASES: Mapping[str, str] = {
    LegalBasis.CONSENT: N_("Toestemming (AVG art. 6 lid 1 onder a)"),
    LegalBasis.CONTRACT: N_("Overeenkomst (AVG art. 6 lid 1 onder b)"),
    LegalBasis.LEGAL_OBLIGATION: N_("Wettelijke plicht (AVG art. 6 lid 1 onder c)"),
    LegalBasis.VITAL_INTEREST: N_("Vitaal belang (AVG art. 6 lid 1 onder d)"),
    LegalBasis.PUBLIC_TASK: N_("Publieke taak (AVG art. 6 lid 1 onder e)"),
    LegalBasis.LEGITIMATE_INTEREST: N_("Gerechtvaardigd belang (AVG art. 6 lid 1 onder f)"),
}
SOURCES: Mapping[str, str] = {
    Source.STUDENT: N_("De betrokkene zelf"),
    Source.SCHOOL: N_("De school"),
    Source.THIRD_PARTY: N_("Een andere organisatie"),
}
SENSITIVITIES: Mapping[str, str] = {
    Sensitivity.SPECIAL: N_("bijzonder (AVG art. 9)"),
    Sensitivity.SENSITIVE: N_("gevoelig"),
}
# The parts of a policy in which items may be assumed.
PARTS: Mapping[str, str] = {
    "controller": N_("De school"),
    "chapter": N_("Uitleg van het reglement"),
    "term": N_("Antwoordtermijn"),
    "retention": N_("Bewaartermijn"),
    "group": N_("Groep gegevens"),
    "own_section": N_("Eigen gegevens van het portaal"),
    "dataset": N_("Soort gegevens"),
    "field": N_("Gegeven"),
    "purpose": N_("Doel"),
    "activity": N_("Verwerking"),
    "recipient": N_("Ontvanger"),
    "holder": N_("Bewaarplaats"),
    "ground": N_("Weigergrond"),
    "reason": N_("Vaste reden"),
    "security": N_("Beveiligingsmaatregel"),
    "branch": N_("Vestiging"),
    "authority": N_("Waar men kan klagen"),
    "identity": N_("Zekerheid over wie iemand is"),
    "role": N_("Namen van de rollen"),
}
SUBJECTS = N_("Cursisten en oud-cursisten")
NOBODY = N_("Niemand buiten de school")
NONE = N_("Geen")
NO_TRANSFER = N_("Geen doorgifte")


def content_of(policy: Policy) -> Content:
    """All that the register says, in Dutch, as JSON can hold it."""
    assumed = {each.key: each for each in assumed_items(policy)}
    return {
        "policy": {"code": policy.code, "version": policy.version, "regulation": policy.regulation.version},
        "controller": _controller(policy.controller),
        "activities": [_activity(policy, each, assumed) for each in policy.activities.values()],
    }


def digest_of(content: Content) -> bytes:
    """Equal contents have equal digests."""
    return hashlib.sha256(canonical(content)).digest()


def _controller(keeper: Controller) -> Content:
    return {
        "name": keeper.name,
        "address": keeper.address,
        "place": f"{keeper.postcode} {keeper.town}".strip(),
        "country": keeper.country,
        "email": keeper.email,
        "phone": keeper.phone,
        "website": keeper.website,
        "representative": keeper.representative,
        "contact": [keeper.contact_name, keeper.contact_email, keeper.contact_phone],
        "joint_controllers": list(keeper.joint_controllers),
        "data_protection_officer": keeper.data_protection_officer,
    }


def _activity(policy: Policy, activity: Activity, assumed: Mapping[str, Assumed]) -> Content:
    data = [
        (dataset, field)
        for dataset in policy.datasets.values()
        for field in dataset.fields.values()
        if activity.code in field.activities
    ]
    classes = _unique([*(field.retention for _, field in data), *activity.retention])
    return {
        "code": activity.code,
        "name": activity.label,
        "purpose": policy.purposes[activity.purpose].label,
        "basis": activity.basis.value,
        "basis_explanation": activity.basis_explanation,
        "subjects": [SUBJECTS],
        "data": [
            {
                "dataset": dataset.label,
                "field": field.label,
                "sensitivity": field.sensitivity.value,
                "source": field.source.value,
            }
            for dataset, field in data
        ],
        "recipients": [_recipient(policy.recipients[code]) for code in activity.recipients],
        "retention": [
            {"label": each.label, "term": each.explanation, "law": each.law}
            for each in (policy.retention[code] for code in classes)
        ],
        "security": [policy.security[code].label for code in activity.security],
        "assumed": [_item(assumed[key]) for key in rests_on(policy, activity) if key in assumed],
    }


def _recipient(recipient: Recipient) -> Content:
    return {
        "name": recipient.name,
        "role": recipient.role,
        "what_for": recipient.what_for,
        "country": recipient.country,
        "safeguard": recipient.safeguard,
    }


def _item(assumed: Assumed) -> Content:
    return {"key": assumed.key, "part": assumed.part, "label": assumed.label}


def lines_of(content: Content, say: Say, still_open: Collection[str] | None = None) -> dict[str, Columns]:
    """Each activity's columns by its code. `still_open`: keys of what nobody confirmed yet; None shows all of it."""
    return {each["code"]: _columns(each, say, still_open) for each in content["activities"]}


def _columns(activity: Content, say: Say, still_open: Collection[str] | None) -> Columns:
    recipients = activity["recipients"]
    outside = [each for each in recipients if each["country"] not in EEA]
    return {
        "name": [say(activity["name"])],
        "purpose": [say(activity["purpose"])],
        "basis": [say(BASES.get(activity["basis"], activity["basis"]))],
        "basis_explanation": [say(activity["basis_explanation"])],
        "subjects": [say(each) for each in activity["subjects"]],
        "data": [_datum(each, say) for each in activity["data"]],
        "special": [
            f"{_datum(each, say)}: {say(SENSITIVITIES[each['sensitivity']])}"
            for each in activity["data"]
            if each["sensitivity"] in SENSITIVITIES
        ]
        or [say(NONE)],
        "sources": _unique(say(SOURCES.get(each["source"], each["source"])) for each in activity["data"]),
        "recipients": [_taker(each, say) for each in recipients] or [say(NOBODY)],
        "processors": [_taker(each, say) for each in recipients if each["role"] == "processor"] or [say(NONE)],
        "transfers": [f"{_taker(each, say)}: {say(each['safeguard'])}" for each in outside] or [say(NO_TRANSFER)],
        "retention": [f"{say(each['label'])}: {say(each['term'])}" for each in activity["retention"]],
        "security": [say(each) for each in activity["security"]],
        "to_confirm": [
            f"{say(PARTS.get(each['part'], each['part']))}: {say(each['label'])}"
            for each in activity["assumed"]
            if still_open is None or each["key"] in still_open
        ],
    }


def _datum(datum: Content, say: Say) -> str:
    return f"{say(datum['dataset'])}: {say(datum['field'])}"


def _taker(recipient: Content, say: Say) -> str:
    return f"{say(recipient['name'])} ({say(recipient['country'])})"


def controller_of(content: Content, say: Say) -> Columns:
    """Who answers for the processing, by the keys of `CONTROLLER`, with the versions of policy and regulation."""
    keeper = content["controller"]
    about = content["policy"]
    return {
        "name": [keeper["name"]],
        "address": [f"{say(keeper['address'])}, {keeper['place']}, {say(keeper['country'])}"],
        "email": [keeper["email"]],
        "phone": [keeper["phone"]],
        "website": [keeper["website"]],
        "representative": [keeper["representative"]],
        "contact": [", ".join(each for each in keeper["contact"] if each)],
        "joint_controllers": keeper["joint_controllers"] or [say(NONE)],
        "data_protection_officer": [keeper["data_protection_officer"] or say(NONE)],
        "regulation": [about["regulation"]],
        "policy": [f"{about['code']} {about['version']}"],
    }


def _unique(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
