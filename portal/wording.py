"""The words of the domain's codes, as students read them: Dutch messages of the student catalogue, in plain words.

Codes are stored, words are not: every page, mail, letter and export says a code through these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.domain.assurance import Way
from portal.domain.erasure_plan import Verdict, Why
from portal.domain.events import EventKind
from portal.domain.lifecycle import CaseState
from portal.domain.vocabulary import (
    Channel,
    LegalBasis,
    Level,
    Outcome,
    RequestKind,
    Sensitivity,
    Source,
    StepState,
    TargetKind,
)
from portal.i18n import N_


@dataclass(frozen=True, slots=True)
class KindWords:
    """One of the seven rights, or the complaint."""

    title: str  # as a choice: what the student wants
    name: str  # as a noun, in lists
    text: str  # what it means, in one or two sentences
    icon: str
    example: str  # in the words of a student


KINDS: Mapping[RequestKind, KindWords] = {
    RequestKind.ACCESS: KindWords(
        N_("Ik wil mijn gegevens zien"),
        N_("Gegevens zien"),
        N_("U krijgt alles te lezen wat wij over u hebben."),
        "access",
        N_("Wat weet de school over mijn examens?"),
    ),
    RequestKind.RECTIFICATION: KindWords(
        N_("Er staat iets fout"),
        N_("Gegevens verbeteren"),
        N_("Wij verbeteren wat niet klopt."),
        "rectification",
        N_("Mijn naam is verkeerd geschreven."),
    ),
    RequestKind.ERASURE: KindWords(
        N_("Ik wil dat u iets wist"),
        N_("Gegevens wissen"),
        N_("Wij gooien weg wat weg mag."),
        "erasure",
        N_("Mijn lessen zijn klaar. Mijn telefoonnummer kan weg."),
    ),
    RequestKind.RESTRICTION: KindWords(
        N_("Gebruik mijn gegevens even niet"),
        N_("Gegevens even niet gebruiken"),
        N_("Wij bewaren de gegevens. Wij gebruiken ze even niet."),
        "restriction",
        N_("Mijn adres klopt niet. Stuur nu even geen brieven."),
    ),
    RequestKind.OBJECTION: KindWords(
        N_("Ik ben het niet eens met het gebruik"),
        N_("Bezwaar maken"),
        N_("U vertelt waarom. Wij stoppen intussen."),
        "objection",
        N_("Ik wil niet op foto’s van de les."),
    ),
    RequestKind.WITHDRAWAL: KindWords(
        N_("Ik stop mijn toestemming"),
        N_("Toestemming stoppen"),
        N_("U zei eerder ja. Nu zegt u nee."),
        "withdrawal",
        N_("Ik zei ja tegen medisch advies. Nu wil ik dat niet meer."),
    ),
    RequestKind.PORTABILITY: KindWords(
        N_("Ik wil mijn gegevens meenemen"),
        N_("Gegevens meenemen"),
        N_("U krijgt een bestand voor een andere school."),
        "portability",
        N_("Ik ga naar een andere school. Mijn gegevens gaan mee."),
    ),
    RequestKind.COMPLAINT: KindWords(
        N_("Ik heb een klacht"),
        N_("Klacht"),
        N_("U bent niet tevreden. Een andere medewerker kijkt ernaar."),
        "complaint",
        N_("Ik vroeg iets. Niemand gaf antwoord."),
    ),
}

STATES: Mapping[CaseState, str] = {
    CaseState.RECEIVED: N_("Ontvangen"),
    CaseState.IN_PROGRESS: N_("Wij zijn ermee bezig"),
    CaseState.DECIDED: N_("Ons antwoord is klaar"),
    CaseState.CLOSED: N_("Klaar"),
    CaseState.TAKEN_BACK: N_("U stopte deze vraag"),
    CaseState.DUPLICATE: N_("Deze vraag was er al"),
    CaseState.ABUSE: N_("Wij doen niets met deze vraag"),
}
STATE_ICONS: Mapping[CaseState, str] = {
    CaseState.RECEIVED: "received",
    CaseState.IN_PROGRESS: "working",
    CaseState.DECIDED: "decided",
    CaseState.CLOSED: "closed",
    CaseState.TAKEN_BACK: "taken-back",
    CaseState.DUPLICATE: "closed",
    CaseState.ABUSE: "refused",
}
STATE_KINDS: Mapping[CaseState, str] = {  # the look of the tag
    CaseState.RECEIVED: "plain",
    CaseState.IN_PROGRESS: "plain",
    CaseState.DECIDED: "ok",
    CaseState.CLOSED: "ok",
    CaseState.TAKEN_BACK: "plain",
    CaseState.DUPLICATE: "plain",
    CaseState.ABUSE: "late",
}

# Steps of the tracker, by the code of `lifecycle.student_steps`.
TRACKER: Mapping[str, str] = {
    "received": N_("Wij hebben uw vraag"),
    "looked_at": N_("Wij kijken ernaar"),
    "answered": N_("U krijgt antwoord"),
    "carried_out": N_("Wij doen wat wij beloven"),
    "taken_back": N_("U stopte deze vraag"),
    "duplicate": N_("Deze vraag was er al"),
    "abuse": N_("Wij doen niets met deze vraag"),
}
TRACKER_ICONS: Mapping[str, str] = {
    "received": "received",
    "looked_at": "working",
    "answered": "decided",
    "carried_out": "executing",
    "taken_back": "taken-back",
    "duplicate": "closed",
    "abuse": "refused",
}

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.GRANTED: N_("Ja"),
    Outcome.PARTLY: N_("Voor een deel ja"),
    Outcome.REFUSED: N_("Nee"),
}
OUTCOME_KINDS: Mapping[Outcome, str] = {Outcome.GRANTED: "ok", Outcome.PARTLY: "soon", Outcome.REFUSED: "late"}

EVENTS: Mapping[EventKind, str] = {
    EventKind.RECEIVED: N_("Wij kregen uw vraag."),
    EventKind.RECORDED: N_("Wij schreven uw vraag op."),
    EventKind.MATCHED: N_("Wij zochten uw gegevens op."),
    EventKind.TAKEN: N_("Een medewerker begon ermee."),
    EventKind.ASSIGNED: N_("Een andere medewerker nam het over."),
    EventKind.MESSAGE_SENT: N_("Wij stuurden u een bericht."),
    EventKind.MESSAGE_RECEIVED: N_("U stuurde ons een bericht."),
    EventKind.NOTE_WRITTEN: N_("Een medewerker schreef iets op."),
    EventKind.IDENTITY_CONFIRMED: N_("Wij weten nu zeker wie u bent."),
    EventKind.WARNED: N_("De computer waarschuwde ons voor de tijd."),
    EventKind.ESCALATED: N_("De directeur kreeg een waarschuwing."),
    EventKind.EXTENSION_DRAFTED: N_("Wij dachten na over meer tijd."),
    EventKind.EXTENDED: N_("Wij hebben meer tijd nodig."),
    EventKind.TOLD_LATE: N_("Wij zeiden dat wij te laat zijn."),
    EventKind.SUSPENDED: N_("Wij stopten met het gebruik zolang wij kijken."),
    EventKind.RESTRICTED: N_("Wij gebruiken de gegevens even niet."),
    EventKind.TOOK_EFFECT: N_("Uw toestemming stopte."),
    EventKind.DRAFT_SAVED: N_("Wij schreven aan ons antwoord."),
    EventKind.DECIDED: N_("Ons antwoord is klaar."),
    EventKind.APPROVED: N_("Een tweede medewerker keek mee."),
    EventKind.STEP_DONE: N_("Wij deden een deel van het werk."),
    EventKind.STEP_IMPOSSIBLE: N_("Een deel van het werk kon niet."),
    EventKind.RECIPIENT_TOLD: N_("Wij vertelden het aan een andere organisatie."),
    EventKind.CORRECTED: N_("Wij verbeterden uw gegevens."),
    EventKind.ERASED: N_("Wij wisten uw gegevens."),
    EventKind.ERASURE_PLANNED: N_("Wij gaan wissen. U kunt dat nog stoppen."),
    EventKind.ERASURE_STOPPED: N_("Het wissen is gestopt."),
    EventKind.PACKAGE_BUILT: N_("Wij maakten een kopie van uw gegevens."),
    EventKind.ANSWER_RELEASED: N_("Uw kopie staat klaar."),
    EventKind.ANSWER_READ: N_("U las ons antwoord."),
    EventKind.RESTRICTION_ANNOUNCED: N_("Wij gaan de gegevens weer gebruiken."),
    EventKind.RESTRICTION_LIFTED: N_("Wij gebruiken de gegevens weer."),
    EventKind.LETTER_POSTED: N_("Wij stuurden u een brief."),
    EventKind.MAIL_FAILED: N_("Een e-mail aan u kwam niet aan."),
    EventKind.HELD: N_("Wij moeten gegevens bewaren voor een rechtszaak."),
    EventKind.HOLD_ENDED: N_("Wij hoeven die gegevens niet meer te bewaren."),
    EventKind.CLOSED: N_("Alles is klaar."),
    EventKind.TAKEN_BACK: N_("U stopte deze vraag."),
    EventKind.MERGED: N_("Wij voegden uw vraag bij een andere vraag."),
    EventKind.CLOSED_AS_ABUSE: N_("Wij doen niets met deze vraag."),
    EventKind.REOPENED: N_("Wij kijken er opnieuw naar."),
    EventKind.UPLOAD_ALLOWED: N_("U mag ons een foto van uw pas sturen."),
    EventKind.UPLOAD_RECEIVED: N_("Wij kregen uw foto."),
    EventKind.UPLOAD_ACCEPTED: N_("Wij keken naar uw foto. Hij is gewist."),
    EventKind.UPLOAD_REJECTED: N_("Uw foto was niet goed. Hij is gewist."),
    EventKind.UPLOAD_GONE: N_("Uw foto is gewist. Wij keken niet op tijd."),
}
# The same, done by somebody who acts for the student.
DONE_FOR_YOU: Mapping[EventKind, str] = {
    EventKind.RECEIVED: N_("Iemand vroeg dit voor u."),
    EventKind.MESSAGE_RECEIVED: N_("Iemand schreef ons voor u."),
    EventKind.ANSWER_READ: N_("Iemand haalde voor u de kopie op."),
    EventKind.TOOK_EFFECT: N_("Iemand stopte voor u een toestemming."),
    EventKind.TAKEN_BACK: N_("Iemand stopte deze vraag voor u."),
    EventKind.PACKAGE_BUILT: N_("Iemand vroeg voor u een nieuwe kopie."),
}
EVENT_ICONS: Mapping[EventKind, str] = {
    EventKind.RECEIVED: "received",
    EventKind.RECORDED: "received",
    EventKind.TAKEN: "working",
    EventKind.MESSAGE_SENT: "message",
    EventKind.MESSAGE_RECEIVED: "message",
    EventKind.IDENTITY_CONFIRMED: "person",
    EventKind.EXTENDED: "extended",
    EventKind.TOLD_LATE: "warning",
    EventKind.SUSPENDED: "restriction",
    EventKind.RESTRICTED: "restriction",
    EventKind.TOOK_EFFECT: "withdrawal",
    EventKind.DECIDED: "decided",
    EventKind.RECIPIENT_TOLD: "people",
    EventKind.CORRECTED: "rectification",
    EventKind.ERASED: "erasure",
    EventKind.ERASURE_PLANNED: "clock",
    EventKind.ERASURE_STOPPED: "taken-back",
    EventKind.PACKAGE_BUILT: "file",
    EventKind.ANSWER_RELEASED: "file",
    EventKind.LETTER_POSTED: "mail",
    EventKind.CLOSED: "closed",
    EventKind.TAKEN_BACK: "taken-back",
}

BASES: Mapping[LegalBasis, str] = {
    LegalBasis.CONSENT: N_("U geeft toestemming, of wij doen het niet."),
    LegalBasis.CONTRACT: N_("Het is nodig voor onze overeenkomst met u."),
    LegalBasis.LEGAL_OBLIGATION: N_("Het moet van de wet."),
    LegalBasis.VITAL_INTEREST: N_("Het kan uw leven redden."),
    LegalBasis.PUBLIC_TASK: N_("Het hoort bij een taak voor iedereen."),
    LegalBasis.LEGITIMATE_INTEREST: N_("De school heeft er een goed belang bij."),
}
SOURCES: Mapping[Source, str] = {
    Source.STUDENT: N_("Van uzelf"),
    Source.SCHOOL: N_("Van de school"),
    Source.THIRD_PARTY: N_("Van een andere organisatie"),
}
SENSITIVITIES: Mapping[Sensitivity, str] = {
    Sensitivity.ORDINARY: "",
    Sensitivity.SENSITIVE: N_("Gevoelig"),
    Sensitivity.SPECIAL: N_("Extra gevoelig"),
}
CHANNELS: Mapping[Channel, str] = {
    Channel.PORTAL: N_("Via deze website"),
    Channel.EMAIL: N_("Met een e-mail"),
    Channel.LETTER: N_("Met een brief"),
    Channel.PHONE: N_("Met de telefoon"),
    Channel.DESK: N_("Op kantoor"),
}
LEVELS: Mapping[Level, str] = {
    Level.NONE: N_("Wij weten nog niet wie u bent."),
    Level.ADDRESS: N_("U las de e-mail op uw adres."),
    Level.KNOWLEDGE: N_("Uw geboortedatum en postcode klopten."),
    Level.SECOND_CHANNEL: N_("Wij weten zeker wie u bent."),
}
WAYS: Mapping[Way, str] = {
    Way.MAIL_LINK: N_("Een link in uw e-mail."),
    Way.KNOW_BIRTH_DATE_AND_POSTCODE: N_("Uw geboortedatum en uw postcode."),
    Way.KNOW_STUDENT_NUMBER: N_("Uw geboortedatum en uw cursistnummer."),
    Way.RECOGNISED_BY_STAFF: N_("Een medewerker kent u."),
    Way.POST_CODE: N_("Een code in een brief."),
    Way.CALL_BACK: N_("Wij bellen u op uw eigen nummer."),
    Way.SHOW_ID_AT_DESK: N_("U laat uw pas zien op kantoor."),
}
TARGETS: Mapping[TargetKind, str] = {
    TargetKind.EVERYTHING: N_("Alles"),
    TargetKind.GROUP: N_("Een groep gegevens"),
    TargetKind.RECORD: N_("Eén onderdeel"),
    TargetKind.FIELD: N_("Eén gegeven"),
    TargetKind.ACTIVITY: N_("Een gebruik"),
    TargetKind.WORDS: N_("Iets anders"),
}
STEP_STATES: Mapping[StepState, str] = {
    StepState.OPEN: N_("Nog doen"),
    StepState.DONE: N_("Klaar"),
    StepState.IMPOSSIBLE: N_("Kan niet"),
}
VERDICTS: Mapping[Verdict, str] = {
    Verdict.ERASE: N_("Wij wissen dit."),
    Verdict.KEEP: N_("Dit moeten wij nog bewaren."),
    Verdict.RESTRICT: N_("Wij bewaren dit, maar gebruiken het niet."),
}
WHYS: Mapping[Why, str] = {
    Why.RETENTION_OVER: N_("De bewaartijd is voorbij."),
    Why.NOT_NEEDED: N_("Wij hebben het niet meer nodig."),
    Why.CONSENT_ENDED: N_("Uw toestemming is gestopt."),
    Why.OBJECTION_UPHELD: N_("Uw bezwaar klopt."),
    Why.LEGAL_OBLIGATION: N_("Wij moeten dit bewaren van de wet."),
    Why.PUBLIC_TASK: N_("Het hoort bij een taak voor iedereen."),
    Why.CONTRACT_RUNNING: N_("U heeft nog les bij ons."),
    Why.VITAL_INTEREST: N_("Het kan uw leven redden."),
    Why.STILL_NEEDED: N_("De school heeft dit nog nodig."),
    Why.OBJECTION_PENDING: N_("Wij kijken nog naar uw bezwaar."),
    Why.LEGAL_CLAIM: N_("Het is nodig voor een rechtszaak."),
}

# Who may act for a student, by the code of the relation; and how that stands.
RELATIONS: Mapping[str, str] = {
    "guardian": N_("Voogd of curator"),
    "parent": N_("Ouder van een kind onder 16"),
    "lawyer": N_("Advocaat"),
    "organisation": N_("Iemand van een hulporganisatie"),
    "family": N_("Familie of een goede vriend"),
}
STANDINGS: Mapping[str, str] = {
    "waiting": N_("Wacht op uw ja"),
    "to_come": N_("Begint later"),
    "active": N_("Mag nu voor u vragen"),
    "over": N_("Voorbij"),
}
STANDING_KINDS: Mapping[str, str] = {"waiting": "soon", "to_come": "plain", "active": "ok", "over": "plain"}

# Refusals that a student can meet, by the code of `Refused`.
REFUSALS: Mapping[str, str] = {
    "too_many": N_("U probeerde het te vaak. Wacht een kwartier."),
    "contact_missing": N_("Vul uw naam in. En hoe wij u bereiken."),
    "nothing_asked": N_("Kies iets, of schrijf wat u wilt."),
    "words_too_long": N_("Uw tekst is te lang."),
    "wrong_target": N_("Dit kan niet bij deze vraag."),
    "group_unknown": N_("Deze groep gegevens kennen wij niet."),
    "activity_unknown": N_("Kies een gebruik uit de lijst."),
    "message_empty": N_("Schrijf eerst een bericht."),
    "message_too_long": N_("Uw bericht is te lang."),
    "not_withdrawable": N_("Deze toestemming kunt u niet stoppen."),
    "not_possible_in_state": N_("Dit kan nu niet meer."),
    "birth_date_unreadable": N_("Deze geboortedatum begrijpen wij niet."),
    "birth_date_impossible": N_("Deze geboortedatum bestaat niet."),
    "email_invalid": N_("Dit is geen e-mailadres."),
    "same_address": N_("Dit adres hebben wij al van u."),
    "change_waiting": N_("U vroeg al om een nieuw adres."),
    "name_missing": N_("Vul de naam in."),
    "kinds_missing": N_("Kies wat deze persoon mag."),
    "ends_before_start": N_("Deze dag is al voorbij."),
    "lasts_too_long": N_("Kies een dag binnen een jaar."),
}
