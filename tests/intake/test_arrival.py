"""An export arrives as one ZIP or as files: what the mapping names lies in its place; a trap is refused whole."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from portal.intake import arrival, confined
from portal.intake.archive import MAX_ENTRIES, MIB
from portal.intake.arrival import PREFIX, Upload, arrived, sweep_left_over
from portal.intake.confined import Bounds
from portal.intake.faults import BadValue
from tests.intake.exports import as_zip, mapping, picture, write_export

pytestmark = pytest.mark.slow

Edit = Callable[[zipfile.ZipFile], None]


def packed(*edits: Edit, method: int = zipfile.ZIP_DEFLATED, **files: bytes) -> bytes:
    """A ZIP of "cursisten.csv" and of what the edits add."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("export/cursisten.csv", b"Cursistnummer;Achternaam\r\n")
        for edit in edits:
            edit(archive)
    return out.getvalue()


def with_file(path: str, content: bytes = b"text", mode: int = 0) -> Edit:
    def add(archive: zipfile.ZipFile) -> None:
        entry = zipfile.ZipInfo(path)
        entry.filename = entry.orig_filename = path
        entry.external_attr = mode << 16
        entry.compress_type = archive.compression
        archive.writestr(entry, content)

    return add


def flagged(content: bytes, flag: int) -> bytes:
    """The same with a flag set on every entry, in the file and in its list."""
    found = bytearray(content)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := found.find(magic, start + 1)) >= 0:
            found[start + at] |= flag
    return bytes(found)


def sent(*files: tuple[str, bytes]) -> Sequence[Upload]:
    return [Upload(name, len(content), [content[:1000], content[1000:]]) for name, content in files]


def lying_in(files: Sequence[Upload]) -> dict[str, bytes]:
    with arrived(files, mapping()) as found:
        lying = {str(each.relative_to(found.folder)): each.read_bytes() for each in found.folder.rglob("*.*")}
        assert stat.S_IMODE(found.folder.stat().st_mode) == 0o700
    assert not found.folder.exists()
    return lying


@pytest.mark.parametrize("top", ["", "school-export/"])
def test_a_zip_of_the_folder_or_of_what_is_in_it_lies_as_the_folder_did(tmp_path: Path, top: str) -> None:
    folder = write_export(tmp_path / "export")
    (folder / "schermafbeeldingen" / "les.png").write_bytes(picture())
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "readme.txt").write_bytes(b"x")
    there = {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*.*")}
    expected = {name: content for name, content in there.items() if name not in {".DS_Store", "readme.txt"}}
    assert lying_in(sent(("export.zip", as_zip(folder, top)))) == expected


def test_single_files_lie_in_their_places_and_pictures_in_their_folder(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "export")
    files = [(each.name, each.read_bytes()) for each in sorted(folder.iterdir()) if each.is_file()]
    found = lying_in(sent(*files, ("les.png", picture()), ("notes.txt", b"x")))
    assert found == {**dict(files), "schermafbeeldingen/les.png": picture()}


HOSTILE: dict[str, tuple[bytes, str]] = {
    "no zip behind its first bytes": (b"PK\x03\x04" + b"x" * 500, "archive_damaged"),
    "cut off": (packed()[:-30], "archive_damaged"),
    "a wrong checksum": (packed(method=zipfile.ZIP_STORED).replace(b"Achternaam", b"Achternaan"), "archive_damaged"),
    "out of the folder": (packed(with_file("../../etc/cron.d/x")), "archive_unsafe_name"),
    "from the root": (packed(with_file("/etc/passwd")), "archive_unsafe_name"),
    "a drive": (packed(with_file("C:/windows/x.csv")), "archive_unsafe_name"),
    "backslashes": (packed(with_file("..\\..\\x.csv")), "archive_unsafe_name"),
    "a line break in a name": (packed(with_file("a\nb.csv")), "archive_unsafe_name"),
    "deep folders": (packed(with_file("a/b/c/d/e/f.csv")), "archive_unsafe_name"),
    "a link": (packed(with_file("export/trajecten.csv", b"/etc/passwd", stat.S_IFLNK | 0o777)), "archive_link"),
    "a device": (packed(with_file("export/trajecten.csv", b"", stat.S_IFCHR | 0o666)), "archive_link"),
    "a password": (flagged(packed(), 0x1), "archive_encrypted"),
    "a strong password": (flagged(packed(), 0x41), "archive_encrypted"),
    "a zip inside": (packed(with_file("export/more.zip", packed())), "archive_nested"),
    "a zip that calls itself a picture": (packed(with_file("schermafbeeldingen/a.png", packed())), "archive_nested"),
    "a gzip inside": (packed(with_file("export/x.bin", b"\x1f\x8b\x08 text")), "archive_nested"),
    "a tar inside": (packed(with_file("export/x", b"\0" * 257 + b"ustar")), "archive_nested"),
    "the same file twice": (packed(with_file("other/cursisten.csv")), "archive_twice"),
    "the same file in another case": (packed(with_file("export/CURSISTEN.csv")), "archive_twice"),
    "an odd method": (packed(method=zipfile.ZIP_BZIP2), "archive_method"),
    "nothing": (b"PK\x05\x06" + bytes(18), "unknown_delimiter"),
}


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "nothing"])
def test_an_archive_that_is_a_trap_is_refused_whole(name: str) -> None:
    refused_whole(*HOSTILE[name])


def test_a_bomb_and_too_many_files_are_refused_whole() -> None:
    """Not packed before this runs: it takes a second."""
    refused_whole(packed(with_file("export/trajecten.csv", bytes(40 * MIB))), "archive_bomb")
    refused_whole(packed(*(with_file(f"e/{n}", b"") for n in range(MAX_ENTRIES))), "archive_too_many")


def refused_whole(content: bytes, code: str) -> None:
    with pytest.raises(BadValue) as refused, arrived(sent(("export.zip", content)), mapping()):
        pass
    assert refused.value.code == code
    assert not list(arrival.MEMORY.glob(f"{PREFIX}{os.getpid()}-*"))


def test_an_archive_of_archives_sizes_is_told_before_a_byte_is_unpacked() -> None:
    """What it says of its sizes is enough: together they are over the limit, each by itself is not."""
    content = bytearray(packed(*(with_file(f"e/{n}.txt", b"x" * 100) for n in range(300))))
    start = -1
    while (start := content.find(b"PK\x01\x02", start + 1)) >= 0:
        content[start + 24 : start + 28] = (7 * MIB).to_bytes(4, "little")
    with pytest.raises(BadValue, match="archive_bomb"), arrived(sent(("e.zip", bytes(content))), mapping()):
        pass


def test_a_zip_beside_files_and_a_name_that_leads_out_are_refused() -> None:
    for files, code in (
        ([("a.zip", packed()), ("trajecten.csv", b"x")], "archive_beside_files"),
        ([("../cursisten.csv", b"x")], "archive_unsafe_name"),
        ([("cursisten.csv", b"x"), ("cursisten.csv", b"x")], "archive_twice"),
        ([("cursisten.csv", b"x"), ("more.gz", b"\x1f\x8b\x08")], "archive_nested"),
    ):
        with pytest.raises(BadValue, match=code), arrived(sent(*files), mapping()):
            pass


def test_an_archive_that_computes_too_long_is_refused_and_one_that_waits_may_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrival, "BOUNDS", Bounds(wall_seconds=0))
    with pytest.raises(BadValue, match="busy"), arrived(sent(("e.zip", packed())), mapping()):
        pass
    computes = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
    monkeypatch.setattr(confined, "_PROGRAM", computes)
    monkeypatch.setattr(arrival, "BOUNDS", Bounds())
    with pytest.raises(BadValue, match="archive_too_heavy"), arrived(sent(("e.zip", packed())), mapping()):
        pass


def test_what_a_dead_process_left_is_swept_and_what_a_living_one_reads_is_not(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = arrival.MEMORY / f"{PREFIX}{dead.pid}-x"
    mine = arrival.MEMORY / f"{PREFIX}{os.getpid()}-x"
    for folder in (left, mine):
        folder.mkdir()
        (folder / "cursisten.csv").write_bytes(b"x")
    try:
        assert sweep_left_over() >= 1
        assert (left.exists(), mine.exists()) == (False, True)
    finally:
        (mine / "cursisten.csv").unlink()
        mine.rmdir()
