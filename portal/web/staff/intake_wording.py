"""What staff read of uploads, conflicts and single students: states, and why something is refused."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.i18n import N_
from portal.services.intakes import State

# Kind of the tag, its word, and what it means.
STATES: Mapping[State, tuple[str, str, str]] = MappingProxyType(
    {
        State.WAITING: ("plain", N_("wacht"), N_("De proef begint over een paar tellen.")),
        State.LOOKING: ("plain", N_("wordt bekeken"), N_("De proef leest het bestand. Er wordt nog niets geschreven.")),
        State.LOOKED: ("soon", N_("wacht op u"), N_("Dit gaat er gebeuren. Er is nog niets geschreven.")),
        State.CONFIRMED: ("plain", N_("gaat beginnen"), N_("De import begint over een paar tellen.")),
        State.RUNNING: (
            "plain",
            N_("wordt ingelezen"),
            N_("De import lukt helemaal, of er verandert niets."),
        ),
        State.DONE: ("ok", N_("klaar"), N_("De import is klaar. Het bestand is gewist.")),
        State.REFUSED: ("late", N_("geweigerd"), N_("Er is niets geschreven. Het bestand is gewist.")),
        State.FAILED: (
            "late",
            N_("mislukt"),
            N_("Er is niets geschreven. Het bestand is gewist. Vraag de beheerder om in het logboek te kijken."),
        ),
        State.CANCELLED: ("plain", N_("gestopt"), N_("Er is niets geschreven. Het bestand is gewist.")),
        State.EXPIRED: (
            "plain",
            N_("verlopen"),
            N_("Niemand besloot binnen 72 uur. Er is niets geschreven. Het bestand is gewist."),
        ),
    }
)
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "bad_structure": N_("De bestanden zijn niet die van de cursistenadministratie, of er ontbreekt iets."),
        "not_allowed": N_("Wie de import bevestigde, mag dat nu niet meer."),
    }
)
INTAKE_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "intake_nothing_sent": N_("Kies een bestand."),
        "intake_too_many_files": N_("Stuur hoogstens %(most)s losse bestanden, of één zipbestand."),
        "intake_under_way": N_("Er loopt al een import. Wacht tot die klaar is, of stop hem eerst."),
        "intake_moved_on": N_("De import is intussen een stap verder. Kijk eerst hoe hij er nu voor staat."),
        "conflict_settled": N_("Over dit verschil is al besloten."),
        "value_restricted": N_(
            "Dit gegeven is beperkt: de school mag het nu niet gebruiken. Besluit eerst in de zaak."
        ),
        "student_exists": N_("Er is al een cursist met dit nummer."),
        "erased_before": N_(
            "Deze cursist is eerder gewist. Opnieuw opnemen kan alleen met een traject dat daarna begon."
        ),
        "programme_ended": N_("Dit traject had al een einddatum."),
        "ended_in_future": N_("Deze dag is nog niet geweest."),
        "ended_before_start": N_("Het traject begon pas op %(start)s."),
    }
)
