"""Short letters for whoever reads no mail: what the mails say, on paper. Dutch texts of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from portal.i18n import N_


@dataclass(frozen=True, slots=True)
class NoticeWords:
    title: str
    lines: tuple[str, ...]


ASK = N_("Hebt u vragen? Bel ons, of kom langs.")
WORDS: Mapping[str, NoticeWords] = MappingProxyType(
    {
        "receipt": NoticeWords(
            N_("Wij hebben uw verzoek"), (N_("Wij kregen uw verzoek."), N_("Wij sturen ons antwoord per post."), ASK)
        ),
        "extension": NoticeWords(N_("Wij hebben meer tijd nodig"), (N_("Wij kunnen nog niet antwoorden."), ASK)),
        "late": NoticeWords(
            N_("Wij zijn te laat"),
            (
                N_("Wij beloofden u een antwoord. Dat is er nog niet."),
                N_("Dat spijt ons. Wij werken eraan."),
                N_("U kunt een klacht indienen bij de Autoriteit Persoonsgegevens."),
                ASK,
            ),
        ),
        "message": NoticeWords(N_("Een bericht van de school"), (N_("Wij hebben een bericht voor u."), ASK)),
        "answer": NoticeWords(N_("Ons antwoord"), (N_("Uw toestemming is gestopt."), ASK)),
        "done": NoticeWords(N_("Wij zijn klaar"), (N_("Wij deden wat wij u beloofden."), ASK)),
    }
)
