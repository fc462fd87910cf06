"""Catalogues of the translations: `python -m portal.cli.catalogues compile | update | begin LANG DOMAIN | check`.

Two domains: `student` (every language) and `staff` (English). A catalogue is offered only when it knows every text of
its domain (ux.md, rule 24): compiling one that lacks some leaves a `.incomplete` file beside it, which portal/i18n.py
heeds. Plural forms are pinned from CLDR, because Babel's own are wrong for some of these languages (ux.md, rule 23).
"""

from __future__ import annotations

import argparse
import sys
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "translations"
LANGUAGES = {"student": ("en", "ar", "fa", "ti", "tr", "uk"), "staff": ("en",)}
MAPPINGS = {"student": "babel.cfg", "staff": "babel-staff.cfg"}
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "plural": (1, 2)}
PLURALS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    "ti": "nplurals=2; plural=(n > 1);",
    "fa": "nplurals=2; plural=(n > 1);",
    "tr": "nplurals=2; plural=(n != 1);",
    "nl": "nplurals=2; plural=(n != 1);",
    "en": "nplurals=2; plural=(n != 1);",
    "uk": ("nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"),
}


@cache
def template(domain: str) -> Catalog:
    """Every text of the domain, from the sources; what stands in both domains belongs to the students' one."""
    mapping = ROOT / MAPPINGS[domain]
    with mapping.open(encoding="utf-8") as lines:
        methods, options = parse_mapping_cfg(lines)  # type: ignore[no-untyped-call]  # Babel has no types here
    catalog = Catalog(project="privacy-portal", charset="utf-8", copyright_holder="the contributors")
    known = template("student") if domain == "staff" else None
    for name, line, message, comments, context in extract_from_dir(
        ROOT,
        method_map=methods,
        options_map=options,
        keywords=KEYWORDS,
        comment_tags=("NB:",),
        strip_comment_tags=True,
    ):
        if known is None or message not in known:
            catalog.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return catalog


def path_of(lang: str, domain: str) -> Path:
    return FOLDER / lang / "LC_MESSAGES" / f"{domain}.po"


def read(path: Path) -> Catalog:
    with path.open("rb") as lines:
        return read_po(lines, locale=path.parent.parent.name, domain=path.stem)


def missing(catalog: Catalog, domain: str) -> list[str]:
    """The texts of the domain that the catalogue has no reviewed translation of (fuzzy ones do not count)."""
    found = []
    for message in template(domain):
        if not message.id:
            continue
        held = catalog.get(message.id)
        whole = held is not None and not held.fuzzy and held.string and all(_forms(held.string))
        if not whole:
            found.append(str(message.id if isinstance(message.id, str) else message.id[0]))
    return found


def _forms(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


def pin_plurals(catalog: Catalog, lang: str) -> None:
    """Sets the plural header and its number of forms."""
    expression = PLURALS[lang]
    form: Any = catalog  # Babel has no public way to set these
    form._num_plurals = int(expression.split("nplurals=")[1].split(";")[0])
    form._plural_expr = expression.split("plural=")[1].rstrip(";")


def present() -> list[tuple[str, str, Path]]:
    """The catalogues that there are: (language, domain, file)."""
    wanted = [(lang, domain) for domain, languages in LANGUAGES.items() for lang in languages]
    return [(lang, domain, path) for lang, domain in wanted if (path := path_of(lang, domain)).is_file()]


def compile_all() -> list[str]:
    """Compiles each catalogue; returns a line for each, saying how many texts it lacks."""
    lines = []
    for lang, domain, path in present():
        catalog = read(path)
        compiled, mark = path.with_suffix(".mo"), path.with_suffix(".incomplete")
        beside = compiled.with_suffix(".mo.new")
        with beside.open("wb") as out:
            write_mo(out, catalog)
        lacking = missing(catalog, domain)
        if lacking:
            mark.write_text("\n".join(lacking) + "\n", encoding="utf-8")
        else:
            mark.unlink(missing_ok=True)
        beside.replace(compiled)
        lines.append(f"{domain} {lang}: {'complete' if not lacking else f'lacks {len(lacking)} texts, not offered'}")
    return lines


def update_all() -> list[str]:
    """Writes the templates and brings each catalogue up to date with the sources; translations are kept."""
    lines = []
    FOLDER.mkdir(exist_ok=True)
    for domain in LANGUAGES:
        with (FOLDER / f"{domain}.pot").open("wb") as out:
            write_po(out, template(domain), width=110, sort_by_file=True)
        lines.append(f"{domain}.pot: {len(template(domain))} texts")
    for lang, domain, path in present():
        catalog = read(path)
        catalog.update(template(domain), no_fuzzy_matching=True)
        _write(path, catalog, lang)
        lines.append(f"{domain} {lang}: lacks {len(missing(catalog, domain))} of {len(template(domain))} texts")
    return lines


def begin(lang: str, domain: str) -> str:
    """Makes a new, empty catalogue for a translator."""
    path = path_of(lang, domain)
    if path.exists():
        raise FileExistsError(path.name)
    catalog = Catalog(locale=lang, domain=domain, project="privacy-portal", charset="utf-8", fuzzy=False)
    pin_plurals(catalog, lang)
    catalog.update(template(domain), no_fuzzy_matching=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, catalog, lang)
    return f"{domain} {lang}: {len(template(domain))} texts to translate in translations/{lang}/LC_MESSAGES/{domain}.po"


HEADER = """msgid ""
msgstr ""
"Language: {lang}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""


def _write(path: Path, catalog: Catalog, lang: str) -> None:
    """Sorted, without dates and places: so that two branches' translations merge, and nothing moves by itself."""
    pin_plurals(catalog, lang)
    with path.open("wb") as out:
        out.write(HEADER.format(lang=lang, plurals=PLURALS[lang]).encode())
        write_po(out, catalog, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="catalogues", description="Catalogues of the translations")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("compile", help="compile every .po and mark the incomplete ones")
    acts.add_parser("update", help="extract the texts and bring every .po up to date")
    acts.add_parser("check", help="exit 1 when a catalogue lacks a text")
    new = acts.add_parser("begin", help="make an empty catalogue")
    new.add_argument("lang", choices=sorted(LANGUAGES["student"]))
    new.add_argument("domain", choices=sorted(LANGUAGES))
    given = parser.parse_args(arguments)
    if given.act == "begin":
        try:
            print(begin(given.lang, given.domain))
        except FileExistsError as error:
            print(f"{error} is there already; use update", file=sys.stderr)
            return 1
        return 0
    if given.act == "check":
        lacking = {f"{domain} {lang}": missing(read(path), domain) for lang, domain, path in present()}
        for name, texts in lacking.items():
            print(f"{name}: lacks {len(texts)}")
            for text in texts[:20]:
                print(f"  {text}")
        return 1 if any(lacking.values()) else 0
    for line in compile_all() if given.act == "compile" else update_all():
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
