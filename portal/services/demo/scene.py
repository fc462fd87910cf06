"""What the stories of the demonstration are told with: who acts, at what moment, through the real services."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from portal.domain.assurance import Way
from portal.domain.box import Box
from portal.domain.campaign import ConsentAnswer
from portal.domain.clock import FixedClock
from portal.domain.permissions import ANONYMOUS, SYSTEM, Actor
from portal.domain.vocabulary import (
    ActorKind,
    Channel,
    Level,
    Outcome,
    RequestKind,
    Showing,
    StepKind,
    StepState,
    TargetKind,
)
from portal.records import casebook
from portal.records.items import items_of
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case
from portal.services import (
    answer_campaign,
    approve_erasure,
    carry_out,
    confirm_identity,
    decide_case,
    draft_campaign,
    drafts,
    extend_case,
    file_request,
    lift_restriction,
    match_case,
    own_cases,
    record_request,
    review_images,
    send_campaign,
    send_message,
    take_case,
    tell_campaigns,
    totp,
    withdraw_consent,
)
from portal.services.campaign_people import Chosen
from portal.services.casework import Asked, Contact
from portal.services.decide_case import ItemDecision
from portal.services.demo.people import TOTP_KEY
from portal.services.file_request import Filing
from portal.services.recognise import staff_actor
from portal.services.record_request import Recorded
from portal.services.steps import SEARCH
from portal.services.unit import reading, writing
from portal.vault.normal import normal_number


@dataclass(slots=True)
class Scene:
    """`refs` remembers the reference of each story's case by the story's name."""

    clock: FixedClock
    staff: dict[str, UUID]
    refs: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    # who ----------------------------------------------------------------------------------------------------------

    def member(self, username: str) -> Actor:
        with reading(SYSTEM, self.clock) as work:
            name = work.session.execute(select(Staff.name).where(Staff.id == self.staff[username])).scalar_one()
            actor = staff_actor(self.staff[username], self.clock)
        return replace(actor, name=name, confidentiality_acknowledged=True, fresh_sign_in=True)

    def student_id(self, number: str) -> UUID:
        with reading(SYSTEM, self.clock) as work:
            (found,) = work.vault.find("student_number", normal_number(number))
            return found

    def student(self, number: str, level: Level = Level.KNOWLEDGE) -> Actor:
        student_id = self.student_id(number)
        return Actor(ActorKind.STUDENT, student_id, level=level, level_at=self.clock.now(), student_id=student_id)

    def item_of(self, number: str, dataset: str) -> UUID:
        """The first record of that dataset of this student."""
        with reading(SYSTEM, self.clock) as work:
            return items_of(work.session, work.vault, self.student_id(number), [dataset])[0].id

    # a student asks -----------------------------------------------------------------------------------------------

    def file(
        self,
        story: str,
        number: str,
        kind: RequestKind,
        *asked: Asked,
        language: str = "nl",
        words: str = "",
        about: str = "",
        level: Level = Level.KNOWLEDGE,
    ) -> None:
        actor = self.student(number, level)
        filing = Filing(kind, language, asked, words, about=self.refs.get(about, ""))
        self._send(story, actor, filing)

    def file_unknown(self, story: str, kind: RequestKind, contact: Contact, *asked: Asked, language: str) -> None:
        """Without signing in: staff find out who it is."""
        self._send(story, ANONYMOUS, Filing(kind, language, asked, contact=contact))

    def _send(self, story: str, actor: Actor, filing: Filing) -> None:
        owner = drafts.Owner(f"demonstration {story}", actor.student_id)
        draft = drafts.start(self.clock, owner, {})
        receipt = file_request.file_request(actor, self.clock, filing, draft, owner, "demonstration")
        self.refs[story], self.codes[story] = receipt.reference, receipt.code

    def correct(self, number: str, code: str, value: str, words: str = "") -> Asked:
        """A value of the student's person record, and what it should be."""
        return Asked(TargetKind.FIELD, item_id=self.item_of(number, "person"), field=code, asked=value, words=words)

    def say(self, story: str, number: str, text: str) -> None:
        own_cases.write_message(self.student(number), self.clock, self.refs[story], text, uuid4().bytes * 2)

    def take_back(self, story: str, number: str) -> None:
        own_cases.take_back(self.student(number), self.clock, self.refs[story], self.version(story))

    def withdraw(self, story: str, number: str, activity: str, language: str) -> None:
        done = withdraw_consent.withdraw(self.student(number), self.clock, activity, language)
        self.refs[story] = done.reference

    def answer(self, campaign: str, number: str, answer: ConsentAnswer, language: str) -> None:
        asked = UUID(self.refs[campaign])
        answer_campaign.answer_campaign(self.student(number), self.clock, asked, answer, language)

    # staff ask ----------------------------------------------------------------------------------------------------

    def ask_consent(self, campaign: str, who: str, activity: str, *branches: str, days: int, remind: int) -> None:
        """A question to everybody of these branches who studies, open so many days, with its one reminder."""
        today = self.clock.today()
        wanted = draft_campaign.Wanted(
            activity, Chosen(branches), today + timedelta(days=days), today + timedelta(days=remind)
        )
        found = draft_campaign.draft_campaign(self.member(who), self.clock, wanted)
        send_campaign.send_campaign(self.member(who), self.clock, found, 1)
        self.refs[campaign] = str(found)

    def tell_campaigns(self) -> None:
        """The worker's run."""
        tell_campaigns.tell_campaigns(self.clock, lambda: False)

    # staff answer -------------------------------------------------------------------------------------------------

    def record(self, story: str, who: str, kind: RequestKind, channel: Channel, received: date, **more: str) -> None:
        """A request that came by another door; `more`: language, name, email, phone, address, student_number, words."""
        words, language = more.pop("words"), more.pop("language", "nl")
        request = Recorded(kind, channel, received, language, Contact(**more), (words,))
        self.refs[story] = record_request.record_request(self.member(who), self.clock, request).reference

    def match(self, story: str, who: str, number: str) -> None:
        student_id = self.student_id(number)
        match_case.match(self.member(who), self.clock, self.refs[story], self.version(story), student_id)

    def take(self, story: str, who: str) -> None:
        take_case.take(self.member(who), self.clock, self.refs[story])

    def write(self, story: str, who: str, text: str) -> None:
        send_message.send_message(self.member(who), self.clock, self.refs[story], text)

    def confirm(self, story: str, who: str, way: Way = Way.SHOW_ID_AT_DESK) -> None:
        confirm_identity.confirm_identity(
            self.member(who), self.clock, self.refs[story], self.version(story), way.leads_to, way
        )

    def extend(self, story: str, who: str, days: int, words: str) -> None:
        extend_case.extend(
            self.member(who), self.clock, self.refs[story], self.version(story), days, "complexity", words
        )

    def decide(
        self,
        story: str,
        who: str,
        *outcomes: Outcome,
        ground: str | None = None,
        reason: str = "",
        checked: str | None = None,
        words: str = "",
    ) -> None:
        """Decides the items in their order; `ground` and `reason` go with what is not granted in full."""
        decisions = [
            ItemDecision(item_id, outcome, checked=checked)
            if outcome is Outcome.GRANTED
            else ItemDecision(item_id, outcome, ground, reason, checked if outcome is Outcome.PARTLY else None)
            for item_id, outcome in zip(self.item_ids(story), outcomes, strict=True)
        ]
        decide_case.decide(self.member(who), self.clock, self.refs[story], self.version(story), decisions, words)

    def approve(self, story: str, who: str) -> None:
        approve_erasure.approve(self.member(who), self.clock, self.refs[story], self.version(story))

    def carry_out(self, story: str, who: str) -> None:
        carry_out.carry_out(self.member(who), self.clock, self.refs[story], self.version(story))

    def lift(self, story: str, who: str) -> None:
        lift_restriction.lift_restriction(self.member(who), self.clock, self.refs[story], self.version(story))

    def finish_steps(self, story: str, who: str, most: int = 99, only: str = "", note: str = "Gedaan.") -> None:
        """Finishes the steps outside the portal, in their order, at most so many."""
        with reading(SYSTEM, self.clock) as work:
            steps = casebook.steps_of(work.session, self._case(work.session, story).id)
            waiting = [
                step.id
                for step in steps
                if step.state == StepState.OPEN.value and step.kind != StepKind.OWN.value and only in {"", step.task}
            ]
        for step_id in waiting[:most]:
            carry_out.finish_step(self.member(who), self.clock, self.refs[story], step_id, StepState.DONE, note)

    def search(self, story: str, who: str) -> None:
        self.finish_steps(story, who, only=SEARCH, note="Gezocht op naam en nummer. Niets anders gevonden.")

    def look_at_images(self, story: str, who: str) -> None:
        """Covers the right half of each picture, where the others sit."""
        for each in review_images.images(self.member(who), self.clock, self.refs[story]):
            review_images.review(
                self.member(who), self.clock, self.refs[story], each.id, Showing.REDACT, [Box(500, 0, 500, 1000)], ""
            )

    # what stands --------------------------------------------------------------------------------------------------

    def _case(self, session: object, story: str) -> Case:
        found = session.execute(select(Case).where(Case.reference == self.refs[story]))  # type: ignore[attr-defined]
        case: Case = found.scalar_one()
        return case

    def version(self, story: str) -> int:
        with reading(SYSTEM, self.clock) as work:
            return self._case(work.session, story).version

    def item_ids(self, story: str) -> list[UUID]:
        with reading(SYSTEM, self.clock) as work:
            return [item.id for item in casebook.items_of(work.session, self._case(work.session, story).id)]

    def ready_accounts(self) -> None:
        """As if everybody had signed in once: chosen the password, set up an app, acknowledged confidentiality."""
        with writing(SYSTEM, self.clock) as work:
            for staff_id in self.staff.values():
                staff = work.session.get_one(Staff, staff_id)
                staff.must_change_password, staff.confidentiality_at = False, work.now
                totp.install(work, staff, TOTP_KEY)
