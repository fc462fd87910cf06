"""Who may come to the staff pages: one line an endpoint. The service asks again with the object at hand.

Only the own account and the way out open without a role: somebody may have none today. Half a sign-in reaches at most
three of these endpoints: what its own stage asks, and the way out (ASVS 6.3.3).
"""

from __future__ import annotations

from portal.domain.acts import Act
from portal.web.access import HALF, PUBLIC, STAFF, Rule

ENROL, FACTOR = frozenset({"enrol"}), frozenset({"factor"})
PASSWORD, CONFIDENTIALITY = frozenset({"password"}), frozenset({"confidentiality"})

TABLE: dict[str, Rule] = {
    "staff.sign_in": Rule(PUBLIC, "staff who are not signed in yet"),
    "staff.reset": Rule(PUBLIC, "the link of the mail is the proof"),
    "staff.sign_out": Rule(HALF, stages=ENROL | FACTOR | PASSWORD | CONFIDENTIALITY),
    "staff.enrol": Rule(HALF, act=Act.MANAGE_OWN_ACCOUNT, stages=ENROL),
    "staff.enrol_qr": Rule(HALF, act=Act.MANAGE_OWN_ACCOUNT, stages=ENROL),
    "staff.factor": Rule(HALF, act=Act.MANAGE_OWN_ACCOUNT, stages=FACTOR),
    "staff.password": Rule(HALF, act=Act.MANAGE_OWN_ACCOUNT, stages=PASSWORD),
    "staff.confidentiality": Rule(HALF, act=Act.ACKNOWLEDGE_CONFIDENTIALITY, stages=CONFIDENTIALITY),
    "staff.again": Rule(STAFF, act=Act.MANAGE_OWN_ACCOUNT),
    "staff.me": Rule(HALF),  # of whole sign-ins only, whatever role somebody has today
    "staff.codes": Rule(STAFF, act=Act.MANAGE_OWN_ACCOUNT),
    "staff.app_remove": Rule(STAFF, act=Act.MANAGE_OWN_ACCOUNT),
    "staff.passkey_remove": Rule(STAFF, act=Act.MANAGE_OWN_ACCOUNT),
    "staff.sessions_end": Rule(STAFF, act=Act.MANAGE_OWN_ACCOUNT),
    "staff.session_end": Rule(STAFF, act=Act.MANAGE_OWN_ACCOUNT),
    "staff.guide": Rule(STAFF, act=Act.MANAGE_OWN_ACCOUNT),
    "staff.register": Rule(STAFF, act=Act.VIEW_REGISTER),
    "staff.queue": Rule(STAFF, act=Act.VIEW_QUEUE),
    "staff.record": Rule(STAFF, act=Act.RECORD_REQUEST),
    "staff.recorded": Rule(STAFF, act=Act.RECORD_REQUEST),
    "staff.case": Rule(STAFF, act=Act.VIEW_CASE),
    "staff.answer": Rule(STAFF, act=Act.VIEW_CASE),
    "staff.match": Rule(STAFF, act=Act.MATCH_REQUEST),
    "staff.take": Rule(STAFF, act=Act.TAKE_CASE),
    "staff.assign": Rule(STAFF, act=Act.ASSIGN_CASE),
    "staff.message": Rule(STAFF, act=Act.SEND_MESSAGE),
    "staff.identity": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.identity_tasks": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.identity_task": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.identity_phone": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.identity_letter": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.identity_posted": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.identity_call": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.identity_stop": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.identity_desk": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.upload": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.upload_page": Rule(STAFF, act=Act.CONFIRM_IDENTITY),
    "staff.case_slip": Rule(STAFF, act=Act.PRINT_LETTER),
    "staff.extend": Rule(STAFF, act=Act.EXTEND),
    "staff.decide": Rule(STAFF, act=Act.DECIDE),
    "staff.approve": Rule(STAFF, act=Act.VIEW_CASE),
    "staff.carry_out": Rule(STAFF, act=Act.CARRY_OUT_STEP),
    "staff.step": Rule(STAFF, act=Act.CARRY_OUT_STEP),
    **dict.fromkeys(
        ("staff.images", "staff.image", "staff.image_picture", "staff.image_remove", "staff.found_add"),
        Rule(STAFF, act=Act.REVIEW_IMAGE),
    ),
    "staff.posted": Rule(STAFF, act=Act.PRINT_LETTER),
    "staff.document": Rule(STAFF, act=Act.RELEASE_ANSWER),
    "staff.lift": Rule(STAFF, act=Act.LIFT_RESTRICTION),
    "staff.contact": Rule(STAFF, act=Act.MANAGE_STUDENT),
    "staff.no_email": Rule(STAFF, act=Act.MANAGE_STUDENT),
    "staff.representatives": Rule(STAFF, act=Act.MANAGE_REPRESENTATIVE),
    "staff.representative_new": Rule(STAFF, act=Act.MANAGE_REPRESENTATIVE),
    "staff.representative_end": Rule(STAFF, act=Act.MANAGE_REPRESENTATIVE),
    "staff.to_post": Rule(STAFF, act=Act.PRINT_LETTER),
    "staff.letter": Rule(STAFF, act=Act.PRINT_LETTER),
    "staff.print_letter": Rule(STAFF, act=Act.PRINT_LETTER),
    "staff.students": Rule(STAFF, act=Act.SEARCH_STUDENTS),
    "staff.student": Rule(STAFF, act=Act.VIEW_STUDENT),
    "staff.reveal": Rule(STAFF, act=Act.REVEAL_FIELD),
    "staff.accounts": Rule(STAFF, act=Act.REVIEW_ACCESS),
    "staff.account_new": Rule(STAFF, act=Act.MANAGE_STAFF),
    "staff.account": Rule(STAFF, act=Act.REVIEW_ACCESS),
    "staff.account_disable": Rule(STAFF, act=Act.MANAGE_STAFF),
    "staff.account_link": Rule(STAFF, act=Act.MANAGE_STAFF),
    "staff.account_factor": Rule(STAFF, act=Act.MANAGE_STAFF),
    "staff.designate": Rule(STAFF, act=Act.MANAGE_STAFF),
    "staff.designation_end": Rule(STAFF, act=Act.MANAGE_STAFF),
    "staff.designation_move": Rule(STAFF, act=Act.MANAGE_STAFF),
    "staff.review": Rule(STAFF, act=Act.REVIEW_ACCESS),
    "staff.reviewed": Rule(STAFF, act=Act.REVIEW_ACCESS),
}
