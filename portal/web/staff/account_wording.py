"""What staff read about accounts, second factors and designations: Dutch message ids of the staff catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.i18n import N_

# What the rules of accounts say no with; `portal.web.staff.wording` joins them to the others.
ACCOUNT_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "factor_wrong": N_("Dit klopt niet, of het is al gebruikt. Wacht op een nieuwe code en probeer het opnieuw."),
        "set_up_expired": N_("Het instellen duurde te lang. Begin opnieuw."),
        "other_stage": N_("Dit kan nu niet. Maak eerst het inloggen af."),
        "not_set_up": N_("Dit is niet ingesteld."),
        "last_factor": N_("Dit is uw laatste tweede stap. Stel eerst een andere in."),
        "passkey_refused": N_("Deze passkey kon niet worden bewaard. Probeer het opnieuw."),
        "passkeys_unavailable": N_("Passkeys werken niet op dit adres. Gebruik een app."),
        "too_many_passkeys": N_("U hebt al %(most)s passkeys. Haal er eerst een weg."),
        "not_this_session": N_("Dit is waar u nu werkt. Gebruik Uitloggen."),
        "account_disabled": N_("Dit account staat uit."),
        "reason_too_long": N_("Deze reden is te lang: hoogstens %(most)s tekens."),
        "branch_not_for_role": N_("Alleen een behandelaar hoort bij een vestiging. Laat de vestiging leeg."),
        "starts_in_past": N_("De eerste dag mag niet voorbij zijn."),
        "period_wrong": N_("De laatste dag ligt voor de eerste, of is al voorbij."),
        "already_designated": N_("Deze rol heeft de medewerker al in die tijd."),
        "already_ended": N_("Deze rol was al geëindigd."),
        "last_administrator": N_("Dit is de laatste beheerder van accounts. Maak eerst iemand anders beheerder."),
        "not_yourself": N_("Over uw eigen account gaat een andere beheerder."),
    }
)
