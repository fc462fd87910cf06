"""A stream that only the holder of a recovery key can open: for backups, which the portal writes and cannot read.

X25519 with a key made for this stream alone, HKDF-SHA256, then AES-256-GCM chunk by chunk; the nonce counts the chunks
and says which is the last, so that none can be left out, repeated, moved or cut off. What the stream is (its label) is
bound into every chunk.
"""

from __future__ import annotations

import base64
import binascii
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"portal-sealed-1\n"
CHUNK = 64 * 1024
TAG = 16
KEY_BYTES = 32
PRIVATE, PUBLIC = "recovery-key-private-", "recovery-key-"


class BadRecoveryKey(Exception):
    """The text is no recovery key."""


class NotOpened(Exception):
    """The stream does not open: another key's, changed, cut off, or not the one it is said to be."""


def new_recovery_key() -> tuple[str, str]:
    """The private half, to be kept away from the portal, and the public one, for its settings."""
    key = X25519PrivateKey.generate()
    return PRIVATE + _text(key.private_bytes_raw()), PUBLIC + _text(key.public_key().public_bytes_raw())


def read_public(text: str) -> X25519PublicKey:
    return X25519PublicKey.from_public_bytes(_raw(text, PUBLIC))


def read_private(text: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_raw(text, PRIVATE))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _raw(text: str, prefix: str) -> bytes:
    kept = text.strip()
    try:
        raw = base64.b64decode(kept.removeprefix(prefix) + "=", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadRecoveryKey("is not a recovery key") from error
    if not kept.startswith(prefix) or len(raw) != KEY_BYTES:
        raise BadRecoveryKey(f"a recovery key of this kind begins with {prefix}")
    return raw


def _cipher(shared: bytes, ephemeral: bytes, recipient: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=ephemeral + recipient, info=MAGIC).derive(shared))


def _nonce(number: int, last: bool) -> bytes:
    return struct.pack(">3xQ?", number, last)


class Sealing:
    """A file to write into; what is written is sealed. Leaving the block without an error ends the stream."""

    def __init__(self, out: IO[bytes], recipient: X25519PublicKey, label: str) -> None:
        ephemeral = X25519PrivateKey.generate()
        public = ephemeral.public_key().public_bytes_raw()
        self._out, self._label = out, label.encode()
        self._cipher = _cipher(ephemeral.exchange(recipient), public, recipient.public_bytes_raw())
        self._held, self._number = bytearray(), 0
        out.write(MAGIC + public)

    def write(self, content: bytes) -> None:
        self._held += content
        while len(self._held) > CHUNK:
            self._put(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]

    def _put(self, plain: bytes, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last), plain, self._label))
        self._number += 1

    def __enter__(self) -> Sealing:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None:
            self._put(bytes(self._held), last=True)


def opened(source: IO[bytes], key: X25519PrivateKey, label: str) -> Iterator[bytes]:
    """The plain chunks, each only after it was checked. Raises NotOpened; then nothing that came before counts."""
    head = source.read(len(MAGIC) + KEY_BYTES)
    if len(head) != len(MAGIC) + KEY_BYTES or not head.startswith(MAGIC):
        raise NotOpened("is not a sealed stream")
    ephemeral = head[len(MAGIC) :]
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
    except ValueError as error:
        raise NotOpened("is not a sealed stream") from error
    cipher = _cipher(shared, ephemeral, key.public_key().public_bytes_raw())
    number, chunk = 0, source.read(CHUNK + TAG)
    while True:
        following = source.read(CHUNK + TAG)
        try:
            yield cipher.decrypt(_nonce(number, not following), chunk, label.encode())
        except InvalidTag as error:
            raise NotOpened(f"does not open at chunk {number}") from error
        if not following:
            return
        number, chunk = number + 1, following


def write_private(path: Path, text: str) -> None:
    """Readable by its owner only; an existing file is never touched."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")
