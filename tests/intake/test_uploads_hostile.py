"""Every hostile file is refused with a code or comes out as clean pages; how many there are is printed."""

from __future__ import annotations

import io
import resource
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from portal.intake.confined import Bounds
from portal.intake.images import MAX_PIXELS, CleanImage, clean_image
from portal.intake.uploads import UPLOADS, BadUpload, clean_upload
from tests.intake.hostile import CANARY, Hostile, archive, corpus, exif, photo

BOUNDS = Bounds(cpu_seconds=6, wall_seconds=300)  # whatever else the machine has to do
SECOND_FILES = (b"PK\x03\x04", b"PK\x05\x06", b"<script", b"<html", b"<?php", b"%PDF", b"MZ", b"ftyp", b"Exif", b"ICC_")


def dirt(page: CleanImage) -> list[str]:
    """What a page holds beside pixels."""
    found = [repr(sign) for sign in (CANARY, *SECOND_FILES[:6]) if sign in page.data]
    with Image.open(io.BytesIO(page.data)) as image:
        found += [key for key in image.info if key not in ("jfif", "jfif_version", "jfif_unit", "jfif_density")]
        found += ["exif"] * bool(image.getexif())
        found += ["another size"] * (image.size != (page.width, page.height))
    clean_image(page.data)  # the structure of one picture, with nothing behind it
    return found


def outcome(hostile: Hostile) -> tuple[Hostile, str, list[str]]:
    try:
        clean = clean_upload(hostile.name, hostile.content, BOUNDS)
    except BadUpload as bad:
        return hostile, bad.code, []
    return hostile, "clean", [what for page in clean.pages for what in dirt(page)]


@pytest.mark.slow
def test_at_least_a_hundred_hostile_files_do_no_harm():
    files = corpus()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(outcome, files))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    wrong = []
    for hostile, came, found in outcomes:
        assert came == "clean" or came in UPLOADS
        expected = {"refused": came != "clean", "clean": came == "clean", "either": True}[hostile.expect]
        if not expected or found or (hostile.code and hostile.code != came):
            wrong.append((hostile.name, came, found))
    assert wrong == []
    assert len(files) >= 100
    assert grown < 300  # megabytes: 40 megapixels are never opened here
    counts = Counter(came for _, came, _ in outcomes)
    print(f"{len(files)} hostile files: " + ", ".join(f"{count} {came}" for came, count in counts.most_common()))
    print(f"largest process {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB")


@pytest.mark.parametrize(
    "planted",
    [photo(comment=CANARY), photo(exif=exif()), photo(icc_profile=b"x" * 99), photo(comment=archive(a=b"b"))],
)
def test_the_search_for_dirt_finds_it(planted):
    assert dirt(CleanImage(planted, "image/jpeg", 160, 100, b""))


@pytest.mark.slow
def test_a_flood_is_told_before_anything_is_decoded(monkeypatch):
    def decoded(*_arguments, **_more):
        raise AssertionError("decoded")

    monkeypatch.setattr(Image, "open", decoded)
    floods = [each for each in corpus() if each.code == "upload_too_many_pixels"]
    assert len(floods) >= 10
    for flood in floods:
        with pytest.raises(ValueError, match="image_too_many_pixels"):
            clean_image(flood.content)
    assert MAX_PIXELS == 40_000_000
