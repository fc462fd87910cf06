"""One sealed value: AES-256-GCM over padded canonical JSON or raw bytes, bound to the place where it lies.

Layout: algorithm byte, two bytes key version, 12 bytes nonce, ciphertext with tag. The associated data name table,
column, row, holder, class and key version, so that a value moved anywhere else does not open (ASVS 11.3.3).
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

AES_256_GCM = 1
HEADER = struct.Struct(">BH")
NONCE_BYTES = 12
SEALED_FROM = HEADER.size + NONCE_BYTES
PAD_TO = 64  # bytes: the length of a name or a number is not told by its ciphertext
LENGTH = struct.Struct(">I")
PREFIX = LENGTH.size

Json = Any  # what json.dumps takes
NULL = b"null"  # in the place of what cannot be opened


class Tampered(Exception):
    """A sealed value does not open: changed, truncated, moved, or sealed under another key."""


class Holder(NamedTuple):
    """Whose key seals: a student, a case, or the installation itself."""

    kind: str  # "student" | "case" | "installation"
    id: UUID

    @classmethod
    def student(cls, id: UUID) -> Holder:
        return cls("student", id)

    @classmethod
    def case(cls, id: UUID) -> Holder:
        return cls("case", id)


INSTALLATION = Holder("installation", UUID(int=0))


class Place(NamedTuple):
    """Where a sealed value lies."""

    table: str
    column: str
    row: UUID

    def bind(self, to: str) -> bytes:
        """The associated data of what lies here, sealed by the key that `to` names."""
        return f"{self.table}|{self.column}|{self.row.hex}|{to}".encode()


_written = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Json) -> bytes:
    """The one JSON text of a value (RFC 8785 in spirit: sorted keys, no spaces, UTF-8)."""
    return _written(value).encode()


def version_of(blob: bytes) -> int:
    """The key version a sealed value needs; Tampered when the header is not ours."""
    if len(blob) < HEADER.size + NONCE_BYTES + 16:
        raise Tampered("too short")
    algorithm, version = HEADER.unpack_from(blob)
    if algorithm != AES_256_GCM:
        raise Tampered("unknown algorithm")
    return int(version)


def seal_bytes(cipher: AESGCM, version: int, associated: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return HEADER.pack(AES_256_GCM, version) + nonce + cipher.encrypt(nonce, plain, associated)


def open_bytes(cipher: AESGCM, associated: bytes, blob: bytes) -> bytes:
    try:
        return cipher.decrypt(blob[HEADER.size : SEALED_FROM], blob[SEALED_FROM:], associated)
    except (InvalidTag, ValueError) as fault:  # ValueError: too short to hold a nonce
        raise Tampered("does not open") from fault


def seal_json(cipher: AESGCM, version: int, associated: bytes, value: Json) -> bytes:
    return seal_text(cipher, version, associated, canonical(value))


def seal_text(cipher: AESGCM, version: int, associated: bytes, plain: bytes) -> bytes:
    """`seal_json` of a value whose canonical text is at hand."""
    padding = -(len(plain) + LENGTH.size) % PAD_TO
    return seal_bytes(cipher, version, associated, LENGTH.pack(len(plain)) + plain + bytes(padding))


def open_json(cipher: AESGCM, associated: bytes, blob: bytes) -> Json:
    return orjson.loads(open_text(cipher, associated, blob))


def open_text(cipher: AESGCM, associated: bytes, blob: bytes) -> bytes:
    """The JSON text of what `open_json` reads."""
    padded = open_bytes(cipher, associated, blob)
    return padded[PREFIX : PREFIX + int.from_bytes(padded[:PREFIX])]


def read_together(texts: Iterable[bytes]) -> list[Json]:
    """The values of many JSON texts, read as one list: half as dear as one by one."""
    values: list[Json] = orjson.loads(b"[" + b",".join(texts) + b"]")
    return values
