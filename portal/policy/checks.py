"""Whether a policy hangs together: references, the closed lists of the regulation, and the bounds of the law.

Every check names the key at fault. A part whose own shape is at fault is left out, so that one slip gives one fault.
"""

from __future__ import annotations

import re

from portal.domain.acts import Act
from portal.domain.article_30 import EEA
from portal.domain.assurance import DEFAULT_LEVELS, carrying_out
from portal.domain.clock import MOST_DAYS
from portal.domain.vocabulary import OBJECTABLE, LegalBasis, Level, RequestKind, Sensitivity
from portal.policy import field_checks, model
from portal.policy.faults import Faults, Found, twice
from portal.policy.parts import REASON_USES
from portal.policy.reading import MISSING

LANGUAGES = {"nl": "ltr", "en": "ltr", "ar": "rtl", "fa": "rtl", "ti": "ltr", "tr": "ltr", "uk": "ltr"}
AUTHORITIES = ("school", "trade_association", "supervisor", "court")
NEEDED_AUTHORITIES = ("school", "supervisor", "court")  # GDPR 12(4)
SHORTEST_MONTH = 28  # GDPR 12(3): one month, whichever it is
SHORTEST_THREE_MONTHS = 89
LAW = re.compile(r"\bU?AVG artikel \d")
REGULATION = re.compile(r"\bReglement artikel \d", re.IGNORECASE)
HEALTH_LAW = re.compile(r"\bAVG artikel 9\b")  # GDPR 9(2): health needs a ground of its own
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}")
WEBSITE = re.compile(r"https://[a-z0-9.-]+\.[a-z]{2,}(/\S*)?")
PHONE = re.compile(r"\+?[0-9][0-9 -]{8,}")

# What the regulation fixes about who somebody is: (lowest, highest) level of an act. The rest is the policy's choice.
LEVELS: dict[str, tuple[Level, Level]] = {
    Act.FILE_REQUEST: (Level.NONE, Level.NONE),
    Act.VIEW_OWN_STATUS: (Level.ADDRESS, Level.ADDRESS),
    Act.WITHDRAW_CONSENT: (Level.ADDRESS, Level.ADDRESS),
    Act.GIVE_CONSENT: (Level.ADDRESS, Level.ADDRESS),  # withdrawing is as easy as giving: GDPR 7(3)
    Act.OBJECT: (Level.ADDRESS, Level.ADDRESS),
    Act.STOP_ERASURE: (Level.ADDRESS, Level.ADDRESS),
    Act.VIEW_OWN_DATA: (Level.ADDRESS, Level.KNOWLEDGE),
    Act.VIEW_OWN_SENSITIVE: (Level.SECOND_CHANNEL, Level.SECOND_CHANNEL),
    Act.CHANGE_EMAIL: (Level.SECOND_CHANNEL, Level.SECOND_CHANNEL),
    Act.RECEIVE_ANSWER: (Level.KNOWLEDGE, Level.SECOND_CHANNEL),
    carrying_out(RequestKind.WITHDRAWAL): (Level.ADDRESS, Level.ADDRESS),
    carrying_out(RequestKind.OBJECTION): (Level.ADDRESS, Level.ADDRESS),
    carrying_out(RequestKind.ACCESS): (Level.KNOWLEDGE, Level.SECOND_CHANNEL),
    carrying_out(RequestKind.PORTABILITY): (Level.KNOWLEDGE, Level.SECOND_CHANNEL),
    carrying_out(RequestKind.RECTIFICATION): (Level.KNOWLEDGE, Level.SECOND_CHANNEL),
    carrying_out(RequestKind.RESTRICTION): (Level.KNOWLEDGE, Level.SECOND_CHANNEL),
    carrying_out(RequestKind.ERASURE): (Level.SECOND_CHANNEL, Level.SECOND_CHANNEL),
}


def check(policy: model.Policy, closed_purposes: tuple[str, ...], faults: Faults) -> None:
    """Adds what is wrong with the whole to the faults of shape that were found already."""
    misshapen = frozenset(key for key, _ in faults)
    for part in (
        _controller(policy.controller),
        _term(policy.term),
        _retention(policy, faults),
        _groups(policy, faults),
        field_checks.fields(policy, faults),
        field_checks.lookups(policy),
        field_checks.datasets(policy),
        _purposes(policy, closed_purposes, faults),
        _activities(policy, faults),
        _activity_fields(policy, faults),
        _recipients(policy),
        _labels_of_the_export(policy),
        _unused(policy, faults),
        _holders(policy),
        _grounds(policy, faults),
        _reasons(policy),
        _authorities(policy),
        _languages(policy),
        _identity(policy, faults),
    ):
        for key, reason in part:
            if misshapen.isdisjoint(_itself_and_above(key)):
                faults.add(key, reason)


def _itself_and_above(key: str) -> list[str]:
    steps = key.split(".")
    return [".".join(steps[:count]) for count in range(1, len(steps) + 1)]


def _controller(controller: model.Controller) -> Found:
    for key in ("email", "contact_email"):
        if getattr(controller, key) and not EMAIL.fullmatch(getattr(controller, key)):
            yield f"controller.{key}", "must be an e-mail address"
    for key in ("phone", "contact_phone"):
        if getattr(controller, key) and not PHONE.fullmatch(getattr(controller, key)):
            yield f"controller.{key}", "must be a phone number"
    if controller.website and not WEBSITE.fullmatch(controller.website):
        yield "controller.website", "must be an address that begins with https://"


def _term(term: model.Term) -> Found:
    for key in ("answer_days", "extension_days", "extension_draft_day", "complaint_days"):
        if getattr(term, key) < 1:
            yield f"term.{key}", "must be at least one day"
    if term.answer_days > SHORTEST_MONTH:
        yield "term.answer_days", f"must be at most {SHORTEST_MONTH}: the law gives one month (GDPR 12(3))"
    elif term.answer_days + term.extension_days > SHORTEST_THREE_MONTHS:
        yield "term.extension_days", "with the first term longer than three months (GDPR 12(3))"
    if term.answer_days and term.extension_draft_day >= term.answer_days:
        yield "term.extension_draft_day", "must come before the answer is due"
    if term.complaint_days + term.extension_days > MOST_DAYS:
        yield "term.complaint_days", f"with the extension longer than {MOST_DAYS} days"
    if list(term.warn_days_before) != sorted(term.warn_days_before, reverse=True):
        yield "term.warn_days_before", "must run from many days to few"
    if term.answer_days and any(days >= term.answer_days for days in term.warn_days_before):
        yield "term.warn_days_before", "must be fewer days than the term"


def _retention(policy: model.Policy, faults: Faults) -> Found:
    for code, retention in policy.retention.items():
        key = f"retention.{code}"
        if faults.within(key):
            continue
        if retention.years and retention.days:
            yield f"{key}.days", "counts in years or in days, not both"
        if not retention.years and not retention.days:
            yield f"{key}.years", "must be longer than nothing"
        if retention.years > 100:
            yield f"{key}.years", "must be at most 100"


def _groups(policy: model.Policy, faults: Faults) -> Found:
    sections = [(f"group.{number}", group) for number, group in policy.groups.items()]
    codes = [group.code for _, group in sections] + [policy.own_section.code]
    for key, group in (*sections, ("own_section", policy.own_section)):
        if group.code in twice(codes):
            yield f"{key}.code", f"stands twice: {group.code}"
    if faults.unread("dataset", "group"):
        return
    used = {field.group for dataset in policy.datasets.values() for field in dataset.fields.values()}
    for key, group in (*sections, ("own_section", policy.own_section)):
        if group.number not in used and (group.number in model.GROUPS or group.number == model.OWN_SECTION):
            yield key, "no field belongs to this group"


def _purposes(policy: model.Policy, closed: tuple[str, ...], faults: Faults) -> Found:
    for code, purpose in policy.purposes.items():
        if code not in closed:
            yield f"purpose.{code}", "purpose outside the regulation's closed list"
        elif purpose.number != closed.index(code) + 1:
            yield f"purpose.{code}.number", f"must be {closed.index(code) + 1}, its place in the closed list"
    used = {activity.purpose for activity in policy.activities.values()}
    for code in closed:
        if code not in policy.purposes:
            yield f"purpose.{code}", "purpose of the regulation's closed list is missing"
        elif code not in used and not faults.unread("activity", "purpose"):
            yield f"purpose.{code}", "is used by no activity"


def _activities(policy: model.Policy, faults: Faults) -> Found:
    known = {
        "recipients": ("recipient", policy.recipients),
        "security": ("security measure", policy.security),
        "retention": ("retention class", policy.retention),
    }
    for code, activity in policy.activities.items():
        key = f"activity.{code}"
        if activity.purpose and activity.purpose not in policy.purposes:
            yield f"{key}.purpose", f"purpose outside the regulation's closed list: {activity.purpose}"
        for part, (word, codes) in known.items():
            for place, name in enumerate(getattr(activity, part)):
                if name not in codes:
                    yield f"{key}.{part}[{place}]", f"unknown {word}: {name}"
        if not faults.within(key):
            yield from _basis(key, activity)


def _basis(key: str, activity: model.Activity) -> Found:
    if activity.basis is LegalBasis.CONSENT and not activity.consent_text:
        yield f"{key}.consent_text", "an activity on consent needs the text that is asked"
    if activity.basis is not LegalBasis.CONSENT and activity.consent_text:
        yield f"{key}.consent_text", "only an activity on consent asks for it"
    if activity.mandatory and activity.basis in OBJECTABLE | {LegalBasis.CONSENT}:
        yield f"{key}.mandatory", f"contradicts the basis {activity.basis}: the student can stop it"
    if activity.mandatory and not activity.continues:
        yield f"{key}.continues", "a mandatory activity says what goes on"


def _activity_fields(policy: model.Policy, faults: Faults) -> Found:
    for code, activity in policy.activities.items():
        key = f"activity.{code}"
        special = False
        for place, reference in enumerate(activity.fields):
            name, _, field = reference.partition(".")
            dataset = policy.datasets.get(name)
            at = f"{key}.fields[{place}]"
            if dataset is None:
                yield at, f"unknown dataset: {name}"
            elif field != "*" and field not in dataset.fields:
                yield at, f"unknown field: {reference}"
            else:
                if field != "*" and f"{name}.*" in activity.fields:
                    yield at, f"stands twice: {name}.* holds it"
                named = dataset.fields.values() if field == "*" else (dataset.fields[field],)
                special = special or any(item.sensitivity is Sensitivity.SPECIAL for item in named)
        if special and not faults.within(key) and not HEALTH_LAW.search(activity.basis_explanation):
            yield f"{key}.basis_explanation", "uses data on health, so it names AVG artikel 9"


def _recipients(policy: model.Policy) -> Found:
    """Where data leave the EEA the register names what protects them (GDPR 30(1)(e))."""
    for code, recipient in policy.recipients.items():
        key, inside = f"recipient.{code}", recipient.country in EEA
        if inside and recipient.safeguard:
            yield f"{key}.safeguard", "only a country outside the EEA needs it"
        elif recipient.country and not inside and not recipient.safeguard:
            yield f"{key}.country", f"outside the EEA, so it needs a safeguard (GDPR 46): {recipient.country}"


def _labels_of_the_export(policy: model.Policy) -> Found:
    """A label of the school's export leads to one item, whatever its capitals."""
    for part, named in (("branch", policy.branches), ("recipient", policy.recipients)):
        labels = [label.casefold() for item in named.values() for label in item.export_labels]
        for code, item in named.items():
            for place, label in enumerate(item.export_labels):
                if label.casefold() in twice(labels):
                    yield f"{part}.{code}.export_labels[{place}]", f"stands twice: {label}"
    asked = [activity.export_label.casefold() for activity in policy.activities.values()]
    for code, activity in policy.activities.items():
        if activity.export_label.casefold() in twice(asked):
            yield f"activity.{code}.export_label", f"stands twice: {activity.export_label}"


def _unused(policy: model.Policy, faults: Faults) -> Found:
    activities = policy.activities.values()
    used = {
        "recipient": {code for activity in activities for code in activity.recipients},
        "security": {code for activity in activities for code in activity.security},
        "retention": {code for activity in activities for code in activity.retention}
        | {field.retention for dataset in policy.datasets.values() for field in dataset.fields.values()},
    }
    declared = {"recipient": policy.recipients, "security": policy.security, "retention": policy.retention}
    keys = {"recipient": "recipients", "security": "security", "retention": "retention"}
    for part, codes in declared.items():
        unread = faults.unread("activity", keys[part]) or (part == "retention" and faults.unread("dataset", part))
        for code in codes:
            if code not in used[part] and not unread:
                yield f"{part}.{code}", "is used by nothing"


def _holders(policy: model.Policy) -> Found:
    own = [code for code, holder in policy.holders.items() if holder.portal]
    if not own:
        yield "holder", "no holder is the portal itself"
    for code in own[1:]:
        yield f"holder.{code}.portal", "only one holder is the portal itself"


def _grounds(policy: model.Policy, faults: Faults) -> Found:
    for code, ground in policy.grounds.items():
        key = f"ground.{code}"
        if faults.within(key):
            continue
        if ground.regulation_only or ground.kinds == (RequestKind.COMPLAINT,):
            if not REGULATION.search(ground.article):
                yield f"{key}.article", "must name the article of the regulation"
            if ground.regulation_only and LAW.search(ground.article):
                yield f"{key}.regulation_only", "contradicts the article of the law that is named"
        elif not LAW.search(ground.article):
            yield f"{key}.article", "must name the article of the AVG or UAVG"
    covered = {kind for ground in policy.grounds.values() for kind in ground.kinds if not ground.regulation_only}
    for kind in RequestKind:
        if kind not in covered and policy.grounds and not faults.within("ground"):
            yield "ground", f"no ground for: {kind}"


def _reasons(policy: model.Policy) -> Found:
    for code, reason in policy.reasons.items():
        if reason.use == "extension" and not LAW.search(reason.article):
            yield f"reason.{code}.article", "a reason for more time names the article of the AVG"
    for use in REASON_USES:
        if policy.reasons and all(reason.use != use for reason in policy.reasons.values()):
            yield "reason", f"no reason for: {use}"


def _authorities(policy: model.Policy) -> Found:
    for code, authority in policy.authorities.items():
        if code not in AUTHORITIES:
            yield f"authority.{code}", f"must be one of: {', '.join(AUTHORITIES)}"
        if authority.website and not WEBSITE.fullmatch(authority.website):
            yield f"authority.{code}.website", "must be an address that begins with https://"
    for code in NEEDED_AUTHORITIES:
        if policy.authorities and code not in policy.authorities:
            yield f"authority.{code}", "every refusal names it (GDPR 12(4))"


def _languages(policy: model.Policy) -> Found:
    for code, language in policy.languages.items():
        if code not in LANGUAGES:
            yield f"language.{code}", "unknown language"
        elif language.direction and language.direction != LANGUAGES[code]:
            yield f"language.{code}.direction", f"must be {LANGUAGES[code]}"
    if policy.languages and "nl" not in policy.languages:
        yield "language.nl", "the master language is missing"


def _identity(policy: model.Policy, faults: Faults) -> Found:
    """The table of levels names every act whose level the domain knows, and no other."""
    acts, levels = [str(act) for act in DEFAULT_LEVELS], policy.identity.levels
    for code in levels:
        if code not in acts:
            yield f"identity.{code}", "unknown act"
    for act in acts:
        key = f"identity.{act}"
        if act not in levels:
            if levels:
                yield key, MISSING
        elif act in LEVELS and not faults.within(key):
            lowest, highest = LEVELS[act]
            if not lowest <= levels[act] <= highest:
                asked = str(int(lowest)) if lowest == highest else f"{int(lowest)} to {int(highest)}"
                yield key, f"the regulation asks for level {asked}"
