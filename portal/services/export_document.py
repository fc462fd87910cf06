"""The copy of a student's data as one JSON document, whole: what is shown of it to whom is decided at the download.

An access request gets everything with the facts of GDPR 15(1)(a)-(h); portability only what the student gave, on
consent or contract (GDPR 20). Its form is published: static/export-schema.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import select

from portal.domain import assurance
from portal.domain.clock import receipt_date
from portal.domain.retention import kept_until
from portal.domain.rights import RIGHTS
from portal.domain.vocabulary import ActorKind, FieldType, RequestKind, TargetKind
from portal.i18n import MASTER, speaker
from portal.letters import wording
from portal.letters.showing import shown
from portal.policy.model import OWN_SECTION, Field, Group, RetentionClass
from portal.records import casebook, items
from portal.records.tables.cases import Case, CaseEvent, CaseItem, CaseStep
from portal.records.tables.people import Student, View
from portal.services import own_campaigns
from portal.services.limits_of_processing import Restricted, restricted
from portal.services.own_reach import reach
from portal.services.recipients import Disclosure, disclosures, receivers
from portal.services.reviewed import MISSING, as_file, images_of, picture_of
from portal.services.reviewed import shown as shown_image
from portal.services.steps import SEARCH
from portal.services.targets import EVERYTHING, Target, covered, granted, target_of
from portal.services.unit import Work
from portal.vault.envelope import Json

FORMAT = "1"


def export_document(work: Work, case: Case, schema_url: str) -> Json:
    """Everything that this case's decision grants a copy of, as plain JSON."""
    assert case.student_id is not None
    whole = case.kind == RequestKind.ACCESS
    maker = _Maker(work, case, whole)
    document: dict[str, Json] = {
        "$schema": schema_url,
        "format": FORMAT,
        "kind": case.kind,
        "reference": case.reference,
        "language": case.language,
        "made_on": work.today.isoformat(),
        "controller": _controller(work),
        "groups": maker.groups(),
    }
    if whole:
        document["about"] = _about(work, maker)
        document["own"] = {
            "cases": _cases(work, case.student_id),
            "views": _views(work, case.student_id),
            "consent_questions": own_campaigns.exported(work, case.student_id),
            **reach(work, case.student_id),
        }
        document["searches"] = _searches(work, case)
    return document


def _controller(work: Work) -> Json:
    held = work.policy.controller
    return {
        "name": held.name,
        "town": held.town,
        "contact": held.contact_name,
        "email": held.contact_email,
        "phone": held.contact_phone,
        "website": held.website,
    }


class _Maker:
    """The groups with their values; facts that many values share are made once."""

    def __init__(self, work: Work, case: Case, whole: bool) -> None:
        assert case.student_id is not None
        self.work, self.policy, self.whole = work, work.policy, whole
        self.student_id = case.student_id
        self.student = work.session.get_one(Student, case.student_id)
        self.records = items.items_of(work.session, work.vault, case.student_id)
        self.told = disclosures(work, case.student_id)
        self.receivers = receivers(work, case.student_id)
        self.limits: Restricted = restricted(work, case.student_id)
        self.reviews = {image.source_id: image.row for image in images_of(work, case)}
        self.targets = _targets(casebook.items_of(work.session, case.id))

    def groups(self) -> Json:
        """All ten groups in an access answer, empty ones too ("nothing is kept"); the own section behind them."""
        groups = [*self.policy.groups.values(), self.policy.own_section]
        made = [self._group(group) for group in groups]
        return made if self.whole else [group for group in made if group["datasets"]]

    def _group(self, group: Group) -> Json:
        datasets = []
        for dataset in self.policy.datasets.values():
            fields = [field for field in dataset.fields.values() if field.group == group.number]
            records = [
                {"id": str(record.id), "values": values}
                for record in self.records
                if record.dataset == dataset.code and (values := list(self._values(record, fields)))
            ]
            if records:
                datasets.append({"code": dataset.code, "label": dataset.label_plural, "records": records})
        return {
            "number": group.number,
            "code": group.code,
            "label": group.label,
            "explanation": group.explanation,
            "datasets": datasets,
        }

    def _values(self, record: items.Item, fields: Iterable[Field]) -> Iterator[Json]:
        for field in fields:
            value = record.values.get(field.code)
            if value is not None and self._asked(record, field):
                yield self._value(record, field, value)

    def _asked(self, record: items.Item, field: Field) -> bool:
        if not covered(self.policy, self.targets, record.dataset, record.id, field.code):
            return False
        if self.whole:
            return True
        portable = RIGHTS[RequestKind.PORTABILITY]
        bases = (activity.basis for activity in self.policy.activities_of(field))
        return field.group != OWN_SECTION and any(portable.applies_to(basis, field.source) for basis in bases)

    def _value(self, record: items.Item, field: Field, value: Json) -> Json:
        activities = self.policy.activities_of(field)
        until = self._until(self.policy.retention[field.retention], record)
        made: dict[str, Json] = {
            "code": field.code,
            "label": field.label,
            "type": field.type.value,
            "value": value,
            "text": shown(self.policy, field.dataset, field.code, value, speaker(MASTER)),
            "source": field.source.value,
            "sensitivity": field.sensitivity.value,
            "level": int(assurance.needed_to_show(field.level, field.sensitivity)),
            "activities": [activity.code for activity in activities],
            "retention": field.retention,
            "kept_until": until,
            "recipients": list(self.receivers.of(field)),
            "hidden_from_staff": field.code in record.hidden,
            "restricted": self.limits.covers(record.dataset, record.id, field.code),
        }
        if field.type is FieldType.IMAGE:
            made.update(value=None, text="", **self._image(record, value))
        return made

    def _image(self, record: items.Item, value: Json) -> dict[str, Json]:
        """The picture itself where nobody else is on it; else what staff decided when they looked at it."""
        if record.values.get("others_visible") is not False:
            source_id = UUID(str(value))
            return shown_image(self.work, self.student_id, self.reviews.get(source_id), source_id)
        found = picture_of(self.work, self.student_id, UUID(str(value)))
        return {"file": as_file(*found)} if found else {"note": MISSING}

    def _until(self, retention: RetentionClass, record: items.Item) -> str | None:
        begins = self.student.last_programme_ended if retention.starts == "programme_end" else record.created_at.date()
        until = kept_until(retention.years, retention.days, begins)
        return until.isoformat() if until else None


def _targets(asked: Sequence[CaseItem]) -> list[Target]:
    """What was granted; a copy asked for in own words is a copy of everything."""
    found = [target_of(item) for item in granted(asked)]
    return [EVERYTHING if target.kind is TargetKind.WORDS else target for target in found]


# --- GDPR 15(1)(a)-(h) ------------------------------------------------------------------------------------------------


def _about(work: Work, maker: _Maker) -> Json:
    policy = work.policy
    return {
        "purposes": [
            {
                "code": activity.code,
                "label": activity.label,
                "purpose": policy.purposes[activity.purpose].label,
                "basis": activity.basis.value,
                "basis_label": wording.BASES[activity.basis],
                "basis_explanation": activity.basis_explanation,
            }
            for activity in policy.activities.values()
        ],
        "categories": [
            {"number": group.number, "label": group.label} for group in (*policy.groups.values(), policy.own_section)
        ],
        "recipients": _recipients(work, maker.told),
        "retention": [
            {"code": each.code, "label": each.label, "explanation": each.explanation, "law": each.law}
            for each in policy.retention.values()
        ],
        "rights": [
            {"kind": right.kind.value, "label": wording.KINDS[right.kind], "gdpr": right.gdpr}
            for right in RIGHTS.values()
        ],
        "complaint": [
            {"code": each.code, "name": each.name, "how": each.how, "website": each.website}
            for each in policy.authorities.values()
        ],
        "sources": [{"code": source.value, "label": label} for source, label in wording.SOURCES.items()],
        "automated_decisions": policy.no_profiling,
    }


def _recipients(work: Work, told: Iterable[Disclosure]) -> Json:
    """Those who actually received something, with when and what: never the list of who might have."""
    found: dict[str, list[Json]] = {}
    for each in told:
        found.setdefault(each.recipient, []).append({"on": each.on or None, "what": each.what})
    made = []
    for code, given in found.items():
        recipient = work.policy.recipients.get(code)
        made.append(
            {
                "code": code,
                "name": recipient.name if recipient else code,
                "role": recipient.role if recipient else "",
                "country": recipient.country if recipient else "",
                "what_for": recipient.what_for if recipient else "",
                "given": given,
            }
        )
    return made


# --- what the portal itself keeps -------------------------------------------------------------------------------------


def _cases(work: Work, student_id: UUID) -> Json:
    found = work.session.execute(
        select(Case).where(Case.student_id == student_id).order_by(Case.received_on, Case.id)
    ).scalars()
    return [_case(work, case) for case in found]


WRITTEN = ("note", "words")  # in the details of an event: what staff wrote down for each other


def _written(work: Work, event: CaseEvent) -> list[str]:
    """Notes of staff are data about the student: they stand in the copy as they were written."""
    if event.actor_kind != ActorKind.STAFF:
        return []
    details = casebook.event_details(work.vault, event)
    return [str(details[key]) for key in WRITTEN if details.get(key)]


def _case(work: Work, case: Case) -> Json:
    events = casebook.events_of(work.session, case.id)
    return {
        "reference": case.reference,
        "kind": case.kind,
        "label": wording.KINDS[RequestKind(case.kind)],
        "channel": case.channel,
        "state": case.state,
        "outcome": case.outcome,
        "received_on": case.received_on.isoformat(),
        "decided_on": receipt_date(case.decided_at).isoformat() if case.decided_at else None,
        "words": str(casebook.contents(work.vault, case).get("words", "")),
        "events": [{"at": event.at.isoformat(), "kind": event.kind, "by": event.actor_kind} for event in events],
        "notes": [{"at": event.at.isoformat(), "text": text} for event in events for text in _written(work, event)],
        "messages": [
            {
                "at": message.at.isoformat(),
                "from_school": message.from_staff,
                "text": casebook.message_text(work.vault, message),
            }
            for message in casebook.messages_of(work.session, case.id)
        ],
    }


def _views(work: Work, student_id: UUID) -> Json:
    """Who looked: role, moment and reason, never a name."""
    policy = work.policy
    names = {role.value: name for role, name in policy.roles.names.items()}
    rows = work.session.execute(select(View).where(View.student_id == student_id).order_by(View.at, View.id)).scalars()
    return [
        {
            "at": view.at.isoformat(),
            "role": names.get(view.role, view.role),
            "reason": policy.reasons[view.reason].label if view.reason in policy.reasons else view.reason,
            "what": view.what,
        }
        for view in rows
    ]


def _searches(work: Work, case: Case) -> Json:
    """What was found outside the portal: in words, and page by page as it was reviewed."""
    pages: dict[UUID | None, list[Json]] = {}
    assert case.student_id is not None
    for image in images_of(work, case):
        if image.step_id is not None:
            page = shown_image(work, case.student_id, image.row, image.source_id)
            pages.setdefault(image.step_id, []).append(page)
    return [
        _search(work, step, pages.get(step.id, []))
        for step in casebook.steps_of(work.session, case.id)
        if step.task == SEARCH
    ]


def _search(work: Work, step: CaseStep, pages: list[Json]) -> Json:
    contents = casebook.step_contents(work.vault, step)
    return {
        "holder": step.target,
        "label": work.policy.holders[step.target].label if step.target in work.policy.holders else step.target,
        "state": step.state,
        "on": receipt_date(step.at).isoformat() if step.at else None,
        "result": str(contents.get("found", "")),
        "found": str(contents.get("note", "")),
        "pages": pages,
    }
