"""The pages of filing a request: which ones a right asks, their forms, and what they come down to.

What was typed is kept in a draft as it was typed, page by page; each page is read again when it counts. A right takes
at most seven pages: choose, what it means, what, who, check, receipt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from wtforms import Field as FormField
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import ValidationError

from portal.domain import birth_date
from portal.domain.birth_date import NotABirthDate
from portal.domain.rights import right
from portal.domain.vocabulary import FieldType, LegalBasis, RequestKind, TargetKind
from portal.i18n import N_
from portal.policy.model import Field, Policy
from portal.services.casework import Asked, Contact
from portal.services.file_request import LONGEST, Filing, WrongValue, read_value
from portal.services.own_data import Value
from portal.web.forms import (
    AtMost,
    BaseForm,
    Check,
    Choices,
    OneOf,
    Optional,
    Required,
    clean,
    kept,
    listed,
    looks_like_email,
)
from portal.web.sessions import current_clock
from portal.wording import KINDS, REFUSALS

ALL = "all"
NO_CASE = "-"
CONSEQUENCES = frozenset({RequestKind.ERASURE, RequestKind.OBJECTION, RequestKind.WITHDRAWAL, RequestKind.RESTRICTION})
SCOPED = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY, RequestKind.ERASURE, RequestKind.RESTRICTION})


class Filled(NamedTuple):
    """The form of a page, with what was typed there."""

    typed: dict[str, list[str]]
    form: BaseForm


@dataclass(slots=True)
class Journey:
    """A request being filled in, as its draft keeps it. `target` is the one value it is about, if it began there."""

    id: UUID | None
    kind: RequestKind
    target: dict[str, str] | None = None  # {"item", "dataset", "field"}
    about: str = ""  # of a complaint: the reference it began from
    pages: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    filled: dict[str, Filled] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, draft_id: UUID, contents: dict[str, Any]) -> Journey:
        return cls(
            draft_id,
            RequestKind(contents["kind"]),
            contents.get("target"),
            contents.get("about", ""),
            dict(contents.get("pages", {})),
        )

    def contents(self) -> dict[str, Any]:
        return {"kind": self.kind.value, "target": self.target, "about": self.about, "pages": self.pages}

    def page_names(self, signed_in: bool) -> list[str]:
        """The pages between choosing and checking, in order."""
        names = ["meaning"] if self.kind in CONSEQUENCES else []
        if self.target is None or self.kind is RequestKind.RECTIFICATION:
            names.append("what")
        return names if signed_in else [*names, "who"]


class ChooseForm(BaseForm):
    kind = OneOf(
        N_("Wat wilt u vragen?"),
        [Required(N_("Kies wat u wilt vragen."))],
        choices=[(kind.value, words.title) for kind, words in KINDS.items()],
    )


class MeaningForm(BaseForm):
    """Only a button: the page before it says what the request means."""


def _born(text: str) -> str | None:
    try:
        birth_date.parse(text)
    except NotABirthDate as error:
        return REFUSALS[error.code]
    return None


class WhoForm(BaseForm):
    name = StringField(N_("Uw naam"), [Required(N_("Vul uw naam in.")), AtMost(200)], filters=[clean])
    email = StringField(N_("Uw e-mailadres"), [Optional(), Check(looks_like_email)], filters=[clean])
    phone = StringField(N_("Uw telefoonnummer"), [Optional(), AtMost(40)], filters=[clean])
    address = TextAreaField(N_("Uw adres"), [Optional(), AtMost(300)], filters=[clean])
    birth_date = StringField(N_("Uw geboortedatum"), [Optional(), Check(_born)], filters=[clean])
    student_number = StringField(N_("Uw cursistnummer"), [Optional(), AtMost(40)], filters=[clean])
    helper = StringField(N_("Helpt iemand u? Hoe heet die persoon?"), [Optional(), AtMost(200)], filters=[clean])

    def validate(self, extra_validators: Any = None) -> bool:
        right_so_far = super().validate(extra_validators)
        if not (self.email.data or self.phone.data or self.address.data):
            self.refuse("email", N_("Vul in hoe wij u bereiken: e-mail, telefoon of adres."))
            return False
        return bool(right_so_far)


WORDS_LABELS = {
    RequestKind.ACCESS: N_("Zoekt u iets bijzonders? Schrijf het hier."),
    RequestKind.ERASURE: N_("Of schrijf zelf wat weg moet."),
    RequestKind.RESTRICTION: N_("Waarom moeten wij wachten?"),
}
SCOPE_LABELS = {
    RequestKind.ACCESS: N_("Wat wilt u zien?"),
    RequestKind.PORTABILITY: N_("Wat wilt u meenemen?"),
    RequestKind.ERASURE: N_("Wat moet weg?"),
    RequestKind.RESTRICTION: N_("Wat gebruiken wij even niet?"),
}


def what_form(journey: Journey, policy: Policy, cases: list[tuple[str, str]], **more: Any) -> BaseForm:
    """The form of the page that asks what it is about."""
    if journey.kind in SCOPED:
        return _made_once(_scope_form, journey.kind, policy)(**more)
    if journey.kind is RequestKind.RECTIFICATION:
        return _value_form(policy, journey, **more) if journey.target else RectifyForm(**more)
    if journey.kind is RequestKind.COMPLAINT:
        return _complaint_form(cases, journey.about, **more)
    return _made_once(_activity_form, journey.kind, policy)(**more)


def _made_once(
    form_of: Callable[[RequestKind, Policy], type[BaseForm]], kind: RequestKind, policy: Policy
) -> type[BaseForm]:
    """WTForms looks for the fields of a form's class when it is first used, which takes longer than to fill it in."""
    return policy.derive((form_of, kind), lambda: form_of(kind, policy))


def _scope_form(kind: RequestKind, policy: Policy) -> type[BaseForm]:
    groups = [*policy.groups.values(), policy.own_section]

    class ScopeForm(BaseForm):
        scope = Choices(
            SCOPE_LABELS[kind],
            choices=[(ALL, N_("Alles")), *((str(group.number), group.label) for group in groups)],
        )
        if kind in WORDS_LABELS:
            words = TextAreaField(WORDS_LABELS[kind], [Optional(), AtMost(LONGEST)], filters=[clean])

        def validate_scope(self, scope: FormField) -> None:
            if not scope.data and not (kind is not RequestKind.RESTRICTION and "words" in self and self.words.data):
                raise ValidationError(N_("Kies wat u bedoelt."))

    return ScopeForm


class RectifyForm(BaseForm):
    words = TextAreaField(
        N_("Wat klopt er niet?"), [Required(N_("Schrijf op wat er niet klopt.")), AtMost(LONGEST)], filters=[clean]
    )
    should = TextAreaField(N_("Wat moet er staan?"), [Optional(), AtMost(LONGEST)], filters=[clean])


def _value_form(policy: Policy, journey: Journey, **more: Any) -> BaseForm:
    assert journey.target is not None
    return value_form(policy.field(journey.target["dataset"], journey.target["field"]), **more)


def value_form(about: Field, **more: Any) -> BaseForm:
    """The new value, checked by what checks an import; the checker's reason is shown beside what was typed."""

    def right_value(text: str) -> str | None:
        try:
            read_value(about, text, current_clock().today())
        except WrongValue as wrong:
            return wrong.msgid
        return None

    label = N_("Wat moet het zijn?")
    checks = [Required(N_("Vul in wat het moet zijn.")), Check(right_value)]
    new: FormField
    if about.type is FieldType.CHOICE and len(about.choices) > 6:
        choices = [("", ""), *((choice.code, choice.label) for choice in about.choices)]
        new = SelectField(label, checks, choices=listed(choices), validate_choice=False)
    elif about.type is FieldType.CHOICE:
        new = OneOf(label, checks, choices=[(choice.code, choice.label) for choice in about.choices])
    elif about.type is FieldType.YES_NO:
        new = OneOf(label, checks, choices=[("ja", N_("Ja")), ("nee", N_("Nee"))])
    elif about.type is FieldType.LONG_TEXT:
        new = TextAreaField(label, checks, filters=[clean])
    else:
        new = StringField(label, checks, filters=[clean])

    class ValueForm(BaseForm):
        value = new
        words = TextAreaField(N_("Wilt u iets uitleggen?"), [Optional(), AtMost(LONGEST)], filters=[clean])

    return ValueForm(**more)


def differs(form: BaseForm, value: Value) -> bool:
    """Whether something else is asked for than what is kept, else the form says so. Of a hidden value it never does:
    it would tell who guesses right."""
    if value.masked or read_value(value.field, str(form.value.data or ""), current_clock().today()) != value.value:
        return True
    form.value.errors = [N_("Dit staat er nu al. Vul in wat het moet zijn.")]
    return False


def _activity_form(kind: RequestKind, policy: Policy) -> type[BaseForm]:
    bases = right(kind).bases if kind is RequestKind.OBJECTION else frozenset({LegalBasis.CONSENT})
    found = [(each.code, each.label) for each in policy.activities.values() if each.basis in bases]
    in_words = TargetKind.WORDS in right(kind).targets

    class ActivityForm(BaseForm):
        activities = Choices(
            N_("Waar bent u het niet mee eens?") if in_words else N_("Welke toestemming stopt u?"), choices=found
        )
        words = TextAreaField(
            N_("Vertel waarom. Of schrijf iets anders op.") if in_words else N_("Wilt u iets uitleggen?"),
            [Optional(), AtMost(LONGEST)],
            filters=[clean],
        )

        def validate_activities(self, activities: FormField) -> None:
            if not activities.data and not (in_words and self.words.data):
                raise ValidationError(N_("Kies iets, of schrijf wat u wilt."))

    return ActivityForm


def _complaint_form(cases: list[tuple[str, str]], begun: str, **more: Any) -> BaseForm:
    class ComplaintForm(BaseForm):
        words = TextAreaField(
            N_("Wat is uw klacht?"), [Required(N_("Schrijf uw klacht op.")), AtMost(LONGEST)], filters=[clean]
        )
        if cases:
            about = OneOf(
                N_("Gaat het over een vraag van u?"),
                choices=[*cases, (NO_CASE, N_("Nee, over iets anders"))],
                default=begun or NO_CASE,
            )

    return ComplaintForm(**more)


FORMS: dict[str, Callable[..., BaseForm]] = {"meaning": MeaningForm, "who": WhoForm}


def form_for(name: str, journey: Journey, policy: Policy, cases: list[tuple[str, str]], **more: Any) -> BaseForm:
    if name == "what":
        return what_form(journey, policy, cases, **more)
    return FORMS[name](**more)


def kept_form(name: str, journey: Journey, policy: Policy, cases: list[tuple[str, str]]) -> BaseForm:
    """The form as it was filled in before, to show or to check again; None of it was posted just now."""
    if name not in journey.pages:
        return form_for(name, journey, policy, cases, formdata=None)
    typed, filled = journey.pages[name], journey.filled.get(name)
    if filled is None or filled.typed is not typed:
        form = form_for(name, journey, policy, cases, formdata=kept(typed), meta={"csrf": False})
        filled = journey.filled[name] = Filled(typed, form)
    return filled.form


def first_open_page(journey: Journey, signed_in: bool, policy: Policy, cases: list[tuple[str, str]]) -> str | None:
    """The first page that is missing or not right; None when the request can be checked and sent."""
    for name in journey.page_names(signed_in):
        if name not in journey.pages or not kept_form(name, journey, policy, cases).validate():
            return name
    return None


def filing_of(journey: Journey, signed_in: bool, policy: Policy, cases: list[tuple[str, str]], lang: str) -> Filing:
    """What the pages come down to. Call it when no page is open any more."""
    what = kept_form("what", journey, policy, cases) if "what" in journey.page_names(signed_in) else None
    who = kept_form("who", journey, policy, cases) if not signed_in else None
    words = what.words.data or "" if what is not None and "words" in what else ""
    return Filing(
        kind=journey.kind,
        language=lang,
        items=_items(journey, policy, what, words),
        words=words,
        contact=_contact(who) if who is not None else Contact(),
        helper=who.helper.data or "" if who is not None else "",
        about=_about(what),
    )


def _contact(who: BaseForm) -> Contact:
    names = ("name", "email", "phone", "address", "birth_date", "student_number")
    return Contact(**{name: who[name].data or "" for name in names})


def _about(what: BaseForm | None) -> str:
    if what is None or "about" not in what or what.about.data in (None, NO_CASE):
        return ""
    return str(what.about.data)


def _items(journey: Journey, policy: Policy, what: BaseForm | None, words: str) -> tuple[Asked, ...]:
    if journey.target is not None:
        return (_one_value(journey.target, policy, what, words),)
    assert what is not None
    if journey.kind in SCOPED:
        return _scope(what.scope.data, words, TargetKind.WORDS in right(journey.kind).targets)
    if journey.kind is RequestKind.RECTIFICATION:
        return (Asked(TargetKind.WORDS, asked=what.should.data or None, words=words),)
    if journey.kind is RequestKind.COMPLAINT:
        return (Asked(TargetKind.WORDS, words=words),)
    named = tuple(Asked(TargetKind.ACTIVITY, activity=code, words=words) for code in what.activities.data)
    return named or (Asked(TargetKind.WORDS, words=words),)


def _one_value(target: dict[str, str], policy: Policy, what: BaseForm | None, words: str) -> Asked:
    new = None
    if what is not None:
        about = policy.field(target["dataset"], target["field"])
        new = read_value(about, str(what.value.data or ""), current_clock().today())
    return Asked(
        TargetKind.FIELD,
        dataset=target["dataset"],
        item_id=UUID(target["item"]),
        field=target["field"],
        asked=new,
        words=words,
    )


def _scope(scope: list[str], words: str, in_words: bool) -> tuple[Asked, ...]:
    if ALL in scope:
        return (Asked(TargetKind.EVERYTHING, words=words),)
    groups = tuple(Asked(TargetKind.GROUP, group=int(number), words=words) for number in scope)
    return groups or ((Asked(TargetKind.WORDS, words=words),) if in_words else ())
