"""Everything anybody does in the portal, as a closed list; who may do it is `portal.domain.permissions`."""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """Values are stored in the audit log and named in the policy's table of levels: they never change."""

    # staff, lists and files
    VIEW_QUEUE = "view_queue"
    EXPORT_QUEUE = "export_queue"
    SEARCH_STUDENTS = "search_students"
    VIEW_STUDENT = "view_student"
    REVEAL_FIELD = "reveal_field"
    VIEW_CASE = "view_case"
    # staff, a case
    RECORD_REQUEST = "record_request"
    MATCH_REQUEST = "match_request"
    TAKE_CASE = "take_case"
    ASSIGN_CASE = "assign_case"
    SEND_MESSAGE = "send_message"
    WRITE_NOTE = "write_note"
    CONFIRM_IDENTITY = "confirm_identity"
    EXTEND = "extend"
    DECIDE = "decide"
    REFUSE_ON_REGULATION_ONLY = "refuse_on_regulation_only"  # on a ground wider than the GDPR (regulation, art. 9.2)
    APPROVE_ERASURE = "approve_erasure"
    CARRY_OUT_ERASURE = "carry_out_erasure"
    CARRY_OUT_STEP = "carry_out_step"
    RELEASE_ANSWER = "release_answer"
    REVIEW_IMAGE = "review_image"
    LIFT_RESTRICTION = "lift_restriction"
    CLOSE_CASE = "close_case"
    REOPEN = "reopen"
    MERGE_DUPLICATE = "merge_duplicate"
    CLOSE_AS_ABUSE = "close_as_abuse"
    RECORD_TAKE_BACK = "record_take_back"  # on the student's behalf
    # staff, a student
    MANAGE_STUDENT = "manage_student"
    MANAGE_REPRESENTATIVE = "manage_representative"
    SUPPRESS_NOTICE = "suppress_notice"
    PRINT_LETTER = "print_letter"
    LEGAL_HOLD = "legal_hold"
    RUN_CAMPAIGN = "run_campaign"
    RECORD_CONSENT = "record_consent"  # an answer that a student gave on paper
    IMPORT_STUDENTS = "import_students"
    EXPORT_CHANGES = "export_changes"
    # staff, the school
    VIEW_REGISTER = "view_register"
    VIEW_FIGURES = "view_figures"
    VIEW_YEAR_REPORT = "view_year_report"  # small counts are hidden in it
    VIEW_AUDIT = "view_audit"
    VIEW_OPERATIONS = "view_operations"  # mail health, jobs, audit head: no student data
    CONFIRM_POLICY = "confirm_policy"  # terms after which data are destroyed
    CONFIRM_REGISTER = "confirm_register"  # a version of the register, and what else the policy assumes
    REVIEW_ACCESS = "review_access"
    MANAGE_STAFF = "manage_staff"
    MANAGE_BRANCHES = "manage_branches"
    MANAGE_SETTINGS = "manage_settings"
    PREVIEW_RETENTION = "preview_retention"
    RUN_RETENTION = "run_retention"
    # staff, themselves
    ACKNOWLEDGE_CONFIDENTIALITY = "acknowledge_confidentiality"
    MANAGE_OWN_ACCOUNT = "manage_own_account"
    # students and who stands for them
    FILE_REQUEST = "file_request"
    VIEW_OWN_STATUS = "view_own_status"
    VIEW_OWN_DECISION = "view_own_decision"
    WRITE_MESSAGE = "write_message"
    TAKE_BACK = "take_back"
    RECEIVE_ANSWER = "receive_answer"
    STOP_ERASURE = "stop_erasure"
    VIEW_OWN_DATA = "view_own_data"
    VIEW_OWN_SENSITIVE = "view_own_sensitive"
    VIEW_OWN_VIEWS = "view_own_views"
    GIVE_CONSENT = "give_consent"
    WITHDRAW_CONSENT = "withdraw_consent"
    OBJECT = "object"
    CHANGE_EMAIL = "change_email"
    CHANGE_PREFERENCES = "change_preferences"
    CONFIRM_REPRESENTATIVE = "confirm_representative"
    END_REPRESENTATIVE = "end_representative"
    STEP_UP = "step_up"
    # the portal itself
    KEEP_REGISTER = "keep_register"
    DELIVER_MAIL = "deliver_mail"
    SEND_WARNINGS = "send_warnings"
    EXPIRE_FILES = "expire_files"
    BUILD_PACKAGE = "build_package"
    CHECKPOINT_AUDIT = "checkpoint_audit"
    CLOSE_YEAR = "close_year"
