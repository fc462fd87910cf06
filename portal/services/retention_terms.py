"""The retention classes as the school confirmed them: nothing goes in a class whose terms nobody confirmed.

A confirmation holds for the terms that were read: a policy file that changes them must be confirmed anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM, Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.policy.model import Policy, RetentionClass
from portal.records.tables.access import Staff
from portal.records.tables.proof import Setting
from portal.services.plan_erasure import PROGRAMME_END
from portal.services.recognise import staff_actor
from portal.services.unit import Work, reading, writing

PREFIX = "retention:"


@dataclass(frozen=True, slots=True)
class Terms:
    """A class as the page of retention shows it."""

    retention: RetentionClass
    confirmed: bool
    by: str  # the director's name; "" where the regulation itself settles it, or nobody did
    at: datetime | None


def of_students(policy: Policy) -> list[RetentionClass]:
    """The classes that run from the end of the last programme, the shortest first."""
    found = [each for each in policy.retention.values() if each.starts == PROGRAMME_END]
    return sorted(found, key=lambda each: (each.years, each.days, each.code))


def is_confirmed(work: Work, retention: RetentionClass) -> bool:
    """Whether its terms are settled: by the regulation, or by the director as they stand now."""
    if not retention.assumed:
        return True
    row = work.session.get(Setting, PREFIX + retention.code)
    return row is not None and json.loads(row.value) == _terms(retention)


def confirmed_classes(work: Work) -> frozenset[str]:
    """The codes of the classes whose terms are settled, in one statement."""
    rows = work.session.execute(
        select(Setting.name, Setting.value).where(Setting.name.startswith(PREFIX, autoescape=True))
    )
    said = {row.name.removeprefix(PREFIX): json.loads(row.value) for row in rows}
    return frozenset(
        code for code, each in work.policy.retention.items() if not each.assumed or said.get(code) == _terms(each)
    )


def confirm(actor: Actor, clock: Clock, code: str) -> None:
    """The director confirms a class's terms as they stand. Raises NotAllowed, and Refused("unknown_class")."""
    with writing(actor, clock) as work:
        work.require(Act.CONFIRM_POLICY)
        retention = work.policy.retention.get(code)
        if retention is None:
            raise Refused("unknown_class", code=code)
        value, name = json.dumps(_terms(retention)), PREFIX + code
        row = work.session.get(Setting, name)
        if row is None:
            work.session.add(Setting(name=name, value=value, changed_at=work.now, changed_by=actor.id))
        elif row.value != value:
            row.value, row.changed_at, row.changed_by = value, work.now, actor.id
        else:
            return
        work.note("confirm_retention", "installation", None, code=code, **_terms(retention))


def all_terms(actor: Actor, clock: Clock) -> list[Terms]:
    """Every class of the policy, for whoever may look at retention."""
    with reading(actor, clock) as work:
        work.require(Act.PREVIEW_RETENTION)
        rows = {row.name: row for row in work.session.execute(select(Setting)).scalars()}
        names = {row.id: row.name for row in work.session.execute(select(Staff.id, Staff.name))}
        found = []
        for retention in work.policy.retention.values():
            row = rows.get(PREFIX + retention.code)
            confirmed = is_confirmed(work, retention)
            by = names.get(row.changed_by, "") if row and row.changed_by and confirmed else ""
            found.append(Terms(retention, confirmed, by, row.changed_at if row and confirmed else None))
        return found


def _terms(retention: RetentionClass) -> dict[str, int | str]:
    return {"years": retention.years, "days": retention.days, "starts": retention.starts}


def confirm_as(clock: Clock, username: str, code: str) -> None:
    """The same from the command line, in the name of a director. Raises as `confirm` does."""
    with reading(SYSTEM, clock) as work:
        found = work.session.execute(
            select(Staff.id).where(Staff.username == username, Staff.disabled_at.is_(None))
        ).scalar()
        if found is None:
            raise NotAllowed("not_permitted", act=Act.CONFIRM_POLICY)
        actor = staff_actor(found, clock)
    confirm(replace(actor, confidentiality_acknowledged=True), clock, code)
