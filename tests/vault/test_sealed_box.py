"""A sealed stream opens for its recovery key, whole, unchanged and as what it is; else not at all."""

from __future__ import annotations

import io
import os
import random

import pytest

from portal.vault.sealed_box import (
    CHUNK,
    BadRecoveryKey,
    NotOpened,
    Sealing,
    new_recovery_key,
    opened,
    read_private,
    read_public,
    write_private,
)

PRIVATE, PUBLIC = new_recovery_key()


def sealed(content: bytes, label: str = "main-1") -> bytes:
    out = io.BytesIO()
    with Sealing(out, read_public(PUBLIC), label) as sealing:
        for start in range(0, len(content), 10_000):
            sealing.write(content[start : start + 10_000])
    return out.getvalue()


def open_all(blob: bytes, private: str = PRIVATE, label: str = "main-1") -> bytes:
    return b"".join(opened(io.BytesIO(blob), read_private(private), label))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_it_opens_to_what_was_written(size: int) -> None:
    content = os.urandom(size)
    assert open_all(sealed(content)) == content


def test_another_key_another_label_and_another_stream_do_not_open_it() -> None:
    blob = sealed(b"secret")
    for wrong in ({"private": new_recovery_key()[0]}, {"label": "keys-1"}):
        with pytest.raises(NotOpened):
            open_all(blob, **wrong)
    with pytest.raises(NotOpened):
        open_all(sealed(b"a" * 2 * CHUNK)[:60] + blob[60:])


def test_a_stream_that_was_cut_off_lengthened_or_put_in_another_order_does_not_open() -> None:
    blob = sealed(os.urandom(3 * CHUNK))
    head, size = 48, CHUNK + 16
    chunks = [blob[start : start + size] for start in range(head, len(blob), size)]
    assert len(chunks) == 3
    for order in ([0, 1], [0, 2], [1, 0, 2], [0, 1, 2, 2], [0, 0, 1, 2], [], [2]):
        with pytest.raises(NotOpened):
            open_all(blob[:head] + b"".join(chunks[place] for place in order))
    for cut in (0, 10, head, head + 5, len(blob) - 1):
        with pytest.raises(NotOpened):
            open_all(blob[:cut])
    with pytest.raises(NotOpened):
        open_all(blob + b"x")


def test_every_changed_byte_is_noticed() -> None:
    blob, chance = sealed(os.urandom(2000)), random.Random(7)
    for place in [*range(48), *(chance.randrange(48, len(blob)) for _ in range(200))]:
        with pytest.raises(NotOpened):
            open_all(blob[:place] + bytes([blob[place] ^ (1 << chance.randrange(8))]) + blob[place + 1 :])


def test_nothing_of_the_content_is_in_it() -> None:
    assert b"canary" not in sealed(b"canary" * 50)


@pytest.mark.parametrize("text", ["", "recovery-key-", PRIVATE[:-4], PRIVATE.replace("key-private", "key"), "x" * 60])
def test_what_is_no_recovery_key_is_said_so(text: str) -> None:
    with pytest.raises(BadRecoveryKey):
        read_private(text)
    with pytest.raises(BadRecoveryKey):
        read_public(PRIVATE)


def test_the_private_half_is_its_owners_alone_and_never_written_over(tmp_path) -> None:
    path = tmp_path / "recovery"
    write_private(path, PRIVATE)
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        write_private(path, PRIVATE)
    assert read_private(path.read_text()).private_bytes_raw() == read_private(PRIVATE).private_bytes_raw()
