"""What each answer of a mail server means, stage by stage (security.md, "Mail outbox")."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from portal.mail.mime import Mail
from portal.mail.render import render
from portal.mail.transports import (
    BadMailUrl,
    FileTransport,
    Later,
    MailFault,
    Paused,
    Refused,
    SmtpTransport,
    transport_for,
)
from tests.mail.certificates import self_signed
from tests.mail.posts import HOUSE, every_message, parsed, sheet_of
from tests.mail.servers import Action, drop, free_port, real_server, reset, scripted_server, silence

pytestmark = pytest.mark.slow

TO = "student@example.org"


def message(to: str = TO) -> Mail:
    return render(replace(sheet_of(every_message("nl")["decided"]), to=to), HOUSE)


def try_server(script: dict[str, Action], seconds: float = 5.0) -> MailFault | None:
    """What one mail to such a server ends in: None when it was accepted."""
    with scripted_server(script) as server:
        line = SmtpTransport("127.0.0.1", server.port, seconds=seconds)
        try:
            line.send(message())
        except MailFault as fault:
            return fault
        finally:
            line.close()
        assert len(server.taken) == 1
        return None


FAULTS = [
    ("RCPT", b"450 busy", Later, "smtp_450"),
    ("RCPT", b"451 try later", Later, "smtp_451"),
    ("RCPT", b"550 no such user", Refused, "smtp_550"),
    ("RCPT", b"554 no", Refused, "smtp_554"),
    ("RCPT", b"421 closing", Paused, "smtp_421"),
    ("RCPT", b"452 no room", Paused, "smtp_452"),
    ("RCPT", b"530 sign in first", Paused, "smtp_530"),
    ("MAIL", b"450 busy", Later, "smtp_450"),
    ("MAIL", b"550 not from you", Paused, "smtp_550"),
    ("MAIL", b"552 too big", Refused, "smtp_552"),
    ("DATA", b"451 later", Later, "smtp_451"),
    ("DATA", b"554 no", Refused, "smtp_554"),
    ("end", b"450 greylisted", Later, "smtp_450"),
    ("end", b"552 too big", Refused, "smtp_552"),
    ("end", b"421 closing", Paused, "smtp_421"),
    ("end", b"554 not wanted", Refused, "smtp_554"),
    ("greeting", b"421 too busy", Paused, "smtp_421"),
    ("greeting", b"554 not you", Paused, "smtp_554"),
    ("greeting", b"450 wait", Later, "smtp_450"),
]


@pytest.mark.parametrize(("stage", "reply", "kind", "code"), FAULTS)
def test_each_refusal_at_each_stage(stage: str, reply: bytes, kind: type[MailFault], code: str):
    fault = try_server({stage: reply})
    assert type(fault) is kind
    assert fault.fault == code


@pytest.mark.parametrize("stage", ["greeting", "MAIL", "RCPT", "DATA", "end"])
@pytest.mark.parametrize("action", [silence, drop, reset])
def test_silence_and_a_lost_line_mean_later(stage: str, action: Action):
    fault = try_server({stage: action}, seconds=0.4)
    assert type(fault) is Later
    assert fault.fault == "silence"


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "end"])
def test_garbage_means_later(stage: str):
    fault = try_server({stage: b"\xff\xfe what is this"})
    assert type(fault) is Later


def test_accepted_and_then_dropped_is_accepted():
    def accept_and_drop(connection: socket.socket) -> None:
        connection.sendall(b"250 taken\r\n")
        raise ConnectionAbortedError

    assert try_server({"end": accept_and_drop}) is None


def test_nobody_listening_pauses_the_queue():
    with pytest.raises(Paused, match="unreachable"):
        SmtpTransport("127.0.0.1", free_port(), seconds=1).send(message())


def test_one_connection_carries_many_mails_and_survives_being_closed_between():
    with scripted_server({}) as server:
        line = SmtpTransport("127.0.0.1", server.port, seconds=5)
        for _ in range(3):
            line.send(message())
        assert server.connections == 1
        assert line._client is not None
        assert line._client.sock is not None
        line._client.sock.shutdown(socket.SHUT_RDWR)
        line.send(message())
        line.close()
        assert server.connections == 2
        assert len(server.taken) == 4


def test_a_refused_recipient_does_not_spoil_the_next_mail():
    with real_server() as (box, port):
        box.answers["gone@example.org"] = ["550 no such user"]
        line = SmtpTransport("127.0.0.1", port, seconds=5)
        with pytest.raises(Refused, match="smtp_550"):
            line.send(message("gone@example.org"))
        line.send(message())
        line.close()
        assert box.envelopes == [("privacy@school.example", [TO])]


def test_a_real_server_receives_both_parts_whole():
    with real_server() as (box, port):
        line = transport_for(f"smtp://127.0.0.1:{port}")
        line.send(message())
        line.close()
        (taken,) = box.mails
        assert taken["Message-ID"] == message().message_id
        for kind in ("plain", "html"):
            there, here = taken.get_body((kind,)), parsed(message()).get_body((kind,))
            assert there is not None
            assert here is not None
            assert there.get_content().splitlines() == here.get_content().splitlines()


def test_a_line_that_begins_with_a_dot_arrives_as_it_was():
    dots = replace(message(), content=b"Subject: dots\r\n\r\n.\r\n..\r\n.and more\r\n")
    with scripted_server({}) as server:
        line = SmtpTransport("127.0.0.1", server.port, seconds=5)
        line.send(dots)
        line.send(message())
        line.close()
        assert server.taken[0] == b"Subject: dots\r\n\r\n..\r\n...\r\n..and more\r\n"
        assert len(server.taken) == 2


def test_what_is_done_meanwhile_is_done_while_the_server_thinks():
    done = threading.Event()

    def think(connection: socket.socket) -> None:
        connection.sendall(b"250 taken\r\n" if done.wait(5) else b"451 nothing was done\r\n")

    with scripted_server({"end": think}) as server:
        line = SmtpTransport("127.0.0.1", server.port, seconds=10)
        line.send(message(), meanwhile=done.set)
        line.close()


def test_starttls_is_used_where_offered_and_a_certificate_must_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    certificate, key = self_signed(tmp_path, "localhost")
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(certificate, key)
    with real_server(tls_context=server_side, require_starttls=True) as (box, port):
        with pytest.raises(Paused, match="tls"):
            SmtpTransport("localhost", port, seconds=5).send(message())
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        line = SmtpTransport("localhost", port, seconds=5)
        line.send(message())
        line.close()
        assert len(box.mails) == 1


def test_a_wrong_password_pauses_and_a_right_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    certificate, key = self_signed(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(certificate, key)

    def check(_server: object, _session: object, _envelope: object, _mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data == LoginPassword(b"school", b"p@ss word"), handled=False)

    options = {"tls_context": server_side, "authenticator": check, "auth_required": True}
    with real_server(**options) as (box, port):
        with pytest.raises(Paused, match="smtp_535"):
            transport_for(f"smtp://school:wrong@localhost:{port}", seconds=5).send(message())
        line = transport_for(f"smtp://school:p%40ss%20word@localhost:{port}", seconds=5)
        line.send(message())
        line.close()
        assert len(box.mails) == 1


def test_a_password_is_not_sent_in_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("portal.mail.transports._is_this_machine", lambda host: False)
    with real_server() as (box, port):
        with pytest.raises(Paused, match="tls_not_offered"):
            transport_for(f"smtp://school:secret@127.0.0.1:{port}", seconds=5).send(message())
        with pytest.raises(Paused, match="tls_not_offered"):
            transport_for(f"smtp://127.0.0.1:{port}?tls=required", seconds=5).send(message())
        assert not box.mails


def test_an_address_in_another_script_needs_a_server_that_takes_it():
    to = "ሰላም@example.org"
    with real_server(enable_SMTPUTF8=False) as (_, port):
        line = SmtpTransport("127.0.0.1", port, seconds=5)
        with pytest.raises(Refused, match="smtputf8_unknown"):
            line.send(message(to))
        line.close()
    with real_server(enable_SMTPUTF8=True) as (box, port):
        line = SmtpTransport("127.0.0.1", port, seconds=5)
        line.send(message(to))
        line.close()
        assert box.envelopes[0][1] == [to]


def test_a_folder_holds_one_file_a_mail_however_often_it_is_sent(tmp_path: Path):
    folder = tmp_path / "mail"
    line = FileTransport(folder)
    line.send(message())
    line.send(message())
    (kept,) = folder.iterdir()
    assert kept.suffix == ".eml"
    assert b"Message-ID: <0123456789abcdef" in kept.read_bytes()


def test_a_folder_that_cannot_be_written_means_later(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Later, match="folder"):
        FileTransport(tmp_path / "file" / "mail").send(message())


@pytest.mark.parametrize("url", ["", "http://x", "smtp://", "file:", "mail.example.org"])
def test_another_mail_url_is_refused(url: str):
    with pytest.raises(BadMailUrl):
        transport_for(url)
