"""The load asks again where a process that was replaced closed the connection, and stops where nothing answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from benchmarks.kit.client import Client, ask_again

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a server that gives these numbers of answers, one connection after another, and closes each."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answers in request.param:
            connection, _ = listening.accept()
            with connection:
                for _ in range(answers):
                    connection.recv(10_000)
                    connection.sendall(PAGE)
                connection.recv(10_000)

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield int(listening.getsockname()[1])
    listening.close()


@pytest.mark.parametrize("served", [(3,), (1, 2)], indirect=True, ids=["kept", "closed between two"])
def test_as_many_answers_are_taken_as_were_asked_for(served: int) -> None:
    assert ask_again(Client(served), "/", 3) == 3


@pytest.mark.parametrize("served", [(1, 0)], indirect=True)
def test_what_does_not_answer_is_not_asked_for_ever(served: int) -> None:
    with pytest.raises(AssertionError, match="no answer"):
        ask_again(Client(served), "/", 3)
