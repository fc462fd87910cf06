"""Our own writing of a mail's bytes, read back with Python's `email`."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.i18n import TONGUES
from portal.mail.mime import Mail, alternatives, header, header_text
from portal.mail.render import render
from tests.mail.posts import AT, HOUSE, every_message, parsed, sheet_of

BOUNDARY = "portal-1"
LETTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(st.one_of(LETTERS, st.sampled_from("\r\n. =é")), max_size=400).map(lambda text: text + "\n")
PIECES = st.one_of(st.text(LETTERS, max_size=40), st.sampled_from(["=?utf-8?q?Bcc=3A?=", "a" * 90, "\r\nBcc: x@y.z"]))


def mail(text: str, html: str = "<p>\n", subject: str = "x") -> Mail:
    content = alternatives([header("Subject", subject)], ["nl"], BOUNDARY, text, html)
    return Mail("a@example.org", "b@example.org", "<1@example.org>", AT, content)


def seems_well_formed(content: bytes) -> bool:
    """ASCII, no line end but CRLF, no line longer than the standard asks for (RFC 5322, 2.1.1)."""
    bare = re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", content)
    return content.isascii() and not bare and max(map(len, content.split(b"\r\n"))) <= 78


@given(TEXTS, TEXTS)
def test_any_text_comes_out_as_it_went_in(text: str, html: str):
    made = mail(text, html)
    assert seems_well_formed(made.content)
    for kind, given_ in (("plain", text), ("html", html)):
        part = parsed(made).get_body((kind,))
        assert part is not None
        read = part.get_payload(decode=True)
        assert isinstance(read, bytes)
        assert read.decode() == re.sub("\r\n|\r|\n", "\r\n", given_)


@given(st.lists(PIECES, min_size=1, max_size=6))
def test_any_subject_is_one_header_and_is_read_as_it_was_written(pieces: list[str]):
    subject = " ".join(pieces)
    made = parsed(mail("x\n", subject=f"x{subject}x"))
    assert made.keys() == ["Subject", "MIME-Version", "Content-Type", "Content-Language"]
    assert " ".join(str(made["Subject"]).split()) == " ".join(header_text(f"x{subject}x").split())


@pytest.mark.parametrize("lang", list(TONGUES))
def test_no_reader_finds_a_fault_in_any_of_our_mails(lang: str):
    for name, message in every_message(lang).items():
        made = render(sheet_of(message), HOUSE)
        assert seems_well_formed(made.content), name
        for part in parsed(made).walk():
            assert not part.defects, name
            assert not [each for value in part.values() for each in value.defects], name
