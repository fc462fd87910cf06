"""Why a file, a line or an image of an export is not taken over: what the report of an import says, to staff only.

Codes are stable: they appear in reports as JSON. No text ever holds a value. Faults of single values, which students
meet too, are in faults.VALUES.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from portal.i18n import N_

STRUCTURE: Mapping[str, str] = MappingProxyType(
    {
        "folder_missing": N_("Deze map bestaat niet."),
        "file_missing": N_("Dit bestand ontbreekt."),
        "not_regular_file": N_("Dit is geen gewoon bestand (een koppeling of map)."),
        "too_large": N_("Dit bestand is te groot."),
        "empty_file": N_("Dit bestand is leeg."),
        "nul_byte": N_("Dit is geen tekstbestand: het bevat nul-bytes."),
        "unknown_encoding": N_("De tekens zijn geen UTF-8 en geen cp1252."),
        "mixed_encoding": N_("Dit bestand mengt UTF-8 en cp1252."),
        "line_too_long": N_("Dit bestand heeft een regel die te lang is."),
        "unknown_delimiter": N_("Het scheidingsteken is onbekend: geen van de kolommen is gevonden."),
        "missing_column": N_("Deze kolom ontbreekt."),
        "duplicate_column": N_("Deze kolom staat er twee keer in."),
        "not_xlsx": N_("Dit Excel-bestand is niet te lezen."),
        "old_excel": N_("Dit is een oud of versleuteld Excel-bestand. Bewaar het als .xlsx."),
        "zip_bomb": N_("Dit Excel-bestand is uitgepakt te groot."),
        "xml_entities": N_("Dit Excel-bestand bevat verboden XML."),
        "sheet_missing": N_("Dit werkblad ontbreekt."),
        "too_many_rows": N_("Dit werkblad heeft te veel rijen."),
        "mapping_unreadable": N_("De koppeling is geen geldige TOML."),
        "key_missing": N_("Deze sleutel ontbreekt."),
        "key_unknown": N_("Deze sleutel is onbekend."),
        "wrong_type": N_("Deze sleutel heeft een verkeerde vorm."),
        "other_policy": N_("De koppeling hoort bij een ander beleid."),
        "unknown_dataset": N_("Het beleid kent deze gegevensset niet."),
        "unknown_field": N_("Het beleid kent dit veld niet."),
        "unknown_choice": N_("Het beleid kent deze keuze niet."),
        "double_binding": N_("Twee kolommen wijzen naar hetzelfde veld."),
        "required_unbound": N_("Een verplicht veld heeft geen kolom."),
        "key_unbound": N_("Een veld van de sleutel heeft geen kolom."),
        "no_students_file": N_("Precies één bestand moet de cursisten bevatten."),
        "no_programmes_file": N_("Geen enkel bestand zegt wanneer een traject eindigt."),
        "unsafe_name": N_("Deze bestandsnaam is niet toegestaan."),
    }
)

ROWS: Mapping[str, str] = MappingProxyType(
    {
        "cell_count": N_("De regel heeft te veel of te weinig cellen."),
        "bad_quotes": N_("De aanhalingstekens op deze regel kloppen niet."),
        "end_before_start": N_("De einddatum ligt voor de begindatum."),
        "duplicate_student": N_("Deze cursist staat er twee keer in."),
        "duplicate_record": N_("Deze regel staat er twee keer in."),
        "unknown_student": N_("Deze cursist staat niet in het cursistenbestand."),
        "student_left_out": N_("De regel van deze cursist is niet overgenomen."),
        "unmapped_column": N_("Deze kolom is niet gekoppeld en wordt niet overgenomen."),
        "unread_file": N_("Dit bestand hoort niet bij de koppeling en wordt niet gelezen."),
        "past_term": N_("De bewaartermijn van deze cursist is voorbij."),
        "no_programme": N_("Deze cursist heeft geen traject."),
        "letter_lost": N_("Er is waarschijnlijk een letter verloren gegaan."),
        "letter_garbled": N_("Er zijn waarschijnlijk letters beschadigd."),
        "illness_remark": N_("De opmerking noemt een ziekte en is verborgen voor medewerkers."),
    }
)

IMAGES: Mapping[str, str] = MappingProxyType(
    {
        "image_missing": N_("Deze afbeelding ontbreekt."),
        "image_unsafe_name": N_("Deze bestandsnaam is niet toegestaan."),
        "image_not_regular": N_("Dit is geen gewoon bestand."),
        "image_too_large": N_("Deze afbeelding is groter dan 10 MB."),
        "image_too_many_pixels": N_("Deze afbeelding heeft te veel beeldpunten."),
        "image_wrong_type": N_("Dit is geen PNG of JPEG."),
        "image_damaged": N_("Deze afbeelding is beschadigd."),
        "image_trailing_data": N_("Achter deze afbeelding staan andere gegevens."),
        "image_animated": N_("Dit is een bewegend beeld."),
        "image_unlisted": N_("Deze afbeelding staat niet in de lijst."),
    }
)

ARCHIVES: Mapping[str, str] = MappingProxyType(
    {
        "archive_damaged": N_("Dit zipbestand is beschadigd of geen zipbestand."),
        "archive_encrypted": N_("Dit zipbestand heeft een wachtwoord. Maak het zonder wachtwoord."),
        "archive_too_many": N_("Dit zipbestand bevat te veel bestanden."),
        "archive_link": N_("Dit zipbestand bevat een koppeling of een bijzonder bestand."),
        "archive_unsafe_name": N_("Een bestandsnaam wijst buiten de map of bevat tekens die niet mogen."),
        "archive_twice": N_("Hetzelfde bestand staat er twee keer in."),
        "archive_bomb": N_("De bestanden zijn uitgepakt te groot."),
        "archive_method": N_("Dit zipbestand is op een ongewone manier ingepakt. Maak een gewone zip."),
        "archive_nested": N_("Er zit een ingepakt bestand in. Pak dat eerst uit."),
        "archive_empty": N_("Dit zipbestand is leeg."),
        "archive_beside_files": N_("Stuur één zipbestand, of losse bestanden, niet allebei."),
        "archive_too_heavy": N_("Het uitpakken duurde te lang. Dit bestand is niet te vertrouwen."),
        "busy": N_("Het is nu druk. Probeer het straks nog een keer."),
    }
)
