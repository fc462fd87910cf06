"""Every mail the portal sends, one typed function each. A message names its templates by `kind`:
`templates/mail/<kind>.txt` and `.html`, rendered in the reader's language with Dutch below.

No subject, address or argument holds a right, a status or personal data: a mail says that there is news and where
(ux.md, rules 26-29). The page it links to tells the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from portal.vault.envelope import INSTALLATION, Holder


@dataclass(frozen=True, slots=True)
class Message:
    """A mail to put in the outbox. `arguments` are plain JSON values; dates as ISO text, links as paths of our own."""

    kind: str
    language: str
    to: str
    holder: Holder  # under whose key address and arguments are sealed
    dedupe: str  # the same key is never sent twice
    arguments: dict[str, str | int] = field(default_factory=dict)
    case_id: UUID | None = None
    expires_at: datetime | None = None
    staff: bool = False


def sign_in(to: str, language: str, token: str, code: str, dedupe: str, expires_at: datetime) -> Message:
    """A one-time link and the code that may be typed instead; not sent when it has grown old."""
    return Message(
        "sign_in",
        language,
        to,
        INSTALLATION,
        dedupe,
        {"path": f"/{language}/sign-in/{token}", "code": code},
        expires_at=expires_at,
    )


def receipt(to: str, language: str, case_id: UUID, reference: str, code: str, answer_by: date) -> Message:
    """We have your request: reference, case code, the date of our answer at the latest."""
    arguments: dict[str, str | int] = {"reference": reference, "code": code, "answer_by": answer_by.isoformat()}
    return Message("receipt", language, to, Holder.case(case_id), f"receipt:{case_id}", arguments, case_id)


def news(to: str, language: str, case_id: UUID, reference: str, event_id: str) -> Message:
    """A member of staff wrote you a message."""
    return Message(
        "message", language, to, Holder.case(case_id), f"message:{event_id}", {"reference": reference}, case_id
    )


def extended(to: str, language: str, case_id: UUID, reference: str, answer_by: date) -> Message:
    """We need more time; the new date."""
    arguments: dict[str, str | int] = {"reference": reference, "answer_by": answer_by.isoformat()}
    return Message("extended", language, to, Holder.case(case_id), f"extended:{case_id}", arguments, case_id)


def decided(to: str, language: str, case_id: UUID, reference: str, version: int) -> Message:
    """Our answer is ready; `version` tells a new answer after reopening from the first."""
    key = f"decided:{case_id}:{version}"
    return Message("decided", language, to, Holder.case(case_id), key, {"reference": reference}, case_id)


def carried_out(to: str, language: str, case_id: UUID, reference: str, version: int) -> Message:
    """What we promised is done."""
    key = f"carried_out:{case_id}:{version}"
    return Message("carried_out", language, to, Holder.case(case_id), key, {"reference": reference}, case_id)


ERASURE_PLANNED = "erasure_planned:"  # how its dedupe key begins


def erasure_planned(to: str, language: str, case_id: UUID, reference: str, erasure_id: UUID, token: str) -> Message:
    """We are going to erase, three days after this mail left, and a link that stops it. Never too late: it waits."""
    arguments: dict[str, str | int] = {"reference": reference, "page": f"stop-erasure/{token}"}
    key = f"{ERASURE_PLANNED}{erasure_id}"
    return Message("erasure_planned", language, to, Holder.case(case_id), key, arguments, case_id)


RETENTION = "retention:"  # how its dedupe key begins


def retention_notice(to: str, language: str, student_id: UUID, term_id: UUID, from_on: date) -> Message:
    """Old data are erased from that day on; a copy can be had before."""
    arguments: dict[str, str | int] = {"page": "me/ending", "from_on": from_on.isoformat()}
    return Message("retention_notice", language, to, Holder.student(student_id), f"{RETENTION}{term_id}", arguments)


def consent_withdrawn(to: str, language: str, case_id: UUID, reference: str, code: str = "") -> Message:
    """You stopped a consent; it works at once. `code` is the case code where no other mail gave it."""
    arguments: dict[str, str | int] = {"reference": reference, "code": code}
    return Message("consent_withdrawn", language, to, Holder.case(case_id), f"withdrawn:{case_id}", arguments, case_id)


CONSENT_ASKED, CONSENT_ASKED_AGAIN = "consent_asked", "consent_asked_again"  # how their dedupe keys begin


def consent_asked(
    to: str, language: str, student_id: UUID, campaign_id: UUID, closes_on: date, again: bool = False
) -> Message:
    """The school asks something to which you may say yes or no, until that day; `again`: the one reminder."""
    key = f"{CONSENT_ASKED_AGAIN if again else CONSENT_ASKED}:{campaign_id}:{student_id}"
    page = f"me/consents/{campaign_id}"
    arguments: dict[str, str | int] = {"page": page, "closes_on": closes_on.isoformat(), "again": int(again)}
    return Message("consent_asked", language, to, Holder.student(student_id), key, arguments)


def taken_back(to: str, language: str, case_id: UUID, reference: str) -> Message:
    """You took your request back; we stop."""
    arguments: dict[str, str | int] = {"reference": reference}
    return Message("taken_back", language, to, Holder.case(case_id), f"taken_back:{case_id}", arguments, case_id)


def changed(to: str, language: str, case_id: UUID, reference: str, version: int) -> Message:
    """Something about your request changed without an answer: put with another one, not dealt with, taken up again."""
    key = f"changed:{case_id}:{version}"
    return Message("changed", language, to, Holder.case(case_id), key, {"reference": reference}, case_id)


EMAIL_CHANGE_ASKED = "email_change_asked:"  # how its dedupe key begins


def email_change_asked(to: str, language: str, student_id: UUID, change_id: UUID, from_on: date, token: str) -> Message:
    """To the old address: another one was asked for, from that day on at the earliest; a link that stops it. Never too
    late: the change waits for it."""
    arguments: dict[str, str | int] = {"page": f"stop-email/{token}", "from_on": from_on.isoformat()}
    key = f"{EMAIL_CHANGE_ASKED}{change_id}"
    return Message("email_change_asked", language, to, Holder.student(student_id), key, arguments)


def email_changed(to: str, language: str, student_id: UUID, change_id: UUID) -> Message:
    """To the old address: it is not used any more."""
    key = f"email_changed:{change_id}"
    return Message("email_changed", language, to, Holder.student(student_id), key, {"page": "help"})


def email_new(to: str, language: str, student_id: UUID, change_id: UUID, from_on: date) -> Message:
    """To the new address: it is used from that day on."""
    arguments: dict[str, str | int] = {"page": "sign-in", "from_on": from_on.isoformat()}
    return Message("email_new", language, to, Holder.student(student_id), f"email_new:{change_id}", arguments)


def representative_added(to: str, language: str, student_id: UUID, representative_id: UUID) -> Message:
    """To a representative: you may act for somebody; this is where."""
    key = f"representative_added:{representative_id}"
    return Message("representative_added", language, to, Holder.student(student_id), key, {"page": "sign-in"})


def represented(to: str, language: str, student_id: UUID, event_id: str, asks: bool = False) -> Message:
    """To the student: somebody may act for you, or did; look who and what. `asks`: only once you say yes."""
    arguments: dict[str, str | int] = {"page": "me/helpers", "asks": int(asks)}
    return Message("represented", language, to, Holder.student(student_id), f"represented:{event_id}", arguments)


def code_stopped(to: str, language: str, student_id: UUID, task_id: UUID) -> Message:
    """To the student: the letter or the call with a code that you asked for does not come; choose another way."""
    key = f"code_stopped:{task_id}"
    return Message("code_stopped", language, to, Holder.student(student_id), key, {"page": "sign-in"})


def late(to: str, language: str, case_id: UUID, reference: str) -> Message:
    """We are late with our answer; this is where you can complain. Sent once."""
    return Message("late", language, to, Holder.case(case_id), f"late:{case_id}", {"reference": reference}, case_id)


def staff_new_case(to: str, language: str, staff_id: UUID, case_id: UUID, reference: str) -> Message:
    """A new request waits."""
    key = f"new_case:{case_id}:{staff_id}"
    return Message("staff_new_case", language, to, INSTALLATION, key, {"reference": reference}, case_id, staff=True)


def staff_assigned(to: str, language: str, staff_id: UUID, reference: str, occasion: str) -> Message:
    """A colleague handed over a case, or several at once (`reference` is "" then); what was written with it stands at
    the case. One mail for each `occasion`."""
    arguments: dict[str, str | int] = {"several": int(not reference), "path": "/staff/?tab=mine"}
    if reference:
        arguments |= {"reference": reference, "path": f"/staff/cases/{reference}"}
    key = f"assigned:{occasion}:{staff_id}"
    return Message("staff_assigned", language, to, INSTALLATION, key, arguments, staff=True)


def staff_reply(to: str, language: str, staff_id: UUID, case_id: UUID, reference: str, event_id: str) -> Message:
    """A student wrote a message."""
    key = f"reply:{event_id}:{staff_id}"
    return Message("staff_reply", language, to, INSTALLATION, key, {"reference": reference}, case_id, staff=True)


def staff_code_asked(to: str, language: str, staff_id: UUID, task_id: UUID) -> Message:
    """A student waits for a code by post or by phone; whose it is stands on the page."""
    key = f"code_asked:{task_id}:{staff_id}"
    return Message(
        "staff_code_asked", language, to, INSTALLATION, key, {"path": f"/staff/identity/{task_id}"}, staff=True
    )


def staff_warning(
    to: str,
    language: str,
    staff_id: UUID,
    case_id: UUID,
    reference: str,
    due_on: date,
    days_left: int,
    warning: str,
    draft: bool = False,
) -> Message:
    """An answer is due soon, today, or late; `warning` is the stable key of the warning. `draft`: a filled-in extension
    waits for somebody to send it, and the link leads there."""
    arguments: dict[str, str | int] = {"reference": reference, "due_on": due_on.isoformat(), "days_left": days_left}
    if draft:
        arguments |= {"draft": 1, "path": f"/staff/cases/{reference}/extend"}
    key = f"warning:{case_id}:{warning}:{staff_id}"
    return Message("staff_warning", language, to, INSTALLATION, key, arguments, case_id, staff=True)


def staff_retention(to: str, language: str, staff_id: UUID, key: str) -> Message:
    """Terms end soon, or the clock is doubted: look at the page of retention. `key` tells two occasions apart."""
    dedupe = f"staff_retention:{staff_id}:{key}"
    return Message("staff_retention", language, to, INSTALLATION, dedupe, {"path": "/staff/retention"}, staff=True)


def staff_steps(
    to: str, language: str, staff_id: UUID, case_id: UUID, reference: str, count: int, days: int, reminder: str
) -> Message:
    """A decision waits to be carried out: so many steps are open, and nothing was done for so many days."""
    arguments: dict[str, str | int] = {"reference": reference, "count": count, "days": days}
    key = f"steps:{case_id}:{reminder}:{staff_id}"
    return Message("staff_steps", language, to, INSTALLATION, key, arguments, case_id, staff=True)


@dataclass(frozen=True, slots=True)
class Morning:
    """What waits for a member of staff: counts, and the references of what is late or due within a week."""

    overdue: int
    soon: int
    unassigned: int
    to_carry_out: int
    to_post: int
    references: tuple[str, ...]

    @property
    def anything(self) -> bool:
        return any((self.overdue, self.soon, self.unassigned, self.to_carry_out, self.to_post))


def staff_digest(to: str, language: str, staff_id: UUID, on: date, morning: Morning) -> Message:
    """What waits today; once a day for each reader."""
    arguments: dict[str, str | int] = {
        "path": "/staff/",
        "overdue": morning.overdue,
        "soon": morning.soon,
        "unassigned": morning.unassigned,
        "to_carry_out": morning.to_carry_out,
        "to_post": morning.to_post,
        "references": " ".join(morning.references),
    }
    key = f"digest:{on.isoformat()}:{staff_id}"
    return Message("staff_digest", language, to, INSTALLATION, key, arguments, staff=True)


def staff_by_post(to: str, language: str, staff_id: UUID, case_id: UUID, reference: str, mail_id: UUID) -> Message:
    """A mail to the student did not arrive: what it told must go by post."""
    key = f"by_post:{mail_id}:{staff_id}"
    arguments: dict[str, str | int] = {"reference": reference, "path": "/staff/post"}
    return Message("staff_by_post", language, to, INSTALLATION, key, arguments, case_id, staff=True)


def staff_password_reset(
    to: str, language: str, token: str, dedupe: str, expires_at: datetime, first: bool = False
) -> Message:
    """A link to choose a password, asked for by an administrator; not sent when it is old. `first`: of an account
    that was just made."""
    arguments: dict[str, str | int] = {"path": f"/staff/reset/{token}", "first": int(first)}
    return Message(
        "staff_password_reset", language, to, INSTALLATION, dedupe, arguments, expires_at=expires_at, staff=True
    )


def staff_factor_reset(to: str, language: str, dedupe: str) -> Message:
    """An administrator took your second factor away; the next sign-in sets one up."""
    return Message("staff_factor_reset", language, to, INSTALLATION, dedupe, {"path": "/staff/sign-in"}, staff=True)


def staff_sign_in_new(to: str, language: str, session: str) -> Message:
    """Somebody signed in to your account: from a browser not known yet, with a recovery code, or for the first time."""
    key = f"staff_sign_in_new:{session}"
    return Message("staff_sign_in_new", language, to, INSTALLATION, key, {"path": "/staff/me"}, staff=True)


def staff_log_head(
    to: str, language: str, staff_id: UUID, day: date, number: int, seq: int, digest: str, signer: str, signature: str
) -> Message:
    """To the director, daily: the signed head of the audit log, to be kept outside the portal."""
    arguments: dict[str, str | int] = {
        "path": "/staff/",
        "day": day.isoformat(),
        "number": number,
        "seq": seq,
        "digest": digest,
        "signer": signer,
        "signature": signature,
    }
    key = f"log_head:{day.isoformat()}:{staff_id}"
    return Message("staff_log_head", language, to, INSTALLATION, key, arguments, staff=True)
