"""Wrong types, empty texts, unknown references and items outside the closed lists are refused at their key."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from tests.policy.documents import GONE, at, drop, faults_of, put, reasons_at, shipped, spoilt

BSN = "dataset.person.field.bsn"
LIST = "activity.training"

# (what it is, changes to the shipped file, the key at fault, a part of the reason)
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    # types
    ("a number for a text", {"controller.name": 5}, "controller.name", "must be a text"),
    ("a text for a number", {"term.answer_days": "28"}, "term.answer_days", "whole number"),
    ("a fraction", {"term.answer_days": 28.0}, "term.answer_days", "whole number"),
    ("true for a number", {"term.answer_days": True}, "term.answer_days", "whole number"),
    ("a negative number", {"retention.case.years": -3}, "retention.case.years", "negative"),
    ("a huge number", {"retention.case.years": 10**9}, "retention.case.years", "at most"),
    ("a text for a flag", {f"{BSN}.correctable": "yes"}, f"{BSN}.correctable", "true or false"),
    ("a text for a date", {"regulation.in_force_since": "2020-12-01"}, "regulation.in_force_since", "date"),
    ("a text for a list", {f"{LIST}.security": "roles"}, f"{LIST}.security", "must be a list"),
    ("a text for a table", {"holder.portal": "portal"}, "holder.portal", "must be a table"),
    ("a list for a part", {"holder": []}, "holder", "must be a table"),
    ("an empty part", {"holder": {}}, "holder", "at least one"),
    ("an empty list", {f"{LIST}.security": []}, f"{LIST}.security", "at least one"),
    ("an unknown field type", {f"{BSN}.type": "number"}, f"{BSN}.type", "must be one of"),
    ("an unknown source", {f"{BSN}.source": "police"}, f"{BSN}.source", "must be one of"),
    ("an unknown sensitivity", {f"{BSN}.sensitivity": "secret"}, f"{BSN}.sensitivity", "must be one of"),
    ("an unknown level", {f"{BSN}.level": 4}, f"{BSN}.level", "0 to 3"),
    ("an unknown basis", {f"{LIST}.basis": "habit"}, f"{LIST}.basis", "must be one of"),
    ("an unknown kind of request", {"ground.opinion.kinds": ["party"]}, "ground.opinion.kinds[0]", "must be one of"),
    ("an unknown start", {"retention.case.starts": "monday"}, "retention.case.starts", "must be one of"),
    ("an unknown master", {f"{BSN}.master": "KvK"}, f"{BSN}.master", "must be one of"),
    (
        "an unknown look-up",
        {"dataset.person.field.email.lookup": "mail"},
        "dataset.person.field.email.lookup",
        "one of",
    ),
    ("an unknown role of a recipient", {"recipient.duo.role": "friend"}, "recipient.duo.role", "must be one of"),
    ("an unknown use of a reason", {"reason.complexity.use": "fun"}, "reason.complexity.use", "must be one of"),
    # texts
    ("an empty text", {"purpose.medical_advice.label": ""}, "purpose.medical_advice.label", "must not be empty"),
    ("a blank text", {"purpose.medical_advice.label": "  "}, "purpose.medical_advice.label", "must not be empty"),
    ("blank ends", {"purpose.medical_advice.label": "Advies "}, "purpose.medical_advice.label", "space"),
    ("two lines", {"purpose.medical_advice.label": "a\nb"}, "purpose.medical_advice.label", "line breaks"),
    ("a percent sign", {"no_profiling": "100% zeker"}, "no_profiling", "percent"),
    (
        "an empty paragraph",
        {"regulation.chapter.final.paragraphs": ["a", ""]},
        "regulation.chapter.final.paragraphs[1]",
        "empty",
    ),
    ("a code with capitals", {"dataset.Person": {}}, "dataset.Person", "must be a code"),
    # dates
    ("a date out of reach", {"regulation.in_force_since": date(1890, 1, 1)}, "regulation.in_force_since", "between"),
    ("a moment for a date", {"term.closing_days": [datetime(2026, 1, 1)]}, "term.closing_days[0]", "must be a date"),
    ("a closing day twice", {"term.closing_days": [date(2026, 1, 2)] * 2}, "term.closing_days[1]", "stands twice"),
    # references
    (
        "an unknown purpose",
        {f"{LIST}.purpose": "marketing"},
        f"{LIST}.purpose",
        "purpose outside the regulation's closed list",
    ),
    ("an unknown recipient", {f"{LIST}.recipients": ["spy"]}, f"{LIST}.recipients[0]", "unknown recipient: spy"),
    ("an unknown measure", {f"{LIST}.security": ["wall"]}, f"{LIST}.security[0]", "unknown security measure: wall"),
    (
        "an unknown class of an activity",
        {f"{LIST}.retention": ["ever"]},
        f"{LIST}.retention[0]",
        "unknown retention class: ever",
    ),
    ("an unknown class of a field", {f"{BSN}.retention": "ever"}, f"{BSN}.retention", "unknown retention class: ever"),
    ("an unknown field", {f"{LIST}.fields": ["person.shoe"]}, f"{LIST}.fields[0]", "unknown field: person.shoe"),
    ("an unknown dataset", {f"{LIST}.fields": ["shoe.*"]}, f"{LIST}.fields[0]", "unknown dataset: shoe"),
    ("no reference to a field", {f"{LIST}.fields": ["person"]}, f"{LIST}.fields[0]", "dataset.field"),
    ("a field and its whole dataset", {f"{LIST}.fields": ["exam.*", "exam.mark"]}, f"{LIST}.fields[1]", "stands twice"),
    ("an unknown group", {f"{BSN}.group": 12}, f"{BSN}.group", "unknown group: 12"),
    ("group nought", {f"{BSN}.group": 0}, f"{BSN}.group", "unknown group: 0"),
    ("an unknown part of a key", {"dataset.exam.natural_key": ["day"]}, "dataset.exam.natural_key[0]", "unknown field"),
    ("an unknown part of a title", {"dataset.exam.title": ["day"]}, "dataset.exam.title[0]", "unknown field"),
    ("an unknown act", {"identity.dance": 1}, "identity.dance", "unknown act"),
    ("levels that are only assumed", {"identity": {"assumed": True}}, "identity", "must hold at least one table"),
    ("an unknown role", {"role.king": "Koning"}, "role.king", "unknown key"),
    # closed lists
    (
        "a ninth purpose",
        {"purpose.marketing": {"number": 9, "label": "Reclame"}},
        "purpose.marketing",
        "purpose outside the regulation's closed list",
    ),
    ("a purpose left out", {"purpose.direct_debit": GONE}, "purpose.direct_debit", "is missing"),
    ("a purpose out of its place", {"purpose.direct_debit.number": 5}, "purpose.direct_debit.number", "must be 6"),
    (
        "a purpose twice in the list",
        {"regulation.purposes": ["direct_debit", "direct_debit"]},
        "regulation.purposes[1]",
        "stands twice",
    ),
    (
        "an idle purpose",
        {"activity.direct_debit.purpose": "training_agreement"},
        "purpose.direct_debit",
        "is used by no activity",
    ),
    (
        "an eleventh group",
        {"group.11": {"code": "x", "label": "X", "explanation": "X", "icon": "x"}},
        "group.11",
        "1 to 10",
    ),
    (
        "a group without a number",
        {"group.one": {"code": "x", "label": "X", "explanation": "X", "icon": "x"}},
        "group.one",
        "1 to 10",
    ),
    ("a ninth group missing", {"group.9": GONE}, "group.9", "required key is missing"),
    ("a group without fields", {f"{BSN}.group": 1}, "group.3", "no field belongs"),
    ("a group code twice", {"group.2.code": "contact"}, "group.1.code", "stands twice"),
    ("an unknown language", {"language.xx": {"name": "X", "direction": "ltr"}}, "language.xx", "unknown language"),
    ("a language the wrong way round", {"language.ar.direction": "ltr"}, "language.ar.direction", "must be rtl"),
    ("no Dutch", {"language.nl": GONE}, "language.nl", "master language"),
    (
        "an unknown authority",
        {"authority.king": {"name": "Koning", "how": "Schrijf."}},
        "authority.king",
        "must be one of",
    ),
    ("no supervisor", {"authority.supervisor": GONE}, "authority.supervisor", "GDPR 12(4)"),
]


@pytest.mark.parametrize(("changes", "key", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_wrong_or_unknown_is_refused_at_its_key(changes: dict[str, Any], key: str, reason: str) -> None:
    found = reasons_at(spoilt(changes), key)
    assert any(reason in text for text in found), found


def test_all_faults_are_named_at_once() -> None:
    document = shipped()
    put(document, "controller.name", "")
    put(document, f"{BSN}.level", 1)
    put(document, f"{LIST}.purpose", "marketing")
    drop(document, "term.answer_days")
    keys = {fault.key for fault in faults_of(document)}
    assert {"controller.name", f"{BSN}.level", f"{LIST}.purpose", "term.answer_days"} <= keys


def test_a_purpose_that_is_added_to_no_list_is_refused_even_when_an_activity_uses_it() -> None:
    document = shipped()
    put(document, "purpose.marketing", {"number": 9, "label": "Reclame"})
    put(document, "activity.training.purpose", "marketing")
    assert reasons_at(document, "purpose.marketing") == ["purpose outside the regulation's closed list"]


def test_a_second_key_with_the_same_meaning_is_not_taken_for_the_first() -> None:
    document = shipped()
    group = at(document, "group.1")
    put(document, "group.01", dict(group, code="other"))
    assert "the groups are numbered 1 to 10" in reasons_at(document, "group.01")
