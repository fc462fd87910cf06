"""Random and foreign ids in every address that holds one: not found or sent away, never anything of anybody's.

10,000 in `make proof`, a few hundred in `make test` (PROOF_ROUNDS sets another number).
"""

from __future__ import annotations

import os
import random
import string
from collections import Counter
from uuid import uuid4

import pytest
from flask import Flask, url_for
from werkzeug.routing import Rule, UUIDConverter
from werkzeug.routing.converters import AnyConverter, IntegerConverter

from tests import proofs
from tests.security import estate
from tests.security.browsing import routes, starts, value_for, walk
from tests.web.principals import School, enter

SECRETS = ("Al Hassan", "Kerkplein", "999900006", "family@example.org", "1723 AB", "+316")
# The foreigner is somebody else in every value, so that nothing of their own looks like a leak.
ELSEWHERE = {
    "family_name": "De Vries",
    "street": "Havenkade 3",
    "postcode": "1621 BC",
    "phone": "+31229123456",
    "bsn": "999990019",
}
ASKERS = ("anonymous", "foreign_case_code", "foreign_student", "other_branch", "student_l3", "officer", "administrator")
ROUNDS = int(os.environ.get("PROOF_ROUNDS") or proofs.rounds(600, 10_000))


def guess(rule: Rule, name: str, dice: random.Random, known: dict[str, object]) -> object:
    """An id nobody gave out, in the shape that the address takes."""
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return "nl" if name == "lang" else dice.choice(sorted(converter.items))
    if isinstance(converter, UUIDConverter):
        return uuid4()
    if isinstance(converter, IntegerConverter):
        return dice.randrange(1, 12)
    if name == "reference":
        return f"V-2026-{dice.randrange(10**7):07d}"
    if name in {"field", "dataset"}:
        return dice.choice([str(known[name]), "bsn", "iban", "__class__", "..%2f", "person"])
    return "".join(dice.choices(string.ascii_letters + string.digits + "-_.~%", k=dice.choice([1, 12, 43, 300])))


def with_id(app: Flask) -> list[Rule]:
    skipped = {"static", "dev.mail"}
    return [rule for rule in routes(app) if rule.arguments - {"lang"} and rule.endpoint not in skipped]


@pytest.mark.proof
def test_ids_that_nobody_gave_out_lead_nowhere(sqlite_app: Flask) -> None:
    school, _references = estate.build(sqlite_app, **ELSEWHERE)
    dice = random.Random(20261123)
    rules = with_id(sqlite_app)
    clients = {who: enter(sqlite_app, school, who) for who in ASKERS}
    answers: Counter[int] = Counter()
    leaks = []
    for number in range(ROUNDS):
        rule, who = rules[number % len(rules)], ASKERS[number // len(rules) % len(ASKERS)]
        with sqlite_app.test_request_context():
            values = {name: guess(rule, name, dice, school.arguments()) for name in rule.arguments}
            address = url_for(rule.endpoint, **values)
        method = "GET" if "GET" in (rule.methods or set()) else "POST"
        answer = clients[who].open(address, method=method, buffered=True)
        answers[answer.status_code] += 1
        said = answer.get_data().decode(errors="replace")
        if answer.status_code not in allowed(rule, method) or (who != OWNER and any(each in said for each in SECRETS)):
            leaks.append(f"{who} {method} {address}: {answer.status_code}")
    proofs.keep("foreign-ids", tried=ROUNDS, routes=len(rules), leaks=len(leaks), answers=dict(sorted(answers.items())))
    assert leaks == []


OWNER = "student_l3"  # whatever names no object of somebody else may show them what is theirs
# Pages that say the same for every token there is: a link that does not work is a page, not a missing one.
SAME_FOR_ALL = {"account.link"}
# Their arguments are words or numbers, not ids: a guess of one is a good address, of the asker's own page or of what
# every member of staff may read.
OWN_PAGES = {"student.records", "staff.register_file", "staff.register_version", "staff.register_confirm"}


def allowed(rule: Rule, method: str) -> set[int]:
    if method == "POST":
        return {400, 403, 404, 302}  # no token: stopped at the door
    page = rule.endpoint in SAME_FOR_ALL | OWN_PAGES or "token" in rule.arguments
    return {302, 403, 404, 200} if page else {302, 403, 404}


def test_what_belongs_to_another_student_or_branch_is_not_found_wherever_it_is_named(sqlite_app: Flask) -> None:
    """Real ids, in the hands of whom they do not belong to: the same answer as for ids that nobody gave out."""
    school, _references = estate.build(sqlite_app, **ELSEWHERE)
    dice = random.Random(20261129)
    cells, wrong = 0, []
    for who in ("foreign_student", "foreign_case_code", "other_branch", "administrator", "anonymous"):
        client = enter(sqlite_app, school, who)
        for rule in with_id(sqlite_app):
            if "GET" not in (rule.methods or set()) or "token" in rule.arguments:
                continue
            if not rule.arguments & OBJECTS or (rule.endpoint.startswith("staff.") and who == "administrator"):
                continue
            answer = client.get(real(sqlite_app, rule, school), buffered=True)
            cells += 1
            said = answer.get_data().decode(errors="replace")
            none = client.get(made_up(sqlite_app, rule, school, dice), buffered=True).status_code
            if answer.status_code not in {302, 403, 404} or any(secret in said for secret in SECRETS):
                wrong.append(f"{who} {rule.endpoint}: {answer.status_code}")
            elif answer.status_code != none:
                wrong.append(f"{who} {rule.endpoint}: {answer.status_code}, and {none} for what does not exist")
    print(f"foreign objects: {cells} cells, {len(wrong)} wrong")
    assert wrong == []
    assert cells > 40


def test_no_list_or_page_of_staff_of_another_branch_holds_anything_of_this_one(sqlite_app: Flask) -> None:
    """The filter is under every query: whatever a handler elsewhere opens, no name, number or reference is there."""
    school, references = estate.build(sqlite_app, **ELSEWHERE)
    client = enter(sqlite_app, school, "other_branch")
    begin = [url for url in starts(sqlite_app, school) if url.startswith("/staff")]
    pages = [page for page in walk(client, "other_branch", begin) if page.status == 200]
    ours = {*SECRETS, school.case.reference, *references.values()} - {references["unmatched"]}
    wrong = [f"{page.url}: {text}" for page in pages for text in ours if text in page.html]
    print(f"pages of another branch: {len(pages)}, {len(wrong)} with something of this one")
    assert wrong == []
    assert len(pages) > 10
    assert any(references["unmatched"] in page.html for page in pages), "what nobody has placed yet is for every branch"


OBJECTS = {
    *("reference", "student_id", "item", "draft", "step_id", "task_id", "finding_id", "campaign_id", "intake_id"),
    *("representative", "letter_id", "file_id", "term_id"),
}


def real(app: Flask, rule: Rule, school: School) -> str:
    known = school.arguments()
    with app.test_request_context():
        return url_for(rule.endpoint, **{name: value_for(rule, name, known) for name in rule.arguments})


def made_up(app: Flask, rule: Rule, school: School, dice: random.Random) -> str:
    """The same address with ids that nobody gave out in the place of those of an object."""
    known = school.arguments()
    with app.test_request_context():
        return url_for(
            rule.endpoint,
            **{
                name: guess(rule, name, dice, known) if name in OBJECTS else value_for(rule, name, known)
                for name in rule.arguments
            },
        )


def test_the_detector_sees_a_planted_leak(sqlite_app: Flask) -> None:
    school, _references = estate.build(sqlite_app)
    client = enter(sqlite_app, school, "student_l3")
    said = client.get("/nl/me", buffered=True).get_data(as_text=True)
    assert any(secret in said for secret in SECRETS)
