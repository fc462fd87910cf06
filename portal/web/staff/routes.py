"""The staff pages, put together."""

from __future__ import annotations

from portal.web.staff import (
    account_pages,
    case_pages,
    decide_pages,
    entry,
    information,
    queue_page,
    record_pages,
    step_pages,
    student_pages,
)
from portal.web.staff.blueprint import blueprint

PAGES = (
    account_pages,
    case_pages,
    decide_pages,
    entry,
    information,
    queue_page,
    record_pages,
    step_pages,
    student_pages,
)

__all__ = ["PAGES", "blueprint"]
