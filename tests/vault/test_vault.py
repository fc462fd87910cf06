"""Sealing, keys per holder and class, look-ups."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.pool import StaticPool
from uuid_utils.compat import uuid7

from portal.vault.envelope import Holder, Json, Place, Tampered, open_json, seal_json
from portal.vault.key import Key
from portal.vault.many import Rows, Sealed
from portal.vault.master import BadKeyFile, MasterKey, WrongMaster, create_master_file, read_master
from portal.vault.normal import name_parts, normal_email, normal_number
from portal.vault.tables import data_key, lookup, metadata
from portal.vault.vault import Shredded, Vault

ROW = uuid7()
HERE = Place("record", "sealed", ROW)
STUDENT = Holder.student(uuid7())
OTHER = Holder.student(uuid7())
LINE = base64.b64encode(bytes(range(32))).decode()
MASTER = MasterKey("k1", {"k1": bytes(range(32))})


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def vault(engine: Engine) -> Vault:
    return Vault(engine, MASTER)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_what_is_sealed_opens_to_the_same_value(value: object) -> None:
    cipher = AESGCM(bytes(32))
    assert open_json(cipher, b"here", seal_json(cipher, 1, b"here", value)) == value


def test_the_length_of_a_short_value_is_not_told(vault: Vault) -> None:
    short = vault.seal(STUDENT, "standard", HERE, "Al")
    long = vault.seal(STUDENT, "standard", HERE, "Al Hassan van der Berg")
    assert len(short) == len(long)


@pytest.mark.parametrize(
    ("holder", "retention", "place"),
    [
        (STUDENT, "standard", Place("record", "sealed", uuid7())),
        (STUDENT, "standard", Place("case", "sealed", ROW)),
        (STUDENT, "standard", Place("record", "other", ROW)),
    ],
)
def test_a_value_that_was_moved_does_not_open(vault: Vault, holder: Holder, retention: str, place: Place) -> None:
    blob = vault.seal(STUDENT, "standard", HERE, "secret")
    with pytest.raises(Tampered):
        vault.open(holder, retention, place, blob)


def test_a_value_does_not_open_for_another_holder_or_class(vault: Vault) -> None:
    blob = vault.seal(STUDENT, "standard", HERE, "secret")
    vault.seal(OTHER, "standard", HERE, "x")
    vault.seal(STUDENT, "exemption", HERE, "x")
    with pytest.raises(Tampered):
        vault.open(OTHER, "standard", HERE, blob)
    with pytest.raises(Tampered):
        vault.open(STUDENT, "exemption", HERE, blob)


def test_every_changed_byte_is_noticed(vault: Vault) -> None:
    blob = vault.seal(STUDENT, "standard", HERE, {"name": "Hanan"})
    for position in range(len(blob)):
        changed = bytearray(blob)
        changed[position] ^= 1 << secrets.randbelow(8)
        with pytest.raises((Tampered, Shredded)):
            vault.open(STUDENT, "standard", HERE, bytes(changed))
    with pytest.raises(Tampered):
        vault.open(STUDENT, "standard", HERE, blob[:-1])


def test_a_destroyed_key_takes_its_class_and_leaves_the_other(engine: Engine, vault: Vault) -> None:
    standard = vault.seal(STUDENT, "standard", HERE, "name")
    exemption = vault.seal(STUDENT, "exemption", HERE, "granted")
    vault.index(STUDENT, "standard", [("email", "a@example.org")])
    vault.index(STUDENT, "exemption", [("student_number", "c1")])
    assert vault.destroy(STUDENT, "standard") == 1
    fresh = Vault(engine, MASTER)
    with pytest.raises(Shredded):
        fresh.open(STUDENT, "standard", HERE, standard)
    assert fresh.open(STUDENT, "exemption", HERE, exemption) == "granted"
    assert fresh.find("email", "a@example.org") == []
    assert fresh.find("student_number", "c1") == [STUDENT.id]


def test_after_a_new_version_old_copies_no_longer_open(engine: Engine, vault: Vault) -> None:
    old = vault.seal(STUDENT, "standard", HERE, "all items")
    version = vault.begin_new_version(STUDENT, "standard")
    new = vault.seal(STUDENT, "standard", HERE, "what remains")
    vault.destroy_older(STUDENT, "standard", version)
    fresh = Vault(engine, MASTER)
    assert fresh.open(STUDENT, "standard", HERE, new) == "what remains"
    with pytest.raises(Shredded):
        fresh.open(STUDENT, "standard", HERE, old)


def test_many_rows_of_one_holder_open_each_as_alone(vault: Vault) -> None:
    rows = [uuid7() for _ in range(4)]
    kept = list(zip(rows, ("standard", "standard", "short", "long"), strict=True))
    sealed = [(row, each, vault.seal(STUDENT, each, Place("t", "c", row), each)) for row, each in kept]
    vault.destroy(STUDENT, "short")
    assert list(vault.open_rows(STUDENT, "t", "c", sealed)) == ["standard", "standard", None, "long"]
    swapped = [(rows[1], *sealed[0][1:])]
    for moved, column in ((swapped, "c"), (sealed[:1], "d")):
        with pytest.raises(Tampered):
            list(vault.open_rows(STUDENT, "t", column, moved))
    assert list(vault.open_rows(OTHER, "t", "c", sealed[:1])) == [None]


def many(vault: Vault, kind: str, sealed: list[Sealed]) -> list[Json]:
    [opened] = vault.open_many(Rows(kind, "t", "c", sealed))
    return opened


def test_a_row_each_of_many_holders_opens_as_alone(engine: Engine, vault: Vault) -> None:
    """Whether the database tells ids as such or in hex; of another class, or of one whose key is gone, none opens."""
    holders = [Holder.student(uuid7()) for _ in range(4)]
    sealed = []
    for number, holder in enumerate(holders):
        row = uuid7()
        other = holder.id, row, "other", vault.seal(holder, "other", Place("t", "c", row), "of another class")
        sealed.append((holder.id, row, "standard", vault.seal(holder, "standard", Place("t", "c", row), number)))
    vault.destroy(holders[1], "standard")
    version = vault.begin_new_version(holders[2], "standard")
    renewed = vault.seal(holders[2], "standard", Place("t", "c", sealed[2][1]), "anew")
    asked = [*sealed, (*sealed[2][:3], renewed), (sealed[3][0].hex, sealed[3][1].hex, *sealed[3][2:])]
    assert many(vault, "student", asked) == [0, None, 2, 3, "anew", 3]
    assert many(vault, "student", [*asked[:2], other]) == [0, None, "of another class"]
    vault.destroy_older(holders[2], "standard", version)
    assert many(vault, "student", asked)[2:5:2] == [None, "anew"]
    assert many(vault, "case", sealed) == [None] * 4
    with pytest.raises(Tampered):
        many(vault, "student", [(sealed[0][0], sealed[3][1], "standard", sealed[0][3])])
    with pytest.raises(Tampered):
        many(vault, "student", [(STUDENT.id, ROW, "standard", b"not sealed here")])


def test_keys_lie_wrapped_and_look_ups_hashed(engine: Engine, vault: Vault) -> None:
    vault.seal(STUDENT, "standard", HERE, "x")
    vault.index(STUDENT, "standard", [("email", "hanan@example.org")])
    with engine.connect() as connection:
        wrapped = connection.execute(select(data_key.c.wrapped)).scalars().first()
        digest = connection.execute(select(lookup.c.digest)).scalar_one()
    key = vault._keys[STUDENT, "standard"][1]
    assert key.raw not in (wrapped or b"")
    assert b"hanan" not in digest
    assert digest != hashlib.sha256(b"hanan@example.org").digest(), (
        "else a list of addresses would tell who is a student"
    )
    assert digest != vault.digest("name", "hanan@example.org")
    assert len({vault.digest("email", "hanan@example.org"), vault.digest("email", "hanan@example.com"), digest}) == 2


def test_look_ups_of_another_key_file_find_nothing(engine: Engine, vault: Vault) -> None:
    vault.index(STUDENT, "standard", [("email", "hanan@example.org")])
    stranger = Vault(engine, MasterKey("k1", {"k1": bytes(reversed(range(32)))}))
    with pytest.raises(WrongMaster):
        stranger.find("email", "hanan@example.org")


def test_a_list_of_holders_costs_one_statement(engine: Engine, vault: Vault) -> None:
    holders = [Holder.student(uuid7()) for _ in range(60)]
    vault.create_keys([(holder, "standard") for holder in holders])
    fresh, statements = Vault(engine, MASTER), []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    fresh.preload(holders)
    for holder in holders:
        fresh.seal(holder, "standard", HERE, "x")
    assert len(statements) == 1


def test_an_index_is_replaced_not_added_to(vault: Vault) -> None:
    vault.index(STUDENT, "standard", [("email", "old@example.org")])
    vault.index(STUDENT, "standard", [("email", "new@example.org"), ("email", "new@example.org")])
    assert vault.find("email", "old@example.org") == []
    assert vault.find("email", "new@example.org") == [STUDENT.id]


def test_a_shared_address_finds_everybody_who_has_it(vault: Vault) -> None:
    for holder in (STUDENT, OTHER):
        vault.index(holder, "standard", [("email", "family@example.org")])
    assert sorted(vault.find("email", "family@example.org")) == sorted([STUDENT.id, OTHER.id])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        ("k1", "line 1"),
        ("k1 notbase64!!", "line 1"),
        ("k1 AAAA", "line 1"),
        (f"k1 {'A' * 43}=", "line 1"),
        (f"k1 {LINE}\nk1 {LINE}\n", "line 2"),
    ],
)
def test_a_bad_key_file_is_refused_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    with pytest.raises(BadKeyFile, match=fault):
        read_master(path)


def test_a_made_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "key"
    create_master_file(path)
    assert path.stat().st_mode & 0o077 == 0
    assert read_master(path).current == "k1"
    with pytest.raises(FileExistsError):
        create_master_file(path)


def test_an_older_master_key_still_unwraps(engine: Engine, vault: Vault) -> None:
    blob = vault.seal(STUDENT, "standard", HERE, "kept")
    rotated = MasterKey("k2", {"k2": secrets.token_bytes(32), **MASTER.keys})
    assert Vault(engine, rotated).open(STUDENT, "standard", HERE, blob) == "kept"


def test_names_meet_across_scripts_and_marks() -> None:
    assert name_parts("Şahin") == name_parts("sahin") == ("sahin",)
    assert name_parts("Al-Khatib", "Yousef") == ("al", "khatib", "yousef")
    assert name_parts("Олена") == name_parts("Olena")
    assert name_parts("  ", "") == ()


def test_numbers_meet_in_any_digits() -> None:
    assert normal_number("C 20٠٠١") == normal_number("c20001") == "c20001"
    assert normal_email(" Hanan@Example.ORG ") == "hanan@example.org"


def test_two_mailboxes_are_never_one_address() -> None:
    """Else somebody asks for a link in the own spelling and gets another's."""
    assert normal_email("Weiß@example.org") == "weiß@example.org" != normal_email("weiss@example.org")
    assert normal_email("jan@faß.example") != normal_email("jan@fass.example")


def test_each_part_of_where_a_value_lies_is_in_what_it_is_bound_to() -> None:
    """Also what has a key of its own anyway: a key that was copied from one holder to another opens nothing there."""

    def bound(table: str, column: str, row: int, holder: Holder, retention: str, version: int) -> bytes:
        return Place(table, column, UUID(int=row)).bind(Key(holder, retention, version, b"").name)

    here = bound("t", "c", 1, STUDENT, "s", 1)
    elsewhere = [
        bound("u", "c", 1, STUDENT, "s", 1),
        bound("t", "d", 1, STUDENT, "s", 1),
        bound("t", "c", 2, STUDENT, "s", 1),
        bound("t", "c", 1, OTHER, "s", 1),
        bound("t", "c", 1, Holder.case(STUDENT.id), "s", 1),
        bound("t", "c", 1, STUDENT, "r", 1),
        bound("t", "c", 1, STUDENT, "s", 2),
    ]
    assert len({here, *elsewhere}) == 8


def plans(engine: Engine, table: str, ask: Callable[[], object]) -> list[str]:
    """How SQLite goes about what is asked of a table, a line a statement."""
    seen: list[tuple[str, object]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, text, values, *_more: seen.append((text, values)))
    ask()
    asked = [(text, values) for text, values in seen if f"FROM {table}" in text]
    with engine.connect() as connection:
        return [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).one()[3] for text, values in asked]


def test_keys_are_read_from_an_index_however_many_there_are(vault: Vault, engine: Engine) -> None:
    """Also for holders of two kinds at once, as a list page asks for them."""
    holders = [STUDENT, OTHER, Holder.case(uuid7()), Holder.case(uuid7())]
    found = plans(engine, "data_key", lambda: vault.preload(holders))
    assert len(found) == 2
    assert all("USING INDEX" in line and "holder_id=?" in line for line in found), found


def test_lists_of_several_kinds_take_one_look_at_the_keys(vault: Vault, engine: Engine) -> None:
    lists = []
    for make, table in ((Holder.student, "record"), (Holder.case, "case")):
        holders, rows = [make(uuid7()) for _ in range(2)], [uuid7() for _ in range(2)]
        sealed = [
            (of.id, row, each, vault.seal(of, each, Place(table, "c", row), f"{table} {each}"))
            for of, row, each in zip(holders, rows, ("standard", "short"), strict=True)
        ]
        lists.append(Rows(holders[0].kind, table, "c", sealed))
    lists.insert(1, Rows("staff", "nobody", "c", []))
    seen = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, text, *_more: seen.append(text))
    persons, nobody, cases = vault.open_many(*lists)
    assert (persons, nobody, cases) == (["record standard", "record short"], [], ["case standard", "case short"])
    assert len(seen) == 1
    assert vault.open_many(lists[1]) == [[]]
    assert vault.open_many(lists[0], lists[2]._replace(sealed=lists[2].sealed[:1])) == [persons, cases[:1]]
    with pytest.raises(Tampered):
        vault.open_many(lists[0], lists[2]._replace(table="record"))


def test_keys_of_a_whole_list_are_read_from_the_index_too(vault: Vault, engine: Engine) -> None:
    asked = [(uuid7(), ROW, "standard", vault.seal(STUDENT, "standard", HERE, "x")) for _ in range(9)]
    seen: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, text, values, *_more: seen.append((text, values)))
    assert many(vault, "student", asked) == [None] * 9
    ((text, values),) = seen
    with engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
    assert "USING INDEX" in plan[0], plan
    assert "holder_kind=? AND holder_id=?" in plan[0], plan


def test_who_carries_one_of_many_texts_is_read_from_an_index_too(vault: Vault, engine: Engine) -> None:
    vault.digest("student_number", "the key of look-ups is made first")
    (found,) = plans(engine, "lookup", lambda: vault.find_many("student_number", [f"c{number}" for number in range(9)]))
    assert "USING COVERING INDEX" in found
    assert "digest=?" in found


def test_of_many_texts_each_gets_its_own_holders_and_no_case(vault: Vault) -> None:
    both = sorted([uuid7(), uuid7()])
    for student in reversed(both):
        vault.index(Holder.student(student), "standard", [("email", "shared@example.org")])
    vault.index(Holder.student(both[0]), "longer", [("phone", "0612345678")])
    vault.index(Holder.case(uuid7()), "case", [("email", "shared@example.org")])
    assert vault.find_many("email", ["shared@example.org", "0612345678"]) == {
        "shared@example.org": both,
        "0612345678": [],
    }
