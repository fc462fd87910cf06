"""What staff read about the register, its versions and what the policy assumes: messages of the staff catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.domain.article_30 import Element, Fate
from portal.i18n import N_

# The elements of GDPR 30(1), as heads of a column.
ELEMENTS: Mapping[Element, str] = MappingProxyType(
    {
        Element.CONTROLLER: N_("a. Wie verantwoordelijk is"),
        Element.PURPOSE: N_("b. Doel"),
        Element.CATEGORIES: N_("c. Betrokkenen en gegevens"),
        Element.RECIPIENTS: N_("d. Ontvangers"),
        Element.TRANSFERS: N_("e. Doorgifte"),
        Element.TERMS: N_("f. Bewaartermijn"),
        Element.SECURITY: N_("g. Beveiliging"),
    }
)

FATES: Mapping[Fate, tuple[str, str]] = MappingProxyType(
    {
        Fate.ADDED: ("ok", N_("nieuw")),
        Fate.CHANGED: ("soon", N_("veranderd")),
        Fate.REMOVED: ("late", N_("vervallen")),
    }
)

# What the rules of the register say no with; `portal.web.staff.wording` joins them to the others.
REGISTER_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "already_confirmed_version": N_("Deze versie is al bevestigd."),
        "no_point_chosen": N_("Vink minstens één punt aan."),
        "changed_since_read": N_("Het beleid is intussen veranderd. Lees de punten opnieuw."),
        "terms_apart": N_("Een bewaartermijn bevestigt de directeur op de pagina Bewaartermijnen."),
    }
)
