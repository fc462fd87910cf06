"""Letters as PDF: text that can be copied, tags and languages, nothing fetched, the same bytes each time."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import socket
import subprocess
import sys
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from portal.i18n import TONGUES
from portal.letters import pdf, press
from portal.policy.loader import load_policy
from portal.policy.model import Policy
from tests.letters import paper, spoken

ROOT = Path(__file__).resolve().parents[2]
ON = date(2026, 11, 23)
REFERENCE = "PV-2026-0042"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(ROOT / "portal/policy/jar_opleidingen.toml")


@pytest.fixture
def letter(policy, monkeypatch, tmp_path):
    """Writes a letter whose only paragraph is spoken.BODY, in a language; printed here, so that faults are heard."""
    monkeypatch.setattr(pdf, "printed", press.render_pdf)
    monkeypatch.setattr(pdf, "speaker", spoken.Sampled)
    frame = pdf.environment()
    monkeypatch.setattr(pdf, "environment", lambda: frame.overlay(loader=_with_sample(frame.loader)))

    def write(lang: str, **more: object) -> bytes:
        return pdf.letter_pdf(
            "sample.html", spoken.Sampled(lang), policy=policy, title=spoken.TITLE, on=ON, reference=REFERENCE, **more
        )

    return write


def _with_sample(loader):
    from jinja2 import ChoiceLoader, DictLoader

    body = "<p>{{ readers[0].speaker.say(text) }}</p>".replace("text", f'"{spoken.BODY}"')
    return ChoiceLoader([DictLoader({"sample.html": body}), loader])


def page(body: str, lang: str = "nl") -> str:
    return f'<!doctype html><html lang="{lang}"><head><title>x</title></head><body>{body}</body></html>'


@paper.needs_poppler
@pytest.mark.parametrize("lang", TONGUES)
def test_the_words_of_a_letter_can_be_copied_in_each_language_with_the_dutch_behind(letter, lang, tmp_path):
    text = paper.text_of(letter(lang), tmp_path)
    title, body, label = spoken.SAYS.get(lang, (spoken.TITLE, spoken.BODY, "Datum:"))
    for word in paper.plain(f"{title} {body} {label}").split():
        assert word.strip(".:፦،") in text
    for dutch in (spoken.TITLE, spoken.BODY, "23 november 2026", "23-11-2026", REFERENCE):
        assert dutch in text


@paper.needs_poppler
@pytest.mark.parametrize("lang", ["ar", "fa"])
def test_a_sentence_from_right_to_left_is_copied_in_its_reading_order(letter, lang, tmp_path):
    text = paper.text_of(letter(lang), tmp_path)
    sentence = spoken.SAYS[lang][1].split(".")[0]
    assert paper.plain(sentence) in text


@pytest.mark.parametrize(
    ("own", "directed"),
    [
        ("<bdi>JAR b.v.</bdi>", '<bdi dir="ltr">JAR b.v.</bdi>'),
        ("<bdi>12 &lt;أحمد&gt;</bdi>", '<bdi dir="rtl">12 &lt;أحمد&gt;</bdi>'),
        ('<p class="words" dir="auto">«Ша</p>', '<p class="words" dir="ltr">«Ша</p>'),
        ('<bdi dir="ltr">أ</bdi><bdi>5</bdi>', '<bdi dir="ltr">أ</bdi><bdi dir="ltr">5</bdi>'),
        ("<p>plain</p>", "<p>plain</p>"),
    ],
)
def test_a_text_of_its_own_direction_gets_that_of_its_first_letter(own, directed):
    assert press._directed(own) == directed


@paper.needs_poppler
def test_the_point_of_a_name_stays_behind_it_in_a_line_from_right_to_left(tmp_path):
    made = press.render_pdf(page('<p dir="rtl">مدرستكم <bdi>JAR b.v.</bdi> نعم</p>', "ar"), "ar", "x", ON)
    assert "JAR b.v." in paper.text_of(made, tmp_path)


@pytest.mark.parametrize("lang", TONGUES)
def test_every_language_of_a_letter_is_named_where_it_is_read(letter, lang):
    # Dutch fills what the sample's catalogue does not know, so it is always there.
    assert paper.languages_of(letter(lang)) == {lang, "nl"}


@paper.needs_poppler
def test_a_letter_is_tagged_titled_and_dated(letter, tmp_path):
    made = letter("uk")
    info = paper.info_of(made, tmp_path)
    assert info["Tagged"] == "yes"
    assert info["Title"] == f"{spoken.SAYS['uk'][0]} – {REFERENCE}"
    assert "Nov 23" in info["CreationDate"]
    assert info["Page size"].endswith("(A4)")
    assert "pdfuaid:part" in paper.objects_of(made)
    structure = paper.structure_of(made, tmp_path)
    assert structure.count("H1") == 2
    assert structure.count("Sect") == 2


@paper.needs_poppler
def test_the_dutch_text_starts_a_page_of_its_own_and_dutch_alone_needs_one(letter, tmp_path):
    assert paper.info_of(letter("nl"), tmp_path)["Pages"] == "1"
    assert paper.info_of(letter("tr"), tmp_path)["Pages"] == "2"
    assert paper.info_of(letter("tr", together=True), tmp_path)["Pages"] == "1"


@paper.needs_poppler
def test_page_numbers_are_decoration_and_lists_hold_items_only(tmp_path):
    made = press.render_pdf(page("<dl><div><dt>Straat</dt><dd>Dorpsstraat</dd></div></dl>"), "nl", "Lijst", ON)
    assert "1/1" in paper.text_of(made, tmp_path).replace(" ", "")
    assert "/Artifact BMC" in re.sub(r"\s+", " ", paper.objects_of(made))
    structure = paper.structure_of(made, tmp_path)
    assert "Div" not in structure
    assert structure[structure.index("L") + 1] == "LI"


@paper.needs_poppler
def test_words_in_another_language_inside_a_sentence_are_named_too(tmp_path):
    made = press.render_pdf(page('<p>Wij zeggen <span lang="ar" dir="rtl">شكراً</span> tegen u.</p>'), "nl", "x", ON)
    assert paper.languages_of(made) == {"nl", "ar"}


@paper.needs_poppler
def test_the_address_stands_in_the_window_and_nothing_else_does(letter, tmp_path):
    made = letter("ar", address=["Şükran Yıldız", "Dorpsstraat 14", "", "1723 AB NOORD-SCHARWOUDE"])
    (tmp_path / "letter.pdf").write_bytes(made)
    points = 72 / 25.4

    def seen(top: int, bottom: int) -> str:
        box = ["-x", "0", "-W", str(round(210 * points)), "-y", str(round(top * points))]
        box += ["-H", str(round((bottom - top) * points)), "-l", "1"]
        command = ["pdftotext", "-layout", *box, str(tmp_path / "letter.pdf"), "-"]
        return paper.plain(subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout)

    assert seen(39, 90) == "Şükran Yıldız Dorpsstraat 14 1723 AB NOORD-SCHARWOUDE"
    assert seen(60, 79) == seen(39, 90)


def test_an_image_elsewhere_is_left_out_without_a_connection(tmp_path):
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_port}"
        secret = tmp_path / "secret.css"
        secret.write_text("body::before { content: 'geheim' }")
        made = press.render_pdf(
            page(
                f'<link rel="stylesheet" href="{place}/a.css"><link rel="stylesheet" href="{secret.as_uri()}">'
                f'<link rel="attachment" href="{secret.as_uri()}"><img src="{place}/b.png" alt="b">'
                f"<style>@import url({place}/c.css); p {{ background: url({place}/d.png) }}</style>"
                f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{place}/e.png"/></svg>'
                f'<object data="{place}/f.pdf"></object><img src="data:image/png;base64,AAAA" alt="g"><p>Tekst</p>'
            ),
            "nl",
            "x",
            ON,
        )
        server.shutdown()
    assert made.startswith(b"%PDF-1.7")
    assert asked == []
    assert "geheim" not in paper.objects_of(made)
    assert "EmbeddedFile" not in paper.objects_of(made)


def test_the_listener_of_the_test_above_would_have_heard_a_connection():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        from weasyprint import HTML

        thread = threading.Thread(
            target=lambda: HTML(string=f'<img src="http://127.0.0.1:{server.getsockname()[1]}/x.png">').render()
        )
        thread.start()
        connection, _ = server.accept()
        connection.close()
        thread.join()


def test_only_our_fonts_are_served_and_a_refusal_is_an_ordinary_exception():
    fetcher = press.press().fetcher
    from portal.letters.fetching import RefusedAddress

    for refused in ("file:///etc/passwd", "font:../../../config.py", "font:README.md", "http://localhost/", "data:,x"):
        with pytest.raises(RefusedAddress):
            fetcher.fetch(refused)
    assert fetcher._fail_on_errors is False
    assert issubclass(RefusedAddress, Exception)


def test_a_missing_font_stops_the_press_rather_than_printing_in_another(monkeypatch, tmp_path):
    monkeypatch.setattr(press, "FONTS", tmp_path)
    press.press.cache_clear()
    try:
        with pytest.raises(press.NotPrintable, match="noto-sans-bold"):
            press.press()
    finally:
        press.press.cache_clear()


@pytest.mark.slow
def test_the_same_letter_is_the_same_bytes_in_this_process_and_in_another(letter):
    html = page('<p lang="ar" dir="rtl">عنوانك</p><p lang="ti">ኣድራሻኹም</p><p>Uw adres</p>')
    first = press.render_pdf(html, "nl", "Brief", ON)
    letter("fa")  # another letter between does not show
    assert press.render_pdf(html, "nl", "Brief", ON) == first
    other = (
        "import hashlib, sys; from datetime import date; from portal.letters.press import render_pdf;"
        f"sys.stdout.write(hashlib.sha256(render_pdf({html!r}, 'nl', 'Brief', date(2026, 11, 23))).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", other], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == hashlib.sha256(first).hexdigest()
    assert press.render_pdf(html, "nl", "Brief", date(2026, 11, 24)) != first


def test_no_letter_uses_a_glyph_that_its_fonts_lack(letter, caplog):
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        for lang in TONGUES:
            letter(lang)
    assert caplog.messages == []


def test_letters_use_our_fonts_only(letter):
    families = {
        found for lang in TONGUES for found in re.findall(r"/FontFamily \(([^)]*)\)", paper.objects_of(letter(lang)))
    }
    assert families == {"Portal Sans", "Portal Arabic", "Portal Ethiopic"}


@paper.needs_poppler
@pytest.mark.parametrize("tenths", range(1530, 1560, 5))
def test_a_line_is_not_broken_after_its_first_word(tenths, tmp_path):
    # The text fits, but the space before the address does not: WeasyPrint 70 would put "op" on a line of its own.
    text = "op tijd? Dan mag u ook later gaan. U heeft geen advocaat nodig. Zie UAVG artikel 35."
    html = page(f'<p style="width:{tenths / 10}mm">{text} <bdi>https://www.rechtspraak.nl</bdi></p>')
    (tmp_path / "letter.pdf").write_bytes(press.render_pdf(html, "nl", "x", ON))
    command = ["pdftotext", "-layout", str(tmp_path / "letter.pdf"), "-"]
    lines = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout.split("\n")
    assert len(lines[0].strip()) > 60


def test_a_process_that_printed_leaves_nothing_behind_it(tmp_path):
    held_to_the_end = "import sys; from portal.letters import press; sys.press = press"
    code = f"{held_to_the_end}; assert press.render_pdf('<p>Dag</p>', 'nl', 'Brief')"
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    assert (done.stderr, list(tmp_path.iterdir())) == ("", [])


def test_importing_the_letters_does_not_load_weasyprint():
    code = "import sys, portal.letters.pdf, portal.letters.slip; sys.exit('weasyprint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_two_threads_print_at_once_without_harm():
    html = page("<p>" + "Uw adres. " * 50 + "</p>")
    wanted = press.render_pdf(html, "nl", "x", ON)
    got: list[bytes] = []
    threads = [threading.Thread(target=lambda: got.append(press.render_pdf(html, "nl", "x", ON))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert got == [wanted] * 4
