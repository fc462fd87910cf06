"""What a ZIP holds, told by whoever reads it inside the confined process: refused whole at the first sign of a trap.

The list is judged before a byte is unpacked. Nothing here opens a file; the answer is frames of one line of JSON and
the bytes it announces.
"""

from __future__ import annotations

import io
import json
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from portal.intake.faults import BadValue

MIB = 1024 * 1024
MAX_ENTRIES = 20_000
MAX_UNPACKED = 1024 * MIB
MAX_RATIO = 200  # unpacked to packed, of an entry over 8 MiB; honest tables stay under 60
MAX_PATH = 300  # characters
MAX_DEPTH = 4
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # an entry, strongly, or the list itself
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def answer(content: bytes, out: BinaryIO) -> None:
    """Writes {"total", "entries"}, then each file as {"path", "size"} and its bytes, then {"end"}; or {"code"}."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = list(_judged(archive))
            _say(out, total=sum(entry.file_size for entry, _ in listed), entries=len(listed))
            for entry, path in listed:
                _say(out, path=path, size=entry.file_size)
                _copy(archive, entry, out)
        _say(out, end=len(listed))
    except BadValue as bad:
        _say(out, code=bad.code)


def _say(out: BinaryIO, **told: object) -> None:
    out.write(json.dumps(told).encode() + b"\n")


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, out: BinaryIO) -> None:
    """Exactly the announced bytes; `zipfile` gives no more, and a checksum that is wrong raises at the end."""
    left = entry.file_size
    with archive.open(entry) as handle:
        while block := handle.read(MIB):
            left -= len(block)
            out.write(block)
    if left:
        raise EOFError(entry.file_size)


def _judged(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """The files of the archive with their plain paths. Raises BadValue with a code of reasons.ARCHIVES."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise BadValue("archive_too_many")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise BadValue("archive_bomb")
    seen: set[str] = set()
    for entry in entries:
        path = plain_path(entry.orig_filename)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadValue("archive_link")
        if entry.flag_bits & _ENCRYPTED:
            raise BadValue("archive_encrypted")
        if entry.compress_type not in _METHODS:
            raise BadValue("archive_method")
        if entry.file_size > 8 * MIB and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise BadValue("archive_bomb")
        if entry.is_dir():
            continue
        if path.casefold() in seen:
            raise BadValue("archive_twice")
        seen.add(path.casefold())
        yield entry, path
    if not seen:
        raise BadValue("archive_empty")


def plain_path(name: str) -> str:
    """A path that stays below its folder, in one form of accents. Raises BadValue: archive_unsafe_name."""
    path = unicodedata.normalize("NFC", name).removesuffix("/")
    parts = path.split("/")
    plain = (
        0 < len(path) <= MAX_PATH
        and len(parts) <= MAX_DEPTH
        and path.isprintable()
        and not set(path) & set('\\:*?"<>|')
        and not any(part in ("", ".", "..") or part != part.strip() for part in parts)
    )
    if not plain:
        raise BadValue("archive_unsafe_name")
    return path
