"""PDFs written by hand: with scripts, actions, attachments, locks, loops and bombs."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

CANARY = b"K4N4RIE-7c1e5d"
TEXT = b"BT /F1 24 Tf 72 700 Td (Paspoort) Tj ET"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
A4 = b"[0 0 595 842]"


def written(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects; the first is its root."""
    out, at = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in at)
    out += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, table)
    return bytes(out)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), entries, content)


def one_page(
    content: bytes = TEXT,
    *,
    box: bytes = A4,
    root: bytes = b"",
    page: bytes = b"",
    resources: bytes = b"",
    more: Sequence[bytes] = (),
    entries: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """A page of text; `more` are objects 6, 7, …, which `root`, `page` and `resources` may name."""
    return written(
        [
            b"<</Type/Catalog/Pages 2 0 R%s>>" % root,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox %s/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>%s>>%s>>"
            % (box, resources, page),
            stream(content, entries),
            FONT,
            *more,
        ],
        trailer,
    )


def pages(count: int, said: int | None = None) -> bytes:
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(count))
    return written(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count if said is None else said),
            *[b"<</Type/Page/Parent 2 0 R/MediaBox %s>>" % A4] * count,
        ]
    )


def acting(action: bytes) -> bytes:
    """Does something as it is opened, as its page is shown, and at a click anywhere."""
    click = b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 595 842]/A %s>>]" % action
    return one_page(root=b"/OpenAction %s" % action, page=b"/AA<</O %s/C %s>>%s" % (action, action, click))


def actions(address: bytes = b"http://127.0.0.1:9", file: bytes = b"/etc/passwd") -> dict[str, bytes]:
    return {
        "javascript": b"<</S/JavaScript/JS(app.alert('%s');app.launchURL('%s'))>>" % (CANARY, address),
        "launch": b"<</S/Launch/F(/bin/sh)/Win<</F(cmd.exe)/P(/c echo %s)>>>>" % CANARY,
        "address": b"<</S/URI/URI(%s/%s)>>" % (address, CANARY),
        "submit": b"<</S/SubmitForm/F<</FS/URL/F(%s)>>/Flags 4>>" % address,
        "import": b"<</S/ImportData/F(%s)>>" % file,
        "remote": b"<</S/GoToR/F(%s)/D[0/Fit]>>" % file,
        "embedded": b"<</S/GoToE/F(%s)/D[0/Fit]/T<</R/C/N(x)>>>>" % file,
        "film": b"<</S/Rendition/R<</S/MR/C<</S/MCD/D<</FS/URL/F(%s)>>>>>>/OP 0>>" % address,
    }


def reaching_out(address: bytes, file: bytes) -> dict[str, bytes]:
    """Documents that would touch an address or a file if anything in them were run or followed."""
    found = {name: acting(action) for name, action in actions(address, file).items()}
    outside = b"/FFilter/FlateDecode/F<</FS/URL/F(%s)>>" % address
    found["contents elsewhere"] = one_page(entries=outside)
    local = b"/F(%s)" % file
    found["contents in a file"] = one_page(entries=local)
    picture = stream(
        b"", b"/Type/XObject/Subtype/Image/Width 9/Height 9/BitsPerComponent 8/ColorSpace/DeviceGray" + local
    )
    found["picture in a file"] = one_page(b"/X Do", resources=b"/XObject<</X 6 0 R>>", more=[picture])
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Ref<</F(%s)/Page 0>>/Length 0>>stream\n\nendstream" % file
    found["page of another file"] = one_page(b"/X Do", resources=b"/XObject<</X 6 0 R>>", more=[form])
    return found


def documents() -> Iterator[tuple[str, bytes, str, str]]:
    """Name, bytes, what must become of it, and the code of the only right refusal."""
    for name, action in actions().items():
        yield f"pdf-acting-{name}", acting(action), "clean", ""
    for name, content in reaching_out(b"http://127.0.0.1:9", b"/etc/passwd").items():
        yield f"pdf-reaching-{name}", content, "clean", ""
    attached = [
        b"<</Type/Filespec/F(a.exe)/EF<</F 7 0 R>>>>",
        stream(b"MZ" + CANARY, b"/Type/EmbeddedFile"),
    ]
    names = b"/Names<</EmbeddedFiles<</Names[(a.exe) 6 0 R]>>>>"
    yield "pdf-with-a-file-in-it", one_page(root=names, more=attached), "clean", ""
    script = b"/Names<</JavaScript<</Names[(a) 6 0 R]>>>>"
    yield "pdf-with-a-named-script", one_page(root=script, more=[actions()["javascript"]]), "clean", ""
    form = b"/AcroForm<</XFA 6 0 R/Fields[]>>"
    yield "pdf-with-an-xfa-form", one_page(root=form, more=[stream(b"<xdp>%s</xdp>" % CANARY)]), "clean", ""
    about = b"<</Title(%s)/Author(%s)>>" % (CANARY, CANARY)
    yield "pdf-with-a-title", one_page(more=[about], trailer=b"/Info 6 0 R"), "clean", ""
    hidden = b"BT 3 Tr /F1 9 Tf 72 72 Td (%s) Tj ET " % CANARY
    yield "pdf-with-hidden-text", one_page(hidden + TEXT), "clean", ""
    yield (
        "pdf-with-text-beside-the-page",
        one_page(TEXT + b" BT /F1 9 Tf 9999 9999 Td (%s) Tj ET" % CANARY),
        "clean",
        "",
    )
    locked = b"/Encrypt 6 0 R/ID[<0123456789ABCDEF0123456789ABCDEF><0123456789ABCDEF0123456789ABCDEF>]"
    lock = b"<</Filter/Standard/V 2/R 3/Length 128/P -44/O<%s>/U<%s>>>" % (b"41" * 32, b"42" * 32)
    yield "pdf-locked", one_page(more=[lock], trailer=locked), "refused", "upload_locked"
    unknown = b"<</Filter/Own.Lock/V 4>>"
    yield "pdf-locked-in-a-strange-way", one_page(more=[unknown], trailer=locked), "refused", ""
    yield "pdf-of-10-pages", pages(10), "clean", ""
    for count in (11, 1000):
        yield f"pdf-of-{count}-pages", pages(count), "refused", "upload_too_many_pages"
    yield "pdf-of-no-page", pages(0), "refused", "upload_damaged"
    yield "pdf-that-says-a-million-pages", pages(1, 1_000_000), "refused", ""
    yield "pdf-that-says-fewer-pages", pages(30, 2), "either", ""
    yield "pdf-that-says-minus-pages", pages(1, -5), "either", ""
    for name, box in {
        "endless": b"[0 0 1e30 1e30]",
        "large": b"[0 0 14400 14400]",
        "nothing": b"[0 0 0 0]",
        "turned": b"[595 842 0 0]",
        "thin": b"[0 0 14400 0.01]",
        "words": b"[(a) (b) (c) (d)]",
    }.items():
        yield f"pdf-page-{name}", one_page(box=box), "either", ""
    yield "pdf-page-magnified", one_page(page=b"/UserUnit 75000"), "clean", ""
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 600 900]"
    own = stream(b"/X Do", form + b"/Resources<</XObject<</X 6 0 R>>>>")
    yield "pdf-form-in-itself", one_page(b"/X Do", resources=b"/XObject<</X 6 0 R>>", more=[own]), "either", ""
    yield (
        "pdf-pages-in-themselves",
        written([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"]),
        "refused",
        "",
    )
    yield "pdf-length-in-itself", one_page().replace(b"/Length 39", b"/Length 4 0 R"), "either", ""
    yield "pdf-deep", one_page(b"q " * 200_000 + TEXT), "either", ""
    yield "pdf-deep-arrays", one_page(root=b"/X " + b"[" * 20_000 + b"]" * 20_000), "either", ""
    bomb = zlib.compress(b"0 0 m 9 9 l S\n" * 2_000_000, 9)
    yield "pdf-stream-bomb", one_page(bomb, entries=b"/Filter/FlateDecode"), "either", ""
    twice = zlib.compress(zlib.compress(bytes(200_000_000), 9), 9)
    yield "pdf-stream-bomb-twice", one_page(twice, entries=b"/Filter[/FlateDecode/FlateDecode]"), "either", ""
    yield (
        "pdf-picture-flood",
        one_page(
            b"500 0 0 500 0 0 cm /X Do",
            resources=b"/XObject<</X 6 0 R>>",
            more=[
                stream(
                    zlib.compress(bytes(100_000)),
                    b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceRGB"
                    b"/Filter/FlateDecode",
                )
            ],
        ),
        "either",
        "",
    )
    laughs = [
        stream(b"/X Do " * 10, form + b"/Resources<</XObject<</X %d 0 R>>>>" % (number + 7)) for number in range(9)
    ]
    last = stream(b"0 0 m 500 800 l S", form)
    yield (
        "pdf-billion-laughs",
        one_page(b"/X Do", resources=b"/XObject<</X 6 0 R>>", more=[*laughs, last]),
        "refused",
        "",
    )
    yield "pdf-without-a-table", one_page().partition(b"xref")[0] + b"%%EOF", "either", ""
    yield "pdf-of-a-picture-only-in-name", b"%PDF-1.7\n\xff\xd8\xff\xe0" + CANARY, "refused", "upload_damaged"
