"""What staff read about figures. Dutch message ids of the staff catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.domain.lifecycle import CaseState
from portal.i18n import N_

MONTHS = (
    *(N_("jan"), N_("feb"), N_("mrt"), N_("apr"), N_("mei"), N_("jun")),
    *(N_("jul"), N_("aug"), N_("sep"), N_("okt"), N_("nov"), N_("dec")),
)
OTHERWISE: Mapping[CaseState, str] = MappingProxyType(
    {
        CaseState.TAKEN_BACK: N_("Ingetrokken door de cursist"),
        CaseState.DUPLICATE: N_("Dubbel"),
        CaseState.ABUSE: N_("Gesloten wegens misbruik"),
    }
)
PERIOD_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "period_turned_round": N_("De laatste dag ligt voor de eerste."),
        "period_too_long": N_("Kies hoogstens %(years)s kalenderjaren."),
    }
)
EXPORT_HEAD = (N_("Cijfer"), N_("Waarvan"), N_("Maat"), N_("Waarde"))
FILE_NAME = N_("cijfers")
