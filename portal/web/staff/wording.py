"""What staff read for codes: kinds, states, channels, events, refusals. Dutch message ids of the staff catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.domain.erasure_plan import Verdict, Why
from portal.domain.events import EventKind
from portal.domain.lifecycle import CaseState
from portal.domain.vocabulary import Channel, Level, Outcome, RequestKind, Role, TargetKind
from portal.i18n import N_
from portal.web.staff.account_wording import ACCOUNT_REFUSALS
from portal.web.staff.campaign_wording import CAMPAIGN_REFUSALS
from portal.web.staff.case_wording import CASE_REFUSALS
from portal.web.staff.intake_wording import INTAKE_REFUSALS
from portal.web.staff.reach_wording import REACH_REFUSALS
from portal.web.staff.register_wording import REGISTER_REFUSALS

KINDS: Mapping[RequestKind, str] = MappingProxyType(
    {
        RequestKind.ACCESS: N_("Inzage"),
        RequestKind.PORTABILITY: N_("Gegevens meenemen"),
        RequestKind.RECTIFICATION: N_("Verbeteren"),
        RequestKind.ERASURE: N_("Wissen"),
        RequestKind.RESTRICTION: N_("Beperken"),
        RequestKind.OBJECTION: N_("Bezwaar"),
        RequestKind.WITHDRAWAL: N_("Toestemming intrekken"),
        RequestKind.COMPLAINT: N_("Klacht"),
    }
)

STATES: Mapping[CaseState, str] = MappingProxyType(
    {
        CaseState.RECEIVED: N_("Ontvangen"),
        CaseState.IN_PROGRESS: N_("In behandeling"),
        CaseState.DECIDED: N_("Uit te voeren"),
        CaseState.CLOSED: N_("Gesloten"),
        CaseState.TAKEN_BACK: N_("Ingetrokken door de cursist"),
        CaseState.DUPLICATE: N_("Dubbel"),
        CaseState.ABUSE: N_("Gesloten wegens misbruik"),
    }
)

CHANNELS: Mapping[Channel, str] = MappingProxyType(
    {
        Channel.PORTAL: N_("portaal"),
        Channel.EMAIL: N_("e-mail"),
        Channel.LETTER: N_("brief"),
        Channel.PHONE: N_("telefoon"),
        Channel.DESK: N_("balie"),
    }
)

OUTCOMES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.GRANTED: N_("Toegewezen"),
        Outcome.PARTLY: N_("Deels toegewezen"),
        Outcome.REFUSED: N_("Afgewezen"),
    }
)

LEVELS: Mapping[Level, str] = MappingProxyType(
    {
        Level.NONE: N_("Niet bekend wie het is"),
        Level.ADDRESS: N_("Leest de mail op het bekende adres"),
        Level.KNOWLEDGE: N_("Bekend: gaf geboortedatum en nog iets, of is herkend"),
        Level.SECOND_CHANNEL: N_("Zeker: via een tweede weg bevestigd"),
    }
)

ROLES: Mapping[Role, str] = MappingProxyType(
    {
        Role.CASE_HANDLER: N_("Behandelaar"),
        Role.PRIVACY_OFFICER: N_("Privacymedewerker"),
        Role.DIRECTOR: N_("Directeur"),
        Role.ADMINISTRATOR: N_("Beheerder van accounts"),
    }
)

TARGETS: Mapping[TargetKind, str] = MappingProxyType(
    {
        TargetKind.EVERYTHING: N_("Alle gegevens"),
        TargetKind.GROUP: N_("Een groep gegevens"),
        TargetKind.RECORD: N_("Eén regel"),
        TargetKind.FIELD: N_("Eén waarde"),
        TargetKind.ACTIVITY: N_("Een verwerking"),
        TargetKind.WORDS: N_("In eigen woorden"),
    }
)

TASKS: Mapping[str, str] = MappingProxyType(
    {
        "search": N_("Zoeken: %(target)s"),
        "correct": N_("Verbeteren: %(target)s"),
        "erase": N_("Wissen: %(target)s"),
        "restrict": N_("Beperken: %(target)s"),
        "stop": N_("Stoppen: %(target)s"),
        "tell": N_("Laten weten aan: %(target)s"),
        "release": N_("Antwoord vrijgeven: %(target)s"),
        "lift": N_("Voorlopige beperking beëindigen: %(target)s"),
        "offer_erasure": N_("Wissen aanbieden: %(target)s"),
        "post": N_("Brief printen en op de post doen"),
    }
)

EVENTS: Mapping[EventKind, str] = MappingProxyType(
    {
        EventKind.RECEIVED: N_("Verzoek ontvangen"),
        EventKind.RECORDED: N_("Verzoek opgeschreven"),
        EventKind.MATCHED: N_("Aan een cursist gekoppeld"),
        EventKind.TAKEN: N_("In behandeling genomen"),
        EventKind.ASSIGNED: N_("Overgedragen"),
        EventKind.MESSAGE_SENT: N_("Bericht gestuurd"),
        EventKind.MESSAGE_RECEIVED: N_("Bericht van de cursist"),
        EventKind.NOTE_WRITTEN: N_("Notitie geschreven"),
        EventKind.IDENTITY_CONFIRMED: N_("Vastgesteld wie het is"),
        EventKind.WARNED: N_("Herinnering gestuurd"),
        EventKind.ESCALATED: N_("Directeur gewaarschuwd"),
        EventKind.EXTENSION_DRAFTED: N_("Verlenging klaargezet"),
        EventKind.EXTENDED: N_("Termijn verlengd"),
        EventKind.TOLD_LATE: N_("Cursist verteld dat wij te laat zijn"),
        EventKind.SUSPENDED: N_("Verwerking tijdelijk gestopt"),
        EventKind.RESTRICTED: N_("Gegevens beperkt"),
        EventKind.TOOK_EFFECT: N_("Toestemming beëindigd"),
        EventKind.DRAFT_SAVED: N_("Concept bewaard"),
        EventKind.DECIDED: N_("Besloten"),
        EventKind.APPROVED: N_("Goedgekeurd door een tweede persoon"),
        EventKind.STEP_DONE: N_("Stap klaar"),
        EventKind.STEP_IMPOSSIBLE: N_("Stap kan niet"),
        EventKind.RECIPIENT_TOLD: N_("Ontvanger ingelicht"),
        EventKind.CORRECTED: N_("Gegeven verbeterd"),
        EventKind.ERASED: N_("Gegevens gewist"),
        EventKind.ERASURE_PLANNED: N_("Cursist kan het wissen nog stoppen"),
        EventKind.ERASURE_STOPPED: N_("Wissen gestopt"),
        EventKind.PACKAGE_BUILT: N_("Kopie van de gegevens klaargezet"),
        EventKind.ANSWER_RELEASED: N_("Antwoord vrijgegeven"),
        EventKind.ANSWER_READ: N_("Antwoord gelezen"),
        EventKind.RESTRICTION_ANNOUNCED: N_("Einde van de beperking aangekondigd"),
        EventKind.RESTRICTION_LIFTED: N_("Beperking beëindigd"),
        EventKind.LETTER_POSTED: N_("Brief op de post gedaan"),
        EventKind.MAIL_FAILED: N_("E-mail kwam niet aan"),
        EventKind.HELD: N_("Bewaren verplicht gesteld"),
        EventKind.HOLD_ENDED: N_("Verplicht bewaren beëindigd"),
        EventKind.CLOSED: N_("Gesloten"),
        EventKind.TAKEN_BACK: N_("Ingetrokken door de cursist"),
        EventKind.MERGED: N_("Samengevoegd met een ander verzoek"),
        EventKind.CLOSED_AS_ABUSE: N_("Gesloten wegens misbruik"),
        EventKind.REOPENED: N_("Heropend"),
        EventKind.UPLOAD_ALLOWED: N_("Kopie van een identiteitsbewijs mag worden gestuurd"),
        EventKind.UPLOAD_RECEIVED: N_("Kopie van een identiteitsbewijs ontvangen"),
        EventKind.UPLOAD_ACCEPTED: N_("Kopie goed bevonden en gewist"),
        EventKind.UPLOAD_REJECTED: N_("Kopie niet goed bevonden en gewist"),
        EventKind.UPLOAD_GONE: N_("Kopie gewist omdat de tijd om was"),
    }
)

EVENT_ICONS: Mapping[EventKind, str] = MappingProxyType(
    {
        EventKind.RECEIVED: "received",
        EventKind.RECORDED: "received",
        EventKind.MESSAGE_SENT: "message",
        EventKind.MESSAGE_RECEIVED: "message",
        EventKind.EXTENDED: "extended",
        EventKind.DECIDED: "decided",
        EventKind.APPROVED: "check",
        EventKind.STEP_DONE: "check",
        EventKind.STEP_IMPOSSIBLE: "cross",
        EventKind.ERASED: "erasure",
        EventKind.CORRECTED: "rectification",
        EventKind.RESTRICTED: "restriction",
        EventKind.CLOSED: "closed",
        EventKind.TAKEN_BACK: "taken-back",
        EventKind.MATCHED: "person",
        EventKind.TAKEN: "person",
        EventKind.ASSIGNED: "people",
        EventKind.LETTER_POSTED: "print",
    }
)

# How a member of staff came to know who asks; the code is kept with the case, never a document's kind or number.
WAYS: Mapping[str, str] = MappingProxyType(
    {
        "recognised_by_staff": N_("Ik ken deze cursist en herkende hem of haar"),
        "show_id_at_desk": N_("De cursist liet aan de balie een geldig identiteitsbewijs zien"),
    }
)

# The ways to level 3 as tasks of staff, and where such a task stands.
SECOND_CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "post": N_("Brief met een code"),
        "call": N_("Terugbellen"),
        "desk": N_("Identiteitsbewijs gezien aan de balie"),
    }
)
TASK_STATES: Mapping[str, str] = MappingProxyType(
    {
        "asked": N_("Te doen"),
        "made": N_("Code gemaakt"),
        "posted": N_("Op de post"),
        "lapsed": N_("Verlopen"),
        "used": N_("Gebruikt"),
        "replaced": N_("Vervangen door een nieuwe"),
        "stopped": N_("Gestopt"),
        "changed": N_("Vervallen: adres of telefoon is veranderd"),
        "spent": N_("Vervallen: te vaak een verkeerde code"),
    }
)

# What the rules say no with (portal.domain.refusal), as staff read it.
REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "too_many": N_("U probeerde dit te vaak. Wacht een uur en probeer het dan opnieuw."),
        "session_ended": N_("U bent niet meer ingelogd."),
        "password_wrong": N_("Dit wachtwoord klopt niet."),
        "password_too_short": N_("Kies een wachtwoord van minstens %(least)s tekens."),
        "password_too_long": N_("Kies een wachtwoord van hoogstens %(most)s tekens."),
        "password_common": N_("Dit wachtwoord is te makkelijk te raden. Neem bijvoorbeeld vier losse woorden."),
        "password_same": N_("Kies een ander wachtwoord dan u nu hebt."),
        "taken_by_other": N_("Een collega behandelt deze zaak al. Vraag om een overdracht."),
        "not_a_handler": N_("Deze collega mag deze zaak niet behandelen."),
        "already_matched": N_("Deze zaak hoort al bij een cursist."),
        "message_empty": N_("Schrijf een bericht."),
        "message_too_long": N_("Dit bericht is te lang: hoogstens %(most)s tekens."),
        "received_in_future": N_("De dag van ontvangst ligt in de toekomst."),
        "received_too_long_ago": N_("De dag van ontvangst ligt meer dan een jaar terug. Klopt het jaar?"),
        "not_another_door": N_("Kies hoe het verzoek binnenkwam."),
        "unknown_language": N_("Kies een taal."),
        "unknown_case": N_("Dit kenmerk bestaat niet, of de zaak is niet van uw vestiging."),
        "nothing_asked": N_("Schrijf op wat de cursist vraagt, of kies een verwerking."),
        "not_possible_in_state": N_("Dit kan niet meer: de zaak staat nu in een andere stand."),
        "extension_out_of_term": N_("Verleng met 1 tot %(most)s dagen."),
        "extension_already_decided": N_("De zaak is al besloten. Verlengen kan niet meer."),
        "extension_already_used": N_("De termijn is al een keer verlengd. Een tweede keer mag niet."),
        "extension_too_late": N_("De termijn is voorbij. Verlengen kan alleen op of voor de eerste antwoorddatum."),
        "answer_missing": N_("Er is nog geen schriftelijk antwoord."),
        "steps_open": N_("Er staan nog %(count)s stappen open."),
        "not_permitted": N_("Dit hoort niet bij uw rol."),
        "not_own_branch": N_("Deze zaak is niet van uw vestiging."),
        "second_person_needed": N_("Iemand anders moet dit goedkeuren: u nam zelf het besluit."),
        "approval_missing": N_("Eerst moet een tweede persoon dit goedkeuren."),
        "own_decision": N_("Deze klacht gaat over uw eigen besluit. Een ander moet haar behandelen."),
        "reason_missing": N_("Schrijf of kies een reden."),
        "fresh_sign_in_needed": N_("Log eerst opnieuw in. Dat moet voor deze handeling."),
        "confidentiality_not_acknowledged": N_("Bevestig eerst de geheimhouding."),
        "identity_needed": N_("Stel eerst vast wie het vraagt."),
        "no_clock": N_("Deze soort heeft geen termijn."),
        "item_undecided": N_("Kies een besluit voor elk onderdeel."),
        "bad_ground": N_("Deze grond past niet bij dit verzoek."),
        "bad_value": N_("Deze waarde kan niet kloppen."),
        "not_correctable": N_("Deze waarde kan hier niet worden verbeterd."),
        "item_gone": N_("Deze gegevens zijn er niet meer."),
        "target_missing": N_("Kies waar dit over gaat."),
        "not_matched": N_("Koppel het verzoek eerst aan een cursist."),
        "plan_keeps_all": N_("Hiervan mag nu niets worden gewist. Kies afwijzen, met de grond."),
        "plan_keeps_some": N_("Een deel hiervan moet nog blijven. Kies deels toewijzen, met de grond."),
        "activity_mandatory": N_("Deze verwerking is verplicht en kan niet stoppen."),
        "takes_effect_without_decision": N_("Intrekken van toestemming werkt direct, zonder besluit."),
        "words_too_long": N_("Deze tekst is te lang."),
        "not_an_erasure": N_("Alleen wissen vraagt om goedkeuring."),
        "nothing_to_approve": N_("Er is niets om goed te keuren."),
        "already_approved": N_("Dit is al goedgekeurd."),
        "nothing_to_carry_out": N_("Er is niets meer dat het portaal zelf kan doen."),
        "review_open": N_("Er zijn nog %(count)s beelden niet bekeken. Bekijk eerst elk beeld."),
        "boxes_missing": N_("Kies eerst welke vakken zwart worden."),
        "bad_box": N_("Een vlak valt buiten het beeld."),
        "already_released": N_("De kopie is al vrijgegeven."),
        "not_a_search": N_("Bij deze stap horen geen bladzijden."),
        "upload_too_many": N_("Er zijn al genoeg bladzijden."),
        "upload_too_much": N_("Samen zijn deze bladzijden te groot."),
        "scan_missing": N_("Voeg eerst toe wat is gevonden."),
        "package_not_ready": N_("De kopie wordt nog ingepakt."),
        "search_open": N_("Er zijn nog %(count)s plaatsen niet doorzocht."),
        "bad_way": N_("Zo kunt u niet vaststellen wie het is."),
        "way_too_light": N_("Deze manier is niet zeker genoeg."),
        "already_confirmed": N_("Dit was al vastgesteld, even zeker of zekerder."),
        "nothing_restricted": N_("Deze zaak beperkt niets meer."),
        "not_announced": N_("Vertel het eerst aan de cursist."),
        "not_told_yet": N_("De cursist heeft het bericht nog niet. Wacht tot de e-mail weg is of de brief gepost."),
        "bad_kind": N_("Dit document bestaat niet."),
        "not_released": N_("Het antwoord is nog niet vrijgegeven."),
        "export_expired": N_("De kopie is verlopen."),
        "bad_date": N_("Kies een dag vanaf de ontvangst tot en met vandaag."),
        "nothing_to_post": N_("Deze brief hoort niet bij deze zaak."),
        "task_ended": N_("Deze aanvraag is al klaar of verlopen."),
        "not_on_file": N_(
            "Dit adres of telefoonnummer staat niet (meer) in het dossier, of het kwam uit een verzoek van iemand die "
            "wij niet zeker genoeg kennen. Dan kan de cursist naar kantoor komen."
        ),
        "not_printed": N_("Print eerst de brief."),
        "reason_too_long": N_("Deze tekst is te lang: hoogstens %(most)s tekens."),
        "bad_purpose": N_("Kies waarvoor de kopie is."),
        "upload_already_allowed": N_("De cursist mag al een kopie sturen."),
        "upload_none": N_("Er is niets (meer) om te bekijken."),
        "value_not_shown": N_("Deze waarde wordt niet aan medewerkers getoond."),
        "username_taken": N_("Deze gebruikersnaam bestaat al."),
        "username_invalid": N_("Gebruik 3 tot 64 letters, cijfers, punten of streepjes."),
        "email_invalid": N_("Dit is geen e-mailadres."),
        "name_missing": N_("Vul de naam in."),
        "role_missing": N_("Kies minstens één rol."),
        "branch_missing": N_("Kies de vestiging van de behandelaar."),
        **ACCOUNT_REFUSALS,
        **REACH_REFUSALS,
        **CASE_REFUSALS,
        **CAMPAIGN_REFUSALS,
        **REGISTER_REFUSALS,
        **INTAKE_REFUSALS,
    }
)
UNKNOWN_REFUSAL = N_("Dit kan niet: de regels laten het niet toe.")

# The one next action of a case: heading, explanation.
NEXT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "upload": (N_("Bekijk de kopie van het bewijs"), N_("Uw oordeel wist haar. Een besluit kan daarna pas.")),
        "match": (
            N_("Zoek uit van wie dit verzoek is"),
            N_("Het verzoek hoort nog bij niemand. De termijn loopt al."),
        ),
        "take": (N_("Neem de zaak in behandeling"), N_("Nog niemand werkt eraan.")),
        "decide": (N_("Neem een besluit"), N_("Kies per onderdeel: toewijzen, deels of afwijzen.")),
        "confirm_identity": (
            N_("Stel vast wie het vraagt"),
            N_("Het besluit kan pas worden uitgevoerd als wij zeker weten wie het is."),
        ),
        "approve": (N_("Keur het wissen goed"), N_("Een tweede persoon kijkt mee voordat er iets wordt gewist.")),
        "approve_by_other": (
            N_("Wacht op goedkeuring"),
            N_("Iemand anders dan de beslisser keurt het wissen goed: de privacymedewerker of de directeur."),
        ),
        "tell_first": (
            N_("Laat het de cursist eerst weten"),
            N_("Het wissen wacht tot de mail weg is, of tot de brief op de post is. Pas dan gaat de bedenktijd in."),
        ),
        "cooling_off": (
            N_("Wacht: de cursist kan het wissen nog stoppen"),
            N_("Daarna voert het portaal het vanzelf uit."),
        ),
        "carry_out": (N_("Voer het besluit uit"), N_("Het portaal doet zijn eigen deel in één keer.")),
        "search": (N_("Zoek eerst overal"), N_("De kopie kan pas vrij als elke plaats is doorzocht.")),
        "look": (N_("Bekijk eerst de beelden"), N_("De kopie kan pas vrij als elk beeld is bekeken.")),
        "steps": (N_("Werk de open stappen af"), N_("De zaak sluit als elke stap klaar is of niet kan.")),
        "changes": (
            N_("Wacht op de cursistenadministratie"),
            N_("De zaak sluit als op de wijzigingslijst staat dat alles daar is overgenomen."),
        ),
        "close": (N_("Alles is klaar"), N_("De zaak sluit vanzelf.")),
        "": (N_("Er is niets meer te doen"), ""),
    }
)

VERDICTS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.ERASE: N_("Nu wissen"),
        Verdict.RESTRICT: N_("Bewaren, niet gebruiken"),
        Verdict.KEEP: N_("Bewaren"),
    }
)

PLAN_WHYS: Mapping[Why, str] = MappingProxyType(
    {
        Why.RETENTION_OVER: N_("de bewaartermijn is voorbij"),
        Why.NOT_NEEDED: N_("niet meer nodig"),
        Why.CONSENT_ENDED: N_("de toestemming is ingetrokken"),
        Why.OBJECTION_UPHELD: N_("het bezwaar is toegewezen"),
        Why.LEGAL_OBLIGATION: N_("een wet verplicht tot bewaren"),
        Why.PUBLIC_TASK: N_("nodig voor een taak van algemeen belang"),
        Why.CONTRACT_RUNNING: N_("de overeenkomst loopt nog"),
        Why.VITAL_INTEREST: N_("nodig voor een vitaal belang"),
        Why.STILL_NEEDED: N_("nog nodig voor het doel"),
        Why.OBJECTION_PENDING: N_("een bezwaar wordt nog gewogen"),
        Why.LEGAL_CLAIM: N_("nodig voor een rechtszaak"),
    }
)

FOUND: Mapping[str, str] = MappingProxyType(
    {
        "nothing": N_("Niets gevonden"),
        "copy": N_("Gevonden: de bladzijden zijn toegevoegd"),
        "look": N_("Gevonden: de cursist mag komen kijken"),
    }
)

LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "receipt": N_("De ontvangstbevestiging"),
        "extension": N_("Het bericht dat er meer tijd nodig is"),
        "late": N_("Het bericht dat wij te laat zijn"),
        "message": N_("Een bericht van ons"),
        "answer": N_("Het antwoord"),
        "copy": N_("Het antwoord met de kopie van de gegevens"),
        "done": N_("Het bericht dat alles is uitgevoerd"),
        "changed": N_("Het bericht dat er iets is veranderd"),
        "planned": N_("Het bericht dat wij gaan wissen"),
    }
)
