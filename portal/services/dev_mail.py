"""The mails of the demonstration, as files in a folder: read for the page /dev/mail, which production does not have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from urllib.parse import unquote, urlsplit

from config import Settings

NAME = re.compile(r"[0-9A-Za-z\-]{1,80}")
ADDRESS = re.compile(r"(https?://[^\s<>\"]+)")
MOST = 300


@dataclass(frozen=True, slots=True)
class Line:
    name: str  # of the file, without its ending
    to: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Mail:
    """`text` in pieces: what stands there, and where it leads if it is an address of ours."""

    line: Line
    headers: tuple[tuple[str, str], ...]
    text: tuple[tuple[str, str], ...]
    html: str


def folder_of(settings: Settings) -> Path | None:
    """The folder that mails go to, or None where they truly leave or the portal is in production."""
    parts = urlsplit(settings.mail_url)
    if settings.production or parts.scheme != "file":
        return None
    return Path(unquote(parts.path))


def mails(folder: Path, to: str = "") -> list[Line]:
    """The newest mails, newest first; with `to` only those to that address."""
    paths = sorted(folder.glob("*.eml"), reverse=True) if folder.is_dir() else []
    found = []
    for path in paths:
        line = _line(path.stem, _read(path, headers_only=True))
        if to.strip().casefold() in {"", line.to.casefold()}:
            found.append(line)
        if len(found) == MOST:
            break
    return found


def mail(folder: Path, name: str, base_url: str) -> Mail | None:
    """One mail, or None: a name is letters, digits and dashes, so it cannot leave the folder."""
    path = folder / f"{name}.eml"
    if not NAME.fullmatch(name) or not path.is_file():
        return None
    message = _read(path)
    pieces = ADDRESS.split(_part(message, "plain"))
    text = tuple((piece, piece if piece.startswith(f"{base_url}/") else "") for piece in pieces if piece)
    headers = tuple((key, str(value)) for key, value in message.items())
    return Mail(_line(name, message), headers, text, _part(message, "html"))


def _read(path: Path, headers_only: bool = False) -> EmailMessage:
    with path.open("rb") as content:
        parsed = BytesParser(policy=default).parse(content, headersonly=headers_only)
    assert isinstance(parsed, EmailMessage)
    return parsed


def _line(name: str, message: EmailMessage) -> Line:
    return Line(name, str(message["To"]), str(message["Subject"]), message["Date"].datetime)


def _part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    return str(found.get_content()) if found is not None else ""
