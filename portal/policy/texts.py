"""Every text of a policy that people read: messages of the catalogues, in the order of the file's parts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from portal.policy.lines import line_of, places_in
from portal.policy.loader import load_policy
from portal.policy.model import Policy


class Audience(StrEnum):
    """Whose catalogue a text belongs to."""

    STUDENT = "student"
    STAFF = "staff"  # what staff do at the holders, and how they call a group or a reason; students never read it


Text = tuple[str, str]


def texts(policy: Policy, audience: Audience | None = None) -> Iterator[Text]:
    """(key, text) of each visible text; key is the TOML path, text the Dutch msgid. Empty texts are left out.

    Names of people, streets, towns, languages and branches are no texts: they are the same in every language.
    """
    parts: dict[Audience, Iterator[Text]] = {
        Audience.STUDENT: _for_students(policy),
        Audience.STAFF: _for_staff(policy),
    }
    for whose, found in parts.items():
        if audience in {None, whose}:
            yield from ((key, text) for key, text in found if text)


def _for_students(policy: Policy) -> Iterator[Text]:
    yield "no_profiling", policy.no_profiling
    yield from _attributes("controller", policy.controller, ("address", "country", "desk_hours"))
    yield "regulation.title", policy.regulation.title
    for chapter in policy.regulation.chapters:
        yield f"regulation.chapter.{chapter.code}.title", chapter.title
        for place, paragraph in enumerate(chapter.paragraphs):
            yield f"regulation.chapter.{chapter.code}.paragraphs[{place}]", paragraph
    yield from _items("retention", policy.retention, ("label", "explanation", "law"))
    for number, group in policy.groups.items():
        yield from _attributes(f"group.{number}", group, ("label", "explanation"))
    yield from _attributes("own_section", policy.own_section, ("label", "explanation"))
    yield from _datasets(policy)
    yield from _items("purpose", policy.purposes, ("label",))
    yield from _items(
        "activity",
        policy.activities,
        ("label", "basis_explanation", "consent_text", "consequence", "continues"),
    )
    yield from _items("recipient", policy.recipients, ("name", "what_for", "country", "safeguard"))
    yield from _items("holder", policy.holders, ("label",))
    yield from _items("ground", policy.grounds, ("label", "article", "explanation"))
    yield from _items("reason", policy.reasons, ("label", "article"))
    yield from _items("security", policy.security, ("label",))
    yield from _items("authority", policy.authorities, ("name", "how"))
    for role, name in policy.roles.names.items():
        yield f"role.{role}", name


def _for_staff(policy: Policy) -> Iterator[Text]:
    for number, group in policy.groups.items():
        yield from _attributes(f"group.{number}", group, ("staff_label",))
    yield from _attributes("own_section", policy.own_section, ("staff_label",))
    yield from _items("reason", policy.reasons, ("staff_label",))
    yield from _items("holder", policy.holders, ("keeper", "place", "search", "correct", "erase", "restrict"))


def _datasets(policy: Policy) -> Iterator[Text]:
    for dataset in policy.datasets.values():
        yield from _attributes(f"dataset.{dataset.code}", dataset, ("label", "label_plural"))
        for field in dataset.fields.values():
            key = f"dataset.{dataset.code}.field.{field.code}"
            yield from _attributes(key, field, ("label", "evidence", "help"))
            for place, choice in enumerate(field.choices):
                yield f"{key}.choices[{place}].label", choice.label


def _items(part: str, items: Mapping[str, object], names: tuple[str, ...]) -> Iterator[Text]:
    for code, item in items.items():
        yield from _attributes(f"{part}.{code}", item, names)


def _attributes(key: str, item: object, names: tuple[str, ...]) -> Iterator[Text]:
    for name in names:
        yield f"{key}.{name}", str(getattr(item, name))


def babel_extract(
    fileobj: IO[bytes],
    keywords: Collection[str],
    comment_tags: Collection[str],
    options: Mapping[str, Any],
) -> Iterator[tuple[int, None, str, list[str]]]:
    """Babel's extractor for a policy file: (line, None, msgid, [the key as a comment for translators]).

    The option `audience` (student | staff) narrows it to one catalogue.
    """
    path = Path(fileobj.name)
    source = path.read_text(encoding="utf-8")
    places = places_in(source)
    wanted = options.get("audience")
    for key, text in texts(load_policy(path), Audience(wanted) if wanted else None):
        yield max(line_of(key, places), 1), None, text, [key]
