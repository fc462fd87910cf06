"""The shipped file says what the regulation of JAR Opleidingen says, and marks what it does not say."""

from __future__ import annotations

import pytest

from portal.domain.assurance import DEFAULT_LEVELS
from portal.domain.vocabulary import OBJECTABLE, FieldType, LegalBasis, Level, RequestKind, Role, Sensitivity
from portal.policy.loader import load_policy
from portal.policy.model import GROUPS, OWN_SECTION, Field
from portal.services import campaign_letters, change_list, conflicts, retention_pages, second_channel_tasks

POLICY = load_policy()
FIELDS: list[Field] = [field for dataset in POLICY.datasets.values() for field in dataset.fields.values()]

# Columns of the school's export and the field that takes each (regulation, art. 3.1).
EXPORT = {
    "cursisten": {
        "Cursistnummer": "person.student_number", "Achternaam": "person.family_name",
        "Tussenvoegsel": "person.name_prefix", "Voornamen": "person.given_names", "Voorletters": "person.initials",
        "Titel": "person.title", "Geslacht": "person.sex", "Geboortedatum": "person.birth_date",
        "Geboorteplaats": "person.birth_place", "Nationaliteit": "person.nationality", "BSN": "person.bsn",
        "Adres": "person.street", "Postcode": "person.postcode", "Woonplaats": "person.town",
        "E-mail": "person.email", "Telefoon": "person.phone", "IBAN": "bank.iban",
        "Verblijfsvergunning": "permit.kind", "Vergunning geldig tot": "permit.valid_until",
        "Voorkeurstaal": "person.preferred_language", "Vestiging": "person.branch",
    },
    "trajecten": {
        "Trajectnummer": "programme.programme_number", "Opleiding": "programme.training", "Doel": "programme.goal",
        "Inburgeringsplichtig": "programme.integration_duty", "Niveau intake": "programme.intake_level",
        "Leerprofiel": "programme.learning_profile", "Startdatum": "programme.start_date",
        "Einddatum": "programme.end_date", "Opdrachtgever": "programme.client", "Groep": "programme.class_group",
        "Lestijden": "programme.lesson_times", "Kosten": "payment.cost", "Betaalwijze": "payment.payment_method",
        "Verblijfsduur NL (maanden)": "programme.residence_months",
        "Voorinburgering AZC": "programme.reception_centre_preparation",
        "Opleiding land van herkomst": "education.education_abroad", "Jaren scholing": "education.years_of_schooling",
        "Werkervaring": "education.work_experience",
    },
    "aanwezigheid": {
        "Trajectnummer": "attendance.programme_number", "Lesdatum": "attendance.lesson_date",
        "Status": "attendance.status", "Reden": "attendance.reason", "Opmerking": "attendance.remark",
    },
    "examens": {"Onderdeel": "exam.part", "Datum": "exam.date", "Uitslag": "exam.result", "Cijfer": "exam.mark"},
    "ontheffingen": {
        "Soort ontheffing": "exemption.kind", "Datum aanvraag": "exemption.application_date",
        "Besluit": "exemption.decision", "Medisch adviseur": "exemption.medical_adviser",
    },
    "schermafbeeldingen": {
        "Bestand": "screenshot.image", "Lesdatum": "screenshot.lesson_date", "Groep": "screenshot.class_group",
        "Cursistnummers": "screenshot.others_visible",
    },
    "toestemmingen": {
        "Waarvoor": "consent.activity", "Datum": "consent.date", "Versie reglement": "consent.regulation_version",
        "Bewijs": "consent.proof",
    },
    "verstrekkingen": {"Aan": "disclosure.recipient", "Datum": "disclosure.date", "Wat": "disclosure.what"},
}  # fmt: skip

# Closed values of the export and where their labels stand.
VALUES = {
    "attendance.status": ("aanwezig", "afwezig"),
    "attendance.reason": ("ziekte", "bevalling", "vakantie"),
    "permit.kind": ("onbepaalde tijd", "tijdelijke bescherming", "regulier bepaalde tijd", "asiel bepaalde tijd"),
    "exemption.kind": ("medisch", "aantoonbare inspanning", "bijzondere omstandigheden"),
    "exemption.decision": ("in behandeling", "verleend", "afgewezen"),
    "programme.goal": ("werk", "inburgeringsplicht", "naturalisatie"),
    "programme.intake_level": ("A0", "A1-", "A1", "A2"),
    "education.education_abroad": ("geen", "basisschool", "middelbaar", "universiteit"),
    "payment.payment_method": ("DUO-lening", "factuur gemeente", "incasso"),
    "exam.part": ("Lezen", "Schrijven", "Luisteren", "Spreken", "PVT", "MAP", "KNM", "ONA"),
    "exam.result": ("gezakt", "geslaagd", "niet verschenen"),
    "consent.activity": (
        "cursusovereenkomst en privacyreglement",
        "diplomawaardering",
        "gegevens naar gemeente bij gewijzigd aanbod",
        "medisch advies ontheffing",
    ),
    "disclosure.recipient": ("DUO", "Panteia", "Gemeente"),
    "person.branch": ("Langedijk", "Alkmaar", "Hoorn", "Den Helder"),
}

# Article 3.1, group by group: what the regulation names must have a field there, and nothing else is in the group.
GROUP_FIELDS = {
    1: {
        "person.student_number", "person.family_name", "person.name_prefix", "person.given_names", "person.initials",
        "person.title", "person.sex", "person.birth_date", "person.street", "person.postcode", "person.town",
        "person.email", "person.phone", "person.preferred_language",
    },
    2: {"bank.iban"},
    3: {"person.bsn"},
    4: {"person.nationality", "person.birth_place"},
    5: {"permit.kind", "permit.valid_until"},
    6: {
        "education.programme_number", "education.education_abroad", "education.years_of_schooling",
        "education.work_experience", "education.courses_followed", "education.diploma", "education.diploma_valuation",
    },
    7: {
        "programme.programme_number", "programme.training", "programme.goal", "programme.integration_duty",
        "programme.intake_level", "programme.learning_profile", "programme.start_date", "programme.end_date",
        "programme.client", "programme.residence_months", "programme.reception_centre_preparation", "exemption.kind",
        "exemption.application_date", "exemption.decision", "exemption.medical_adviser",
    },
    8: {
        "attendance.programme_number", "attendance.lesson_date", "attendance.status", "attendance.reason",
        "attendance.remark",
    },
    9: {
        "person.branch", "programme.class_group", "programme.lesson_times", "programme.ona_module",
        "payment.programme_number", "payment.cost", "payment.payment_method", "exam.part", "exam.date", "exam.result",
        "exam.mark",
    },
    10: {
        "screenshot.lesson_date", "screenshot.class_group", "screenshot.participated", "screenshot.image",
        "screenshot.number", "screenshot.others_visible",
    },
}  # fmt: skip


@pytest.mark.parametrize("file", EXPORT)
def test_every_column_of_the_export_has_a_field(file: str) -> None:
    for reference in EXPORT[file].values():
        dataset, _, code = reference.partition(".")
        assert POLICY.field(dataset, code)


@pytest.mark.parametrize("reference", VALUES)
def test_every_closed_value_of_the_export_is_the_label_of_a_choice(reference: str) -> None:
    dataset, _, code = reference.partition(".")
    assert set(VALUES[reference]) <= {choice.label for choice in POLICY.field(dataset, code).choices}


def test_the_ten_groups_hold_exactly_what_article_3_1_names() -> None:
    assert tuple(POLICY.groups) == tuple(GROUPS)
    for number in GROUPS:
        assert {f"{field.dataset}.{field.code}" for field in FIELDS if field.group == number} == GROUP_FIELDS[number]
    assert {field.dataset for field in FIELDS if field.group == OWN_SECTION} == {"consent", "disclosure"}


def test_there_are_eight_purposes_in_the_order_of_article_4_2() -> None:
    assert [purpose.number for purpose in POLICY.purposes.values()] == list(range(1, 9))
    assert not any(purpose.assumed for purpose in POLICY.purposes.values())


def test_health_is_special_and_needs_a_second_channel() -> None:
    special = {f"{field.dataset}.{field.code}" for field in FIELDS if field.sensitivity is Sensitivity.SPECIAL}
    assert special == {"attendance.reason", "attendance.remark", "exemption.kind", "exemption.medical_adviser"}
    assert all(field.level is Level.SECOND_CHANNEL for field in FIELDS if field.sensitivity is not Sensitivity.ORDINARY)


def test_citizen_number_account_permit_and_exemption_are_sensitive() -> None:
    sensitive = {f"{field.dataset}.{field.code}" for field in FIELDS if field.sensitivity is Sensitivity.SENSITIVE}
    assert sensitive == {
        "person.bsn",
        "bank.iban",
        "permit.kind",
        "permit.valid_until",
        "exemption.application_date",
        "exemption.decision",
    }


def test_students_are_found_by_number_name_mail_and_phone_and_never_by_citizen_number() -> None:
    found = {field.code: field.lookup for field in FIELDS if field.lookup}
    assert found == {
        "student_number": "student_number",
        "family_name": "name",
        "given_names": "name",
        "email": "email",
        "phone": "phone",
    }


def test_names_birth_date_nationality_citizen_number_and_permit_ask_which_document_shows_them() -> None:
    for reference in (
        "person.family_name", "person.given_names", "person.birth_date", "person.nationality", "person.bsn",
        "permit.kind", "permit.valid_until",
    ):  # fmt: skip
        field = POLICY.field(*reference.split("."))
        assert field.evidence
        assert field.master == "BRP"


def test_everything_goes_three_years_after_the_programme_and_the_exemption_after_six() -> None:
    assert (POLICY.retention["standard"].years, POLICY.retention["standard"].starts) == (3, "programme_end")
    assert (POLICY.retention["exemption"].years, POLICY.retention["exemption"].starts) == (6, "programme_end")
    for field in FIELDS:
        assert field.retention == ("exemption" if field.dataset == "exemption" else "standard")


def test_the_terms_of_the_portals_own_classes_are_assumed() -> None:
    own = set(POLICY.retention) - {"standard", "exemption"}
    assert {"case", "mail", "export", "upload", "draft", "sign_in", "view", "audit_detail", "log"} <= own
    assert all(POLICY.retention[code].assumed for code in own)
    assert POLICY.retention["export"].days == 14
    assert POLICY.retention["upload"].days == 3  # 72 hours


def test_the_clock_is_four_weeks_and_four_more() -> None:
    assert (POLICY.term.answer_days, POLICY.term.extension_days) == (28, 28)
    assert POLICY.term.extension_draft_day == 24
    assert POLICY.term.warn_days_before == (7, 2, 0)


def test_consents_can_be_withdrawn_and_the_signed_agreement_is_none() -> None:
    consents = {code for code, activity in POLICY.activities.items() if activity.basis is LegalBasis.CONSENT}
    assert consents == {"diploma_valuation", "medical_advice", "municipality_changed_offer"}
    for code in consents:
        activity = POLICY.activities[code]
        assert activity.export_label
        assert activity.consent_text
        assert activity.consequence
        assert activity.continues
    agreement = [a for a in POLICY.activities.values() if a.export_label == "cursusovereenkomst en privacyreglement"]
    assert [(activity.code, activity.basis) for activity in agreement] == [("training", LegalBasis.CONTRACT)]


def test_the_choices_of_consent_and_disclosure_are_activities_and_recipients() -> None:
    asked = {choice.code: choice.label for choice in POLICY.field("consent", "activity").choices}
    assert asked == {code: a.export_label for code, a in POLICY.activities.items() if a.export_label}
    told = {choice.code for choice in POLICY.field("disclosure", "recipient").choices}
    assert told == set(POLICY.recipients)
    assert {choice.code for choice in POLICY.field("person", "branch").choices} == set(POLICY.branches)
    assert {choice.code for choice in POLICY.field("person", "preferred_language").choices} == set(POLICY.languages)


def test_what_rests_on_the_schools_interest_can_be_objected_to() -> None:
    objectable = {code for code, activity in POLICY.activities.items() if activity.basis in OBJECTABLE}
    assert objectable == {"lesson_screenshots", "exemption_proof"}


def test_legal_duties_are_mandatory_and_say_what_goes_on() -> None:
    duties = {code for code, activity in POLICY.activities.items() if activity.basis is LegalBasis.LEGAL_OBLIGATION}
    assert {"duo_financing", "exam_registration", "quality_survey"} <= duties
    assert duties == {code for code, activity in POLICY.activities.items() if activity.mandatory}


def test_duo_and_the_municipality_answer_for_themselves() -> None:
    assert POLICY.recipients["duo"].role == "controller"
    assert POLICY.recipients["municipality"].role == "controller"
    labels = {label: code for code, recipient in POLICY.recipients.items() for label in recipient.export_labels}
    assert labels["DUO"] == "duo"
    assert labels["Panteia"] == "panteia"
    assert labels["Gemeente"] == "municipality"


def test_four_holders_are_searched() -> None:
    assert list(POLICY.holders) == ["portal", "student_administration", "paper_file", "mailbox"]


@pytest.mark.parametrize("kind", RequestKind)
def test_each_kind_of_request_can_be_refused_on_a_ground_of_the_law(kind: RequestKind) -> None:
    assert any(not ground.regulation_only for ground in POLICY.grounds_for(kind))


def test_the_wider_grounds_of_the_regulation_are_marked() -> None:
    wider = {code for code, ground in POLICY.grounds.items() if ground.regulation_only}
    assert wider == {"impossible", "reasonable_interest", "unreasonable_effort"}


def test_the_court_is_named_with_six_weeks_and_without_a_lawyer() -> None:
    how = POLICY.authorities["court"].how
    assert "zes weken" in how
    assert "geen advocaat" in how
    assert list(POLICY.authorities) == ["school", "trade_association", "supervisor", "court"]


def test_every_reason_that_the_portal_gives_for_a_view_itself_can_be_read_by_the_student() -> None:
    given = (campaign_letters.WHY, change_list.WHY, retention_pages.WHY, conflicts.REASON, second_channel_tasks.REASON)
    assert [code for code in given if code not in POLICY.reasons] == []


def test_levels_are_those_of_the_domain() -> None:
    assert dict(POLICY.identity.levels) == {str(act): level for act, level in DEFAULT_LEVELS.items()}


def test_what_the_regulation_leaves_open_is_assumed() -> None:
    """Article 9.1 knows no ladder of proof, article 6 no officer, and article 4.1 gives few activities their basis."""
    assert POLICY.identity.assumed
    assert POLICY.roles.assumed
    assert {code for code, activity in POLICY.activities.items() if not activity.assumed} == {
        "training",
        "attendance",
        "duo_financing",
        "exam_registration",
        "quality_survey",
        "diploma_valuation",
        "medical_advice",
        "municipality_changed_offer",
    }
    asked = {field.code for field in FIELDS if field.level is Level.KNOWLEDGE}
    assert asked == {"student_number", "birth_date", "postcode", "image"}
    assert all(field.assumed for field in FIELDS if field.level is Level.KNOWLEDGE)


def test_seven_languages_and_four_roles_have_names() -> None:
    assert list(POLICY.languages) == ["nl", "en", "ar", "fa", "ti", "tr", "uk"]
    assert set(POLICY.roles.names) == set(Role)


def test_fields_lead_to_their_activities() -> None:
    citizen_number = POLICY.field("person", "bsn")
    assert [activity.code for activity in POLICY.activities_of(citizen_number)] == [
        "duo_financing",
        "exam_registration",
    ]
    assert citizen_number.type is FieldType.BSN


def test_the_loaded_policy_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        POLICY.datasets["other"] = POLICY.datasets["person"]  # type: ignore[index]


def test_a_dataset_with_a_key_has_many_records() -> None:
    assert {code for code, dataset in POLICY.datasets.items() if not dataset.many} == {"person", "bank", "permit"}
