"""What staff may look up: how to handle a request."""

from __future__ import annotations

from flask import render_template

from portal.web.staff.blueprint import blueprint


@blueprint.get("/guide")
def guide() -> str:
    return render_template("staff/guide.html")
