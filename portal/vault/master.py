"""The key-encryption key: a file outside both databases.

The file has one line a key, `<id> <base64 of 32 bytes>`; the first line wraps, the others still unwrap (rotation).
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class BadKeyFile(Exception):
    """The key file is missing, unreadable or malformed; the message never holds key material."""


class WrongMaster(Exception):
    """A wrapped key does not open with this file: keys and data do not belong together."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """Wraps and unwraps data keys (AES-256-GCM, bound to what they are for)."""

    current: str
    keys: dict[str, bytes]

    def wrap(self, data_key: bytes, bound_to: bytes) -> tuple[str, bytes]:
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.keys[self.current]).encrypt(nonce, data_key, bound_to)
        return self.current, nonce + sealed

    def unwrap(self, master_id: str, wrapped: bytes, bound_to: bytes) -> bytes:
        try:
            key = self.keys[master_id]
            return AESGCM(key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound_to)
        except (KeyError, InvalidTag) as fault:
            raise WrongMaster(f"a data key wrapped under {master_id!r} does not open") from fault


def read_master(path: Path) -> MasterKey:
    """Reads the key file; BadKeyFile says what is wrong with it."""
    try:
        lines = [line.split() for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as fault:
        raise BadKeyFile(f"cannot read the key-encryption key: {type(fault).__name__}") from fault
    keys: dict[str, bytes] = {}
    for number, parts in enumerate(lines, 1):
        try:
            name, text = parts
            key = base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error) as fault:
            raise BadKeyFile(f"line {number} of the key file is not an id and a base64 key") from fault
        if len(key) != KEY_BYTES or len(set(key)) < 8:
            raise BadKeyFile(f"line {number} of the key file does not hold {KEY_BYTES} random bytes")
        if name in keys:
            raise BadKeyFile(f"line {number} of the key file repeats the id {name}")
        keys[name] = key
    if not keys:
        raise BadKeyFile("the key file is empty")
    return MasterKey(next(iter(keys)), keys)


def new_key_line(name: str) -> str:
    return f"{name} {base64.b64encode(os.urandom(KEY_BYTES)).decode('ascii')}\n"


def create_master_file(path: Path) -> None:
    """Writes a fresh key file readable by its owner only; an existing one is never touched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(new_key_line("k1"))
