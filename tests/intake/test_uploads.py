"""Uploads: told by content, drawn anew as pages; names that are no more than names; a process that can do nothing."""

from __future__ import annotations

import http.server
import io
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from portal.intake import confined
from portal.intake.confined import Bounds, DoesNotStart
from portal.intake.uploads import UPLOADS, BadUpload, clean_upload, disposition, plain_name
from tests.intake import hostile_pdf
from tests.intake.hostile import photo

pytestmark = pytest.mark.slow

SHORT = Bounds(cpu_seconds=5, wall_seconds=10)


def opened(page) -> Image.Image:
    image = Image.open(io.BytesIO(page.data), formats=("JPEG",))
    image.load()
    return image


# --- pages


@pytest.mark.parametrize(("kind", "media"), [("JPEG", "image/jpeg"), ("PNG", "image/png")])
def test_a_picture_becomes_one_page(kind, media):
    clean = clean_upload("id.jpg", photo(kind, (300, 200)))
    assert (clean.media_type, len(clean.pages), clean.size) == (media, 1, len(photo(kind, (300, 200))))
    assert (clean.pages[0].width, clean.pages[0].height) == opened(clean.pages[0]).size == (300, 200)


def test_each_page_of_a_pdf_becomes_a_picture():
    clean = clean_upload("id.pdf", hostile_pdf.pages(3))
    assert (clean.media_type, len(clean.pages)) == ("application/pdf", 3)
    assert {opened(page).size for page in clean.pages} == {(1653, 2339)}
    assert all(page.media_type == "image/jpeg" for page in clean.pages)


def test_the_name_says_nothing_about_the_content():
    assert clean_upload("letter.docx", photo()).media_type == "image/jpeg"
    with pytest.raises(BadUpload, match="upload_wrong_type"):
        clean_upload("id.jpg", b"PK\x03\x04 a letter")


def test_what_was_made_transparent_is_gone():
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))  # black, and not to be seen
    out = io.BytesIO()
    image.save(out, "PNG")
    assert opened(clean_upload("id.png", out.getvalue()).pages[0]).convert("L").getextrema() == (255, 255)


@pytest.mark.slow
def test_a_bar_that_was_laid_over_a_number_covers_it_in_the_kept_page():
    def inked(clean):
        return opened(clean.pages[0]).convert("L").crop((180, 320, 460, 400)).getextrema()

    bar = [b"<</Type/Annot/Subtype/Square/Rect[50 690 300 740]/C[0 0 0]/IC[0 0 0]/F 4>>"]
    bare = clean_upload("id.pdf", hostile_pdf.one_page())
    covered = clean_upload("id.pdf", hostile_pdf.one_page(page=b"/Annots[6 0 R]", more=bar))
    low, high = inked(bare)
    assert low < 80
    assert high > 200
    assert inked(covered)[1] < 40


def test_a_large_picture_is_made_smaller():
    out = io.BytesIO()
    Image.new("RGB", (6000, 1500), "red").save(out, "JPEG")
    page = clean_upload("id.jpg", out.getvalue()).pages[0]
    assert (page.width, page.height) == (3000, 750)


def test_a_page_knows_the_file_it_came_from():
    glued = photo() + b"PK\x03\x04"
    first, second = clean_upload("a", photo()).pages[0], clean_upload("a", glued).pages[0]
    assert first.data == second.data
    assert first.source_digest != second.source_digest


def test_every_refusal_has_short_words():
    for code, text in UPLOADS.items():
        assert BadUpload(code).msgid == text
        assert all(len(sentence.split()) <= 10 for sentence in text.split(". "))


# --- the process


def test_the_process_can_open_nothing_and_take_no_more_memory():
    program = (
        "import sys, socket, os; sys.path.insert(0, sys.argv[1])\n"
        "from portal.intake.confined import confine, load_libraries\n"
        "load_libraries(); confine(5, 1 << 30)\n"
        "def tried(act):\n"
        "    try: act()\n"
        "    except (OSError, MemoryError) as refused: return type(refused).__name__\n"
        "    return 'done'\n"
        "acts = [lambda: open('/etc/passwd'), lambda: open('/tmp/x', 'w'), socket.socket, os.pipe,\n"
        "        lambda: socket.create_connection(('127.0.0.1', 9)), lambda: os.listdir('/'),\n"
        "        lambda: bytearray(1 << 31)]\n"
        "print(*[tried(act) for act in acts], sorted(os.environ))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(confined.ROOT)], capture_output=True, text=True, env={}, check=True
    )
    assert done.stdout.split()[:7] == ["OSError"] * 6 + ["MemoryError"]
    assert set(done.stdout.split()[7:]) <= {"['LC_CTYPE']", "[]"}


@pytest.mark.slow
def test_nothing_in_a_document_reaches_the_network_or_a_file(tmp_path):
    asked = []

    class Sink(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)

        do_POST = do_GET  # noqa: N815

    secret = tmp_path / "secret"
    secret.write_bytes(b"\0" * 81)  # as picture and as contents: black
    os.utime(secret, (1, 1))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}".encode()
            documents = hostile_pdf.reaching_out(address, str(secret).encode())
            for name, content in documents.items():
                assert clean_upload(name, content, SHORT).pages, name
        finally:
            server.shutdown()
            thread.join()
    assert asked == []
    assert secret.stat().st_atime == 1
    assert len(documents) > 10


READY = "import sys; sys.stdin.buffer.read(); print('ready', flush=True)\n"


def answering(monkeypatch, program: str, bounds: Bounds = SHORT):
    """What becomes of a picture when the process does this instead of its work."""
    monkeypatch.setattr(confined, "_PROGRAM", READY + program)
    return clean_upload("id.jpg", photo(), bounds)


PAGE = "b'\\xff\\xd8\\xff....\\xff\\xd9'"
ELEVEN = "b','.join([b'[9, 9, 9]'] * 11)"
LIES = {
    "nothing": "pass",
    "no JSON": "print('hello')",
    "no pages": """print('{"digest": "00", "pages": []}')""",
    "a list": "print('[]')",
    "a number": "print('5')",
    "a page too short": """print('{"digest": "00", "pages": [[9, 9, 99]]}')""",
    "no picture": """sys.stdout.buffer.write(b'{"digest": "00", "pages": [[9, 9, 4]]}\\n<h1>')""",
    "too wide": f"""sys.stdout.buffer.write(b'{{"digest": "00", "pages": [[9999, 9, 9]]}}\\n' + {PAGE})""",
    "more behind": f"""sys.stdout.buffer.write(b'{{"digest": "00", "pages": [[9, 9, 9]]}}\\n' + {PAGE} + b'more')""",
    "too many": f"""sys.stdout.buffer.write(b'{{"digest": "00", "pages": [%s]}}\\n' % {ELEVEN} + {PAGE} * 11)""",
    "an unknown code": """print('{"code": "all is well"}')""",
    "a fall": "import os; os.abort()",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_process_that_lies_is_not_believed(monkeypatch, lie):
    with pytest.raises(BadUpload, match="upload_damaged"):
        answering(monkeypatch, LIES[lie])


def test_a_true_answer_is_believed(monkeypatch):
    truth = LIES["more behind"].replace(" + b'more'", "")
    assert answering(monkeypatch, truth).pages[0].width == 9


SLEEPS = "import time; time.sleep(60)"
COMPUTES = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
FLOODS = "while True: sys.stdout.buffer.write(b'x' * 99999)"


@pytest.mark.parametrize(("program", "code"), [(COMPUTES, "upload_too_heavy"), (FLOODS, "upload_too_heavy")])
@pytest.mark.slow
def test_a_file_that_costs_too_much_is_stopped_and_said_to(monkeypatch, program, code):
    with pytest.raises(BadUpload, match=code):
        answering(monkeypatch, program, Bounds())


@pytest.mark.slow
def test_a_process_that_gets_nowhere_is_stopped_and_the_file_is_not_blamed(monkeypatch):
    with pytest.raises(BadUpload, match="upload_busy"):
        answering(monkeypatch, SLEEPS, Bounds(wall_seconds=1))


@pytest.mark.slow
def test_a_process_that_reads_nothing_is_stopped(monkeypatch):
    monkeypatch.setattr(confined, "_PROGRAM", SLEEPS)
    with pytest.raises(BadUpload, match="upload_busy"):
        clean_upload("id.jpg", photo() + bytes(1_000_000), Bounds(wall_seconds=1))


def test_waiting_for_the_machine_costs_a_file_nothing(monkeypatch):
    """A picture that took longer than it may compute, because others were computing, is taken."""
    truth = LIES["more behind"].replace(" + b'more'", "")
    limited = "import resource, time; resource.setrlimit(resource.RLIMIT_CPU, (1, 1)); time.sleep(2); "
    assert answering(monkeypatch, limited + truth, Bounds(cpu_seconds=1)).pages[0].width == 9


def test_a_broken_installation_takes_no_file(monkeypatch):
    monkeypatch.setattr(confined, "_PROGRAM", "raise RuntimeError")
    with pytest.raises(DoesNotStart):
        clean_upload("id.jpg", photo())


def test_secrets_of_the_portal_are_not_in_the_process(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "a secret")
    seen = "import os, json; print(json.dumps({'code': ' '.join(os.environ) + os.getcwd()}))"
    with pytest.raises(BadUpload) as caught:
        answering(monkeypatch, seen)
    assert caught.value.__cause__.code in ("/", "LC_CTYPE/")


def test_too_many_at_once_are_asked_to_wait(monkeypatch):
    monkeypatch.setattr(confined, "_slots", threading.BoundedSemaphore(1))
    confined._slots.acquire()
    with pytest.raises(BadUpload, match="upload_busy"):
        clean_upload("id.jpg", photo(), Bounds(wall_seconds=0))


# --- names


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("paspoort.jpg", "paspoort.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\id.pdf", "id.pdf"),
        ("id\0.jpg", "id .jpg"),
        ("gpj.\u202eexe.jpg", "gpj. exe.jpg"),
        ("a\r\nSet-Cookie: b=c", "a Set-Cookie b=c"),
        ('a"; filename="b.exe', "a filename= b.exe"),
        ("", "bestand"),
        ("..", "bestand"),
        ("/", "bestand"),
        (".htaccess", "htaccess"),
        ("-rf", "rf"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("جواز سفر.pdf", "جواز سفر.pdf"),
        ("\ud800.pdf", "pdf"),
    ],
)
def test_a_name_is_no_more_than_a_name(name, plain):
    assert plain_name(name) == plain


def test_a_long_name_is_cut_and_keeps_its_ending():
    assert len(plain_name("a" * 300)) == 100
    assert plain_name("a" * 300 + ".exe", ".jpg") == "a" * 96 + ".jpg"
    assert plain_name("id.exe", ".jpg") == "id.jpg"


def test_a_download_is_named_in_ascii_and_in_full():
    assert disposition("V-2026-1", ".jpg") == 'attachment; filename="V-2026-1.jpg"'
    assert disposition("Şahin", ".jpg") == "attachment; filename=\"Sahin.jpg\"; filename*=UTF-8''%C5%9Eahin.jpg"


@given(st.text(max_size=300))
def test_no_name_breaks_out_of_its_header(name):
    value = disposition(name, ".jpg")
    assert value.isascii()
    assert value.isprintable()
    inside = value.removeprefix('attachment; filename="').partition('"')[0]
    assert inside
    assert not set(inside) & set('/\\"')
    assert len(plain_name(name, ".jpg")) <= 100
    assert plain_name(name, ".jpg").endswith(".jpg")
    assert not any(sign in plain_name(name) for sign in "\u202e\u2066\0\r\n/\\")
