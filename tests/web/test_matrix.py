"""Every route × every principal × methods, live. The expectation is written out here by hand, not derived."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.web.fingerprints import EXCEPTED, changed, fingerprints
from tests.web.principals import HALVES, PRINCIPALS, STAFF, STUDENTS, School, enter, make_school

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
UNKNOWN_METHODS = ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
HANDLERS = {"handler", "other_branch"}
OFFICE = {"officer", "director"}
EVERY_STUDENT = {*STUDENTS, "foreign_student"}
ASKERS = {*EVERY_STUDENT, "representative"}
DOSSIER = HANDLERS | OFFICE  # who works on cases and students


def each(names: str, who: set[str]) -> dict[str, set[str]]:
    return dict.fromkeys(names.split(), who)


# Who gets past the door of each endpoint. What lies behind it may still be another's: then it is 404.
EXPECTED = {
    **each("account.confirm", ASKERS),
    **each("student.requests student.request student.letter student.take_back student.act_for", ASKERS),
    **each("student.act_confirm", {"representative"}),
    **each(
        "student.email student.email_stop student.sign_out_others student.helpers student.helper_end", EVERY_STUDENT
    ),
    **each("student.helper_new student.helper_confirm", {"student_l2", "student_l3", "foreign_student"}),
    **each("staff.contact staff.no_email staff.representatives staff.representative_new", DOSSIER),
    **each("staff.representative_end staff.to_post staff.told staff.print_letter staff.letter", DOSSIER),
    **each("staff.images staff.image staff.image_picture staff.image_remove staff.found_add", DOSSIER),
    **each("student.data student.records student.value student.reveal", EVERY_STUDENT),
    **each("student.wrong student.ask", EVERY_STUDENT),
    **each("student.consents student.views", EVERY_STUDENT),
    **each("student.download student.renew", {"student_l2", "student_l3", "foreign_student"}),
    **each("account.second_channel account.second_code student.claim student.upload student.own_letter", EVERY_STUDENT),
    **each("student.stop_erasure student.ending", EVERY_STUDENT),
    **each("public.upload public.stop_erasure", {"case_code", "foreign_case_code", *ASKERS}),
    **each("staff.identity_tasks staff.identity_task staff.identity_letter staff.identity_posted", DOSSIER),
    **each("staff.identity_call staff.identity_stop staff.identity_phone staff.identity_desk staff.case_slip", DOSSIER),
    **each("staff.upload staff.upload_page", DOSSIER),
    **each("public.case", {"case_code", "foreign_case_code", *ASKERS}),
    **each("staff.sign_out", {*STAFF, *HALVES}),
    **each("staff.enrol staff.enrol_qr", {*STAFF, "enrolling"}),
    **each("staff.factor", {*STAFF, "half"}),
    **each("staff.password", {*STAFF, "first_password"}),
    **each("staff.confidentiality", {*STAFF, "unacknowledged"}),
    **each("staff.calendar_renew staff.calendar_withdraw", set(STAFF)),
    **each("staff.codes staff.app_remove staff.passkey_remove staff.sessions_end staff.session_end", set(STAFF)),
    **each("staff.absence staff.absence_end", set(STAFF)),
    **each("staff.again staff.me staff.guide staff.register staff.register_history staff.register_version", set(STAFF)),
    **each("staff.register_compare staff.register_check staff.register_file", set(STAFF)),
    **each("staff.register_confirm", OFFICE),
    **each("staff.assumed staff.operations", {*OFFICE, "administrator"}),
    **each("staff.queue staff.record staff.recorded staff.case staff.match", DOSSIER),
    **each("staff.take staff.assign staff.message staff.identity staff.extend", DOSSIER),
    **each("staff.correct", DOSSIER),
    **each("staff.search staff.hand_over staff.export", DOSSIER),
    **each("staff.note staff.merge staff.take_back staff.reopen", DOSSIER),
    **each("staff.abuse", {"officer"}),
    **each("staff.stop_erasure", DOSSIER),
    **each("staff.decide staff.approve staff.carry_out staff.step staff.document staff.posted", DOSSIER),
    **each("staff.lift staff.students staff.student staff.reveal staff.answer", DOSSIER),
    **each("staff.changes staff.changes_file", DOSSIER),
    **each("staff.figures staff.figures_file", DOSSIER),
    **each("staff.year_reports staff.year_report", {*OFFICE, "administrator"}),
    **each("staff.intake staff.intake_one staff.intake_people staff.intake_confirm staff.intake_cancel", OFFICE),
    **each("staff.conflicts staff.conflict staff.student_new staff.programme_end", DOSSIER),
    **each("staff.hold staff.hold_end", {"officer"}),
    **each("staff.campaigns staff.campaign_new staff.campaign staff.campaign_preview staff.campaign_send", OFFICE),
    **each("staff.campaign_stop staff.campaign_discard", OFFICE),
    **each("staff.campaign_letter staff.campaign_posted staff.campaign_paper", DOSSIER),
    **each("student.consent_question", EVERY_STUDENT),
    **each("staff.retention staff.term staff.term_letter staff.term_step", OFFICE),
    **each("staff.retention_confirm staff.retention_run", {"director"}),
    **each("staff.retention_clock staff.erasures staff.certificate", {*OFFICE, "administrator"}),
    **each("staff.accounts staff.account staff.review staff.reviewed staff.branches", {*OFFICE, "administrator"}),
    **each("staff.account_new staff.account_disable staff.account_link staff.account_factor", {"administrator"}),
    **each("staff.branches_follow", {"administrator"}),
    **each("staff.designate staff.designation_end staff.designation_move", {"administrator"}),
}
PUBLIC = {
    *("static", "system.healthz", "system.readyz", "system.metrics", "system.security_txt", "system.favicon"),
    *("public.choose", "public.start", "public.about", "public.rights"),
    *("public.regulation", "public.help", "public.accessibility"),
    *("public.new", "public.draft_page", "public.instead", "public.check", "public.receipt", "public.code"),
    *("student.stop_email", "student.erasure_link"),
    *("account.sign_in", "account.code", "account.link", "account.sign_out", "staff.sign_in"),
    *("staff.reset", "staff.calendar"),
    *("dev.mails", "dev.mail", "dev.code"),
}
# Endpoints that name one case or student of branch A: for everybody else's eyes they do not exist.
OF_BRANCH_A = {
    *("staff.contact", "staff.no_email", "staff.representatives", "staff.representative_new"),
    *("staff.representative_end", "staff.print_letter", "staff.letter", "staff.told"),
    *("staff.images", "staff.image", "staff.image_picture", "staff.image_remove", "staff.found_add"),
    *("staff.recorded", "staff.case", "staff.match", "staff.take", "staff.assign", "staff.message", "staff.identity"),
    *("staff.extend", "staff.decide", "staff.approve", "staff.carry_out", "staff.step", "staff.document"),
    *("staff.identity_task", "staff.identity_letter", "staff.identity_posted", "staff.identity_call"),
    *("staff.identity_phone", "staff.stop_erasure"),
    *("staff.hold", "staff.hold_end"),
    *("staff.campaign_letter", "staff.campaign_posted", "staff.campaign_paper"),
    *("staff.conflict", "staff.programme_end"),
    *("staff.identity_stop", "staff.identity_desk", "staff.case_slip", "staff.upload", "staff.upload_page"),
    *("staff.correct", "staff.note", "staff.merge", "staff.take_back", "staff.reopen"),
    *("staff.lift", "staff.posted", "staff.student", "staff.reveal", "staff.answer"),
}
OF_THE_STUDENT = {
    *("student.value", "student.reveal", "student.wrong", "student.ask", "student.request", "student.take_back"),
    *("student.download", "student.renew", "student.letter", "student.own_letter", "student.claim", "student.upload"),
    *("student.stop_erasure", "student.consent_question"),
}


@pytest.fixture
def school(sqlite_app: Flask) -> School:
    with sqlite_app.app_context():
        return make_school(sqlite_app)


def address(app: Flask, rule: Rule, school: School) -> str:
    known = school.arguments()
    with app.test_request_context():
        return url_for(rule.endpoint, **{name: known[name] for name in rule.arguments})


def routes(app: Flask) -> Iterator[Rule]:
    yield from sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint)


def test_every_endpoint_has_a_written_expectation(sqlite_app: Flask) -> None:
    endpoints = {rule.endpoint for rule in routes(sqlite_app)}
    assert endpoints - PUBLIC - set(EXPECTED) == set(), "write down here who may come to these endpoints"


@pytest.mark.parametrize("who", PRINCIPALS)
def test_every_route_lets_in_exactly_whom_it_should(sqlite_app: Flask, school: School, who: str) -> None:
    wrong, cells = [], 0
    for rule in routes(sqlite_app):
        client = enter(sqlite_app, school, who)
        for method in METHODS:
            answer = client.open(address(sqlite_app, rule, school), method=method, buffered=True)
            cells += 1
            fault = judge(rule, method, who, answer.status_code, answer.headers.get("Location", ""))
            if fault:
                wrong.append(f"{method} {rule.endpoint}: {fault}")
    print(f"access matrix, {who}: {cells} cells, {len(wrong)} wrong")
    assert wrong == []
    assert cells * len(PRINCIPALS) >= 1500


@pytest.mark.parametrize("who", ["anonymous", "student_l3", "officer"])
def test_a_method_that_no_page_knows_is_refused_on_every_route(sqlite_app: Flask, school: School, who: str) -> None:
    """Before it is asked who comes: one of each kind of principal tells."""
    client = enter(sqlite_app, school, who)
    for rule in routes(sqlite_app):
        assert not set(UNKNOWN_METHODS) & (rule.methods or set()), "put it among the methods that everybody tries"
        where = address(sqlite_app, rule, school)
        answers = {method: client.open(where, method=method, buffered=True).status_code for method in UNKNOWN_METHODS}
        assert set(answers.values()) == {405}, f"{rule.endpoint}: {answers}"


def judge(rule: Rule, method: str, who: str, status: int, location: str) -> str:
    """Why this answer is wrong, or nothing."""
    if status >= 500:
        return f"{status}"
    methods = rule.methods or set()
    if method not in methods:
        return "" if status == 405 else f"{status}, expected 405"
    if method == "OPTIONS":
        return "" if status in {200, 302, 403} else f"{status} for OPTIONS"
    stages = tuple(f"/staff/{stage}" for stage in ("enrol", "factor", "password", "confidentiality"))
    sent_in = "/sign-in" in location or location.startswith(("/nl/code", *stages))
    let_in = status not in {403} and not sent_in
    if rule.endpoint in PUBLIC:
        return "" if status != 403 else "403 on a public page"
    if who not in EXPECTED[rule.endpoint]:
        if method == "POST" and status == 400:
            return ""  # stopped before the door: no token
        if status == 302 and "/confirm" in location:
            return ""  # asked for more proof
        if rule.endpoint == "staff.queue" and (status, location) == (302, "/staff/accounts"):
            return ""  # the address that all staff know leads on to the own work
        return "" if not let_in else f"{status} {location}, should be refused"
    if method == "POST":
        return "" if status == 400 else f"{status}, a POST without token should be 400"
    if who == "other_branch" and rule.endpoint in OF_BRANCH_A:
        return "" if status in {404, 405} else f"{status}, another branch's should be 404"
    if who == "foreign_student" and rule.endpoint in OF_THE_STUDENT:
        return "" if status in {404, 405} else f"{status}, another student's should be 404"
    return "" if let_in else f"{status} {location}, should be let in"


@pytest.mark.parametrize("who", PRINCIPALS)
def test_a_form_of_ones_own_browser_is_refused_as_well_and_changes_nothing(
    sqlite_app: Flask, school: School, who: str
) -> None:
    """With a token, so that nothing is left to refuse a POST but the door, and the service behind it."""
    client = enter(sqlite_app, school, who)
    token = token_for(client)
    with sqlite_app.app_context():
        before = fingerprints()
    wrong, sent = [], 0
    for rule in routes(sqlite_app):
        if "POST" not in (rule.methods or set()) or rule.endpoint in PUBLIC:
            continue
        if not (at_the_door := who not in EXPECTED[rule.endpoint]) and not is_foreign(rule, who):
            continue
        typed = {} if at_the_door else {"why": "Zomaar", "reason": "Zomaar", "what": f"{school.person.hex}|bsn"}
        answer = client.post(
            address(sqlite_app, rule, school),
            data={"csrf_token": token, **typed},
            buffered=True,
            follow_redirects=not at_the_door,  # what is sent back to the page of the object finds no such page
        )
        sent += 1
        if not (sent_away(answer) if at_the_door else answer.status_code == 404):
            wrong.append(f"{rule.endpoint}: {answer.status_code} {answer.headers.get('Location', '')}")
    print(f"forms of others, {who}: {sent} sent, {len(wrong)} taken")
    assert wrong == []
    assert sent > 20
    with sqlite_app.app_context():
        assert changed(before) <= EXCEPTED | {"bucket"}  # that somebody tried is counted


def token_for(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/nl/new").get_data(as_text=True))
    assert found
    return found[1]


def is_foreign(rule: Rule, who: str) -> bool:
    foreign = {"other_branch": OF_BRANCH_A, "foreign_student": OF_THE_STUDENT}
    return rule.endpoint in foreign.get(who, set())


def sent_away(answer: TestResponse) -> bool:
    """To sign in, to the step of signing in that is next, or to prove more; or plainly refused."""
    stages = tuple(f"/staff/{stage}" for stage in ("enrol", "factor", "password", "confidentiality"))
    wanted = ("/nl/sign-in", "/nl/code", "/nl/confirm", "/staff/sign-in", *stages)
    return answer.status_code == 403 or (
        answer.status_code == 302 and answer.headers.get("Location", "").startswith(wanted)
    )
