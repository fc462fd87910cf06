"""What staff read when a rule refuses to merge, close, note or hand over a case."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.domain.vocabulary import Evidence
from portal.i18n import N_

# By what a correction was checked; of a paper nothing is kept but that it was seen.
EVIDENCE: Mapping[Evidence, str] = MappingProxyType(
    {
        Evidence.SEEN: N_("Het papier is gezien; er is geen kopie van gemaakt"),
        Evidence.COPY: N_("De afgeschermde kopie is bekeken en gewist"),
        Evidence.ON_FILE: N_("Het blijkt uit wat de school al heeft"),
        Evidence.NOT_NEEDED: N_("Hier is geen bewijs voor nodig"),
    }
)

CASE_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "take_first": N_("Neem de zaak eerst in behandeling."),
        "own_step": N_("Dit doet het portaal zelf."),
        "bad_state": N_("Kies hoe het ging."),
        "bad_reason": N_("Kies een reden uit de lijst."),
        "proof_missing": N_("Schrijf wat u hebt verteld, hoe en wanneer."),
        "step_finished": N_("Deze stap was al afgevinkt."),
        "nothing_chosen": N_("Vink eerst een of meer zaken aan."),
        "too_many_chosen": N_("Vink hoogstens %(most)s zaken tegelijk aan."),
        "changed_meanwhile": N_("Een collega heeft deze zaak intussen veranderd. Kijk eerst wat er nu staat."),
        "own_deputy": N_("Iemand kan zichzelf niet vervangen."),
        "deputy_elsewhere": N_("Deze collega werkt op een andere vestiging en ziet de zaken niet. Kies een ander."),
        "absence_too_long": N_("Kies hoogstens een jaar."),
        "upload_waits": N_("Bekijk eerst de kopie van het identiteitsbewijs die is gestuurd. Daarna is zij gewist."),
        "note_empty": N_("Schrijf een notitie."),
        "merge_other_student": N_("Die zaak is van een andere cursist."),
        "merge_other_kind": N_("Die zaak vraagt iets anders."),
        "merge_ended": N_("Die zaak is al klaar. Dit verzoek is dus een nieuw verzoek."),
        "merge_into_older": N_("Voeg het nieuwste verzoek bij het oudste, zodat de oudste datum blijft gelden."),
    }
)
