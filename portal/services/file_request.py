"""File a request in the portal, signed in or not. The same filled-in form sent twice is one case.

What waits for no decision happens in the same unit of work: an activity objected to is suspended while the balance is
made (GDPR 18(1)(d)), a contested value is restricted while it is checked (GDPR 18(1)(a)).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import ANONYMOUS, Actor, Subject
from portal.domain.refusal import Refused
from portal.domain.rights import right
from portal.domain.vocabulary import ActorKind, Channel, FieldType, Level, RequestKind, TargetKind
from portal.intake import faults, values
from portal.mail import messages
from portal.policy.model import Field, Policy
from portal.records.items import item, persons
from portal.records.tables.cases import Case
from portal.records.tables.people import Student
from portal.services import drafts, limits
from portal.services.assurance_of import level_now
from portal.services.casework import Asked, Contact, NewCase, NotFound, open_case
from portal.services.limits_of_processing import place_meanwhile
from portal.services.unit import Work, writing
from portal.vault.envelope import INSTALLATION, Holder, Json

LONGEST = 4000  # characters of free text
KNOWN = frozenset({ActorKind.STUDENT, ActorKind.REPRESENTATIVE})
BY_REPRESENTATIVE = "representative"
HOW = {Level.ADDRESS: "mail_link", Level.KNOWLEDGE: "own_knowledge", Level.SECOND_CHANNEL: "second_channel"}


class WrongValue(Refused):
    """What was typed cannot be the value of this field; `msgid` says why."""

    def __init__(self, code: str, msgid: str) -> None:
        super().__init__(code)
        self.msgid = msgid


@dataclass(frozen=True, slots=True)
class Filing:
    """A filled-in form. `about` is the reference of the case that a complaint is about."""

    kind: RequestKind
    language: str
    items: tuple[Asked, ...] = ()
    words: str = ""
    contact: Contact = field(default_factory=Contact)
    helper: str = ""
    about: str = ""


FilledIn = Callable[[dict[str, Json]], Filing]  # the contents of a draft as a form; may raise what the caller catches


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the person keeps. `code` opens this case alone, without signing in."""

    kind: RequestKind
    reference: str
    code: str
    answer_by: date

    def as_json(self) -> dict[str, Json]:
        return {
            "kind": self.kind.value,
            "reference": self.reference,
            "code": self.code,
            "answer_by": self.answer_by.isoformat(),
        }

    @classmethod
    def of(cls, kept: dict[str, Json]) -> Receipt:
        by = date.fromisoformat(kept["answer_by"])
        return cls(RequestKind(kept["kind"]), kept["reference"], kept["code"], by)


def read_value(policy_field: Field, raw: str, today: date) -> Json:
    """The canonical form of a typed value; WrongValue with the checker's reason."""
    if policy_field.type is FieldType.IMAGE:
        raise WrongValue("image_not_text", faults.text_of("image_not_text"))
    try:
        return values.parse_value(policy_field, raw, today=today)
    except faults.BadValue as bad:
        raise WrongValue(bad.code, faults.text_of(bad.code)) from bad


def file_request(
    actor: Actor, clock: Clock, filing: Filing | FilledIn, draft_id: UUID, owner: drafts.Owner, place: str
) -> Receipt:
    """Opens the case and puts the receipt in the draft's place, so that a second press finds it there. `filing`: what
    was filled in, or how to read it in the draft, which is then opened here alone.

    Raises NoDraft, TooMany, NotFound (a foreign item or case), Refused: contact_missing, nothing_asked, wrong_target,
    activity_unknown, words_too_long.
    """
    asker = actor if actor.kind in KNOWN and actor.student_id else ANONYMOUS
    if asker is ANONYMOUS:
        limits.demand(clock, "file_place", place)
        limits.demand_of_all(clock, "file_all", place)
    with writing(asker, clock) as work:
        work.vault.preload([INSTALLATION, *([Holder.student(asker.student_id)] if asker.student_id else ())])
        kept = drafts.open_draft(work, draft_id, owner)
        if "receipt" in kept:
            return Receipt.of(kept["receipt"])
        if asker is not ANONYMOUS and not limits.count(work, "file_place", str(asker.id)):
            raise limits.TooMany("too_many", limit="file_place")
        receipt = _open(work, filing(kept) if callable(filing) else filing, draft_id)
        drafts.write(work, draft_id, owner, {"receipt": receipt.as_json()})
        return receipt


def _open(work: Work, filing: Filing, draft_id: UUID) -> Receipt:
    student_id = work.actor.student_id
    work.require(Act.FILE_REQUEST, Subject(student_id=student_id, kind=filing.kind))
    acting = work.actor.kind is ActorKind.REPRESENTATIVE
    check(work.policy, filing, signed_in=student_id is not None and not acting, known=student_id is not None)
    items = tuple(_as_held(work, student_id, asked) for asked in filing.items)
    level = level_now(work) if student_id else Level.NONE
    opened = open_case(
        work,
        NewCase(
            kind=filing.kind,
            channel=Channel.PORTAL,
            language=filing.language,
            received_on=work.today,
            items=items,
            words=filing.words.strip(),
            student_id=student_id,
            contact=Contact() if student_id else filing.contact,
            helper=filing.helper.strip(),
            about_case_id=_about(work, filing, student_id),
            representative_id=work.actor.id if acting else None,
            assured=level,
            assured_how=(BY_REPRESENTATIVE if acting else HOW.get(level)) if student_id else None,
            once=hashlib.sha256(f"draft|{draft_id}".encode()).digest(),
        ),
    )
    if student_id is not None and filing.kind is RequestKind.OBJECTION:
        work.require(Act.OBJECT, Subject(student_id=student_id, kind=filing.kind))
    if student_id is not None and (acting or right(filing.kind).immediate):
        case = work.session.get_one(Case, opened.case_id)
        place_meanwhile(work, case)
        if acting:
            _act_for(work, case, filing, opened.code or "")
    return Receipt(filing.kind, opened.reference, opened.code or "", opened.answer_by)


def _act_for(work: Work, case: Case, filing: Filing, code: str) -> None:
    """What a representative's request sets going: the student is told, and a withdrawal takes effect (art. 9.7)."""
    from portal.services.withdraw_consent import take_effect

    assert case.student_id is not None
    student = work.session.get_one(Student, case.student_id)
    person = persons(work.session, work.vault, [student.id]).get(student.id)
    email = str((person and person.values.get("email")) or "")
    work.send(messages.represented(email, student.language, student.id, str(case.id)))
    if filing.kind is RequestKind.WITHDRAWAL:
        work.require(Act.WITHDRAW_CONSENT, Subject(student_id=student.id, kind=filing.kind))
        for activity in dict.fromkeys(asked.activity for asked in filing.items):
            if activity:
                take_effect(work, case, student.id, activity, code)


def check(policy: Policy, filing: Filing, signed_in: bool, known: bool = False) -> None:
    """Nothing, or Refused with what is missing or cannot be asked this way.

    `signed_in`: the student in person, who may point to single values; `known`: somebody whom we can answer.
    """
    found = right(filing.kind)
    if not filing.items:
        raise Refused("nothing_asked")
    if max((len(text) for text in (filing.words, *(asked.words for asked in filing.items))), default=0) > LONGEST:
        raise Refused("words_too_long", most=LONGEST)
    contact = filing.contact
    if not (signed_in or known) and not (contact.name and (contact.email or contact.phone or contact.address)):
        raise Refused("contact_missing")
    for asked in filing.items:
        if asked.target not in found.targets:
            raise Refused("wrong_target", target=asked.target)
        if asked.target is TargetKind.WORDS and not (asked.words.strip() or asked.asked):
            raise Refused("nothing_asked")
        if asked.target is TargetKind.GROUP and asked.group not in {*policy.groups, policy.own_section.number}:
            raise Refused("group_unknown")
        if asked.target is TargetKind.ACTIVITY:
            activity = policy.activities.get(asked.activity or "")
            if activity is None or not found.applies_to(activity.basis):
                raise Refused("activity_unknown")
        if asked.target in {TargetKind.FIELD, TargetKind.RECORD} and not signed_in:
            raise Refused("wrong_target", target=asked.target)


def _as_held(work: Work, student_id: UUID | None, asked: Asked) -> Asked:
    """The same with the dataset and the value as they stand now; NotFound when the item is not the student's."""
    if asked.target not in {TargetKind.FIELD, TargetKind.RECORD}:
        return asked
    held = item(work.session, work.vault, student_id, asked.item_id) if student_id and asked.item_id else None
    if held is None:
        raise NotFound(str(asked.item_id))
    if asked.target is TargetKind.RECORD:
        return replace(asked, dataset=held.dataset)
    if asked.field is None or asked.field not in work.policy.datasets[held.dataset].fields:
        raise NotFound(str(asked.field))
    return replace(asked, dataset=held.dataset, current=held.values.get(asked.field))


def _about(work: Work, filing: Filing, student_id: UUID | None) -> UUID | None:
    if filing.kind is not RequestKind.COMPLAINT or not filing.about or student_id is None:
        return None
    found = work.session.execute(
        select(Case.id).where(Case.reference == filing.about, Case.student_id == student_id)
    ).scalar()
    if found is None:
        raise NotFound(filing.about)
    return found
