"""Remarks that name an illness, per language, and those that do not."""

from __future__ import annotations

import pytest

from portal.intake.remarks import matched, names_illness, normalised, word_lists

NAMING = {
    "nl": [
        "heeft diabetes, moet naar internist",
        "griep",
        "migraine",
        "depressie, in behandeling",
        "Hoofdpijn!",
        "gebroken been",
        "had LONGONTSTEKING",
        "naar de psycholoog",
        "knieoperatie",
        "geen griep meer",
        "burn-out",
        "hoge bloeddruk",
        "COVID-19",
        "zoon heeft waterpokken",
        "pijn in de rug",
    ],
    "en": [
        "has the flu",
        "Diabetic",
        "broken leg",
        "headache",
        "sees a psychiatrist",
        "mental health",
        "caught a cold",
        "kidney stones",
    ],
    "ar": ["مريض بالسكري", "عنده صداع", "إنفلونزا", "اكتئاب", "ضغط الدم مرتفع", "ألم في الظهر", "والسرطان"],
    "fa": ["دیابت دارد", "سردرد", "سرما خورده است", "سرماخوردگی", "افسردگی", "فشار خون بالا", "سرطان"],
    "ti": ["ሕማም ሽኮርያ", "ሕማም ርእሲ", "ብጉንፋዕ", "መንሽሮ", "ጸቕጢ ደም"],
    "tr": [
        "şeker hastası",
        "GRİP OLDU",
        "baş ağrısı",
        "Migreni tuttu",
        "ameliyat oldu",
        "depresyonda",
        "tansiyonu yüksek",
        "ishal",
    ],
    "uk": [
        "має діабет",
        "мігрень",
        "грип",
        "болить голова",
        "депресія",
        "запалення легень",
        "зламав ногу",
        "Пневмонія",
    ],
}
NOT_NAMING = {
    "nl": [
        "belde af",
        "ziek",
        "ziek gemeld",
        "ziekte",
        "naar de dokter",
        "in het ziekenhuis",
        "vakantie",
        "bevalling",
        "aanvraag in behandeling",
        "heeft geen grip op de planning",
        "coöperatie",
        "te laat, trein",
        "klachten over de les",
        "ms Teams deed het niet",
        "moest werken",
        "afspraak bij DUO",
        "zwanger",
    ],
    "en": [
        "called in sick",
        "ill",
        "doctor's appointment",
        "on holiday",
        "late, missed the bus",
        "hospital",
        "depressing weather",
    ],
    "ar": ["مريض", "عند الطبيب", "في إجازة", "تأخر القطار", "كتب لنا بنفسه"],
    "fa": ["بیمار است", "نزد دکتر", "تعطیلات", "کتب درسی", "دیر کرد"],
    "ti": ["ሓሚሙ", "ናብ ሓኪም", "ዕረፍቲ"],
    "tr": ["hasta", "doktora gitti", "tatilde", "Sara geç kaldı", "Ateş aradı", "otobüsü kaçırdı"],
    "uk": ["захворів", "у лікаря", "відпустка", "запізнився на потяг"],
}


@pytest.mark.parametrize("remark", [text for texts in NAMING.values() for text in texts])
def test_a_remark_that_names_an_illness_is_found(remark):
    assert names_illness(remark)


@pytest.mark.parametrize("remark", [text for texts in NOT_NAMING.values() for text in texts])
def test_a_remark_that_names_none_is_left_alone(remark):
    assert matched(remark) is None


@pytest.mark.parametrize("words", word_lists(), ids=lambda words: words.language)
def test_every_term_of_every_list_is_found_by_itself(words):
    for term in words.words | set(words.stems) | set(words.phrases):
        assert names_illness(f"vandaag {term} ."), term
    for ending in words.endings:
        assert names_illness(f"zeer{ending}"), ending


def test_there_is_a_list_for_every_language_of_the_portal():
    assert {words.language for words in word_lists()} == set(NAMING) == set(NOT_NAMING)


def test_case_accents_letter_forms_and_apostrophes_make_no_difference():
    assert normalised("Dépressie's") == "depressies"
    assert normalised("İŞHAL ısı") == "ishal isi"
    assert normalised("أُنْفُلْوَنْزَا ة ی ک") == normalised("انفلونزا ه ي ك")
    assert normalised("ሠላም ፀሐይ") == normalised("ሰላም ጸሀይ")
    assert normalised("Її Ґ й") == "її ґ й"


def test_nothing_and_signs_name_no_illness():
    assert not names_illness("")
    assert not names_illness("… 123 !?")
