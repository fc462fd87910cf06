"""What one erasure removes, as it is kept while the erasure is under way: random ids and names of fields, no value.

Made while everything can still be read, so that each later step, also one after a crash, knows what to do when the keys
are gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from uuid import UUID

from portal.domain.erasure_plan import ErasurePlan, Verdict
from portal.domain.vocabulary import FieldType
from portal.policy.model import Policy
from portal.records.items import Item


@dataclass(frozen=True, slots=True)
class Doomed:
    """`whole`: classes of which nothing remains. `partly`: classes of which something remains, sealed anew."""

    whole: frozenset[str] = frozenset()
    partly: frozenset[str] = frozenset()
    fields: dict[UUID, frozenset[str]] = field(default_factory=dict)  # by item
    records: frozenset[UUID] = frozenset()  # items that go entirely
    rows: frozenset[UUID] = frozenset()  # every row of the whole classes, as it was when this was made
    files: frozenset[UUID] = frozenset()
    address: bool = False  # the mail address on file is among it
    graves: dict[str, str] = field(default_factory=dict)  # kinds of tombstones by their digest, in hexadecimal

    @property
    def values(self) -> int:
        return sum(len(codes) for codes in self.fields.values())

    def without_whole(self, retention: str) -> Doomed:
        """The same where something of that class came in meanwhile: what was meant goes, the new stays."""
        return replace(self, whole=self.whole - {retention}, partly=self.partly | {retention})

    def as_text(self) -> str:
        return json.dumps(
            {
                "whole": sorted(self.whole),
                "partly": sorted(self.partly),
                "fields": {str(item): sorted(codes) for item, codes in self.fields.items()},
                "records": sorted(map(str, self.records)),
                "rows": sorted(map(str, self.rows)),
                "files": sorted(map(str, self.files)),
                "address": self.address,
                "graves": self.graves,
            }
        )

    @classmethod
    @lru_cache(maxsize=2)  # each step of one erasure reads the same text, of some thousand ids
    def from_text(cls, text: str) -> Doomed:
        kept = json.loads(text)
        return cls(
            whole=frozenset(kept["whole"]),
            partly=frozenset(kept["partly"]),
            fields={UUID(item): frozenset(codes) for item, codes in kept["fields"].items()},
            records=frozenset(map(UUID, kept["records"])),
            rows=frozenset(map(UUID, kept["rows"])),
            files=frozenset(map(UUID, kept["files"])),
            address=kept["address"],
            graves=kept.get("graves", {}),  # a plan of an older version has them among the tombstones alone
        )


NOTHING = Doomed()


def doomed_by(policy: Policy, plan: ErasurePlan, held: Iterable[Item]) -> Doomed:
    """What the plan erases of what is held now."""
    by_id = {record.id: record for record in held}
    gone: dict[UUID, set[str]] = {}
    for line in plan.of(Verdict.ERASE):
        if line.item.record_id in by_id:
            gone.setdefault(line.item.record_id, set()).add(line.item.field)
    counts: dict[str, int] = {}
    for record in by_id.values():
        for part in record.parts:
            counts[part.retention] = counts.get(part.retention, 0) + len(part.values)
    whole = plan.whole_classes(counts)
    going = [by_id[item] for item in gone]
    touched = {part.retention for record in going for part in record.parts if gone[record.id] & set(part.values)}
    return Doomed(
        whole=whole,
        partly=frozenset(touched - whole),
        fields={item: frozenset(codes) for item, codes in gone.items()},
        records=frozenset(record.id for record in going if gone[record.id] >= set(record.values)),
        rows=frozenset(part.row for record in by_id.values() for part in record.parts if part.retention in whole),
        files=frozenset(_images(policy, going, gone)),
        address=any(record.dataset == "person" and "email" in gone[record.id] for record in going),
    )


def _images(policy: Policy, going: Iterable[Item], gone: dict[UUID, set[str]]) -> Iterable[UUID]:
    """The sealed files that erased image fields name."""
    for record in going:
        for code in gone[record.id]:
            if policy.field(record.dataset, code).type is FieldType.IMAGE and record.values.get(code):
                yield UUID(str(record.values[code]))
