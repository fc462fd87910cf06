"""The stand-alone verifier of the audit log: Python 3.11 and `cryptography`, nothing of the portal.

    python verifier.py EXPORT [--key PUBLIC_KEY] [--checkpoint FILE] [--json]

EXPORT is what `flask --app portal audit export` wrote: one JSON object a line. FILE is a copy of the log's head that
was kept outside: a signed checkpoint, or any mail of the portal (its header `X-Audit-Head`). PUBLIC_KEY is the
hexadecimal key by which checkpoints must be signed, from the director's daily mail. Exit code 0: the log is whole and
is the one that was seen then; 1: it is not, and why; 2: used wrongly.

An inspector can so check what the school did without trusting the portal, its database or whoever runs it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GENESIS = bytes(32)
PURPOSE = "audit checkpoint"  # a signature given for anything else is none here
HEADER = "X-Audit-Head"
HEAD_IN_MAIL = re.compile(rf"^{HEADER}:\s+(\d{{1,18}})\s+([0-9a-f]{{64}})\s*$", re.MULTILINE | re.IGNORECASE)
HEX = re.compile(r"[0-9a-f]{64}")

# After an entry of these acts a checkpoint is signed, in the same transaction.
SIGNED_ACTS = frozenset({"checkpoint_audit", "decide", "approve_erasure", "erased", "replay_erasures", "rotate_keys"})


class Unreadable(Exception):
    """A file is no export or checkpoint; the message says where."""


@dataclass(frozen=True, slots=True)
class Head:
    """The log as it was seen at some moment: its last number and digest."""

    seq: int
    digest: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not fit, and at which entry (None: not at one)."""

    what: str
    at: int | None = None

    def __str__(self) -> str:
        return self.what if self.at is None else f"entry {self.at}: {self.what}"


@dataclass(slots=True)
class Report:
    """`head` is the digest of the last entry that was read and fits."""

    entries: int = 0
    head: str = GENESIS.hex()
    checkpoints: int = 0
    compared: int = 0  # heads kept outside that were compared
    signers: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.faults

    @property
    def broken_at(self) -> int | None:
        return next((fault.at for fault in self.faults if fault.at is not None), None)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "whole": self.whole, "broken_at": self.broken_at}


# --- what is hashed and signed


_written = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Any) -> bytes:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8."""
    return _written(value).encode()


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def entry_digest(previous: bytes, entry: Mapping[str, Any]) -> bytes:
    """SHA-256 over the digest before and the entry's canonical JSON."""
    body = {name: entry[name] for name in ("seq", "at", "act", "actor", "subject", "commitment")}
    return hashlib.sha256(previous + canonical(body)).digest()


def commitment(salt: bytes, details: Any) -> bytes:
    """What an entry holds in place of its details: without the salt it tells nothing of them."""
    return hashlib.sha256(salt + canonical(details)).digest()


def signed_bytes(checkpoint: Mapping[str, Any]) -> bytes:
    body = {name: checkpoint[name] for name in ("number", "seq", "digest", "at", "reason")}
    return canonical({**body, "purpose": PURPOSE})


# --- verifying


def verify(
    entries: Iterable[Mapping[str, Any]],
    checkpoints: Sequence[Mapping[str, Any]] = (),
    heads: Sequence[Head] = (),
    trusted: Iterable[str] = (),
) -> Report:
    """Reads a log from its first entry and says everything that does not fit.

    Every entry is chained to the one before; every checkpoint is numbered, signed (by a trusted key where any is named)
    and lies on the chain; after the first checkpoint every act of SIGNED_ACTS has one; every head lies on the chain.
    """
    report = Report(checkpoints=len(checkpoints), compared=len(heads))
    _check_signatures(report, checkpoints, frozenset(trusted))
    expected = [*heads, *(_head_of(each) for each in checkpoints)]
    found = _walk(report, entries, {head.seq for head in expected}, _first_of(checkpoints), checkpoints)
    for head in expected:
        if head.seq > report.entries:
            report.faults.append(Fault(f"the log ends at {report.entries}, before {head.source}", head.seq))
        elif found.get(head.seq) != head.digest:
            report.faults.append(Fault(f"is not the entry of {head.source}", head.seq))
    return report


def _head_of(checkpoint: Mapping[str, Any]) -> Head:
    return Head(_number(checkpoint, "seq"), str(checkpoint.get("digest")), f"checkpoint {checkpoint.get('number')}")


def _first_of(checkpoints: Sequence[Mapping[str, Any]]) -> int | None:
    return min((_number(each, "seq") for each in checkpoints), default=None)


def _number(of: Mapping[str, Any], name: str) -> int:
    value = of.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _check_signatures(report: Report, checkpoints: Sequence[Mapping[str, Any]], trusted: frozenset[str]) -> None:
    last = 0
    for number, each in enumerate(checkpoints, 1):
        seq, name = _number(each, "seq"), f"checkpoint {number}"
        if each.get("number") != number:
            report.faults.append(Fault(f"{name} is missing or out of its place"))
            return
        if seq <= last:
            report.faults.append(Fault(f"{name} does not lie after the one before it", seq))
        last = max(last, seq)
        signer = str(each.get("signer"))
        if signer not in report.signers:
            report.signers.append(signer)
        if trusted and signer not in trusted:
            report.faults.append(Fault(f"{name} is signed by a key that is not trusted", seq))
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer))
            key.verify(bytes.fromhex(str(each.get("signature"))), signed_bytes(each))
        except (InvalidSignature, ValueError, KeyError, TypeError):
            report.faults.append(Fault(f"{name} is not signed by its key", seq))


def _walk(
    report: Report,
    entries: Iterable[Mapping[str, Any]],
    wanted: set[int],
    signed_from: int | None,
    checkpoints: Sequence[Mapping[str, Any]],
) -> dict[int, str]:
    """Follows the chain to its end or its first fault; returns the digests of the wanted entries."""
    found: dict[int, str] = {}
    ends = {_number(each, "seq") for each in checkpoints}
    previous, waits = GENESIS, None  # waits: (number, moment) of a signed act that no checkpoint has covered yet
    for seq, entry in enumerate(entries, 1):
        if fault := _misfit(entry, seq, previous):
            report.faults.append(Fault(fault, max(seq, _number(entry, "seq"))))
            return found
        if waits and waits[1] != entry["at"]:
            report.faults.append(Fault("has no checkpoint", waits[0]))
            waits = None
        if entry["act"] in SIGNED_ACTS and signed_from is not None and seq >= signed_from:
            waits = waits or (seq, entry["at"])
        if seq in ends:
            waits = None
        previous = bytes.fromhex(entry["digest"])
        report.entries, report.head = seq, entry["digest"]
        if seq in wanted:
            found[seq] = entry["digest"]
    if waits:
        report.faults.append(Fault("has no checkpoint", waits[0]))
    return found


def _misfit(entry: Mapping[str, Any], seq: int, previous: bytes) -> str:
    """Why the entry does not follow the one before it; "" when it does."""
    try:
        if entry["seq"] != seq or isinstance(entry["seq"], bool):
            return f"stands where entry {seq} should"
        if entry["previous"] != previous.hex():
            return "is not chained to the entry before"
        if not HEX.fullmatch(entry["commitment"]) or entry["digest"] != entry_digest(previous, entry).hex():
            return "was changed"
    except (KeyError, TypeError, ValueError):
        return "is not an entry"
    return ""


# --- files


def read_export(path: Path) -> tuple[list[dict[str, Any]], Iterator[dict[str, Any]]]:
    """The checkpoints, and the entries as they are read. Raises Unreadable."""
    checkpoints = [line for line in _lines(path) if line.get("kind") == "checkpoint"]
    return checkpoints, (line for line in _lines(path) if line.get("kind") == "entry")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                line = json.loads(text)
                if not isinstance(line, dict) or line.get("kind") not in {"log", "entry", "checkpoint"}:
                    raise Unreadable(f"{path.name}, line {number}: is not a line of an export")
                yield line
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Unreadable(f"{path.name}: {type(error).__name__}") from error


def read_heads(path: Path) -> list[Head]:
    """The heads that a file keeps: headers of mails, or checkpoints as JSON. Raises Unreadable when it keeps none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Unreadable(f"{path.name}: {type(error).__name__}") from error
    heads = [Head(int(seq), digest.lower(), path.name) for seq, digest in HEAD_IN_MAIL.findall(text)]
    for found in _objects(text):
        seq, digest = _number(found, "seq"), str(found.get("digest"))
        if seq > 0 and HEX.fullmatch(digest):
            heads.append(Head(seq, digest, path.name))
    if not heads:
        raise Unreadable(f"{path.name}: holds neither a checkpoint nor a mail's header {HEADER}")
    return list(dict.fromkeys(heads))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of a text: the whole of it, or one a line."""
    for part in (text, *text.splitlines()):
        try:
            value = json.loads(part)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an export of the audit log.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--key", action="append", default=[], metavar="PUBLIC_KEY")
    parser.add_argument("--checkpoint", action="append", default=[], type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        heads = [head for path in given.checkpoint for head in read_heads(path)]
        checkpoints, entries = read_export(given.export)
        report = verify(entries, checkpoints, heads, [key.strip().lower() for key in given.key])
    except Unreadable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{json.dumps(report.as_dict(), indent=2) if given.json else in_words(report)}\n")
    return 0 if report.whole else 1


def in_words(report: Report) -> str:
    lines = [f"The log is {'whole' if report.whole else 'BROKEN'}: {report.entries} entries, head {report.head}."]
    lines += [f"  {fault}" for fault in report.faults]
    lines.append(f"{report.checkpoints} checkpoints; {report.compared} heads from outside compared.")
    lines += [f"  signed by {signer}" for signer in report.signers]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
