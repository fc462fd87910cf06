"""The words of written answers, in Dutch: one place for each closed list that an answer names."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.domain.erasure_plan import Why
from portal.domain.vocabulary import LegalBasis, Outcome, RequestKind, Source
from portal.i18n import N_

ALL_DATA = N_("Alles wat wij over u bewaren")
OWN_WORDS = N_("Wat u zelf schreef")

KINDS: Mapping[RequestKind, str] = MappingProxyType(
    {
        RequestKind.ACCESS: N_("Uw gegevens bekijken"),
        RequestKind.PORTABILITY: N_("Uw gegevens meenemen"),
        RequestKind.RECTIFICATION: N_("Gegevens verbeteren"),
        RequestKind.ERASURE: N_("Gegevens wissen"),
        RequestKind.RESTRICTION: N_("Gegevens even niet gebruiken"),
        RequestKind.OBJECTION: N_("Bezwaar maken"),
        RequestKind.WITHDRAWAL: N_("Uw toestemming stoppen"),
        RequestKind.COMPLAINT: N_("Een klacht"),
    }
)

OUTCOMES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.GRANTED: N_("Ja, wij doen dit."),
        Outcome.PARTLY: N_("Wij doen een deel."),
        Outcome.REFUSED: N_("Nee, wij doen dit niet."),
    }
)

COMPLAINT_OUTCOMES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.GRANTED: N_("U heeft gelijk."),
        Outcome.PARTLY: N_("U heeft voor een deel gelijk."),
        Outcome.REFUSED: N_("Wij vinden uw klacht niet terecht."),
    }
)

BASES: Mapping[LegalBasis, str] = MappingProxyType(
    {
        LegalBasis.CONSENT: N_("U geeft toestemming, of wij doen het niet."),
        LegalBasis.CONTRACT: N_("Het hoort bij uw overeenkomst."),
        LegalBasis.LEGAL_OBLIGATION: N_("Het moet van de wet."),
        LegalBasis.VITAL_INTEREST: N_("Het redt een leven."),
        LegalBasis.PUBLIC_TASK: N_("Het is een taak voor iedereen."),
        LegalBasis.LEGITIMATE_INTEREST: N_("De school heeft er een goede reden voor."),
    }
)

SOURCES: Mapping[Source, str] = MappingProxyType(
    {
        Source.STUDENT: N_("Van uzelf"),
        Source.SCHOOL: N_("De school schreef het op"),
        Source.THIRD_PARTY: N_("Van een andere organisatie"),
    }
)

PLAN: Mapping[Why, str] = MappingProxyType(
    {
        Why.RETENTION_OVER: N_("De tijd van bewaren is voorbij."),
        Why.NOT_NEEDED: N_("Wij hebben het niet meer nodig."),
        Why.CONSENT_ENDED: N_("Uw toestemming is gestopt."),
        Why.OBJECTION_UPHELD: N_("Uw bezwaar is terecht."),
        Why.LEGAL_OBLIGATION: N_("Wij moeten het van de wet bewaren."),
        Why.PUBLIC_TASK: N_("Het is nodig voor een taak voor iedereen."),
        Why.CONTRACT_RUNNING: N_("Uw opleiding is nog bezig."),
        Why.VITAL_INTEREST: N_("Het kan een leven redden."),
        Why.STILL_NEEDED: N_("Wij hebben het nog nodig."),
        Why.OBJECTION_PENDING: N_("Wij kijken nog naar uw bezwaar."),
        Why.LEGAL_CLAIM: N_("Het is nodig voor een rechtszaak."),
    }
)

# The articles of those reasons, as they are cited.
ARTICLES: Mapping[str, str] = MappingProxyType(
    {
        "5(1)(e)": N_("AVG artikel 5 lid 1 onder e"),
        "17(1)(a)": N_("AVG artikel 17 lid 1 onder a"),
        "17(1)(b)": N_("AVG artikel 17 lid 1 onder b"),
        "17(1)(c)": N_("AVG artikel 17 lid 1 onder c"),
        "17(3)(b)": N_("AVG artikel 17 lid 3 onder b"),
        "17(3)(e)": N_("AVG artikel 17 lid 3 onder e"),
        "18(1)(d)": N_("AVG artikel 18 lid 1 onder d"),
    }
)

# Tasks of steps, as the student reads them; the place or organisation stands behind.
TASKS: Mapping[str, str] = MappingProxyType(
    {
        "search": N_("Zoeken"),
        "correct": N_("Verbeteren"),
        "erase": N_("Wissen"),
        "restrict": N_("Even niet gebruiken"),
        "stop": N_("Stoppen"),
        "tell": N_("Vertellen"),
        "release": N_("Uw kopie klaarzetten"),
        "lift": N_("Weer gebruiken"),
        "offer_erasure": N_("U vragen of wij ook moeten wissen"),
        "post": N_("Ons antwoord per post sturen"),
    }
)

STATES: Mapping[str, str] = MappingProxyType(
    {"open": N_("Komt nog"), "done": N_("Klaar"), "impossible": N_("Kan niet")}
)

# How an article is cited; `%(article)s` where it is a number alone.
LAW, REGULATION = N_("AVG artikel %(article)s"), N_("Reglement artikel %(article)s")
WITHDRAWAL, TERM = N_("AVG artikel 7 lid 3"), N_("AVG artikel 12 lid 3")


def laws(gdpr: str, regulation: str) -> list[tuple[str, str]]:
    """On which articles a kind of request stands: texts with the article to fill in. The right to complain to the
    authority (GDPR 77) is not what a complaint to the school stands on."""
    found = []
    if gdpr == "7(3)":
        found.append((WITHDRAWAL, ""))
    elif gdpr not in ("", "77"):
        found.append((LAW, gdpr))
    return [*found, (REGULATION, regulation)] if regulation else found


# What a search outside the portal came to.
FOUND: Mapping[str, str] = MappingProxyType(
    {
        "nothing": N_("Wij vonden hier niets over u."),
        "copy": N_("Wat wij vonden, zit bij uw kopie."),
        "look": N_("U kunt dit komen bekijken. Bel ons eerst."),
    }
)

PRIVATE = N_("Hier staat iets dat extra privé is.")
SEE_PICTURES = N_("Zie de map fotos.")
# Why a picture is not in a copy.
NOTES: Mapping[str, str] = MappingProxyType(
    {
        "shown_after_review": N_("U krijgt deze foto als wij hem bekeken hebben."),
        "file_missing": N_("Deze foto is er niet meer."),
        "withheld": N_("Deze foto geven wij u niet."),
    }
)

EMPTY = "(leeg)"  # in a notice to a recipient, which is Dutch
THIS_PORTAL = N_("Dit portaal")
YES, NO = N_("ja"), N_("nee")
