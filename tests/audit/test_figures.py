"""Figures of the log: every change of it is caught, it outlives the people in it, and writers never fork it."""

from __future__ import annotations

import copy
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from config import ROOT
from portal.audit.verifier import Head, entry_digest, signed_bytes, verify
from portal.domain.permissions import SYSTEM
from portal.records.db import db
from portal.services.checkpoint_audit import checkpoint_now
from portal.services.unit import writing
from portal.services.verify_audit import verify_audit, verify_details
from tests import factories
from tests.audit.logs import CLOCK, exported
from tests.commands.processes import environment
from tests.proofs import keep, rounds
from tests.services.backups import erase

pytestmark = pytest.mark.proof

ACTS = ("view_case", "reveal_field", "decide", "sign_in", "erased", "extend", "view_student", "approve_erasure")
FIELDS = ("seq", "at", "act", "actor_kind", "actor", "subject_kind", "subject", "commitment", "previous", "digest")
Log = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def long_log(entries: int) -> Log:
    chance, students = random.Random(20261123), [factories.make_student() for _ in range(5)]
    written = 0
    while written < entries - 1:
        with writing(SYSTEM, CLOCK) as work:
            for _ in range(min(chance.randint(1, 4), entries - 1 - written)):
                work.note(chance.choice(ACTS), "student", chance.choice(students), number=written)
                written += 1
        CLOCK.advance(timedelta(seconds=1))
    checkpoint_now(CLOCK)
    return exported()


def another(value: Any, chance: random.Random) -> Any:
    """Any other value of the same kind."""
    if isinstance(value, int):
        return value + chance.choice((-1, 1, 1000))
    if value is None:
        return "0" * 32
    place = chance.randrange(len(value))
    return value[:place] + chance.choice([c for c in "0123456789abcdefx" if c != value[place]]) + value[place + 1 :]


def with_field(log: Log, chance: random.Random, field: str) -> Log:
    entries, signed = list(log[0]), log[1]
    place = chance.randrange(len(entries))
    entry = copy.deepcopy(entries[place])
    name, _, part = field.partition("_")
    if name in {"actor", "subject"}:
        at = 0 if part else 1
        entry[name][at] = another(entry[name][at], chance)
    else:
        entry[name] = another(entry[name], chance)
    entries[place] = entry
    return entries, signed


def resealed(entries: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
    """The chain from `start` on made right again, as somebody with the database in hand would."""
    entries = copy.deepcopy(entries[:start]) + [dict(each) for each in entries[start:]]
    for place in range(start, len(entries)):
        previous = bytes.fromhex(entries[place - 1]["digest"]) if place else bytes(32)
        entry = {**entries[place], "seq": place + 1, "previous": previous.hex()}
        entries[place] = {**entry, "digest": entry_digest(previous, entry).hex()}
    return entries


def deleted(log: Log, chance: random.Random) -> Log:
    place = chance.randrange(len(log[0]))
    entries = log[0][:place] + log[0][place + 1 :]
    return (resealed(entries, place) if chance.random() < 0.5 else entries), log[1]


def inserted(log: Log, chance: random.Random) -> Log:
    place = chance.randrange(len(log[0]))
    made = {**log[0][place], "act": "view_case", "commitment": "ab" * 32}
    entries = [*log[0][:place], made, *log[0][place:]]
    return (resealed(entries, place) if chance.random() < 0.5 else entries), log[1]


def swapped(log: Log, chance: random.Random) -> Log:
    one, other = sorted(chance.sample(range(len(log[0])), 2))
    entries = list(log[0])
    entries[one], entries[other] = entries[other], entries[one]
    return (resealed(entries, one) if chance.random() < 0.5 else entries), log[1]


def truncated(log: Log, chance: random.Random) -> Log:
    """Cut off, and the checkpoints that would tell of it with it."""
    left = chance.randrange(len(log[0]))
    return log[0][:left], [each for each in log[1] if each["seq"] <= left]


def forked(log: Log, chance: random.Random) -> Log:
    """Another history from some entry on, chained and signed anew by a key of whoever did it."""
    place = chance.randrange(len(log[0]))
    entries = list(log[0])
    entries[place] = {**entries[place], "act": "forged"}
    entries, key = resealed(entries, place), Ed25519PrivateKey.generate()
    signed = []
    for each in log[1]:
        made = {
            **each,
            "digest": entries[each["seq"] - 1]["digest"],
            "signer": key.public_key().public_bytes_raw().hex(),
        }
        signed.append({**made, "signature": key.sign(signed_bytes(made)).hex()})
    return entries, signed


def stale(log: Log, chance: random.Random) -> Log:
    """The newest checkpoint replaced by an older one, or left out."""
    older = chance.choice(log[1][:-1])
    return log[0], [*log[1][:-1], older] if chance.random() < 0.5 else log[1][:-1]


def misplaced(log: Log, chance: random.Random) -> Log:
    """A field of a checkpoint changed, or one of them left out."""
    signed = list(log[1])
    place = chance.randrange(len(signed))
    field = chance.choice(("number", "seq", "digest", "at", "reason", "signer", "signature", ""))
    if not field:
        del signed[place]
    else:
        signed[place] = {**signed[place], field: another(signed[place][field], chance)}
    return log[0], signed


MUTATIONS: dict[str, Callable[[Log, random.Random], Log]] = {
    **{field: (lambda log, chance, field=field: with_field(log, chance, field)) for field in FIELDS},
    "deletion": deleted,
    "insertion": inserted,
    "swap": swapped,
    "truncation": truncated,
    "signed_fork": forked,
    "stale_checkpoint": stale,
    "changed_checkpoint": misplaced,
}


def test_every_change_of_a_log_is_caught(sqlite_app: Flask) -> None:
    entries, each = rounds(60, 1000), rounds(3, 1200)
    chance, missed, tried = random.Random(7), Counter[str](), Counter[str]()
    with sqlite_app.app_context():
        log = long_log(entries)
    head = [Head(log[0][-1]["seq"], log[0][-1]["digest"], "a mail")]
    trusted = [log[1][0]["signer"]]
    assert verify(*log, head, trusted).whole
    for name, mutate in MUTATIONS.items():
        for _ in range(each):
            changed = mutate(log, chance)
            if changed == log:
                continue
            tried[name] += 1
            missed[name] += verify(*changed, head, trusted).whole
    keep("log_mutations", entries=entries, mutations=tried.total(), missed=missed.total(), kinds=dict(tried))
    assert set(tried) == set(MUTATIONS)
    assert missed.total() == 0, missed
    assert tried.total() >= rounds(40, 20_000)


def test_the_log_outlives_the_people_in_it(sqlite_app: Flask) -> None:
    erasures = rounds(5, 500)
    with sqlite_app.app_context():
        for _ in range(erasures):
            student = factories.make_student()
            with writing(SYSTEM, CLOCK) as work:
                work.note("view_student", "student", student, reason="telephone")
            erase(student)
        report, details = verify_audit(CLOCK), verify_details(CLOCK)
        keep(
            "log_after_erasures",
            erasures=erasures,
            entries=report.entries,
            whole=report.whole,
            details_gone=details.gone,
            details_open=details.opened,
        )
        assert report.whole
        assert details.wrong == ()
        assert details.gone >= erasures


WRITER = """
import sys
from portal import create_app
from portal.domain.clock import SystemClock
from portal.domain.permissions import SYSTEM
from portal.services.unit import writing
with create_app().app_context():
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(sys.argv[1])):
        with writing(SYSTEM, SystemClock()) as work:
            work.note("test_act", "installation", None, writer=sys.argv[2], number=number)
"""


def test_processes_side_by_side_neither_fork_the_log_nor_lose_an_entry(app: Flask) -> None:
    processes, each = rounds(3, 8), rounds(8, 500)
    line = [sys.executable, "-c", WRITER, str(each)]
    env = environment(app.config["SETTINGS"])
    running = [
        subprocess.Popen(
            [*line, str(number)], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(processes)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    began = time.monotonic()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.close()
    codes = []
    for process in running:
        with process:
            codes.append(process.wait())
    seconds = time.monotonic() - began
    with app.app_context():
        report, engine = verify_audit(CLOCK), db.engine.dialect.name
        written = Counter((line["act"], line["commitment"]) for line in exported()[0])
        assert codes == [0] * processes
        keep(
            "log_writers",
            engine=engine,
            processes=processes,
            appends=processes * each,
            entries=report.entries,
            lost=processes * each - len(written),
            whole=report.whole,
            per_second=round(report.entries / seconds),
        )
        assert report.whole
        assert report.entries == len(written) == processes * each
        assert verify_details(CLOCK).wrong == ()
