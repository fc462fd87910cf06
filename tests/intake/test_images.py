"""Pictures: recognised by content, measured before decoding, drawn anew; hostile ones refused."""

from __future__ import annotations

import io
import os
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from portal.intake import images
from portal.intake.faults import BadValue
from portal.intake.images import clean_image, load_image
from portal.intake.reasons import IMAGES
from tests.intake.exports import picture, png_chunk

PNG = b"\x89PNG\r\n\x1a\n"


def _refusal(data: bytes) -> str:
    with pytest.raises(BadValue) as caught:
        clean_image(data)
    assert caught.value.code in IMAGES
    return caught.value.code


def _header(width: int, height: int) -> bytes:
    return png_chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + b"\x08\x02\x00\x00\x00")


@pytest.mark.parametrize(("kind", "media"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_a_good_picture_keeps_its_size_and_type(kind, media):
    clean = clean_image(picture(kind, (33, 21)))
    assert (clean.media_type, clean.width, clean.height, len(clean.source_digest)) == (media, 33, 21, 32)
    with Image.open(io.BytesIO(clean.data)) as again:
        assert (again.format, again.size) == (kind, (33, 21))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_can_be_drawn_anew(mode):
    assert clean_image(picture("PNG", mode=mode)).width == 20


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_mode_of_jpeg_can_be_drawn_anew(mode):
    assert clean_image(picture("JPEG", mode=mode)).width == 20


def test_pixels_of_a_png_come_through_unchanged():
    image = Image.effect_noise((16, 16), 90).convert("RGB")
    out = io.BytesIO()
    image.save(out, "PNG")
    with Image.open(io.BytesIO(clean_image(out.getvalue()).data)) as again:
        assert again.tobytes() == image.tobytes()


def test_what_is_not_pixels_is_gone():
    exif = Image.Exif()
    exif[0x010E] = "GEHEIM"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "GEHEIM")
    for data in (
        picture("JPEG", exif=exif, comment=b"GEHEIM"),
        picture("PNG", pnginfo=texts, exif=exif),
        picture("JPEG", icc_profile=b"GEHEIM" * 30),
    ):
        assert b"GEHEIM" in data
        assert b"GEHEIM" not in clean_image(data).data


def test_a_picture_taken_sideways_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    clean = clean_image(picture("JPEG", (30, 10), exif=exif))
    assert (clean.width, clean.height) == (10, 30)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "image_wrong_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image_wrong_type"),
        (b"%PDF-1.7", "image_wrong_type"),
        (b"GIF89a" + bytes(50), "image_wrong_type"),
        (picture("WEBP"), "image_wrong_type"),
        (picture("TIFF"), "image_wrong_type"),
        (PNG, "image_damaged"),
        (b"\xff\xd8\xff", "image_damaged"),
        (b"\xff\xd8\xff\xd9", "image_damaged"),
        (picture() + b"PK\x03\x04 a whole archive", "image_trailing_data"),
        (picture("JPEG") + b"<script>alert(1)</script>", "image_trailing_data"),
        (bytes(images.MAX_BYTES + 1), "image_too_large"),
        (PNG + _header(100_000, 100_000) + png_chunk(b"IDAT", b"x") + png_chunk(b"IEND", b""), "image_too_many_pixels"),
        (PNG + _header(0, 5) + png_chunk(b"IDAT", b"x") + png_chunk(b"IEND", b""), "image_damaged"),
        (PNG + _header(5, 5) + png_chunk(b"IEND", b""), "image_damaged"),
        (PNG + _header(5, 5) + _header(5, 5) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b""), "image_damaged"),
        (
            PNG + _header(5, 5) + png_chunk(b"EVIL", b"") + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b""),
            "image_damaged",
        ),
        (PNG + _header(5, 5) + png_chunk(b"IDAT", zlib.compress(bytes(9))) + png_chunk(b"IEND", b""), "image_damaged"),
        (picture("PNG").replace(b"IDAT", b"IDAX"), "image_damaged"),
    ],
)
def test_a_hostile_or_foreign_file_is_refused(data, code):
    assert _refusal(data) == code


def test_no_decoder_meets_a_flood_of_pixels(monkeypatch):
    def never(*_args, **_options):
        raise AssertionError("decoded")

    flood = picture("JPEG")
    at = flood.index(b"\xff\xc0") + 5
    flood = flood[:at] + (60_000).to_bytes(2) * 2 + flood[at + 4 :]
    monkeypatch.setattr(Image, "open", never)
    assert _refusal(flood) == "image_too_many_pixels"
    assert _refusal(PNG + _header(7000, 7000)) == "image_too_many_pixels"


def test_a_moving_picture_is_refused():
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    assert _refusal(out.getvalue()) == "image_animated"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_cut_short_anywhere_is_refused(kind):
    data = picture(kind, (64, 64))
    for length in range(3, len(data) - 1, max(1, len(data) // 40)):
        assert _refusal(data[:length]) in {"image_damaged", "image_wrong_type"}


def test_the_second_rendering_that_telephones_append_is_dropped():
    clean = clean_image(picture("JPEG", (8, 8)) + picture("JPEG", (90, 90)))
    assert clean.data.count(b"\xff\xd8\xff") == 1
    assert clean.width == 8


@settings(deadline=None)
@given(st.data())
def test_a_changed_byte_never_gets_past_as_anything_but_a_picture(data):
    original = bytearray(picture(data.draw(st.sampled_from(["PNG", "JPEG"]))))
    original[data.draw(st.integers(0, len(original) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        clean = clean_image(bytes(original))
    except BadValue as error:
        reason = error.code
    else:
        reason = ""
        with Image.open(io.BytesIO(clean.data)) as again:
            assert again.size == (clean.width, clean.height)
    assert not reason or reason in IMAGES


@pytest.mark.parametrize(
    "name", ["../x.png", "/etc/passwd", "a/b.png", "a\\b.png", "", ".x.png", "x\0.png", "..", "x\n.png", "a" * 300]
)
def test_a_name_that_is_more_than_a_name_is_refused(tmp_path, name):
    with pytest.raises(BadValue, match="image_unsafe_name"):
        load_image(tmp_path, name)


def test_links_pipes_and_folders_are_refused_and_files_are_read(tmp_path):
    (tmp_path / "echt.png").write_bytes(picture())
    (tmp_path / "link.png").symlink_to(tmp_path / "echt.png")
    (tmp_path / "map.png").mkdir()
    os.mkfifo(tmp_path / "pijp.png")
    (tmp_path / "groot.png").write_bytes(bytes(images.MAX_BYTES + 1))
    (tmp_path.parent / "koppeling").symlink_to(tmp_path)
    assert load_image(tmp_path, "echt.png").width == 20
    for folder, name, code in [
        (tmp_path, "link.png", "image_not_regular"),
        (tmp_path, "map.png", "image_not_regular"),
        (tmp_path, "pijp.png", "image_not_regular"),
        (tmp_path, "weg.png", "image_missing"),
        (tmp_path, "groot.png", "image_too_large"),
        (tmp_path.parent / "koppeling", "echt.png", "image_not_regular"),
    ]:
        with pytest.raises(BadValue, match=code):
            load_image(folder, name)
