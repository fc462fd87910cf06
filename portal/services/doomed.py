"""What one erasure removes, as it is kept while the erasure is under way: random ids and names of fields, no value.

Made while everything can still be read, so that each later step, also one after a crash, knows what to do when the keys
are gone. A student may have thousands of items: where a class goes whole, only numbers are kept of it, one after the
other, and each step handles it as a whole.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from portal.domain.erasure_plan import ErasurePlan, Verdict
from portal.domain.vocabulary import FieldType
from portal.policy.model import Policy
from portal.records.items import Item

ID, DIGEST = 16, 32  # bytes


@dataclass(frozen=True)
class Ids:
    """One after the other; made a set where somebody looks for one of them."""

    together: bytes = b""

    @cached_property
    def each(self) -> frozenset[bytes]:
        return frozenset(one_by_one(self.together, ID))

    def __contains__(self, id: UUID) -> bool:
        return id.bytes in self.each

    def __len__(self) -> int:
        return len(self.together) // ID

    def hold(self, others: bytes) -> bool:
        """Whether all of these, one after the other, are among them."""
        return others == self.together or self.each.issuperset(one_by_one(others, ID))

    def and_more(self, others: Iterable[UUID]) -> Ids:
        return Ids(b"".join(self.each.union(other.bytes for other in others)))


@dataclass(frozen=True, slots=True)
class Doomed:
    """`whole`: classes of which nothing remains. `partly`: classes of which something remains, sealed anew."""

    whole: frozenset[str] = frozenset()
    partly: frozenset[str] = frozenset()
    fields: dict[UUID, frozenset[str]] = field(default_factory=dict)  # by item, where not all of it is in whole classes
    records: Ids = Ids()  # items that go entirely
    rows: Ids = Ids()  # every row of the whole classes, as it was when this was made; none where everything goes
    files: frozenset[UUID] = frozenset()
    address: bool = False  # the mail address on file is among it
    values: int = 0  # how many go
    everything: bool = False  # there was nothing of the student beside it
    graves: Mapping[str, bytes] = field(default_factory=dict)  # tombstones of each kind, one digest after the other

    def touches(self, item: UUID) -> bool:
        """Whether anything of this item goes."""
        return item in self.records or item in self.fields

    def takes(self, item: UUID, row: UUID) -> bool:
        """Whether this row was in a whole class when this was made."""
        return item in self.records if self.everything else row in self.rows

    def without_whole(self, retention: str) -> Doomed:
        """The same where something of that class came in meanwhile: what was meant goes, the new stays."""
        return replace(self, whole=self.whole - {retention}, partly=self.partly | {retention})

    def as_text(self) -> str:
        return json.dumps(
            {
                "whole": sorted(self.whole),
                "partly": sorted(self.partly),
                "fields": {str(item): sorted(codes) for item, codes in self.fields.items()},
                "records": _text(self.records.together),
                "rows": _text(self.rows.together),
                "files": sorted(map(str, self.files)),
                "address": self.address,
                "values": self.values,
                "everything": self.everything,
                "tombstones": {kind: _text(digests) for kind, digests in self.graves.items()},
            }
        )

    @classmethod
    def from_text(cls, text: str) -> Doomed:
        """Also what an older version wrote: every id as a text, and the fields of every item."""
        kept = json.loads(text)
        fields = {UUID(item): frozenset(codes) for item, codes in kept["fields"].items()}
        return cls(
            whole=frozenset(kept["whole"]),
            partly=frozenset(kept["partly"]),
            fields=fields,
            records=_ids(kept["records"]),
            rows=_ids(kept["rows"]),
            files=frozenset(map(UUID, kept["files"])),
            address=kept["address"],
            values=kept.get("values", sum(map(len, fields.values()))),
            everything=kept.get("everything", False),
            graves=_graves(kept),
        )


NOTHING = Doomed()


def _text(together: bytes) -> str:
    return b64encode(together).decode("ascii")


def _ids(kept: str | list[str]) -> Ids:
    return Ids().and_more(map(UUID, kept)) if isinstance(kept, list) else Ids(b64decode(kept))


def _graves(kept: Mapping[str, Any]) -> dict[str, bytes]:
    if "tombstones" in kept:
        return {kind: b64decode(text) for kind, text in kept["tombstones"].items()}
    return by_kind(kept.get("graves", {}))  # before that they were in the ledger's line beside the plan


def by_kind(kinds: Mapping[str, str]) -> dict[str, bytes]:
    """Tombstones as older versions wrote them: each in hexadecimal, with its kind."""
    found: dict[str, list[str]] = {}
    for digest, kind in kinds.items():
        found.setdefault(kind, []).append(digest)
    return {kind: bytes.fromhex("".join(digests)) for kind, digests in found.items()}


def one_by_one(together: bytes, size: int) -> Iterable[bytes]:
    return (together[start : start + size] for start in range(0, len(together), size))


def doomed_by(policy: Policy, plan: ErasurePlan, held: Collection[Item]) -> Doomed:
    """What the plan erases of what is held now."""
    there = {record.id for record in held}
    gone: dict[UUID, set[str]] = {}
    for line in plan.of(Verdict.ERASE):
        if line.item.record_id in there:
            gone.setdefault(line.item.record_id, set()).add(line.item.field)
    counts: dict[str, int] = {}
    for record in held:
        for part in record.parts:
            counts[part.retention] = counts.get(part.retention, 0) + len(part.values)
    return _doomed(policy, held, plan.whole_classes(counts), gone)


def doomed_classes(policy: Policy, classes: Collection[str], held: Collection[Item]) -> Doomed:
    """Everything of these classes."""
    gone: dict[UUID, Collection[str]] = {}
    for record in held:
        if len(record.parts) == 1:
            if record.parts[0].retention in classes:
                gone[record.id] = record.values.keys()
        elif codes := {code for part in record.parts if part.retention in classes for code in part.values}:
            gone[record.id] = codes
    held_classes = {part.retention for record in held for part in record.parts}
    return _doomed(policy, held, held_classes & set(classes), gone)


def _doomed(
    policy: Policy, held: Collection[Item], whole: Collection[str], gone: Mapping[UUID, Collection[str]]
) -> Doomed:
    pictures = {
        dataset.code: [each.code for each in dataset.fields.values() if each.type is FieldType.IMAGE]
        for dataset in policy.datasets.values()
    }
    records, rows, files = [], [], []
    fields: dict[UUID, frozenset[str]] = {}
    partly: set[str] = set()
    values, address = 0, False
    for record in held:
        codes = gone.get(record.id, ())
        beside = [part for part in record.parts if part.retention not in whole]
        rows += [part.row.bytes for part in record.parts if part.retention in whole]
        if not codes:
            continue
        values += len(codes)
        if len(codes) == len(record.values):
            records.append(record.id.bytes)
        if beside:
            fields[record.id] = frozenset(codes)
            partly.update(part.retention for part in beside if not part.values.keys().isdisjoint(codes))
        for code in pictures[record.dataset]:
            if code in codes and record.values.get(code):
                files.append(UUID(str(record.values[code])))
        address = address or (record.dataset == "person" and "email" in codes)
    everything = bool(held) and len(records) == len(held)
    return Doomed(
        whole=frozenset(whole),
        partly=frozenset(partly),
        fields=fields,
        records=Ids(b"".join(records)),
        rows=Ids() if everything else Ids(b"".join(rows)),
        files=frozenset(files),
        address=address,
        values=values,
        everything=everything,
    )
