"""The words of what a policy assumes: names of its facts and of its codes. Messages of the staff catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.domain.acts import Act
from portal.domain.assurance import carrying_out
from portal.domain.vocabulary import RequestKind
from portal.i18n import N_
from portal.web.staff.wording import LEVELS

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
        "staff_label": N_("Naam voor medewerkers"),
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
        "names": N_("Zo leest de cursist ze"),
        **{f"level_{int(level)}": text for level, text in LEVELS.items()},
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

# What a student does, or has done, at a level of certainty: by the codes of a policy's table of levels.
ACTS: Mapping[str, str] = MappingProxyType(
    {
        Act.FILE_REQUEST: N_("iets vragen"),
        Act.STEP_UP: N_("laten weten wie men is"),
        Act.VIEW_OWN_STATUS: N_("zien hoe het met een zaak gaat"),
        Act.VIEW_OWN_DECISION: N_("het besluit lezen"),
        Act.WRITE_MESSAGE: N_("een bericht sturen"),
        Act.TAKE_BACK: N_("een verzoek intrekken"),
        Act.STOP_ERASURE: N_("het wissen tegenhouden"),
        Act.GIVE_CONSENT: N_("toestemming geven"),
        Act.WITHDRAW_CONSENT: N_("toestemming intrekken"),
        Act.OBJECT: N_("bezwaar maken"),
        Act.CHANGE_PREFERENCES: N_("taal en voorkeuren kiezen"),
        Act.END_REPRESENTATIVE: N_("een vertegenwoordiger stoppen"),
        Act.CONFIRM_REPRESENTATIVE: N_("een vertegenwoordiger bevestigen"),
        Act.CHANGE_EMAIL: N_("een nieuw e-mailadres opgeven"),
        Act.VIEW_OWN_DATA: N_("eigen gewone gegevens zien"),
        Act.VIEW_OWN_VIEWS: N_("zien wie er keek"),
        Act.RECEIVE_ANSWER: N_("het antwoord krijgen"),
        Act.VIEW_OWN_SENSITIVE: N_("eigen gevoelige gegevens zien"),
        carrying_out(RequestKind.COMPLAINT): N_("een klacht afhandelen"),
        carrying_out(RequestKind.WITHDRAWAL): N_("een intrekking uitvoeren"),
        carrying_out(RequestKind.OBJECTION): N_("een bezwaar uitvoeren"),
        carrying_out(RequestKind.ACCESS): N_("een inzage uitvoeren"),
        carrying_out(RequestKind.PORTABILITY): N_("gegevens laten meenemen"),
        carrying_out(RequestKind.RECTIFICATION): N_("een verbetering uitvoeren"),
        carrying_out(RequestKind.RESTRICTION): N_("een beperking uitvoeren"),
        carrying_out(RequestKind.ERASURE): N_("gegevens wissen"),
    }
)
