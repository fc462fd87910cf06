"""One data key, unwrapped."""

from __future__ import annotations

from functools import cached_property

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.vault.envelope import Holder, Json, Place, open_json, seal_json, seal_text


class Key:
    """A data key, unwrapped: its name in associated data, its bytes, and the cipher, made of them at first use."""

    def __init__(self, holder: Holder, retention: str, version: int, raw: bytes) -> None:
        self.name = f"{holder.kind}|{holder.id.hex}|{retention}|{version}"
        self.version, self.raw = version, raw

    @cached_property
    def cipher(self) -> AESGCM:
        return AESGCM(self.raw)

    def seal(self, place: Place, value: Json) -> bytes:
        return seal_json(self.cipher, self.version, place.bind(self.name), value)

    def seal_text(self, place: Place, text: bytes) -> bytes:
        """`seal` of a value whose canonical text is at hand."""
        return seal_text(self.cipher, self.version, place.bind(self.name), text)

    def open(self, place: Place, blob: bytes) -> Json:
        return open_json(self.cipher, place.bind(self.name), blob)


def key_binding(holder: Holder, retention: str, version: int) -> bytes:
    """What a wrapped key is bound to: it cannot be given to another holder or class."""
    return f"data_key|{holder.kind}|{holder.id.hex}|{retention}|{version}".encode()
