"""Whom a question for consent goes to: by branch, by programme, or chosen one by one; and who is left out, and why.

Nobody is asked who answered before or let the same question pass lately: no is an answer, and so is silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.campaign import LeftOut, why_left_out
from portal.domain.clock import receipt_date
from portal.domain.permissions import scope_of
from portal.domain.refusal import Refused
from portal.records import campaigns, importing, limits
from portal.records import queue as lists
from portal.records.items import Item, items_of_many
from portal.services import consents
from portal.services.unit import Work
from portal.vault.normal import normal_number

PROGRAMME = "programme"
IN_PROGRAMME = ("training", "class_group")  # fields by whose value a group may be named
MOST_NUMBERS = 500
TOLD = 5  # unknown numbers named in a refusal


@dataclass(frozen=True, slots=True)
class Chosen:
    """What staff filled in. Numbers of students, else everybody who studies now, of these branches (codes; none: of
    every branch), whose running programme or group carries `programme` ("": any)."""

    branches: tuple[str, ...] = ()
    programme: str = ""
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    asked: tuple[UUID, ...]
    left_out: dict[str, int]  # a LeftOut: how many


def select_people(work: Work, chosen: Chosen, activity: str, anew: bool, but: UUID | None = None) -> Selection:
    """Raises Refused: unknown_numbers (numbers), too_many_numbers (most), nobody_to_ask."""
    found = _by_number(work, chosen.numbers) if chosen.numbers else _by_group(work, chosen)
    if not found:
        raise Refused("nobody_to_ask")
    return still_to_ask(work, found, activity, anew, but)


def _by_number(work: Work, numbers: Iterable[str]) -> list[UUID]:
    typed = {normal_number(each): each for each in numbers if normal_number(each)}
    if len(typed) > MOST_NUMBERS:
        raise Refused("too_many_numbers", most=MOST_NUMBERS)
    by_number = work.vault.find_many("student_number", list(typed))
    ids = [id for each in by_number.values() for id in each]
    scope = scope_of(work.actor, Act.RUN_CAMPAIGN)
    known = {row.id for part in importing.chunks(ids) for row in lists.students(work.session, scope, part, len(part))}
    unknown = [typed[number] for number in typed if not known.intersection(by_number.get(number, ()))]
    if unknown:
        more = f" (+{len(unknown) - TOLD})" if len(unknown) > TOLD else ""
        raise Refused("unknown_numbers", numbers=", ".join(unknown[:TOLD]) + more)
    return sorted(known)


def _by_group(work: Work, chosen: Chosen) -> list[UUID]:
    scope = scope_of(work.actor, Act.RUN_CAMPAIGN)
    offered = {row.code: row.id for row in lists.branches(work.session, scope)}
    branches = [offered[code] for code in chosen.branches if code in offered]
    found = campaigns.candidates(work.session, scope, work.today, branches)
    wanted = chosen.programme.strip().casefold()
    if not wanted:
        return found
    follows = []
    for part in importing.chunks(found):
        programmes = items_of_many(work.session, work.vault, part, [PROGRAMME])
        follows += [id for id in part if any(_is_of(each, wanted, work.today) for each in programmes.get(id, ()))]
    return follows


def _is_of(programme: Item, wanted: str, today: date) -> bool:
    ends = programme.values.get("end_date")
    running = not ends or str(ends) >= today.isoformat()
    return running and any(str(programme.values.get(code) or "").casefold() == wanted for code in IN_PROGRAMME)


def still_to_ask(work: Work, ids: Iterable[UUID], activity: str, anew: bool, but: UUID | None) -> Selection:
    """Those of these students who are asked about the activity; `but`: the campaign itself, which does not count."""
    asked: list[UUID] = []
    left_out: Counter[str] = Counter()
    for part in importing.chunks(list(ids)):
        standing = {
            row.id for row in lists.students(work.session, scope_of(work.actor, Act.RUN_CAMPAIGN), part, len(part))
        }
        answered = _answered(work, part, activity)
        open_for, passed = _questions(work, part, activity, but, answered)
        for student_id in part:
            why: LeftOut | None = LeftOut.GONE
            if student_id in standing:
                why = why_left_out(
                    student_id in answered, student_id in open_for, passed.get(student_id), anew, work.today
                )
            if why is None:
                asked.append(student_id)
            else:
                left_out[why.value] += 1
    return Selection(tuple(asked), dict(left_out))


def _answered(work: Work, ids: list[UUID], activity: str) -> set[UUID]:
    """Who said yes once, here or on paper, or withdrew it."""
    held = items_of_many(work.session, work.vault, ids, [consents.DATASET])
    said = {id for id, found in held.items() if any(each.values.get("activity") == activity for each in found)}
    stopped = limits.active_of_many(work.session, ids)
    return said | {
        id
        for id, found in stopped.items()
        if any(limit.activity == activity and limit.kind == limits.WITHDRAWAL for limit in found)
    }


def _questions(
    work: Work, ids: list[UUID], activity: str, but: UUID | None, answered: set[UUID]
) -> tuple[set[UUID], dict[UUID, date]]:
    """Who has the same question open now; and when others let one pass. Whoever said no joins `answered`."""
    open_for: set[UUID] = set()
    passed: dict[UUID, date] = {}
    for row in campaigns.asked_before(work.session, activity, ids, but):
        last = min(row.closes_on, receipt_date(row.stopped_at)) if row.stopped_at else row.closes_on
        if row.answer is not None:
            answered.add(row.student_id)
        elif row.stopped_at is None and row.closes_on >= work.today:
            open_for.add(row.student_id)
        else:
            passed[row.student_id] = max(last, passed.get(row.student_id, last))
    return open_for, passed
