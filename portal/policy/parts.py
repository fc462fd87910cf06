"""From the tables of a policy file to the typed parts of a policy: shapes and types only; meaning is `checks`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from portal.domain.vocabulary import FieldType, LegalBasis, RequestKind, Role, Sensitivity, Source
from portal.policy import model
from portal.policy.reading import EMPTY_TABLE, MISSING, Table

STARTS = ("programme_end", "case_closed", "created")
LOOKUPS = ("email", "student_number", "phone", "name")
MASTERS = ("BRP", "DUO")
RECIPIENT_ROLES = ("controller", "processor")
REASON_USES = ("extension", "abuse", "step_impossible", "view", "reopen", "hold", "letter")
GROUP_NUMBER = re.compile(r"[0-9]{1,3}")

T = TypeVar("T")


def read_controller(table: Table) -> model.Controller:
    part = model.Controller(
        name=table.text("name"),
        address=table.text("address"),
        postcode=table.text("postcode", optional=True),
        town=table.text("town"),
        country=table.text("country"),
        email=table.text("email"),
        phone=table.text("phone"),
        website=table.text("website"),
        representative=table.text("representative"),
        contact_name=table.text("contact_name"),
        contact_email=table.text("contact_email"),
        contact_phone=table.text("contact_phone"),
        desk_hours=table.text("desk_hours"),
        joint_controllers=table.texts("joint_controllers", optional=True),
        data_protection_officer=table.text("data_protection_officer", optional=True),
        assumed=table.flag("assumed"),
    )
    table.finish()
    return part


def read_regulation(table: Table) -> tuple[model.Regulation, tuple[str, ...]]:
    """The regulation and its closed list of purposes (art. 4.2)."""
    purposes = table.codes("purposes")
    chapters = []
    for code, chapter in table.tables("chapter"):
        chapters.append(
            model.Chapter(
                code=code,
                title=chapter.text("title"),
                paragraphs=chapter.texts("paragraphs"),
                assumed=chapter.flag("assumed"),
            )
        )
        chapter.finish()
    part = model.Regulation(
        title=table.text("title"),
        version=table.text("version"),
        in_force_since=table.day("in_force_since"),
        chapters=tuple(chapters),
    )
    table.finish()
    return part, purposes


def read_term(table: Table) -> model.Term:
    part = model.Term(
        answer_days=table.number("answer_days"),
        extension_days=table.number("extension_days"),
        extension_draft_day=table.number("extension_draft_day"),
        warn_days_before=table.numbers("warn_days_before"),
        complaint_days=table.number("complaint_days"),
        closing_days=table.days("closing_days"),
        assumed=table.flag("assumed"),
    )
    table.finish()
    return part


def _retention(code: str, table: Table) -> model.RetentionClass:
    return model.RetentionClass(
        code=code,
        label=table.text("label"),
        years=table.number("years"),
        days=table.number("days"),
        starts=table.word("starts", STARTS),
        explanation=table.text("explanation"),
        law=table.text("law"),
        assumed=table.flag("assumed"),
    )


def _group(number: int, table: Table) -> model.Group:
    return model.Group(
        number=number,
        code=table.code("code"),
        label=table.text("label"),
        explanation=table.text("explanation"),
        icon=table.code("icon"),
        assumed=table.flag("assumed"),
        staff_label=table.text("staff_label", optional=True),
    )


def read_groups(root: Table) -> Mapping[int, model.Group]:
    groups: dict[int, model.Group] = {}
    for name, table in root.tables("group", code=GROUP_NUMBER):
        number = int(name) if GROUP_NUMBER.fullmatch(name) else 0
        if str(number) != name or number not in model.GROUPS:
            root.fault(f"group.{name}", "the groups are numbered 1 to 10")
        groups[number] = _group(number, table)
        table.finish()
    part = root.values.get("group")
    if isinstance(part, Mapping) and part:
        for number in model.GROUPS:
            if str(number) not in part:
                root.fault(f"group.{number}", MISSING)
    return MappingProxyType(dict(sorted(groups.items())))


def read_own_section(table: Table) -> model.Group:
    part = _group(model.OWN_SECTION, table)
    table.finish()
    return part


def _field(code: str, dataset: str, table: Table, activities: tuple[str, ...]) -> model.Field:
    choices = []
    for _, choice in table.items("choices"):
        choices.append(model.Choice(code=choice.code("code"), label=choice.text("label")))
        choice.finish()
    return model.Field(
        code=code,
        dataset=dataset,
        label=table.text("label"),
        type=table.one_of("type", FieldType, FieldType.TEXT),
        group=table.number("group"),
        source=table.one_of("source", Source, Source.SCHOOL),
        sensitivity=table.one_of("sensitivity", Sensitivity, Sensitivity.ORDINARY),
        level=table.level("level"),
        retention=table.code("retention"),
        correctable=table.flag("correctable", optional=False),
        required=table.flag("required"),
        choices=tuple(choices),
        activities=activities,
        hidden_from_staff=table.flag("hidden_from_staff"),
        master=table.word("master", MASTERS, optional=True),
        evidence=table.text("evidence", optional=True),
        lookup=table.word("lookup", LOOKUPS, optional=True),
        help=table.text("help", optional=True),
        assumed=table.flag("assumed"),
    )


def read_datasets(root: Table, activities: Mapping[str, model.Activity]) -> Mapping[str, model.Dataset]:
    """A field's activities are those that name it, or its whole dataset: the file says it once."""
    datasets: dict[str, model.Dataset] = {}
    for code, table in root.tables("dataset"):
        fields: dict[str, model.Field] = {}
        for name, field_table in table.tables("field"):
            serves = {f"{code}.{name}", f"{code}.*"}
            used = tuple(activity.code for activity in activities.values() if serves.intersection(activity.fields))
            fields[name] = _field(name, code, field_table, used)
            field_table.finish()
        datasets[code] = model.Dataset(
            code=code,
            label=table.text("label"),
            label_plural=table.text("label_plural"),
            fields=MappingProxyType(fields),
            natural_key=table.codes("natural_key", some=False),
            title=table.codes("title"),
            assumed=table.flag("assumed"),
        )
        table.finish()
    return MappingProxyType(datasets)


def _purpose(code: str, table: Table) -> model.Purpose:
    return model.Purpose(
        code=code, number=table.number("number"), label=table.text("label"), assumed=table.flag("assumed")
    )


def _activity(code: str, table: Table) -> model.Activity:
    return model.Activity(
        code=code,
        label=table.text("label"),
        purpose=table.code("purpose"),
        basis=table.one_of("basis", LegalBasis, LegalBasis.CONTRACT),
        basis_explanation=table.text("basis_explanation"),
        fields=table.references("fields"),
        recipients=table.codes("recipients", some=False),
        security=table.codes("security"),
        mandatory=table.flag("mandatory"),
        consent_text=table.text("consent_text", optional=True),
        export_label=table.text("export_label", optional=True),
        consequence=table.text("consequence"),
        continues=table.text("continues", optional=True),
        retention=table.codes("retention", some=False, optional=True),
        assumed=table.flag("assumed"),
    )


def _recipient(code: str, table: Table) -> model.Recipient:
    return model.Recipient(
        code=code,
        name=table.text("name"),
        role=table.word("role", RECIPIENT_ROLES),
        what_for=table.text("what_for"),
        country=table.text("country"),
        safeguard=table.text("safeguard", optional=True),
        export_labels=table.texts("export_labels", optional=True),
        assumed=table.flag("assumed"),
    )


def _holder(code: str, table: Table) -> model.Holder:
    return model.Holder(
        code=code,
        label=table.text("label"),
        portal=table.flag("portal", optional=False),
        keeper=table.text("keeper"),
        place=table.text("place"),
        search=table.text("search"),
        correct=table.text("correct"),
        erase=table.text("erase"),
        restrict=table.text("restrict"),
        exports=table.flag("exports"),
        assumed=table.flag("assumed"),
    )


def _ground(code: str, table: Table) -> model.Ground:
    return model.Ground(
        code=code,
        label=table.text("label"),
        article=table.text("article"),
        explanation=table.text("explanation"),
        kinds=table.list_of("kinds", RequestKind),
        regulation_only=table.flag("regulation_only"),
        assumed=table.flag("assumed"),
    )


def _reason(code: str, table: Table) -> model.Reason:
    return model.Reason(
        code=code,
        use=table.word("use", REASON_USES),
        label=table.text("label"),
        article=table.text("article", optional=True),
        assumed=table.flag("assumed"),
        staff_label=table.text("staff_label", optional=True),
    )


def _security(code: str, table: Table) -> model.SecurityMeasure:
    return model.SecurityMeasure(code=code, label=table.text("label"), assumed=table.flag("assumed"))


def _branch(code: str, table: Table) -> model.Branch:
    return model.Branch(
        code=code,
        name=table.text("name"),
        export_labels=table.texts("export_labels"),
        assumed=table.flag("assumed"),
    )


def _authority(code: str, table: Table) -> model.Authority:
    return model.Authority(
        code=code,
        name=table.text("name"),
        how=table.text("how"),
        website=table.text("website", optional=True),
        assumed=table.flag("assumed"),
    )


def _language(code: str, table: Table) -> model.Language:
    return model.Language(code=code, name=table.text("name"), direction=table.word("direction", ("ltr", "rtl")))


def _by_code(root: Table, key: str, read: Callable[[str, Table], T]) -> Mapping[str, T]:
    found: dict[str, T] = {}
    for code, table in root.tables(key):
        found[code] = read(code, table)
        table.finish()
    return MappingProxyType(found)


def read_retention(root: Table) -> Mapping[str, model.RetentionClass]:
    return _by_code(root, "retention", _retention)


def read_purposes(root: Table) -> Mapping[str, model.Purpose]:
    return _by_code(root, "purpose", _purpose)


def read_activities(root: Table) -> Mapping[str, model.Activity]:
    return _by_code(root, "activity", _activity)


def read_recipients(root: Table) -> Mapping[str, model.Recipient]:
    return _by_code(root, "recipient", _recipient)


def read_holders(root: Table) -> Mapping[str, model.Holder]:
    return _by_code(root, "holder", _holder)


def read_grounds(root: Table) -> Mapping[str, model.Ground]:
    return _by_code(root, "ground", _ground)


def read_reasons(root: Table) -> Mapping[str, model.Reason]:
    return _by_code(root, "reason", _reason)


def read_security(root: Table) -> Mapping[str, model.SecurityMeasure]:
    return _by_code(root, "security", _security)


def read_branches(root: Table) -> Mapping[str, model.Branch]:
    return _by_code(root, "branch", _branch)


def read_authorities(root: Table) -> Mapping[str, model.Authority]:
    return _by_code(root, "authority", _authority)


def read_languages(root: Table) -> Mapping[str, model.Language]:
    return _by_code(root, "language", _language)


def read_identity(root: Table) -> model.Identity:
    table = root.table("identity")
    assumed = table.flag("assumed")
    levels = {act: table.level(act) for act in table.values if act != "assumed"}
    if not levels and not table.broken:
        root.fault("identity", EMPTY_TABLE)
    return model.Identity(MappingProxyType(levels), assumed)


def read_roles(root: Table) -> model.Roles:
    table = root.table("role")
    names = {role: table.text(role.value) for role in Role}
    assumed = table.flag("assumed")
    table.finish()
    return model.Roles(MappingProxyType(names), assumed)
