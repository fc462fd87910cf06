"""What staff read on the pages about reaching a student: address, representatives, post."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.domain.assurance import Way
from portal.i18n import N_

REACH_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "address_change_pending": N_(
            "Het e-mailadres verandert op %(until)s. Tot dan geven wij niets vrij en wissen wij niets."
        ),
        "address_change_stopped": N_(
            "Het nieuwe e-mailadres is gestopt met de link in de mail aan het oude adres. Vraag de cursist wat klopt; "
            "heropen zo nodig de zaak."
        ),
        "not_both_branches": N_(
            "De cursist gaat naar een andere vestiging. Dat voert iemand uit die voor beide vestigingen werkt."
        ),
        "not_told": N_("De cursist weet het nog niet: de mail is nog niet weg, of de brief is nog niet op de post."),
        "cooling_off": N_("De cursist kan het wissen nog stoppen. Vanaf %(until)s kan het worden uitgevoerd."),
        "no_line_chosen": N_("Kies eerst een of meer regels."),
        "too_early": N_("Dat kan nog niet: de cursist heeft tijd tot %(on)s."),
        "already_told": N_("De cursist heeft al bericht gehad."),
        "hold_over": N_("Kies een dag die nog moet komen."),
        "hold_too_long": N_("Kies een dag tot en met %(most)s."),
        "nothing_to_stop": N_("Er is niets meer te stoppen."),
        "same_address": N_("Dit adres staat al in het dossier."),
        "change_waiting": N_("Er wacht al een wijziging, tot %(until)s."),
        "kinds_missing": N_("Kies wat deze persoon mag vragen."),
        "bad_language": N_("Kies een taal."),
        "ends_before_start": N_("De laatste dag ligt voor de eerste, of is al voorbij."),
        "lasts_too_long": N_("Een machtiging duurt hoogstens een jaar: tot en met %(most)s."),
        "shown_in_future": N_("Kies de dag waarop het bewijs is getoond: vandaag of eerder, hoogstens een jaar terug."),
        "must_be_shown": N_("Een voogd of ouder laat het bewijs aan de balie zien. Vul de dag in."),
        "birth_date_unknown": N_("De geboortedatum is niet bekend. Dan kan een ouder hier niet worden opgeschreven."),
        "not_under_age": N_(
            "De cursist is (dan) 16 of ouder. Een ouder mag tot en met %(until)s; daarna met machtiging."
        ),
    }
)

SURE_WAYS: Mapping[str, str] = MappingProxyType(
    {
        Way.SHOW_ID_AT_DESK.value: N_("De cursist liet een geldig identiteitsbewijs zien"),
        Way.CALL_BACK.value: N_("Ik belde terug op het bekende nummer"),
        Way.POST_CODE.value: N_("De cursist gaf de code uit onze brief"),
    }
)

RELATIONS: Mapping[str, str] = MappingProxyType(
    {
        "guardian": N_("Voogd of curator"),
        "parent": N_("Ouder van een cursist onder 16"),
        "lawyer": N_("Advocaat"),
        "organisation": N_("Vrijwilliger of hulporganisatie"),
        "family": N_("Familie of kennis"),
    }
)
STANDINGS: Mapping[str, str] = MappingProxyType(
    {
        "waiting": N_("wacht op de cursist"),
        "to_come": N_("begint later"),
        "active": N_("geldig"),
        "over": N_("gestopt"),
    }
)
STANDING_KINDS = {"waiting": "soon", "to_come": "plain", "active": "ok", "over": "plain"}

# A mail that did not arrive, as what it told.
UNDELIVERED: Mapping[str, str] = MappingProxyType(
    {
        "email_change_asked": N_("Er is om een ander e-mailadres gevraagd. De cursist kan dat nog stoppen."),
        "email_changed": N_("Het oude e-mailadres wordt niet meer gebruikt."),
        "email_new": N_("Het nieuwe e-mailadres neemt geen mail aan. Klopt het?"),
        "represented": N_("Iemand mag of wil voor de cursist vragen, of deed dat net."),
        "representative_added": N_("De vertegenwoordiger kreeg geen bericht dat deze mag vragen. Klopt het adres?"),
        "code_stopped": N_("De brief of het telefoontje met een code komt niet. Een andere manier kan wel."),
        "consent_asked": N_("De herinnering aan een vraag om toestemming kwam niet aan."),
    }
)
