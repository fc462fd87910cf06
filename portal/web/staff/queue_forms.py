"""Forms of the queue: what it is narrowed to, the search box, handing several cases over, who is away."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from wtforms import StringField, TextAreaField

from portal.i18n import N_
from portal.services.queue import Order
from portal.web.forms import AtMost, Optional, Required
from portal.web.staff.forms import (
    LONG_TEXT,
    ONE_OF_THESE,
    SHORT_TEXT,
    DutchDateField,
    GetForm,
    Select,
    StaffForm,
    choices,
)
from portal.web.staff.wording import CHANNELS, KINDS, STATES

ORDERS = {
    Order.DUE: N_("Eerst wat het eerst klaar moet zijn"),
    Order.DUE_LAST: N_("Eerst wat het laatst klaar moet zijn"),
    Order.RECEIVED_LAST: N_("Eerst wat het laatst binnenkwam"),
    Order.RECEIVED: N_("Eerst wat het eerst binnenkwam"),
}
FIND = N_("Kenmerk, naam, cursistnummer, e-mail of telefoon")
NOTE_HINT = N_("Alleen collega's lezen dit nu. De cursist kan het later opvragen.")
NAMES = (  # in the list's address
    *("who", "reference", "kind", "state", "branch", "handler", "channel", "language"),
    *("received_from", "received_until", "due_from", "due_until", "order"),
)
E = TypeVar("E", bound=StrEnum)


class QueueForm(GetForm):
    """The fields of the filter; portal/web/staff/queue_filter.py reads and shows them."""

    kind = Select(N_("Soort"), choices=choices(KINDS.items(), N_("Alle soorten")))
    state = Select(N_("Stand"), choices=choices(STATES.items(), N_("Alle standen")))
    branch = Select(N_("Vestiging"), choices=[])
    handler = Select(N_("Behandelaar"), choices=[])
    channel = Select(N_("Binnengekomen via"), choices=choices(CHANNELS.items(), N_("Alle wegen")))
    language = Select(N_("Taal van de cursist"), choices=[])
    received_from = DutchDateField(N_("Ontvangen vanaf"))
    received_until = DutchDateField(N_("Ontvangen tot en met"))
    due_from = DutchDateField(N_("Antwoord voor: vanaf"))
    due_until = DutchDateField(N_("Antwoord voor: tot en met"))
    order = Select(N_("Volgorde"), choices=choices(ORDERS.items(), N_("Zoals de lijst het nodig heeft")))


def one_of(kind: type[E], text: str | None) -> E | None:
    try:
        return kind(text or "")
    except ValueError:
        return None


class FindForm(StaffForm):
    """Posted, so that no name stands in an address or in a log."""

    q = StringField(FIND, [AtMost(SHORT_TEXT)])


class HandOverForm(StaffForm):
    """The boxes of the list are read beside the form: each says which case, in which version."""

    staff = Select(N_("Aan wie?"), choices=[], validators=[Required(N_("Kies een collega."))])
    note = TextAreaField(N_("Wat moet de collega weten?"), [Optional(), AtMost(LONG_TEXT)])


class AbsenceForm(StaffForm):
    staff = Select(N_("Wie is er niet?"), choices=[], validators=[Required(ONE_OF_THESE)])
    starts_on = DutchDateField(N_("Eerste dag"), validators=[Required(N_("Vul de eerste dag in."))])
    ends_on = DutchDateField(N_("Laatste dag"), validators=[Required(N_("Vul de laatste dag in."))])
    deputy = Select(N_("Wie neemt het over?"), choices=[], validators=[Required(N_("Kies een collega."))])


def chosen_cases(values: Any) -> list[tuple[str, int]]:
    """The ticked boxes, each a reference and the version that was seen."""
    found = []
    for text in dict.fromkeys(values):
        reference, _bar, version = str(text).partition("|")
        if version.isascii() and version.isdigit() and len(version) < 10:
            found.append((reference[:20], int(version)))
    return found
