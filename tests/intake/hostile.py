"""Files that somebody could send to do harm, made by code: pictures, documents, archives, and what is two at once.

Each carries CANARY where it can: no page that comes out may. `expect` says what must become of the file: "refused" or
"clean"; "either" where both are safe and the decoder may choose.
"""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw, PngImagePlugin

from tests.intake import hostile_pdf
from tests.intake.exports import png_chunk

CANARY = hostile_pdf.CANARY
PNG = b"\x89PNG\r\n\x1a\n"
TEN_MB = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Hostile:
    name: str
    content: bytes
    expect: str = "refused"  # refused | clean | either
    code: str = ""  # of the refusal, where only one is right


def corpus() -> list[Hostile]:
    """All of them, names unique."""
    found = [*_nothing(), *_other_kinds(), *_glued(), *_floods(), *_told(), *_damaged(), *hostile_pdfs()]
    assert len({each.name for each in found}) == len(found)
    return found


def photo(kind: str = "JPEG", size: tuple[int, int] = (160, 100), mode: str = "RGB", **more: object) -> bytes:
    """A small picture with something on it."""
    image = Image.frombytes("L", size, random.Random(7).randbytes(size[0] * size[1])).convert("RGB")
    ImageDraw.Draw(image).rectangle((10, 10, size[0] // 2, size[1] // 2), fill="navy")
    out = io.BytesIO()
    image.convert(mode).save(out, kind, **more)
    return out.getvalue()


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in files.items():
            made.writestr(name.replace("_", "/"), content)
    return out.getvalue()


# --- what is no picture and no PDF


def _nothing() -> Iterator[Hostile]:
    yield Hostile("empty.jpg", b"", code="upload_empty")
    yield Hostile("spaces.pdf", b" " * 500, code="upload_wrong_type")
    yield Hostile("nul.png", bytes(4096), code="upload_wrong_type")
    yield Hostile("one-byte-too-many.jpg", photo() + bytes(TEN_MB + 1 - len(photo())), code="upload_too_large")
    yield Hostile("one-byte-too-many.pdf", hostile_pdf.one_page().ljust(TEN_MB + 1), code="upload_too_large")
    for magic in (b"%PDF-", b"\xff\xd8\xff", PNG):
        yield Hostile(f"only-the-beginning-{magic[1:4]!r}", magic, code="upload_damaged")
        yield Hostile(f"beginning-and-rubbish-{magic[1:4]!r}", magic + CANARY * 90, code="upload_damaged")


def _other_kinds() -> Iterator[Hostile]:
    wrong = "upload_wrong_type"
    for kind in ("GIF", "BMP", "TIFF", "WEBP", "ICO", "PPM", "TGA", "PCX", "JPEG2000"):
        yield Hostile(f"really-{kind.lower()}.jpg", photo(kind) + CANARY, code=wrong)
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    yield Hostile("moving.gif", moving.getvalue(), code=wrong)
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert('%s')</script></svg>" % CANARY
    page = b"<!doctype html><script>alert('%s')</script>" % CANARY
    sheet = archive(_Content_Types_xml=b"[]", xl_workbook_xml=CANARY)
    letter = archive(_Content_Types_xml=b"[]", word_document_xml=CANARY, word_vbaProject_bin=b"\xd0\xcf\x11\xe0")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as made:
        link = tarfile.TarInfo("id.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(link)
    for name, content in {
        "picture.svg": svg,
        "picture-with-prolog.svg": b"<?xml version='1.0'?>" + svg,
        "entities.svg": b"<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>",
        "page.html": page,
        "page-with-mark.html": b"\xef\xbb\xbf" + page,
        "letter.docx": letter,
        "sheet.xlsx": sheet,
        "old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + CANARY * 90,
        "text.rtf": rb"{\rtf1 {\object\objupdate " + CANARY + b"}}",
        "archive.zip": archive(a=CANARY),
        "bomb.zip": _zip_bomb(),
        "archive.gz": gzip.compress(CANARY * 1000),
        "bomb.gz": gzip.compress(bytes(30_000_000)),
        "links.tar": tar.getvalue(),
        "archive.7z": b"7z\xbc\xaf\x27\x1c" + CANARY,
        "archive.rar": b"Rar!\x1a\x07\x01\x00" + CANARY,
        "program.exe": b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0" + CANARY,
        "program.elf": b"\x7fELF\x02\x01\x01" + CANARY,
        "script.sh": b"#!/bin/sh\necho %s\n" % CANARY,
        "page.ps": b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n",
        "page.eps": b"\xc5\xd0\xd3\xc6" + bytes(28) + CANARY,
        "film.mp4": b"\0\0\0\x18ftypmp42" + CANARY,
        "photo.heic": b"\0\0\0\x18ftypheic" + CANARY,
        "photo.jxl": b"\xff\x0a" + CANARY,
        "font.woff2": b"wOF2" + CANARY,
        "mail.eml": b"From: a@example.org\r\nSubject: x\r\n\r\n" + CANARY,
        "drawing.mvg": b"push graphic-context\nimage over 0,0 0,0 'https://example.org/%s'\n" % CANARY,
        "picture-behind-a-line.jpg": b"\n" + photo(),
        "picture-behind-an-archive.png": archive(a=CANARY) + photo("PNG"),
        "pdf-behind-html.pdf": page + hostile_pdf.one_page(),
    }.items():
        yield Hostile(name, content, code=wrong)


def _zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a", bytes(20_000_000))
    return out.getvalue()


# --- two files in one


def _glued() -> Iterator[Hostile]:
    tails = {
        "zip": archive(a=CANARY),
        "html": b"<html><script>alert('%s')</script></html>" % CANARY,
        "pdf": hostile_pdf.one_page() + CANARY,
        "php": b"<?php system('%s'); ?>" % CANARY,
        "exe": b"MZ" + CANARY * 20,
        "mp4": b"\0\0\0\x18ftypmp42" + CANARY,
        "rar": b"Rar!\x1a\x07\x01\x00" + CANARY,
    }
    for name, tail in tails.items():
        for kind in ("PNG", "JPEG"):
            yield Hostile(f"{kind.lower()}-and-{name}", photo(kind) + tail, "clean")
    for name, tail in tails.items():
        yield Hostile(f"pdf-and-{name}", hostile_pdf.one_page() + tail, "either")
    yield Hostile("jpeg-and-many-ends", photo() + b"\xff\xd9" * 1000 + CANARY, "clean")
    yield Hostile("jpeg-and-jpeg", photo() + photo(comment=CANARY), "clean")
    yield Hostile("png-and-png", photo("PNG") + photo("PNG", pnginfo=_texts()), "clean")
    html = b"<html><!--%s--><script>alert(1)</script>" % CANARY
    yield Hostile("jpeg-with-html-comment", photo(comment=html), "clean")
    yield Hostile("jpeg-with-zip-comment", photo(comment=archive(a=CANARY)), "clean")
    yield Hostile("jpeg-with-pdf-comment", photo(comment=hostile_pdf.one_page()[:60_000]), "clean")
    yield Hostile("png-with-html-chunk", _png_with(b"haCk", html), "clean")
    yield Hostile("png-with-zip-chunk", _png_with(b"zipp", archive(a=CANARY)), "clean")


# --- too much


def _floods() -> Iterator[Hostile]:
    many = "upload_too_many_pixels"
    for width, height in ((2**31 - 1, 1), (65_535, 65_535), (40_000, 1_001), (1, 40_000_001), (100_000, 100_000)):
        head = _png_head(width, height)
        body = png_chunk(b"IDAT", zlib.compress(bytes(2000))) + png_chunk(b"IEND", b"")
        yield Hostile(f"png-of-{width}x{height}", PNG + head + body, code=many)
    for width, height in ((65_535, 65_535), (65_535, 1_000), (7_000, 6_000)):
        yield Hostile(f"jpeg-of-{width}x{height}", _jpeg_of(width, height), code=many)
    yield Hostile("png-of-41-megapixels", photo_of("PNG", (8_200, 5_000)), code=many)
    yield Hostile("jpeg-of-41-megapixels", photo_of("JPEG", (8_200, 5_000)), code=many)
    yield Hostile("png-of-40-megapixels", photo_of("PNG", (8_000, 5_000)), "clean")
    yield Hostile("jpeg-of-40-megapixels", photo_of("JPEG", (8_000, 5_000), "CMYK"), "clean")
    yield Hostile("png-of-nothing", PNG + _png_head(0, 10) + png_chunk(b"IEND", b""), code="upload_damaged")
    bomb = zlib.compress(bytes(50_000_000), 9)
    yield Hostile("png-ztxt-bomb", _png_with(b"zTXt", b"a\0\0" + bomb), "clean")
    yield Hostile("png-itxt-bomb", _png_with(b"iTXt", b"a\0\1\0\0\0" + bomb), "clean")
    yield Hostile("png-iccp-bomb", _png_with(b"iCCP", b"a\0\0" + bomb), "clean")
    small = PNG + _png_head(10, 10) + png_chunk(b"IDAT", bomb) + png_chunk(b"IEND", b"")
    yield Hostile("png-idat-bomb", small, "either")
    yield Hostile("png-of-many-chunks", _png_with(b"tEXt", b"a\0b", 100_000), "clean")
    yield Hostile("jpeg-of-many-comments", photo()[:2] + b"\xff\xfe\0\4ab" * 200_000 + photo()[2:], "clean")


def photo_of(kind: str, size: tuple[int, int], mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind)
    return out.getvalue()


def _png_head(width: int, height: int) -> bytes:
    return png_chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + b"\x08\x02\x00\x00\x00")


def _jpeg_of(width: int, height: int) -> bytes:
    """A small JPEG that claims another size."""
    content = photo()
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + height.to_bytes(2) + width.to_bytes(2) + content[at + 4 :]


def _png_with(kind: bytes, body: bytes, times: int = 1) -> bytes:
    content = photo("PNG")
    end = 8 + 25  # behind IHDR
    return content[:end] + png_chunk(kind, body) * times + content[end:]


# --- what a picture tells


def _texts() -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", CANARY.decode())
    texts.add_itxt("XML:com.adobe.xmp", CANARY.decode())
    texts.add_text("Author", CANARY.decode(), zip=True)
    return texts


def exif() -> Image.Exif:
    found = Image.Exif()
    found[0x010E] = found[0x013B] = found[0x8298] = CANARY.decode()
    gps = found.get_ifd(0x8825)
    gps[1], gps[2], gps[29] = "N", (52.0, 40.0, 12.5), CANARY.decode()
    return found


def _told() -> Iterator[Hostile]:
    profile = CANARY * 40
    yield Hostile("jpeg-exif", photo(exif=exif()), "clean")
    yield Hostile("jpeg-profile", photo(icc_profile=profile), "clean")
    yield Hostile("jpeg-comment", photo(comment=CANARY), "clean")
    yield Hostile("jpeg-xmp", photo(xmp=b"<x:xmpmeta>%s</x:xmpmeta>" % CANARY), "clean")
    thumbnail = photo(size=(40, 30), comment=CANARY)
    app1 = b"Exif\0\0" + thumbnail
    segment = b"\xff\xe1" + (len(app1) + 2).to_bytes(2) + app1
    yield Hostile("jpeg-thumbnail", photo()[:2] + segment + photo()[2:], "clean")
    yield Hostile("jpeg-thumbnail-and-zip", photo()[:2] + segment + photo()[2:] + archive(a=CANARY), "clean")
    yield Hostile("jpeg-cmyk", photo(mode="CMYK", comment=CANARY), "clean")
    yield Hostile("jpeg-grey", photo(mode="L", comment=CANARY), "clean")
    yield Hostile("jpeg-progressive", photo(progressive=True, comment=CANARY), "clean")
    turned = exif()
    turned[0x0112] = 6
    yield Hostile("jpeg-on-its-side", photo(exif=turned), "clean")
    two = io.BytesIO()
    Image.new("RGB", (60, 40)).save(two, "MPO", save_all=True, append_images=[Image.new("RGB", (60, 40), "red")])
    yield Hostile("jpeg-of-two", two.getvalue() + CANARY, "either")
    yield Hostile("png-texts", photo("PNG", pnginfo=_texts()), "clean")
    yield Hostile("png-exif", photo("PNG", exif=exif()), "clean")
    yield Hostile("png-profile", photo("PNG", icc_profile=profile), "clean")
    yield Hostile("png-palette", photo("PNG", mode="P", pnginfo=_texts()), "clean")
    yield Hostile("png-one-bit", photo("PNG", mode="1", pnginfo=_texts()), "clean")
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    moving = io.BytesIO()
    frames[0].save(moving, "PNG", save_all=True, append_images=frames[1:])
    yield Hostile("png-moving", moving.getvalue(), code="upload_animated")
    yield Hostile("png-unknown-critical", _png_with(b"HACk", CANARY), code="upload_damaged")


# --- damaged


def _damaged() -> Iterator[Hostile]:
    sound = {"jpeg": photo(exif=exif()), "png": photo("PNG", pnginfo=_texts()), "pdf": hostile_pdf.one_page()}
    for kind, content in sound.items():
        expect = "either" if kind == "pdf" else "refused"  # a PDF without its end is mended by its reader
        for part in (1, 5, 20, 40, 60, 80, 95, 99):
            yield Hostile(f"{kind}-cut-at-{part}-percent", content[: max(6, len(content) * part // 100)], expect)
        yield Hostile(f"{kind}-without-its-last-byte", content[:-1], expect)
        for seed in range(10):
            yield Hostile(f"{kind}-with-wrong-bytes-{seed}", _with_wrong_bytes(content, seed), "either")
    yield Hostile(
        "png-wrong-checksum", sound["png"].replace(b"IHDR", b"IHDR", 1)[:29] + b"\0\0\0\0" + sound["png"][33:]
    )
    yield Hostile("png-without-pixels", PNG + _png_head(9, 9) + png_chunk(b"IEND", b""))
    yield Hostile("png-two-heads", PNG + _png_head(9, 9) + sound["png"][8:])
    yield Hostile("jpeg-endless-fill", b"\xff\xd8\xff" + b"\xff" * 1_000_000)
    yield Hostile("jpeg-without-picture", b"\xff\xd8\xff\xd9" + CANARY)


def _with_wrong_bytes(content: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    wrong = bytearray(content)
    for _ in range(12):
        wrong[chance.randrange(8, len(wrong))] = chance.randrange(256)
    return bytes(wrong)


def hostile_pdfs() -> Iterator[Hostile]:
    for name, content, expect, code in hostile_pdf.documents():
        yield Hostile(name, content, expect, code)
