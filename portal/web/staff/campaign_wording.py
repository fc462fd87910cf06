"""What staff read about questions for consent: Dutch message ids of the staff catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.domain.campaign import CampaignState, LeftOut
from portal.i18n import N_

CAMPAIGN_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "not_on_consent": N_("Kies een verwerking die op toestemming rust."),
        "words_needed": N_("Schrijf op wat er is veranderd: anders is opnieuw vragen niet nodig."),
        "nobody_to_ask": N_("Er is niemand die hierbij hoort. Kies anders, of kijk naar de spelling."),
        "all_answered": N_("Er is niemand meer om te vragen: %(count)s cursisten antwoordden al of kregen hem al."),
        "unknown_numbers": N_("Deze cursistnummers kent het portaal niet: %(numbers)s."),
        "too_many_numbers": N_("Hoogstens %(most)s nummers in één keer."),
        "closes_too_soon": N_("Geef de cursist minstens twee weken: kies %(earliest)s of later."),
        "closes_too_late": N_("Kies een dag tot en met %(latest)s."),
        "reminder_outside": N_("Kies voor de herinnering een dag van %(earliest)s tot en met %(latest)s."),
        "campaign_sent": N_("Deze vraag is al verstuurd."),
        "campaign_not_open": N_("Deze vraag is niet (meer) open."),
        "bad_channel": N_("Kies hoe het antwoord binnenkwam."),
        "said_yes": N_("De cursist zei al ja. Intrekken gaat via een verzoek."),
    }
)

CAMPAIGN_STATES: Mapping[CampaignState, tuple[str, str]] = MappingProxyType(
    {
        CampaignState.DRAFT: ("soon", N_("concept")),
        CampaignState.OPEN: ("ok", N_("loopt")),
        CampaignState.CLOSED: ("plain", N_("gesloten")),
    }
)

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        LeftOut.ANSWERED: N_("zeiden al ja of nee, of trokken hun toestemming in"),
        LeftOut.ASKED: N_("hebben dezelfde vraag nog open, of kozen kort geleden niets"),
        LeftOut.GONE: N_("zijn intussen gewist"),
    }
)

# Tabs of the list of people: what narrows it, and the words.
NARROWED: Mapping[str, str] = MappingProxyType(
    {
        "": N_("Iedereen"),
        "yes": N_("Ja"),
        "no": N_("Nee"),
        "silent": N_("Nog geen antwoord"),
        "to_post": N_("Brief posten"),
    }
)
