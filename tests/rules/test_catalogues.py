"""The catalogues (ux.md, rules 23 to 25): whole, equal placeholders, nothing new in a translation, plurals by CLDR,
one term for each right. Every detector is tried on a planted fault."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message

from config import ROOT
from portal.cli import catalogues
from portal.domain.vocabulary import RequestKind
from portal.i18n import TONGUES, speaker
from portal.wording import KINDS

PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[#0 +-]*(?:\d+)?(?:\.\d+)?([a-zA-Z%])")
TAG = re.compile(r"</?[a-zA-Z][^>]*>|&[a-zA-Z#]\w*;")
ADDRESS = re.compile(
    r"(?:https?:|www\.|mailto:|tel:)[\w./-]*\w|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[\w-]+\.(?:nl|com|org|eu)\b"
)
FIGURES = re.compile(r"\d{6,}")  # a telephone number or the like
COUNTS = (0, 1, 2, 3, 11, 28, 100, 101)
# Which form each count takes, by CLDR.
FORMS = {
    "nl": (1, 0, 1, 1, 1, 1, 1, 1),
    "en": (1, 0, 1, 1, 1, 1, 1, 1),
    "tr": (1, 0, 1, 1, 1, 1, 1, 1),
    "fa": (0, 0, 1, 1, 1, 1, 1, 1),
    "ti": (0, 0, 1, 1, 1, 1, 1, 1),
    "uk": (2, 0, 1, 1, 2, 2, 2, 0),
    "ar": (0, 1, 2, 3, 4, 4, 5, 5),
}
INVISIBLE = {"fa": {"\u200c"}}
NOT_OURS = {"fa": "يك", "ti": "አ"}  # letters of a neighbour: STYLE.md
PRESENT = [(lang, domain) for lang, domain, _ in catalogues.present()]
GLOSSARY = tomllib.loads((ROOT / "translations" / "glossary.toml").read_text(encoding="utf-8"))


@cache
def catalogue(lang: str, domain: str) -> Catalog:
    return catalogues.read(catalogues.path_of(lang, domain))


@cache
def entries(lang: str, domain: str) -> list[tuple[Message, list[str], list[str]]]:
    """Each message with its Dutch forms and its translated ones."""
    wanted = catalogues.template(domain)
    found = []
    for message in catalogue(lang, domain):
        if message.id and wanted.get(message.id) is not None:
            dutch = list(message.id) if isinstance(message.id, tuple | list) else [message.id]
            said = list(message.string) if isinstance(message.string, tuple | list) else [message.string]
            found.append((message, [str(each) for each in dutch], [str(each) for each in said]))
    return found


def placeholders(text: str) -> Counter[tuple[str, str]]:
    return Counter((name or "", kind) for name, kind in PLACEHOLDER.findall(text))


def faults(dutch: list[str], said: list[str], lang: str) -> list[str]:
    """What a translation has that the Dutch has not, or the other way round."""
    found = []
    wanted = [placeholders(each) for each in dutch]
    for text in said:
        if placeholders(text) not in wanted:
            found.append("placeholders")
        if Counter(TAG.findall(text)) not in [Counter(TAG.findall(each)) for each in dutch]:
            found.append("markup")
        for pattern, name in ((ADDRESS, "address"), (FIGURES, "figures")):
            if set(pattern.findall(text)) - {each for source in dutch for each in pattern.findall(source)}:
                found.append(name)
        if (text[:1].isspace(), text[-1:].isspace()) != (dutch[0][:1].isspace(), dutch[0][-1:].isspace()):
            found.append("spaces at the ends")
        if any(each.isdecimal() and not each.isascii() for each in text):
            found.append("figures of another script")
        hidden = {each for each in text if unicodedata.category(each) == "Cf"} - INVISIBLE.get(lang, set())
        if hidden:
            found.append(f"invisible characters {sorted(hex(ord(each)) for each in hidden)}")
        if set(text) & set(NOT_OURS.get(lang, "")):
            found.append("letters of another language")
    return found


@pytest.mark.parametrize(("lang", "domain"), PRESENT)
def test_every_text_is_translated(lang: str, domain: str) -> None:
    lacking = catalogues.missing(catalogue(lang, domain), domain)
    print(f"{domain} {lang}: {len(catalogues.template(domain)) - len(lacking)} of {len(catalogues.template(domain))}")
    assert lacking == []


@pytest.mark.parametrize(("lang", "domain"), PRESENT)
def test_a_translation_holds_the_same_placeholders_and_nothing_new(lang: str, domain: str) -> None:
    found = {
        message.id: wrong for message, dutch, said in entries(lang, domain) if (wrong := faults(dutch, said, lang))
    }
    assert found == {}


@pytest.mark.parametrize(("lang", "domain"), PRESENT)
def test_the_plural_header_is_the_one_of_cldr_and_every_form_is_there(lang: str, domain: str) -> None:
    head = catalogues.path_of(lang, domain).read_text(encoding="utf-8").split("\n\n", maxsplit=1)[0]
    assert f'"Plural-Forms: {catalogues.PLURALS[lang]}\\n"' in head
    count = int(catalogues.PLURALS[lang].split("nplurals=")[1].split(";")[0])
    for message, dutch, said in entries(lang, domain):
        assert len(said) == (count if len(dutch) > 1 else 1), message.id


@pytest.mark.parametrize("lang", list(TONGUES))
def test_each_count_takes_its_own_form(lang: str) -> None:
    """Asked of what a page asks: the compiled catalogue."""
    one, many = "Nog %(num)d dag", "Nog %(num)d dagen"
    forms = (one, many)
    if lang != "nl":
        message = catalogue(lang, "student").get((one, many))
        assert message is not None
        forms = tuple(message.string)
    said = [speaker(lang).ngettext(one, many, number) for number in COUNTS]
    assert said == [forms[form] for form in FORMS[lang]]
    shown = [speaker(lang).plural(one, many, number) for number in COUNTS]
    assert all(str(number) in text for number, text in zip(COUNTS, shown, strict=True))


def bare(term: str) -> str:
    """Without the Dutch word in brackets, to compare."""
    return re.sub(r"\s*\([^)]*\)", "", term).strip().casefold()


@pytest.mark.parametrize("lang", [lang for lang in TONGUES if lang != "nl"])
def test_each_right_has_one_name_and_it_is_the_one_of_the_glossary(lang: str) -> None:
    terms = {each["right"]: each for each in GLOSSARY["term"] if "right" in each}
    assert set(terms) == set(RequestKind)
    for kind, words in KINDS.items():
        assert speaker(lang).gettext(words.name).casefold() == bare(terms[kind][lang]), kind


@pytest.mark.parametrize("lang", [lang for lang in TONGUES if lang != "nl"])
def test_no_right_is_called_by_a_word_that_the_glossary_leaves_out(lang: str) -> None:
    """Where the Dutch names the right, the translation does not use a word that means something else."""
    wrong = []
    for term in (each for each in GLOSSARY["term"] if "right" in each):
        avoided = [each.casefold() for each in term.get("avoid", {}).get(lang, [])]
        dutch = re.compile(rf"\b{re.escape(term['nl'])}\b", re.IGNORECASE)
        for message, ids, said in entries(lang, "student"):
            if dutch.search(ids[0]):
                text = " ".join(said).casefold()
                wrong += [(message.id, each) for each in avoided if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text)]
    assert wrong == []


def test_who_reviewed_a_language_stands_in_one_place() -> None:
    """A language that says it was read by a native speaker has a line with who and when; nl is the master itself."""
    lines = (ROOT / "translations" / "REVIEW.md").read_text(encoding="utf-8")
    for tongue in TONGUES.values():
        row = re.search(rf"^\| {tongue.code} \|(.*)\|$", lines, re.MULTILINE)
        assert row, f"say in translations/REVIEW.md how {tongue.code} stands"
        assert ("not yet" not in row[1]) == tongue.reviewed, tongue.code


def test_the_detectors_find_planted_faults() -> None:
    planted = [
        (["Om %(time)s"], ["At %(tijd)s"], "placeholders"),
        (["Om %(time)s"], ["At"], "placeholders"),
        (["100%% zeker"], ["100% sure"], "placeholders"),
        (["Klaar"], ["<b>Done</b>"], "markup"),
        (["Klaar"], ["Done &amp; over"], "markup"),
        (["Klaar"], ["See www.example.org"], "address"),
        (["Klaar"], ["Mail me@example.org"], "address"),
        (["Bel ons"], ["Call 0612345678"], "figures"),
        (["Klaar "], ["Done"], "spaces at the ends"),
        (["4 weken"], ["٤ أسابيع"], "figures of another script"),
        (["Klaar"], ["Do\u202ene"], "invisible characters ['0x202e']"),
        (["Klaar"], ["كامل"], "letters of another language"),
    ]
    for dutch, said, fault in planted:
        assert fault in faults(dutch, said, "fa"), said
    assert faults(["Nog %(num)d dag", "Nog %(num)d dagen"], ["%(num)d روز مانده"], "fa") == []
