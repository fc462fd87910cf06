"""How a mail leaves the house: SMTP, or a folder of `.eml` files for the demonstration.

A transport says what became of one mail by raising nothing (accepted), `Later` (this mail, another time), `Refused`
(this recipient, for good) or `Paused` (the server takes nothing now: the whole queue waits). Faults are short codes;
a server's own words may hold an address and are dropped.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn, Protocol
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from portal.mail.mime import Mail

SECONDS = 30.0  # of silence before a server is given up for now
GOODBYE = 2.0
PAUSING = frozenset({421, 452})
SIGN_IN = frozenset({454, 530, 534, 535, 538})
OK = range(200, 300)
GO_ON = 354
TOO_BIG = 552


class MailFault(Exception):
    """A mail was not accepted. `fault` is a code of at most 80 characters."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class Later(MailFault):
    """Not now: back off and try this mail again."""


class Refused(MailFault):
    """The recipient or this mail was refused for good."""


class Paused(MailFault):
    """The server takes no mail at all now: pause the queue and raise the alarm; no attempt of any mail is counted."""


class BadMailUrl(Exception):
    """MAIL_URL is not one of smtp://, smtps:// and file:."""


Meanwhile = Callable[[], None]


def nothing() -> None:
    """There is nothing to do meanwhile."""


class Transport(Protocol):
    def greet(self) -> None:
        """Comes as far as a mail could be handed over, and hands none over; or raises a MailFault."""

    def send(self, mail: Mail, meanwhile: Meanwhile = nothing) -> None:
        """Hands the mail over, or raises a MailFault. `meanwhile` is done, once or more, while the server thinks."""

    def close(self) -> None:
        """Says goodbye; never raises."""


def transport_for(url: str, seconds: float = SECONDS) -> Transport:
    """The transport that MAIL_URL names. Raises BadMailUrl."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return FileTransport(Path(unquote(parts.path)))
    if parts.scheme in {"smtp", "smtps"} and parts.hostname:
        return SmtpTransport(
            host=parts.hostname,
            port=parts.port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25),
            secure=parts.scheme == "smtps",
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            demand_tls=parse_qs(parts.query).get("tls") == ["required"],
            seconds=seconds,
        )
    raise BadMailUrl("MAIL_URL must be smtp://…, smtps://… or file:…")


class FileTransport:
    """One `.eml` a mail, named by its date and Message-ID: a mail that is sent twice is one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def greet(self) -> None:
        """A folder needs no greeting."""

    def send(self, mail: Mail, meanwhile: Meanwhile = nothing) -> None:
        stem = "".join(character for character in mail.message_id.split("@")[0] if character.isalnum())
        target = self.folder / f"{mail.at:%Y%m%dT%H%M%S}-{stem}.eml"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{uuid4().hex}")
            beside.write_bytes(mail.content)
            beside.replace(target)
        except OSError as error:
            raise Later("folder") from error

    def close(self) -> None:
        """Nothing is held open."""


class SmtpTransport:
    """SMTP with STARTTLS where the server offers it (`?tls=required` demands it), or TLS from the start.

    A password is never sent in clear but to this machine itself. The connection is kept from mail to mail; one that
    the server ended in between is opened again once.
    """

    def __init__(
        self,
        host: str,
        port: int,
        secure: bool = False,
        user: str = "",
        password: str = "",
        demand_tls: bool = False,
        seconds: float = SECONDS,
    ) -> None:
        self.host, self.port, self.secure = host, port, secure
        self.user, self.password, self.demand_tls = user, password, demand_tls
        self.seconds = seconds
        self._client: smtplib.SMTP | None = None

    def greet(self) -> None:
        if self._client is None:
            self._client = self._connect()

    def send(self, mail: Mail, meanwhile: Meanwhile = nothing) -> None:
        kept = self._client is not None
        try:
            self._send(mail, meanwhile)
        except (Later, Paused) as fault:
            self.close()
            if not kept or fault.fault not in {"silence", "smtp_421"}:
                raise
            try:  # a kept connection may simply have been open for too long
                self._send(mail, meanwhile)
            except (Later, Paused):
                self.close()
                raise

    def close(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            if client.sock is not None:
                client.sock.settimeout(GOODBYE)
                client.quit()
        except (OSError, smtplib.SMTPException, ValueError):
            client.close()

    def _send(self, mail: Mail, meanwhile: Meanwhile) -> None:
        if self._client is None:
            self._client = self._connect()
        client = self._client
        options = []
        if not mail.recipient.isascii():
            if not client.has_extn("smtputf8"):
                raise Refused("smtputf8_unknown")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            code, _ = client.mail(mail.sender, options)
            if code not in OK:
                self._sort_out(code, "sender")
            code, _ = client.rcpt(mail.recipient)
            if code not in OK:
                self._sort_out(code, "recipient")
            code, _ = client.docmd("DATA")
            if code != GO_ON:
                self._sort_out(code, "data")
            client.send(mail.content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            meanwhile()
            code, _ = client.getreply()
            if code not in OK:
                self._sort_out(code, "data")
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise Later("silence") from error

    def _sort_out(self, code: int, stage: str) -> NoReturn:
        """What an answer other than "yes" means (security.md, mail outbox). Always raises."""
        fault = f"smtp_{code}"
        if code in PAUSING or code in SIGN_IN:
            raise Paused(fault)
        if code // 100 == 4:
            self._reset()
            raise Later(fault)
        if code // 100 == 5:
            if stage in {"greeting", "sender"} and code != TOO_BIG:
                raise Paused(fault)  # it refuses us, not this recipient
            self._reset()
            raise Refused(fault)
        raise Later("garbage")

    def _reset(self) -> None:
        """Clears the transaction for the next mail, or gives the connection up."""
        try:
            if self._client is not None and self._client.rset()[0] in OK:
                return
        except (OSError, smtplib.SMTPException, ValueError):
            pass
        self.close()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        client: smtplib.SMTP | None = None
        try:
            if self.secure:
                client = smtplib.SMTP_SSL(timeout=self.seconds, context=context)
            else:
                client = smtplib.SMTP(timeout=self.seconds)
            client._host = self.host  # type: ignore[attr-defined]  # the name that TLS checks
            code, _ = client.connect(self.host, self.port)
            if code not in OK:
                self._sort_out(code, "greeting")
            client.ehlo_or_helo_if_needed()
            if not self.secure:
                self._start_tls(client, context)
            if self.user:
                client.login(self.user, self.password)
        except MailFault:
            _hang_up(client)
            raise
        except TimeoutError as error:
            _hang_up(client)
            raise Later("silence") from error
        except (ssl.SSLError, ssl.CertificateError) as error:
            _hang_up(client)
            raise Paused("tls") from error
        except smtplib.SMTPAuthenticationError as error:
            _hang_up(client)
            raise Paused(f"smtp_{error.smtp_code}") from error
        except smtplib.SMTPNotSupportedError as error:
            _hang_up(client)
            raise Paused("auth_unknown") from error
        except smtplib.SMTPResponseException as error:
            _hang_up(client)
            if error.smtp_code // 100 == 4 and error.smtp_code not in PAUSING:
                raise Later(f"smtp_{error.smtp_code}") from error
            raise Paused(f"smtp_{error.smtp_code}" if error.smtp_code > 0 else "garbage") from error
        except (smtplib.SMTPServerDisconnected, ConnectionResetError, BrokenPipeError) as error:
            _hang_up(client)
            raise Later("silence") from error
        except (OSError, smtplib.SMTPException, ValueError) as error:
            _hang_up(client)
            raise Paused("unreachable") from error
        return client

    def _start_tls(self, client: smtplib.SMTP, context: ssl.SSLContext) -> None:
        if client.has_extn("starttls"):
            code, _ = client.starttls(context=context)
            if code not in OK:
                raise Paused("tls")
            client.ehlo()
        elif self.demand_tls or (self.user and not _is_this_machine(self.host)):
            raise Paused("tls_not_offered")


def _hang_up(client: smtplib.SMTP | None) -> None:
    if client is not None:
        client.close()


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
