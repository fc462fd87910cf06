"""The words of what a policy assumes: names of its facts and of its codes. Messages of the staff catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.i18n import N_

# What an item says, by the name of the fact (portal.policy.assumed.SHOWN).
FACTS: Mapping[str, str] = MappingProxyType(
    {
        "address": N_("Adres"),
        "postcode": N_("Postcode"),
        "town": N_("Plaats"),
        "desk_hours": N_("Langskomen"),
        "contact_name": N_("Aanspreekpunt privacy"),
        "contact_email": N_("E-mail"),
        "contact_phone": N_("Telefoon"),
        "answer_days": N_("Dagen om te antwoorden"),
        "extension_days": N_("Dagen erbij, hoogstens"),
        "complaint_days": N_("Dagen voor een klacht"),
        "closing_days": N_("Dagen dat de school dicht is"),
        "explanation": N_("Wat de cursist leest"),
        "paragraphs": N_("Wat de cursist leest"),
        "law": N_("Volgens"),
        "label_plural": N_("Meervoud"),
        "group": N_("Groep gegevens"),
        "source": N_("Bron van de gegevens"),
        "sensitivity": N_("Gevoeligheid"),
        "level": N_("Zekerheid die nodig is"),
        "retention": N_("Bewaartermijn"),
        "evidence": N_("Bewijs bij verbeteren"),
        "help": N_("Hulptekst"),
        "purpose": N_("Doel"),
        "basis": N_("Grondslag"),
        "basis_explanation": N_("Uitleg bij de grondslag"),
        "recipients": N_("Ontvangers"),
        "consequence": N_("Als dit stopt"),
        "continues": N_("Wat doorgaat"),
        "role": N_("Rol"),
        "what_for": N_("Waarvoor"),
        "country": N_("Land"),
        "safeguard": N_("Waarborg buiten de EER"),
        "keeper": N_("Beheerder"),
        "place": N_("Plaats"),
        "search": N_("Zoeken"),
        "correct": N_("Verbeteren"),
        "erase": N_("Wissen"),
        "restrict": N_("Beperken"),
        "article": N_("Volgens"),
        "use": N_("Gebruikt voor"),
        "how": N_("Hoe"),
        "website": N_("Website"),
    }
)

# Codes of an item that no other table of words says.
CODES: Mapping[str, str] = MappingProxyType(
    {
        "ordinary": N_("gewoon"),
        "controller": N_("zelf verantwoordelijk"),
        "processor": N_("verwerker, in opdracht van de school"),
        "extension": N_("langer de tijd nemen"),
        "abuse": N_("sluiten wegens misbruik"),
        "step_impossible": N_("een stap die niet kan"),
        "view": N_("een dossier openen"),
        "reopen": N_("een zaak heropenen"),
        "hold": N_("verplicht bewaren"),
    }
)
