"""The erasure ledger: append-only, sealed, chained, and whole after a crash in the middle of a line."""

from __future__ import annotations

import json
import multiprocessing
import secrets
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from portal.vault.ledger import BadLedger, Ledger, Line
from portal.vault.master import MasterKey, WrongMaster

MASTER = MasterKey("k1", {"k1": bytes(range(32))})


def ledger(tmp_path: Path, master: MasterKey = MASTER) -> Ledger:
    return Ledger(tmp_path / "proof" / "ledger", master)


def lines(number: int) -> list[Line]:
    return [Line(uuid4(), "erasure", {"student": uuid4().hex, "plan": {"fields": ["email"]}}) for _ in range(number)]


def test_what_was_written_is_read_in_order(tmp_path: Path) -> None:
    kept, written = ledger(tmp_path), lines(5)
    assert all(kept.append(line) for line in written)
    assert kept.lines() == written
    assert kept.ids() == {line.id: "erasure" for line in written}


def test_a_number_is_written_once(tmp_path: Path) -> None:
    kept, (line,) = ledger(tmp_path), lines(1)
    assert kept.append(line)
    assert not kept.append(line)
    assert len(kept.lines()) == 1


def test_it_tells_nothing_without_the_key_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    kept, (line,) = ledger(tmp_path), lines(1)
    kept.append(line)
    text = kept.path.read_text()
    assert line.body["student"] not in text
    assert "email" not in text
    assert kept.path.stat().st_mode & 0o077 == 0
    with pytest.raises(WrongMaster):
        ledger(tmp_path, MasterKey("k1", {"k1": secrets.token_bytes(32)})).lines()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda texts: [*texts[:1], *texts[2:]],
        lambda texts: [texts[1], texts[0], texts[2]],
        lambda texts: [texts[0], texts[1].replace('"id":"', '"id":"00', 1), texts[2]],
        lambda texts: [
            texts[0],
            json.dumps({**json.loads(texts[1]), "sealed": json.loads(texts[0])["sealed"]}),
            texts[2],
        ],
        lambda texts: texts[1:],
    ],
    ids=["left out", "exchanged", "another number", "another's body", "without its first"],
)
def test_a_changed_ledger_is_noticed(tmp_path: Path, spoil) -> None:
    kept = ledger(tmp_path)
    for line in lines(3):
        kept.append(line)
    kept.path.write_text("\n".join(spoil(kept.path.read_text().splitlines())) + "\n")
    with pytest.raises((BadLedger, WrongMaster)):
        kept.lines()


def test_a_line_that_a_crash_cut_short_is_put_aside(tmp_path: Path) -> None:
    kept, written = ledger(tmp_path), lines(3)
    for line in written[:2]:
        kept.append(line)
    whole = kept.path.read_bytes()
    for cut in (1, 40, len(whole) // 2 - 1):
        kept.path.write_bytes(whole + whole[:cut])
        assert kept.lines() == written[:2]
    kept.append(written[2])
    assert kept.lines() == written


def test_it_is_sealed_anew_under_the_current_key(tmp_path: Path) -> None:
    kept, written = ledger(tmp_path), lines(4)
    for line in written:
        kept.append(line)
    fresh = secrets.token_bytes(32)
    both = ledger(tmp_path, MasterKey("k2", {"k2": fresh, **MASTER.keys}))
    assert both.seal_anew() == 4
    assert ledger(tmp_path, MasterKey("k2", {"k2": fresh})).lines() == written


def write(path: Path, ids: list[UUID]) -> None:
    for each in ids:
        Ledger(path, MASTER).append(Line(each, "key", {"n": each.hex}))


@pytest.mark.slow
def test_processes_side_by_side_lose_no_line(tmp_path: Path) -> None:
    path = ledger(tmp_path).path
    all_ids = [[uuid4() for _ in range(10)] for _ in range(4)]
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write, args=(path, ids)) for ids in all_ids]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert {line.id for line in Ledger(path, MASTER).lines()} == {each for ids in all_ids for each in ids}
