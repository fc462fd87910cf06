"""What staff may look up: the register of processing, and how to handle a request."""

from __future__ import annotations

from flask import render_template

from portal.policy.model import Activity, Policy
from portal.web.language import _
from portal.web.staff.blueprint import blueprint, policy
from portal.web.staff.wording import BASES


@blueprint.get("/register")
def register() -> str:
    rules = policy()
    rows = [_line(rules, activity) for activity in rules.activities.values()]
    return render_template("staff/register.html", rows=rows)


def _line(rules: Policy, activity: Activity) -> dict[str, object]:
    """One activity as the register names it (GDPR 30(1)): purpose, basis, data, recipients, terms, security."""
    datasets: dict[str, list[str]] = {}
    classes = dict.fromkeys(activity.retention)
    for dataset in rules.datasets.values():
        for field in dataset.fields.values():
            if activity.code in field.activities:
                datasets.setdefault(_(dataset.label_plural), []).append(_(field.label))
                classes[field.retention] = None
    return {
        "activity": activity,
        "purpose": _(rules.purposes[activity.purpose].label),
        "basis": _(BASES[activity.basis]),
        "data": datasets,
        "recipients": [rules.recipients[code].name for code in activity.recipients],
        "terms": [_(rules.retention[code].label) for code in classes],
        "security": [_(rules.security[code].label) for code in activity.security],
    }


@blueprint.get("/guide")
def guide() -> str:
    return render_template("staff/guide.html")
