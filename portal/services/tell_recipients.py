"""Make ready, with the decision, the notice to each recipient who actually received the data (GDPR 19)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from uuid import UUID

from portal.domain.birth_date import NotABirthDate, parse
from portal.domain.clock import receipt_date
from portal.domain.erasure_plan import Verdict
from portal.domain.vocabulary import Level, RequestKind, StepKind, TargetKind
from portal.i18n import MASTER, speaker
from portal.letters import wording
from portal.letters.notice import KIND, Change, Notice
from portal.letters.showing import shown
from portal.records import casebook
from portal.records.items import Item, full_name, items_of, persons
from portal.records.tables.cases import Case, CaseItem, CaseStep
from portal.services.issue_letter import keep
from portal.services.plan_erasure import plan_for
from portal.services.recipients import Receivers, disclosures, receivers
from portal.services.targets import covered, granted, target_of
from portal.services.unit import Work
from portal.vault.envelope import Json


def issue_notices(work: Work, case: Case, steps: Iterable[CaseStep]) -> None:
    """One for each step at a recipient: who it is about is fixed now, before an erasure takes the name."""
    waiting = [step for step in steps if step.kind == StepKind.RECIPIENT.value]
    if not waiting or case.student_id is None:
        return
    asked = casebook.items_of(work.session, case.id)
    going = asked if case.kind == RequestKind.WITHDRAWAL else granted(asked)
    person = persons(work.session, work.vault, [case.student_id]).get(case.student_id)
    told = disclosures(work, case.student_id)
    changes = _Changes(work, case, case.student_id, going)
    on = receipt_date(case.decided_at) if case.decided_at else work.today
    for step in waiting:
        recipient = work.policy.recipients[step.target]
        notice = Notice(
            kind=case.kind,
            recipient=recipient.name,
            reference=case.reference,
            on=work.today,
            effective_on=on,
            name=full_name(person.values) if person else "",
            birth_date=_birth_date(person.values.get("birth_date") if person else None),
            given_on=_days(each.on for each in told if each.recipient == step.target),
            changes=tuple(changes.of(step.target)),
        )
        keep(work, notice.as_json(), KIND, MASTER, Level.SECOND_CHANNEL, case=case, target=step.target)


def _birth_date(value: Json) -> str:
    try:
        return parse(str(value)).dutch if value else ""
    except NotABirthDate:
        return ""


def _days(found: Iterable[str]) -> tuple[date, ...]:
    return tuple(date.fromisoformat(each) for each in dict.fromkeys(found) if each)


class _Changes:
    """What changed, as far as a recipient was given it: labels, and the right value of what was corrected."""

    def __init__(self, work: Work, case: Case, student_id: UUID, going: list[CaseItem]) -> None:
        self.work, self.policy, self.case, self.going = work, work.policy, case, going
        self.student_id = student_id
        self.kind = RequestKind(case.kind)
        self.actual: Receivers = receivers(work, student_id)
        self.records: tuple[Item, ...] = items_of(work.session, work.vault, student_id)

    def of(self, recipient: str) -> Iterator[Change]:
        if self.kind in (RequestKind.OBJECTION, RequestKind.WITHDRAWAL):
            yield from self._activities(recipient)
        elif self.kind is RequestKind.RECTIFICATION:
            yield from self._corrected(recipient)
        else:
            yield from dict.fromkeys(self._fields(recipient))

    def _activities(self, recipient: str) -> Iterator[Change]:
        for item in self.going:
            activity = self.policy.activities.get(item.activity or "")
            if activity is not None and recipient in activity.recipients:
                yield Change(activity.label)

    def _corrected(self, recipient: str) -> Iterator[Change]:
        for item in self.going:
            if item.dataset is None:
                continue
            checked = casebook.item_contents(self.work.vault, item).get("checked")
            values = {item.field: checked} if item.field else checked if isinstance(checked, dict) else {}
            for code, value in values.items():
                if recipient in self.actual.of(self.policy.field(item.dataset, code)):
                    yield self._change(item.dataset, code, value)

    def _change(self, dataset: str, code: str, value: Json) -> Change:
        spoken = speaker(MASTER)
        text = shown(self.policy, dataset, code, value, spoken) if value not in (None, "") else wording.EMPTY
        return Change(self.policy.field(dataset, code).label, text)

    def _fields(self, recipient: str) -> Iterator[Change]:
        targets = [target_of(item) for item in self.going if item.target != TargetKind.WORDS]
        if self.kind is RequestKind.ERASURE:
            plan = plan_for(self.work, self.student_id, targets)
            found = [(line.item.dataset, line.item.field) for line in plan.of(Verdict.ERASE)]
        else:
            found = [
                (record.dataset, code)
                for record in self.records
                for code in record.values
                if covered(self.policy, targets, record.dataset, record.id, code)
            ]
        for dataset, code in found:
            if recipient in self.actual.of(self.policy.field(dataset, code)):
                yield Change(self.policy.field(dataset, code).label)
