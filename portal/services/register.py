"""The register of processing activities (GDPR 30(1); regulation, art. 8.3-10), read from the policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar

from portal.i18n import N_
from portal.policy.model import Activity, Policy
from portal.services.cells import sheet_text

T = TypeVar("T")
Say = Callable[[str], str]
HEADINGS = {
    "activity": N_("Activiteit"),
    "purpose": N_("Doel"),
    "basis": N_("Grondslag"),
    "basis_explanation": N_("Uitleg bij de grondslag"),
    "data": N_("Gegevens"),
    "subjects": N_("Over wie"),
    "recipients": N_("Wie ze krijgt"),
    "retention": N_("Bewaartermijn"),
    "security": N_("Beveiliging"),
    "assumed": N_("Nog te bevestigen"),
}
BASES = {
    "consent": N_("Toestemming (AVG art. 6 lid 1 onder a)"),
    "contract": N_("Overeenkomst (AVG art. 6 lid 1 onder b)"),
    "legal_obligation": N_("Wettelijke plicht (AVG art. 6 lid 1 onder c)"),
    "vital_interest": N_("Vitaal belang (AVG art. 6 lid 1 onder d)"),
    "public_task": N_("Publieke taak (AVG art. 6 lid 1 onder e)"),
    "legitimate_interest": N_("Gerechtvaardigd belang (AVG art. 6 lid 1 onder f)"),
}
SUBJECTS = N_("Cursisten en oud-cursisten")


@dataclass(frozen=True, slots=True)
class Register:
    """`controller` holds its facts by name; a line is one activity, its cells lists of texts."""

    controller: dict[str, str]
    policy: dict[str, str]
    lines: tuple[dict[str, list[str]], ...]

    def as_dict(self) -> dict[str, Any]:
        return {"controller": self.controller, "policy": self.policy, "activities": list(self.lines)}


def register_of(policy: Policy, say: Say) -> Register:
    """The whole register; `say` translates a text of the policy or of this module."""
    keeper = policy.controller
    controller = {
        "name": keeper.name,
        "address": f"{keeper.address}, {f'{keeper.postcode} {keeper.town}'.strip()}, {say(keeper.country)}",
        "email": keeper.email,
        "phone": keeper.phone,
        "representative": keeper.representative,
        "contact": f"{keeper.contact_name}, {keeper.contact_email}, {keeper.contact_phone}",
        "joint_controllers": ", ".join(keeper.joint_controllers),
    }
    about = {"code": policy.code, "version": policy.version, "regulation": policy.regulation.version}
    return Register(controller, about, tuple(_line(policy, each, say) for each in policy.activities.values()))


def _line(policy: Policy, activity: Activity, say: Say) -> dict[str, list[str]]:
    fields = _fields(policy, activity)
    terms = _unique([*(policy.datasets[d].fields[f].retention for d, f in fields), *activity.retention])
    data = [f"{say(policy.datasets[d].label)}: {say(policy.datasets[d].fields[f].label)}" for d, f in fields]
    return {
        "activity": [say(activity.label)],
        "purpose": [say(policy.purposes[activity.purpose].label)],
        "basis": [say(BASES[activity.basis.value])],
        "basis_explanation": [say(activity.basis_explanation)],
        "data": data,
        "subjects": [say(SUBJECTS)],
        "recipients": [
            f"{say(policy.recipients[code].name)} ({say(policy.recipients[code].country)})"
            for code in activity.recipients
        ],
        "retention": [f"{say(policy.retention[c].label)}: {say(policy.retention[c].explanation)}" for c in terms],
        "security": [say(policy.security[code].label) for code in activity.security],
        "assumed": [say(N_("Ja"))] if activity.assumed else [],
    }


def _fields(policy: Policy, activity: Activity) -> list[tuple[str, str]]:
    found = []
    for name in activity.fields:
        dataset, _, code = name.partition(".")
        codes = list(policy.datasets[dataset].fields) if code == "*" else [code]
        found += [(dataset, each) for each in codes]
    return _unique(found)


def _unique(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))


def as_workbook(register: Register, say: Say) -> bytes:
    """The register as an XLSX file: a sheet of activities and one of the controller."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = say(N_("Verwerkingen"))[:31]
    sheet.append([sheet_text(say(heading)) for heading in HEADINGS.values()])
    for line in register.lines:
        sheet.append([sheet_text("\n".join(line[name])) for name in HEADINGS])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column in sheet.columns:
        sheet.column_dimensions[column[0].column_letter].width = 32
    sheet.freeze_panes = "B2"
    about = book.create_sheet(say(N_("Wie verantwoordelijk is"))[:31])
    for name, value in {**register.controller, **register.policy}.items():
        about.append([sheet_text(name), sheet_text(value)])
    out = BytesIO()
    book.save(out)
    return out.getvalue()
