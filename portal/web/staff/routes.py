"""The staff pages, put together: each module hangs its pages on the blueprint when it is loaded."""

from __future__ import annotations

from importlib import import_module

from portal.web.staff.blueprint import blueprint

MODULES = (
    "absence_pages",
    "account_pages",
    "assumed_pages",
    "branch_pages",
    "calendar_pages",
    "campaign_pages",
    "case_pages",
    "change_pages",
    "conflict_pages",
    "contact_pages",
    "decide_pages",
    "designation_pages",
    "ending_pages",
    "enrol_pages",
    "entry",
    "factor_pages",
    "figures_pages",
    "hold_pages",
    "identity_pages",
    "image_pages",
    "information",
    "intake_pages",
    "operations_pages",
    "own_pages",
    "queue_page",
    "post_pages",
    "record_pages",
    "register_pages",
    "representative_pages",
    "retention_pages",
    "step_pages",
    "student_pages",
    "upload_pages",
)
for name in MODULES:
    import_module(f"portal.web.staff.{name}")

__all__ = ["blueprint"]
