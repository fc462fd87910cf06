"""A file that contradicts itself, the regulation or the law is refused at its key."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.documents import GONE, reasons_at, spoilt

BSN = "dataset.person.field.bsn"
SEX = "dataset.person.field.sex.choices"
TOWN = "dataset.person.field.town"
LIST = "activity.training"

# (what it is, changes to the shipped file, the key at fault, a part of the reason)
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    # fields
    ("a citizen number anybody may see", {f"{BSN}.level": 1}, f"{BSN}.level", "needs level 3"),
    ("a citizen number called ordinary", {f"{BSN}.sensitivity": "ordinary"}, f"{BSN}.sensitivity", "never ordinary"),
    (
        "an account called ordinary",
        {"dataset.bank.field.iban.sensitivity": "ordinary"},
        "dataset.bank.field.iban.sensitivity",
        "never ordinary",
    ),
    (
        "health at level 2",
        {"dataset.attendance.field.reason.level": 2},
        "dataset.attendance.field.reason.level",
        "needs level 3",
    ),
    ("a citizen number as a look-up", {f"{BSN}.lookup": "name"}, f"{BSN}.lookup", "never a look-up"),
    (
        "a look-up of another type",
        {"dataset.person.field.email.type": "text"},
        "dataset.person.field.email.lookup",
        "type email",
    ),
    (
        "two student numbers",
        {
            "dataset.exemption.field.medical_adviser.lookup": "student_number",
            f"{TOWN}.lookup": "student_number",
            f"{TOWN}.level": 2,
        },
        f"{TOWN}.lookup",
        "a second field",
    ),
    ("no student number", {"dataset.person.field.student_number.lookup": GONE}, "dataset", "student_number"),
    (
        "the answer to a question of level 2",
        {"dataset.person.field.birth_date.level": 1},
        "dataset.person.field.birth_date.level",
        "level 2",
    ),
    ("a choice without choices", {SEX: GONE}, SEX, "needs choices"),
    (
        "choices of a text",
        {f"{TOWN}.choices": [{"code": "a", "label": "A"}]},
        f"{TOWN}.choices",
        "only a field of type choice",
    ),
    ("a choice twice", {SEX: [{"code": "a", "label": "A"}, {"code": "a", "label": "B"}]}, SEX, "stands twice: a"),
    ("a label twice", {SEX: [{"code": "a", "label": "A"}, {"code": "b", "label": "A"}]}, SEX, "label stands twice: A"),
    ("a choice without a label", {SEX: [{"code": "a"}]}, f"{SEX}[0].label", "missing"),
    ("proof of what cannot be corrected", {f"{BSN}.correctable": False}, f"{BSN}.evidence", "cannot be corrected"),
    (
        "a hidden number",
        {"dataset.programme.field.learning_profile.hidden_from_staff": True},
        "dataset.programme.field.learning_profile.hidden_from_staff",
        "only a text",
    ),
    (
        "a key that may be empty",
        {"dataset.exam.field.date.required": GONE},
        "dataset.exam.field.date.required",
        "must be required",
    ),
    (
        "a field for nothing",
        {"activity.direct_debit.fields": ["payment.*"]},
        "dataset.bank.field.iban",
        "serves no activity",
    ),
    # activities
    (
        "consent without a question",
        {"activity.diploma_valuation.consent_text": GONE},
        "activity.diploma_valuation.consent_text",
        "needs the text",
    ),
    (
        "a question without consent",
        {f"{LIST}.consent_text": "Mag het?"},
        f"{LIST}.consent_text",
        "only an activity on consent",
    ),
    (
        "a consent that cannot stop",
        {"activity.diploma_valuation.mandatory": True},
        "activity.diploma_valuation.mandatory",
        "contradicts the basis consent",
    ),
    (
        "an interest that cannot stop",
        {"activity.lesson_screenshots.mandatory": True},
        "activity.lesson_screenshots.mandatory",
        "contradicts the basis legitimate_interest",
    ),
    (
        "a duty that says nothing",
        {"activity.duo_financing.continues": GONE},
        "activity.duo_financing.continues",
        "what goes on",
    ),
    (
        "health without its article",
        {"activity.absence.basis_explanation": "Dit hoort erbij."},
        "activity.absence.basis_explanation",
        "AVG artikel 9",
    ),
    (
        "a recipient twice",
        {"activity.duo_financing.recipients": ["duo", "duo"]},
        "activity.duo_financing.recipients[1]",
        "stands twice",
    ),
    (
        "one export label for two",
        {"activity.medical_advice.export_label": "Diplomawaardering"},
        "activity.medical_advice.export_label",
        "stands twice",
    ),
    # unused
    ("a recipient of nothing", {"activity.direct_debit.recipients": []}, "recipient.bank", "used by nothing"),
    (
        "a measure for nothing",
        {"activity.lesson_screenshots.security": ["roles"]},
        "security.image_review",
        "used by nothing",
    ),
    ("a class of nothing", {"activity.portal_security.retention": ["view"]}, "retention.audit_log", "used by nothing"),
    # terms
    ("no time to answer", {"term.answer_days": 0}, "term.answer_days", "at least one day"),
    ("longer than the law gives", {"term.answer_days": 31}, "term.answer_days", "GDPR 12(3)"),
    ("longer than the law extends", {"term.extension_days": 62}, "term.extension_days", "three months"),
    ("a draft after the term", {"term.extension_draft_day": 28}, "term.extension_draft_day", "before the answer"),
    ("warnings in disorder", {"term.warn_days_before": [2, 7, 0]}, "term.warn_days_before", "from many"),
    ("a warning before receipt", {"term.warn_days_before": [30, 7]}, "term.warn_days_before", "fewer days"),
    ("an endless complaint", {"term.complaint_days": 93}, "term.complaint_days", "longer than 120 days"),
    ("years and days", {"retention.standard.days": 5}, "retention.standard.days", "not both"),
    ("kept for no time", {"retention.standard.years": 0}, "retention.standard.years", "longer than nothing"),
    ("kept for ages", {"retention.standard.years": 101}, "retention.standard.years", "at most 100"),
    # recipients
    ("a recipient far away", {"recipient.bank.country": "Canada"}, "recipient.bank.country", "outside the EEA"),
    (
        "a safeguard at home",
        {"recipient.bank.safeguard": "Modelcontract"},
        "recipient.bank.safeguard",
        "only a country outside the EEA",
    ),
    # holders, grounds, reasons, labels, addresses
    ("no portal", {"holder.portal.portal": False}, "holder", "no holder is the portal"),
    ("two portals", {"holder.mailbox.portal": True}, "holder.mailbox.portal", "only one"),
    ("a ground without law", {"ground.opinion.article": "Gewoonte"}, "ground.opinion.article", "AVG or UAVG"),
    (
        "a ground of the regulation alone",
        {"ground.opinion.article": "Reglement artikel 9.2"},
        "ground.opinion.article",
        "AVG or UAVG",
    ),
    (
        "the regulation without article",
        {"ground.impossible.article": "Reglement"},
        "ground.impossible.article",
        "article of the regulation",
    ),
    (
        "the law called regulation",
        {"ground.impossible.article": "Reglement artikel 9.2, AVG artikel 17"},
        "ground.impossible.regulation_only",
        "contradicts",
    ),
    ("no ground for a kind", {"ground.not_based_on_consent": GONE}, "ground", "no ground for: withdrawal"),
    ("more time without law", {"reason.complexity.article": GONE}, "reason.complexity.article", "article of the AVG"),
    (
        "no reason for a use",
        {"reason.new_facts": GONE, "reason.our_mistake": GONE, "reason.complaint_upheld": GONE},
        "reason",
        "no reason for: reopen",
    ),
    (
        "one label for two branches",
        {"branch.hoorn.export_labels": ["ALKMAAR"]},
        "branch.hoorn.export_labels[0]",
        "stands twice",
    ),
    (
        "one label for two recipients",
        {"recipient.panteia.export_labels": ["DUO"]},
        "recipient.panteia.export_labels[0]",
        "stands twice",
    ),
    ("no e-mail address", {"controller.contact_email": "noortje"}, "controller.contact_email", "e-mail"),
    ("no phone number", {"controller.phone": "bel ons"}, "controller.phone", "phone"),
    ("an unsafe address", {"controller.website": "http://jar.nl"}, "controller.website", "https://"),
    (
        "an unsafe address of an authority",
        {"authority.court.website": "rechtspraak.nl"},
        "authority.court.website",
        "https://",
    ),
    # identity
    ("proof before asking", {"identity.file_request": 1}, "identity.file_request", "asks for level 0"),
    ("erasing on a mail alone", {"identity.carry_out_erasure": 1}, "identity.carry_out_erasure", "asks for level 3"),
    ("withdrawing made hard", {"identity.withdraw_consent": 3}, "identity.withdraw_consent", "asks for level 1"),
    ("an answer for anybody", {"identity.receive_answer": 0}, "identity.receive_answer", "asks for level 2 to 3"),
    ("an act left out", {"identity.object": GONE}, "identity.object", "required key is missing"),
]


@pytest.mark.parametrize(("changes", "key", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_contradiction_is_refused_at_its_key(changes: dict[str, Any], key: str, reason: str) -> None:
    found = reasons_at(spoilt(changes), key)
    assert any(reason in text for text in found), found
