"""One letter of each kind as data, each with the facts that a reader must find in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from portal.domain.vocabulary import Letter, Outcome, RequestKind
from portal.i18n import TONGUES, speaker
from portal.letters import retention, wording
from portal.letters.answer import Answer, AnsweredItem, Erased, Kept, Named, Progress, Route, Value
from portal.letters.letter import Written, print_letter, title
from portal.letters.retention import Going, RetentionNotice
from portal.policy.loader import load_policy
from portal.policy.model import Policy

POLICY: Policy = load_policy(Path(__file__).resolve().parents[2] / "portal/policy/jar_opleidingen.toml")
REFERENCE = "V-2026-4812037"
RECEIVED, DUE, ANSWERED, DONE = date(2026, 11, 2), date(2026, 11, 30), date(2026, 11, 23), date(2026, 11, 27)
KEPT_UNTIL = date(2029, 7, 31)
OF_STAFF = "Wij zochten in het archief in Alkmaar."
OWN = "أريد أن أعرف ما تحفظونه – Grace O'Brien"
ADDRESS = ("Şükran Yıldız", "Dorpsstraat 14", "1723 AB  NOORD-SCHARWOUDE")


@dataclass(frozen=True, slots=True)
class Sample:
    """`facts` are Dutch texts of the catalogue, found in the reader's language and in Dutch; `same` is the same in
    every language."""

    written: Written | RetentionNotice
    facts: tuple[str, ...]
    same: tuple[str, ...]


def answer(kind: RequestKind, *items: AnsweredItem, outcome: Outcome | None = Outcome.GRANTED, **more) -> Answer:
    held = POLICY.controller
    gdpr, regulation = {
        RequestKind.ACCESS: ("15", "9.1"),
        RequestKind.RECTIFICATION: ("16", "9.2"),
        RequestKind.ERASURE: ("17", "9.2"),
        RequestKind.WITHDRAWAL: ("7(3)", "9.7"),
        RequestKind.COMPLAINT: ("77", "10"),
    }[kind]
    return Answer(
        reference=REFERENCE,
        kind=kind.value,
        gdpr=gdpr,
        regulation=regulation,
        received_on=RECEIVED,
        answer_by=DUE,
        answered_on=ANSWERED,
        extended_days=more.pop("extended_days", None),
        extension_reason=more.pop("extension_reason", ""),
        outcome=outcome.value if outcome else None,
        language="nl",
        words=more.pop("words", ""),
        reply=more.pop("reply", ""),
        items=items,
        recipients=more.pop("recipients", ()),
        holders=more.pop("holders", ()),
        signed_by=POLICY.roles.names[next(iter(POLICY.roles.names))],
        school=held.name,
        contact=held.contact_name,
        contact_email=held.contact_email,
        contact_phone=held.contact_phone,
        routes=tuple(Route(each.code, each.name, each.how, each.website) for each in POLICY.authorities.values()),
        **more,
    )


def item(*subject: str, outcome: Outcome | None = None, ground: str = "", **more) -> AnsweredItem:
    found = POLICY.grounds.get(ground)
    return AnsweredItem(
        subject=subject,
        which=more.pop("which", ()),
        words=more.pop("words", ""),
        asked=more.pop("asked", ()),
        outcome=outcome.value if outcome else None,
        ground=found.label if found else "",
        article=found.article if found else "",
        explanation=found.explanation if found else "",
        code=found.code if found else "",
        reason=more.pop("reason", ""),
        changed=more.pop("changed", ()),
        **more,
    )


def value(code: str, what: str) -> Value:
    field = POLICY.field("person", code)
    return Value("person", code, field.label, what, int(field.level))


def label(code: str) -> str:
    return POLICY.field("person", code).label


TOWN = value("town", "Heerhugowaard")
ROUTES = tuple(each.how for each in POLICY.authorities.values())
COURT = POLICY.authorities["court"].how
CONTACT = (POLICY.controller.contact_phone, POLICY.controller.contact_email)
NAME, GRADE = (POLICY.datasets["person"].label_plural, POLICY.datasets["exam"].label_plural)
DUTY = POLICY.grounds["legal_duty"]
ASKED = item(POLICY.datasets["person"].label, TOWN.label, asked=(TOWN,), words=OWN)


def samples() -> dict[str, Sample]:
    """By name; in Dutch, to be put into each language with `spoken`."""
    undecided = answer(RequestKind.RECTIFICATION, ASKED, outcome=None)
    extended = replace(undecided, extended_days=14, extension_reason=POLICY.reasons["complexity"].label)
    granted = item(TOWN.label, outcome=Outcome.GRANTED, asked=(TOWN,), changed=(TOWN,))
    refused = item(POLICY.datasets["attendance"].label, outcome=Outcome.REFUSED, ground="legal_duty", reason=OF_STAFF)
    kept = Kept(
        GRADE, (POLICY.field("exam", "result").label,), 3, "restrict", wording.PLAN[next(iter(wording.PLAN))],
        wording.ARTICLES["17(3)(b)"], POLICY.retention["standard"].law, POLICY.activities["exam_registration"].label,
        KEPT_UNTIL,
    )  # fmt: skip
    partly = item(
        wording.ALL_DATA,
        outcome=Outcome.PARTLY,
        ground="legal_duty",
        reason=OF_STAFF,
        erased=(Erased(NAME, (label("town"), label("street")), 1, wording.PLAN[next(iter(wording.PLAN))]),),
        kept=(kept,),
    )
    planned = item(wording.ALL_DATA, outcome=Outcome.PARTLY, erased=partly.erased, kept=(kept,))
    duo = Named("duo", POLICY.recipients["duo"].name)
    paper = Named("paper_file", POLICY.holders["paper_file"].label)
    steps = (
        Progress("erase", "own", "portal", wording.THIS_PORTAL, "done", DONE, ""),
        Progress("tell", "recipient", "duo", "DUO", "done", DONE, ""),
        Progress("erase", "holder", "paper_file", paper.name, "impossible", DONE, OF_STAFF),
    )
    law = (DUTY.article, "9.2")
    return {
        "receipt": _of(
            Letter.RECEIPT, undecided, (wording.KINDS[RequestKind.RECTIFICATION], TOWN.label), ("30-11-2026", OWN)
        ),
        "extension": _of(
            Letter.EXTENSION,
            extended,
            (POLICY.reasons["complexity"].label, wording.TERM, *ROUTES),
            ("30-11-2026", "14-12-2026", OF_STAFF),
            until=date(2026, 12, 14),
            words=OF_STAFF,
        ),
        "late": _of(Letter.LATE, undecided, ("Dat spijt ons. Wij werken eraan.", *ROUTES), ("30-11-2026",)),
        "granted": _of(
            Letter.ANSWER,
            answer(RequestKind.RECTIFICATION, granted, recipients=(duo,), holders=(paper,)),
            (wording.OUTCOMES[Outcome.GRANTED], paper.name, *ROUTES),
            ("Heerhugowaard", "DUO", "23-11-2026"),
        ),
        "partly": _of(
            Letter.ANSWER,
            answer(RequestKind.ERASURE, partly, outcome=Outcome.PARTLY, recipients=(duo,), reply=OF_STAFF),
            (wording.OUTCOMES[Outcome.PARTLY], DUTY.label, DUTY.explanation, GRADE, kept.law, *law[:1], *ROUTES),
            ("31-07-2029", "9.2", OF_STAFF),
        ),
        "partly_by_plan": _of(
            Letter.ANSWER,
            answer(RequestKind.ERASURE, planned, outcome=Outcome.PARTLY),
            (wording.OUTCOMES[Outcome.PARTLY], GRADE, kept.law, *ROUTES),
            ("31-07-2029",),
        ),
        "refused": _of(
            Letter.ANSWER,
            answer(RequestKind.ERASURE, refused, outcome=Outcome.REFUSED),
            (wording.OUTCOMES[Outcome.REFUSED], DUTY.label, DUTY.article, *ROUTES),
            (OF_STAFF, "9.2"),
        ),
        "unconfirmed": _of(
            Letter.ANSWER,
            answer(RequestKind.ACCESS, item(wording.ALL_DATA, outcome=Outcome.REFUSED, ground="identity_unconfirmed")),
            (POLICY.grounds["identity_unconfirmed"].article, "Vraag het daarna opnieuw.", *ROUTES),
            ("23-11-2026",),
        ),
        "nothing held": _of(
            Letter.ANSWER,
            answer(RequestKind.ACCESS, item(wording.ALL_DATA, outcome=Outcome.GRANTED), nothing_held=True),
            ("Wij bewaren niets over u.", *ROUTES),
            (),
        ),
        "withdrawal": _of(
            Letter.ANSWER,
            answer(
                RequestKind.WITHDRAWAL,
                item(
                    POLICY.activities["diploma_valuation"].label,
                    continues=POLICY.activities["diploma_valuation"].continues,
                ),
                recipients=(duo,),
            ),
            ("Uw toestemming is gestopt.", POLICY.activities["diploma_valuation"].label, wording.WITHDRAWAL),
            ("DUO",),
        ),
        "complaint": _of(
            Letter.ANSWER,
            answer(
                RequestKind.COMPLAINT, item(wording.OWN_WORDS, outcome=Outcome.REFUSED, ground="complaint_unfounded")
            ),
            (wording.COMPLAINT_OUTCOMES[Outcome.REFUSED], POLICY.grounds["complaint_unfounded"].label, *ROUTES),
            (),
        ),
        "access": _of(
            Letter.COPY,
            answer(RequestKind.ACCESS, item(wording.ALL_DATA, outcome=Outcome.GRANTED)),
            (
                POLICY.no_profiling,
                wording.FOUND["look"],
                *(each.label for each in POLICY.groups.values()),
                *(POLICY.purposes[each.purpose].label for each in POLICY.activities.values()),
                *(each.law for each in POLICY.retention.values()),
                *wording.SOURCES.values(),
                *wording.KINDS.values(),
                POLICY.recipients["duo"].what_for,
                *ROUTES,
            ),
            ("DUO", "01-02-2026", "uw BSN", OF_STAFF),
            facts=_facts(),
            searches=(
                {"label": paper.name, "state": "done", "on": "2026-11-20", "result": "look", "found": OF_STAFF},
                {"label": POLICY.holders["mailbox"].label, "state": "done", "on": None, "result": "", "found": ""},
            ),
        ),
        "done": _of(
            Letter.DONE,
            answer(
                RequestKind.ERASURE, partly, outcome=Outcome.PARTLY, recipients=(duo,), progress=steps, done_on=DONE
            ),
            (wording.TASKS["tell"], wording.TASKS["erase"], wording.STATES["impossible"], kept.law, *ROUTES),
            ("27-11-2026", "DUO", "31-07-2029", OF_STAFF),
        ),
        "message": _of(Letter.MESSAGE, undecided, ("Wij hebben een bericht voor u.",), (OF_STAFF,), words=OF_STAFF),
        "planned": _of(Letter.PLANNED, undecided, ("Wij posten deze brief en wachten dan 7 dagen.",), ()),
        "retention": Sample(
            RetentionNotice(
                "nl", ANSWERED, ADDRESS, (Going((NAME, GRADE), POLICY.retention["standard"].law, date(2026, 12, 24)),)
            ),
            (retention.TITLE, NAME, GRADE, POLICY.retention["standard"].law, *ROUTES),
            ("24-12-2026", *CONTACT),
        ),
    }


def _of(letter: Letter, about: Answer, found: tuple[str, ...], same: tuple[str, ...], **more) -> Sample:
    written = Written(letter, "nl", ANSWERED, about, ADDRESS, by_post=True, **more)
    contact = "Vraag het aan:"
    return Sample(written, (title(letter, about.kind), contact, *found), (REFERENCE, *CONTACT, *same))


def _facts() -> dict:
    """As portal/services/export_document.py writes them."""
    return {
        "purposes": [
            {
                "label": each.label,
                "purpose": POLICY.purposes[each.purpose].label,
                "basis_label": wording.BASES[each.basis],
                "basis_explanation": each.basis_explanation,
            }
            for each in POLICY.activities.values()
        ],
        "categories": [{"label": each.label} for each in POLICY.groups.values()],
        "recipients": [
            {
                "name": "DUO",
                "country": "Nederland",
                "what_for": POLICY.recipients["duo"].what_for,
                "given": [{"on": "2026-02-01", "what": "uw BSN"}],
            }
        ],
        "retention": [
            {"label": each.label, "explanation": each.explanation, "law": each.law}
            for each in POLICY.retention.values()
        ],
        "rights": [{"label": each} for each in wording.KINDS.values()],
        "sources": [{"label": each} for each in wording.SOURCES.values()],
        "automated_decisions": POLICY.no_profiling,
    }


def printed(sample: Sample, lang: str) -> bytes:
    written = replace(sample.written, language=lang)
    if isinstance(written, RetentionNotice):
        return retention.print_retention_notice(written, POLICY)
    return print_letter(written, POLICY)


def expected(sample: Sample, lang: str) -> list[str]:
    """What must be found, in the reader's language and in the Dutch that counts."""
    spoken = [speaker(code) for code in dict.fromkeys((lang, "nl"))]
    assert all(each.lang in TONGUES for each in spoken)
    return [*sample.same, *(each.gettext(text) for each in spoken for text in sample.facts)]
