"""The public pages: languages, start, what is kept and why, the regulation, help. Nobody needs to sign in for them."""

from __future__ import annotations

from datetime import date

from flask import render_template

from portal.domain.article_30 import EEA
from portal.domain.clock import receipt_date
from portal.domain.vocabulary import OBJECTABLE
from portal.policy.model import OWN_SECTION, Activity, Policy
from portal.services.register_versions import newest_known
from portal.web.language import is_staff_page
from portal.web.public.frame import PREFIX, blueprint_of, policy, template_names
from portal.web.public.steady import answer_conditionally
from portal.web.sessions import current_clock, current_session
from portal.web.typed import forget_sent
from portal.wording import BASES, KINDS, SENSITIVITIES, SOURCES

ACCESSIBILITY_CHECKED = date(2026, 11, 29)  # when the statement was last held against the tests

blueprint = blueprint_of("public")
blueprint.app_context_processor(template_names)
blueprint.after_request(answer_conditionally)
blueprint.after_request(forget_sent)


@blueprint.get("/")
def choose() -> str:
    """Languages by their own names; no flags (ux.md, rule 19)."""
    return render_template("public/choose.html")


@blueprint.get(f"{PREFIX}/")
def start(lang: str) -> str:
    signed_in = current_session()
    kind = signed_in.kind if signed_in and not is_staff_page() else ""
    return render_template("public/start.html", kind=kind)


@blueprint.get(f"{PREFIX}/about")
def about(lang: str) -> str:
    """What is kept and why: the register in plain words, from the policy (GDPR 13, 14 and 30; regulation, art. 8)."""
    promised = policy()
    version = newest_known(current_clock())
    return render_template(
        "public/about.html",
        groups=[
            (group, _fields(promised, group.number), _activities(promised, group.number))
            for group in (*promised.groups.values(), promised.own_section)
        ],
        bases=BASES,
        sources=SOURCES,
        sensitivities=SENSITIVITIES,
        objectable=OBJECTABLE,
        terms_of=_terms_of(promised),
        own_number=OWN_SECTION,
        outside=[each for each in promised.recipients.values() if each.country not in EEA],
        version=version,
        since=receipt_date(version[1]) if version else None,
    )


def _fields(promised: Policy, group: int) -> list[str]:
    """The labels of a group's fields, each once."""
    labels = [
        field.label for each in promised.datasets.values() for field in each.fields.values() if field.group == group
    ]
    return list(dict.fromkeys(labels))


def _activities(promised: Policy, group: int) -> list[Activity]:
    codes = dict.fromkeys(
        code
        for each in promised.datasets.values()
        for field in each.fields.values()
        if field.group == group
        for code in field.activities
    )
    return [promised.activities[code] for code in codes]


def _terms_of(promised: Policy) -> dict[str, list[str]]:
    """For each activity the labels of the retention classes of what it uses."""
    found: dict[str, dict[str, None]] = {code: {} for code in promised.activities}
    for dataset in promised.datasets.values():
        for field in dataset.fields.values():
            for code in field.activities:
                found[code][field.retention] = None
    for activity in promised.activities.values():
        found[activity.code].update(dict.fromkeys(activity.retention))
    return {code: [promised.retention[each].explanation for each in terms] for code, terms in found.items()}


@blueprint.get(f"{PREFIX}/regulation")
def regulation(lang: str) -> str:
    return render_template("public/regulation.html", regulation=policy().regulation)


@blueprint.get(f"{PREFIX}/help")
def help(lang: str) -> str:
    return render_template("public/help.html")


@blueprint.get(f"{PREFIX}/accessibility")
def accessibility(lang: str) -> str:
    """What works for whom, what was tested and what was not. Whoever changes it checks it, and sets the date."""
    return render_template("public/accessibility.html", checked_on=ACCESSIBILITY_CHECKED)


@blueprint.get(f"{PREFIX}/rights")
def rights(lang: str) -> str:
    """Each right in plain words with an example; the way to ask it."""
    return render_template("public/rights.html", kinds=KINDS)


from portal.web.public import by_code, filing  # noqa: E402, F401 - they add their pages to the blueprint
