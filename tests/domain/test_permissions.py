"""Who may do what, against a table written by hand; and the conditions that are about persons."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.acts import Act
from portal.domain.permissions import (
    ANONYMOUS,
    BEFORE_ACKNOWLEDGING,
    SYSTEM,
    TABLE,
    Actor,
    NotAllowed,
    Subject,
    could,
    demand,
    may,
    may_each,
    scope_of,
)
from portal.domain.vocabulary import ActorKind, RequestKind, Role
from tests.domain.people import (
    ADMINISTRATOR,
    ANYBODY,
    CASE,
    CODE,
    DECIDER,
    DIRECTOR,
    HANDLER,
    ME,
    NORTH,
    OFFICER,
    OTHER_CASE,
    OTHER_STUDENT,
    PORTAL,
    REPRESENTATIVE,
    SOUTH,
    STUDENT,
    THE_STUDENT,
    staff,
    subject,
)

ACTORS = {
    "h": HANDLER,
    "o": OFFICER,
    "d": DIRECTOR,
    "a": ADMINISTRATOR,
    "s": THE_STUDENT,
    "r": REPRESENTATIVE,
    "c": CODE,
    "n": ANYBODY,
    "y": PORTAL,
}

# Who may do it to what is theirs, then what is left when the object belongs to another branch, student or case.
EXPECTED = """
view_queue                   hod   od
export_queue                 hod   od
search_students              hod   od
view_student                 hod   od
reveal_field                 hod   od
view_case                    hod   od
record_request               hod   od
match_request                hod   od
take_case                    hod   od
assign_case                  hod   od
send_message                 hod   od
write_note                   hod   od
confirm_identity             hod   od
extend                       hod   od
decide                       hod   od
refuse_on_regulation_only    o     o
approve_erasure              od    od
carry_out_erasure            ody   ody
carry_out_step               hody  ody
release_answer               hod   od
review_image                 hod   od
lift_restriction             hod   od
close_case                   hody  ody
reopen                       hod   od
merge_duplicate              hod   od
close_as_abuse               o     o
record_take_back             hod   od
manage_student               hod   od
manage_representative        hod   od
suppress_notice              hod   od
print_letter                 hod   od
legal_hold                   o     o
run_campaign                 od    od
record_consent               hod   od
import_students              ody   ody
export_changes               hod   od
view_register                hoda  hoda
view_figures                 hod   od
view_year_report             oda   oda
view_audit                   od    od
view_operations              oda   oda
confirm_policy               d     d
confirm_register             od    od
review_access                oda   oda
manage_staff                 a     a
manage_branches              a     a
manage_settings              a     a
preview_retention            ody   ody
run_retention                dy    dy
acknowledge_confidentiality  hoda  hoda
manage_own_account           hoda  hoda
file_request                 srn   n
view_own_status              src   .
view_own_decision            src   .
write_message                src   .
take_back                    sr    .
receive_answer               sr    .
stop_erasure                 sc    .
view_own_data                s     .
view_own_sensitive           s     .
view_own_views               s     .
give_consent                 s     .
withdraw_consent             sr    .
object                       sr    .
change_email                 s     .
change_preferences           s     .
confirm_representative       s     .
end_representative           s     .
step_up                      sr    .
deliver_mail                 y     y
send_warnings                y     y
expire_files                 y     y
build_package                y     y
checkpoint_audit             y     y
keep_register                y     y
close_year                   y     y
"""
ROWS = {row.split()[0]: row.split()[1:] for row in EXPECTED.strip().splitlines()}
FOREIGN = subject(branch_id=SOUTH, student_id=OTHER_STUDENT, case_id=OTHER_CASE)
ABOUT_STUDENTS = set(Act) - {
    Act.VIEW_REGISTER,
    Act.VIEW_YEAR_REPORT,  # tells of nobody
    Act.VIEW_OPERATIONS,
    Act.REVIEW_ACCESS,
    Act.MANAGE_STAFF,
    Act.MANAGE_BRANCHES,
    Act.MANAGE_SETTINGS,
    Act.ACKNOWLEDGE_CONFIDENTIALITY,
    Act.MANAGE_OWN_ACCOUNT,
}


def test_every_act_stands_in_the_table_and_in_the_expectation():
    assert set(TABLE) == set(Act)
    assert set(ROWS) == {act.value for act in Act}


@pytest.mark.parametrize("act", Act)
def test_each_actor_may_do_what_the_table_by_hand_says(act):
    own, foreign = ROWS[act.value]
    assert {who for who, actor in ACTORS.items() if may(actor, act, subject())} == set(own)
    assert {who for who, actor in ACTORS.items() if may(actor, act, FOREIGN)} == set(foreign) - {"."}


@pytest.mark.parametrize("act", sorted(ABOUT_STUDENTS))
def test_an_administrator_sees_no_student_data(act):
    assert not may(ADMINISTRATOR, act, subject())
    assert not may(ADMINISTRATOR, act)
    assert not scope_of(ADMINISTRATOR, act).holds(NORTH)


@pytest.mark.parametrize("act", Act)
def test_nothing_about_a_branch_or_a_person_is_granted_without_saying_which(act):
    """An empty subject passes only lists (narrowed by their query), acts of the school, and filing anew."""
    lists = {"view_queue", "export_queue", "search_students", "record_request", "export_changes", "view_figures"}
    own_only = {Act.ACKNOWLEDGE_CONFIDENTIALITY, Act.MANAGE_OWN_ACCOUNT, Act.VIEW_REGISTER}
    assert bool(may(HANDLER, act)) == (act.value in lists or act in own_only)
    assert not may(THE_STUDENT, act)
    assert not may(CODE, act)
    assert not may(REPRESENTATIVE, act)


@given(act=st.sampled_from(Act), roles=st.sets(st.sampled_from(Role)))
def test_several_roles_add_up(act, roles):
    alone = [bool(may(staff(role), act, subject())) for role in roles]
    assert bool(may(staff(*roles), act, subject())) == any(alone)


@given(act=st.sampled_from(Act), roles=st.sets(st.sampled_from(Role)))
def test_before_acknowledging_confidentiality_only_that_and_the_own_account(act, roles):
    newcomer = staff(*roles, confidentiality_acknowledged=False)
    allowed = may(newcomer, act, subject())
    assert not allowed or act in BEFORE_ACKNOWLEDGING
    if may(staff(*roles), act, subject()) and act not in BEFORE_ACKNOWLEDGING:
        assert allowed.reason == "confidentiality_not_acknowledged"


def test_staff_without_a_role_may_do_nothing():
    assert not any(may(staff(), act, subject()) for act in Act)


def test_roles_count_for_staff_only():
    pretender = Actor(ActorKind.STUDENT, student_id=STUDENT, roles=frozenset(Role), branches=frozenset({NORTH}))
    assert not may(pretender, Act.VIEW_CASE, subject())
    assert not pretender.has(Role.DIRECTOR)


@pytest.mark.parametrize("roles", [[Role.PRIVACY_OFFICER], [Role.DIRECTOR], list(Role)])
def test_whoever_decided_an_erasure_does_not_approve_it_whatever_their_roles(roles):
    actor = staff(*roles)
    assert may(actor, Act.APPROVE_ERASURE, subject(decider_id=DECIDER))
    assert may(actor, Act.APPROVE_ERASURE, subject(decider_id=ME)).reason == "second_person_needed"
    assert may(actor, Act.APPROVE_ERASURE, subject(decider_id=None)).reason == "second_person_needed"


@pytest.mark.parametrize("actor", [OFFICER, DIRECTOR, PORTAL])
def test_an_erasure_is_carried_out_only_after_somebody_else_approved(actor):
    assert may(actor, Act.CARRY_OUT_ERASURE, subject())
    assert may(actor, Act.CARRY_OUT_ERASURE, subject(approver_id=None)).reason == "approval_missing"
    assert may(actor, Act.CARRY_OUT_ERASURE, subject(approver_id=DECIDER)).reason == "approval_missing"
    assert may(actor, Act.CARRY_OUT_ERASURE, subject(decider_id=None)).reason == "approval_missing"


HANDLING = ["match_request", "take_case", "send_message", "extend", "decide", "release_answer", "close_case", "reopen"]


@pytest.mark.parametrize("act", [*HANDLING, "merge_duplicate", "record_take_back", "carry_out_step"])
def test_a_complaint_is_not_handled_by_whoever_decided_what_it_is_about(act):
    complaint = {"kind": RequestKind.COMPLAINT, "about_decider_id": ME}
    for actor in (HANDLER, staff(*Role)):
        assert may(actor, Act(act), subject(**complaint)).reason == "own_decision"
        assert may(actor, Act(act), subject(kind=RequestKind.COMPLAINT, about_decider_id=DECIDER))


def test_the_decider_may_still_read_the_complaint_and_hand_it_over():
    about_me = subject(kind=RequestKind.COMPLAINT, about_decider_id=ME)
    assert may(HANDLER, Act.VIEW_CASE, about_me)
    assert may(HANDLER, Act.ASSIGN_CASE, about_me)


def test_a_ground_wider_than_the_law_needs_the_privacy_officer_even_beside_the_director():
    assert not may(staff(Role.CASE_HANDLER, Role.DIRECTOR), Act.REFUSE_ON_REGULATION_ONLY, subject())
    assert may(staff(Role.CASE_HANDLER, Role.PRIVACY_OFFICER), Act.REFUSE_ON_REGULATION_ONLY, subject())


@pytest.mark.parametrize("act", [Act.VIEW_STUDENT, Act.REVEAL_FIELD])
def test_a_file_is_opened_within_a_case_or_with_a_reason(act):
    assert may(OFFICER, act, subject(case_id=None)).reason == "reason_missing"
    assert may(OFFICER, act, subject(case_id=None, reason_given=True))
    assert may(OFFICER, act, subject(case_id=CASE))


@pytest.mark.parametrize("act", [Act.APPROVE_ERASURE, Act.MANAGE_STAFF, Act.MANAGE_BRANCHES, Act.RUN_RETENTION])
def test_erasures_and_account_changes_need_a_fresh_sign_in(act):
    assert may(staff(*Role), act, subject())
    assert may(staff(*Role, fresh_sign_in=False), act, subject()).reason == "fresh_sign_in_needed"


def test_handlers_see_cases_that_nobody_has_matched_yet_but_decide_none_of_them():
    unplaced = Subject(case_id=CASE, unplaced=True)
    assert may(HANDLER, Act.VIEW_CASE, unplaced)
    assert may(HANDLER, Act.MATCH_REQUEST, unplaced)
    assert not may(HANDLER, Act.DECIDE, unplaced)
    assert may(OFFICER, Act.DECIDE, unplaced)
    assert not may(HANDLER, Act.VIEW_CASE, Subject(case_id=CASE, unplaced=True, branch_id=SOUTH))
    assert not may(staff(Role.CASE_HANDLER, branches=()), Act.VIEW_CASE, unplaced)
    assert not may(ADMINISTRATOR, Act.VIEW_CASE, unplaced)


def test_a_case_code_opens_its_one_case_without_data():
    assert may(CODE, Act.VIEW_OWN_STATUS, Subject(case_id=CASE))
    assert not may(CODE, Act.VIEW_OWN_DATA, subject())
    assert not may(Actor(ActorKind.CASE_CODE), Act.VIEW_OWN_STATUS, Subject())


def test_nobody_in_particular_is_not_the_student_of_nothing_in_particular():
    for kind in (ActorKind.STUDENT, ActorKind.REPRESENTATIVE, ActorKind.CASE_CODE):
        unknown = Actor(kind, scope=frozenset(RequestKind))
        assert not any(may(unknown, act, Subject(kind=RequestKind.ACCESS)) for act in Act)


def test_a_representative_stays_within_the_authorisation():
    assert may(REPRESENTATIVE, Act.FILE_REQUEST, subject(kind=RequestKind.ERASURE))
    assert may(REPRESENTATIVE, Act.FILE_REQUEST, subject(kind=RequestKind.ACCESS)).reason == "outside_scope"
    assert not may(REPRESENTATIVE, Act.FILE_REQUEST, subject(kind=None))
    assert not may(REPRESENTATIVE, Act.VIEW_OWN_SENSITIVE, subject())


def test_reasons_say_what_is_missing():
    foreign_branch = subject(branch_id=SOUTH)
    assert may(HANDLER, Act.DECIDE, foreign_branch).reason == "not_own_branch"
    assert may(HANDLER, Act.VIEW_QUEUE, foreign_branch).reason == "not_own_branch"
    assert may(THE_STUDENT, Act.VIEW_OWN_DATA, subject(student_id=OTHER_STUDENT)).reason == "not_own"
    assert may(CODE, Act.VIEW_OWN_STATUS, subject(case_id=OTHER_CASE)).reason == "not_this_case"
    assert may(ANONYMOUS, Act.VIEW_OWN_DATA, subject()).reason == "not_permitted"
    assert may(SYSTEM, Act.SEND_WARNINGS).reason == ""


@pytest.mark.parametrize("act", Act)
def test_somebody_could_do_exactly_what_they_may_do_to_something_of_theirs(act):
    assert {who for who, actor in ACTORS.items() if could(actor, act)} == set(ROWS[act.value][0])
    assert not could(staff(), act)
    newcomer = staff(*Role, confidentiality_acknowledged=False)
    assert not could(newcomer, act) or act in BEFORE_ACKNOWLEDGING


def test_a_handler_without_a_branch_could_do_nothing_to_students():
    nowhere = staff(Role.CASE_HANDLER, branches=())
    assert not could(nowhere, Act.VIEW_QUEUE)
    assert not could(nowhere, Act.DECIDE)


@pytest.mark.parametrize("who", sorted(ACTORS))
def test_many_acts_are_decided_each_as_alone(who):
    hurried = replace(ACTORS[who], fresh_sign_in=False, confidentiality_acknowledged=False)
    for actor, about in product((ACTORS[who], hurried), (Subject(), FOREIGN, subject(about_decider_id=ME))):
        assert dict(may_each(actor, frozenset(Act), about)) == {act: may(actor, act, about) for act in Act}


def test_demand_raises_with_the_reason_and_the_act():
    demand(HANDLER, Act.DECIDE, subject())
    with pytest.raises(NotAllowed) as refused:
        demand(HANDLER, Act.DECIDE, subject(branch_id=SOUTH))
    assert refused.value.code == "not_own_branch"
    assert refused.value.params == {"act": Act.DECIDE}


def test_the_branch_filter_of_a_list_agrees_with_the_acts_on_its_rows():
    for actor in (
        HANDLER,
        OFFICER,
        DIRECTOR,
        ADMINISTRATOR,
        THE_STUDENT,
        staff(),
        staff(Role.CASE_HANDLER, branches=()),
    ):
        scope = scope_of(actor)
        for branch in (NORTH, SOUTH):
            assert scope.holds(branch) == bool(may(actor, Act.VIEW_CASE, subject(branch_id=branch)))
        unplaced = may(actor, Act.VIEW_CASE, Subject(case_id=CASE, unplaced=True))
        assert scope.holds(None) == bool(unplaced)


def test_the_branch_filter_is_empty_before_acknowledging_confidentiality():
    scope = scope_of(staff(Role.DIRECTOR, confidentiality_acknowledged=False))
    assert not scope.holds(NORTH)
    assert not scope.holds(None)
