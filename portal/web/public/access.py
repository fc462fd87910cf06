"""Who may come to the public pages: one line an endpoint."""

from __future__ import annotations

from portal.web.access import Rule

TABLE: dict[str, Rule] = {}
