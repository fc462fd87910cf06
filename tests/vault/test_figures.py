"""Figures of the vault: no sealed value that was changed, or put in another's place, is accepted."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from uuid_utils.compat import uuid7

from portal.vault.envelope import Holder, Place, Tampered
from portal.vault.master import MasterKey, WrongMaster
from portal.vault.tables import metadata
from portal.vault.vault import Shredded, Vault
from tests.proofs import keep, rounds

pytestmark = pytest.mark.proof
CLASSES = ("standard", "exemption")
MOVES = ("swapped", "other_row", "other_column", "other_class", "other_holder", "other_version")
KINDS = ("bit", "byte", "cut", "longer", *MOVES)


def test_no_changed_or_moved_ciphertext_is_accepted(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'keys'}")
    metadata.create_all(engine)
    vault, chance = Vault(engine, MasterKey("k1", {"k1": bytes(range(32))})), random.Random(20261123)
    cells = []
    for holder in [Holder.student(uuid7()) for _ in range(8)]:
        for retention in CLASSES:
            for number in range(6):
                if number == 3:
                    vault.begin_new_version(holder, retention)
                place = Place(chance.choice(("record", "case")), chance.choice(("sealed", "totp_sealed")), uuid7())
                cells.append((holder, retention, place, vault.seal(holder, retention, place, {"value": number})))
    least, accepted, kinds = rounds(3000, 100_000), 0, Counter[str]()
    while kinds.total() < least:
        holder, retention, place, blob = chance.choice(cells)
        kind = chance.choice(KINDS)
        if kind == "bit":
            at = chance.randrange(len(blob))
            blob = blob[:at] + bytes([blob[at] ^ (1 << chance.randrange(8))]) + blob[at + 1 :]
        elif kind == "byte":
            at = chance.randrange(len(blob))
            blob = blob[:at] + bytes([(blob[at] + chance.randrange(1, 256)) % 256]) + blob[at + 1 :]
        elif kind == "cut":
            blob = blob[: chance.randrange(len(blob))]
        elif kind == "longer":
            blob += chance.randbytes(chance.randrange(1, 40))
        elif kind == "swapped":
            other = chance.choice(cells)
            if other[2] == place:
                continue
            blob = other[3]
        elif kind == "other_row":
            place = Place(place.table, place.column, uuid7())
        elif kind == "other_column":
            place = Place(place.table, place.column + "_", place.row)
        elif kind == "other_class":
            retention = CLASSES[1 - CLASSES.index(retention)]
        elif kind == "other_holder":
            holder = chance.choice([each[0] for each in cells if each[0] != holder])
        else:
            blob = blob[:1] + chance.choice((b"\0\1", b"\0\2", b"\0\3")) + blob[3:]
            if blob in {each[3] for each in cells}:
                continue
        kinds[kind] += 1
        try:
            vault.open(holder, retention, place, blob)
        except (Tampered, Shredded, WrongMaster):
            continue
        accepted += 1
    keep("ciphertexts", tried=kinds.total(), accepted=accepted, kinds=dict(kinds))
    assert accepted == 0
    assert set(kinds) == set(KINDS)
    assert all(vault.open(*cell)["value"] in range(6) for cell in cells)
    engine.dispose()
