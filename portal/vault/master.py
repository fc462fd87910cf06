"""The key-encryption key: a file outside both databases.

The file has one line a key, `<id> <base64 of 32 bytes>`; the first line wraps, the others still unwrap (rotation). It
is read again when it changed, so that a rotation needs no restart.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class BadKeyFile(Exception):
    """The key file is missing, unreadable or malformed; the message never holds key material."""


class WrongMaster(Exception):
    """A wrapped key does not open with this file: keys and data do not belong together."""


@dataclass(slots=True)
class MasterKey:
    """Wraps and unwraps data keys (AES-256-GCM, bound to what they are for)."""

    current: str
    keys: dict[str, bytes] = field(repr=False)
    path: Path | None = None
    seen: tuple[int, int, int] | None = None  # what the file looked like when it was read
    ciphers: dict[bytes, AESGCM] = field(default_factory=dict, repr=False, compare=False)

    def wrap(self, data_key: bytes, bound_to: bytes) -> tuple[str, bytes]:
        return self.seal(data_key, bound_to)

    def unwrap(self, master_id: str, wrapped: bytes, bound_to: bytes) -> bytes:
        return self.open(master_id, wrapped, bound_to)

    def seal(self, plain: bytes, bound_to: bytes) -> tuple[str, bytes]:
        """The id of the key and the sealed bytes; always under what the file says is current now."""
        self._keep_up()
        nonce = os.urandom(NONCE_BYTES)
        current = self.current
        return current, nonce + self._cipher(current).encrypt(nonce, plain, bound_to)

    def open(self, master_id: str, sealed: bytes, bound_to: bytes) -> bytes:
        """The plain bytes, or WrongMaster."""
        if master_id not in self.keys:
            self._keep_up()
        try:
            return self._cipher(master_id).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except (KeyError, InvalidTag) as fault:
            raise WrongMaster(f"what was sealed under {master_id!r} does not open") from fault

    def _cipher(self, master_id: str) -> AESGCM:
        """Made once for each key."""
        key = self.keys[master_id]
        made = self.ciphers.get(key)
        if made is None:
            made = self.ciphers[key] = AESGCM(key)
        return made

    def _keep_up(self) -> None:
        """Reads the file again when it is not what it was; a file that is away or bad meanwhile changes nothing."""
        if self.path is None or look_of(self.path) in {self.seen, None}:
            return
        try:
            fresh = read_master(self.path)
        except BadKeyFile:
            return
        self.keys, self.current, self.seen, self.ciphers = fresh.keys, fresh.current, fresh.seen, {}


def look_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def read_master(path: Path) -> MasterKey:
    """Reads the key file; BadKeyFile says what is wrong with it."""
    seen = look_of(path)
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
    return MasterKey(next(iter(keys)), keys, path, seen)


def new_key_line(name: str) -> str:
    return key_line(name, os.urandom(KEY_BYTES))


def key_line(name: str, key: bytes) -> str:
    return f"{name} {base64.b64encode(key).decode('ascii')}\n"


def create_master_file(path: Path) -> None:
    """Writes a fresh key file readable by its owner only; an existing one is never touched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(new_key_line("k1"))


def replace_master_file(path: Path, keys: dict[str, bytes]) -> None:
    """Puts a whole new file in place of the old one, the first key the current one; a crash leaves one of the two."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(key_line(name, key) for name, key in keys.items()))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
