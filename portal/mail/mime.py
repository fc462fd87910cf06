"""A mail as the bytes that go over the wire (RFC 5322, RFC 2045-2047).

Put together here and not by `email`'s own trees: those parse and fold every header of every mail anew, which costs ten
times what the mail itself does. All our mails have one shape, so it is short. What is written is read back with
`email` in the tests.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.base64mime import body_encode as base64_lines
from email.header import Header

CRLF = "\r\n"
WIDTH = 76  # characters of a line, where a line can be broken
PLAIN = re.compile(rf"(?:[ -~]{{0,{WIDTH}}}\r\n)*")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """An envelope and what is in it. All of `content` is ASCII, but for a recipient's name in other letters."""

    sender: str
    recipient: str
    message_id: str
    at: datetime
    content: bytes


def header_text(text: str) -> str:
    """A header's text on one line: no control character or line separator survives (ASVS 1.2.2; security.md)."""
    return CONTROL.sub(" ", text).strip()


def header(name: str, text: str) -> str:
    """The header, folded where it is long, other letters as encoded words; text that looks like one is encoded too."""
    line = header_text(text)
    plain = line.isascii() and "=?" not in line
    if not plain or len(name) + len(line) > WIDTH:
        line = Header(line, "us-ascii" if plain else "utf-8", WIDTH, name).encode(linesep=CRLF)
    return f"{name}: {line}"


def alternatives(headers: Iterable[str], languages: Iterable[str], boundary: str, text: str, html: str) -> bytes:
    """A whole mail of a text and an HTML part. `headers` are whole lines, each of which `header` made or something as
    careful; `boundary` is letters, digits and dashes, and stands in neither part."""
    return CRLF.join(
        (
            *headers,
            "MIME-Version: 1.0",
            f'Content-Type: multipart/alternative;{CRLF} boundary="{boundary}"',
            header("Content-Language", ", ".join(languages)),
            "",
            f"--{boundary}",
            *_part("plain", text),
            f"--{boundary}",
            *_part("html", html),
            f"--{boundary}--",
            "",
        )
    ).encode()


def _part(subtype: str, text: str) -> tuple[str, ...]:
    """A text that ends with its last line's end."""
    lines = text.replace(CRLF, "\n").replace("\r", "\n")
    how, content = _seven_bit(lines.replace("\n", CRLF))
    return f'Content-Type: text/{subtype}; charset="utf-8"', f"Content-Transfer-Encoding: {how}", "", content


def _seven_bit(text: str) -> tuple[str, str]:
    """Which encoding a text needs so that every server takes it, the shorter of the two, and the text in it."""
    if PLAIN.fullmatch(text):
        return "7bit", text
    raw = text.encode()
    quoted = binascii.b2a_qp(raw, istext=True).decode("ascii")
    if len(quoted) <= len(raw) * 4 // 3:
        return "quoted-printable", quoted
    return "base64", base64_lines(raw, WIDTH, CRLF)
