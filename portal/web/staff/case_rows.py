"""What was said and what happened in a case, and why it is due when it is: many times the same, written here because a
template takes ten times as long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache

from markupsafe import Markup

from portal.domain.events import EventKind
from portal.domain.vocabulary import ActorKind
from portal.i18n import N_, Speaker
from portal.services.case_lines import EventLine, MessageLine, NoteLine
from portal.web.pieces import date_short, icon, name, pieces, shown, words
from portal.web.staff.blueprint import policy
from portal.web.staff.wording import EVENT_ICONS, EVENTS

STUDENT, PORTAL, REPRESENTATIVE = N_("de cursist"), N_("het portaal"), N_("de vertegenwoordiger")
ACTORS = {  # who is no member of staff
    ActorKind.SYSTEM: PORTAL,
    ActorKind.STUDENT: STUDENT,
    ActorKind.ANONYMOUS: STUDENT,
    ActorKind.CASE_CODE: STUDENT,
    ActorKind.REPRESENTATIVE: REPRESENTATIVE,
}
WHY = N_("Waarom deze datum?")
SCHOOL, THE_STUDENT, READ, UNREAD, TO = N_("school"), N_("Cursist"), N_("gelezen"), N_("nog niet gelezen"), N_("aan")


Reason = tuple[date, str, str]  # a day, what it is for the date, and the law that says so, if one does


class Said:
    """Lines in one language: its words are looked up once."""

    def __init__(self, said: Speaker) -> None:
        self.said, self.moment = said, pieces(said).moment
        self.titles = {
            kind: f"<li>{icon(EVENT_ICONS.get(kind, 'clock'))}<div><strong>{shown(said.text(title))}</strong>"
            for kind, title in EVENTS.items()
        }
        self.actors = {kind: f" · {shown(said.text(who))}" for kind, who in ACTORS.items()}
        self.why = f"<summary>{icon('clock')}{shown(said.text(WHY))}{icon('open')}</summary>"
        self.school, self.student = name(said.text(SCHOOL)), shown(said.text(THE_STUDENT))
        self.read, self.unread, self.to = (shown(said.text(each)) for each in (READ, UNREAD, TO))

    def trail(self, reasons: Iterable[Reason]) -> Markup:
        """Why a date is what it is, from day to day."""
        lines = [f"<li>{date_short(day)} <span>{shown(text)}</span>{_law(law)}</li>" for day, text, law in reasons]
        return Markup(f'<details class="trail">{self.why}<ol>{"".join(lines)}</ol></details>')  # noqa: S704 - escaped here

    def happened(self, events: Iterable[EventLine], ended: bool) -> Markup:
        """The events of a case; of one that ended its words stand above."""
        lines = [self._event(each, ended) for each in events]
        return Markup(f'<ol class="timeline">\n{"".join(lines)}</ol>')  # noqa: S704 - escaped here

    def _event(self, event: EventLine, ended: bool) -> str:
        who = f" · {name(event.actor)}" if event.actor else self.actors.get(event.actor_kind, "")
        more = self._details(event, ended) if event.details else ""
        return f'{self.titles[event.kind]}\n<p class="meta">{self.moment(event.at)}{who}</p>{more}</div></li>\n'

    def _details(self, event: EventLine, ended: bool) -> str:
        told, reasons = event.details, policy().reasons
        reason = reasons.get(told.get("reason") or "")
        return "".join(
            (
                f"<p>{self.to} {name(told['name'])}</p>" if told.get("name") else "",
                f"<p>{words(told['note'])}</p>"
                if told.get("note") and event.kind is not EventKind.NOTE_WRITTEN
                else "",
                f"<p>{words(told['words'])}</p>" if told.get("words") and not ended else "",
                f"<p>{shown(self.said.text(reason.label))}</p>" if reason is not None else "",
            )
        )

    def messages(self, lines: Iterable[MessageLine]) -> Markup:
        return Markup("\n".join([self._message(each) for each in lines]))  # noqa: S704 - escaped there

    def _message(self, line: MessageLine) -> str:
        if not line.from_staff:
            return self._saying("theirs", self.student, line.at, "", line.text)
        author = name(line.author) if line.author else self.school
        return self._saying("ours", author, line.at, f" · {self.read if line.read else self.unread}", line.text)

    def notes(self, lines: Iterable[NoteLine]) -> Markup:
        notes = [self._saying("note", name(each.author), each.at, "", each.text) for each in lines]
        return Markup("\n".join(notes))  # noqa: S704 - escaped there

    def _saying(self, look: str, who: str, at: datetime, more: str, text: str) -> str:
        meta = f'<p class="meta">{who} · {self.moment(at)}{more}</p>'
        return f'<section class="message {look}">{meta}{words(text)}</section>'


def _law(name: str) -> str:
    return f' <span class="meta">{shown(name)}</span>' if name else ""


said_in = cache(Said)
