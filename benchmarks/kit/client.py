"""The load: one kept connection a client, requests one after another; wrk where it is installed and a page is asked for
again and again."""

from __future__ import annotations

import gzip
import http.client
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from benchmarks.kit.estate import HOST

ENOUGH_FOR_WRK = 100  # requests
READ = 1 << 20  # bytes
# A browser's own: our page asked for this one, so that it is compressed (decision 0021).
BROWSER = {
    "Host": HOST,
    "X-Forwarded-Proto": "https",
    "Accept-Encoding": "gzip",
    "Accept-Language": "nl",
    "Sec-Fetch-Site": "same-origin",
}


@dataclass(slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()


@dataclass(slots=True)
class Client:
    """A browser's worth of HTTP: a kept connection, cookies, the token of the last form."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    origin: str = "192.0.2.7"  # the address that the proxy tells of
    connection: http.client.HTTPConnection | None = None

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, None, headers)

    def post(self, path: str, **form: str) -> Answer:
        return self.send("POST", path, urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        cookie = (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        )
        response = self._ask(method, path, body, {**BROWSER, "X-Forwarded-For": self.origin, **cookie, **headers})
        answer = Answer(response.status, {n.lower(): v for n, v in response.getheaders()}, response.read())
        for line in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """The answer; a kept connection that was idle for too long, and is closed, is opened anew."""
        while True:
            kept = self.connection is not None
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                self.connection.request(method, path, body, headers)  # type: ignore[arg-type]  # a mapping is enough
                return self.connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionError):
                self.close()
                if not kept:
                    raise

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def token(answer: Answer) -> str:
    """The token of the page's last form, which is the page's own."""
    found = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
    return found[-1]


def ask_again(client: Client, path: str, times: int) -> int:
    """Asks for a page as often as that, with what the client has, and looks at no more of an answer than it must: the
    load shares a processor's cache with what is measured. By wrk, for a second, where it is installed and so many
    requests take about as long. How many were answered."""
    headers = {**BROWSER, "X-Forwarded-For": client.origin}
    if client.cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    if times >= ENOUGH_FOR_WRK and (wrk := shutil.which("wrk")) is not None:
        return _with_wrk(wrk, client.port, path, headers)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()
    left = times
    while left:  # a process that is replaced closes what it kept
        asked = left
        with socket.create_connection(("127.0.0.1", client.port), timeout=60) as connection:
            while left and _answered(connection, request):
                left -= 1
        assert left < asked, f"{path}: no answer"
    return times


def _answered(connection: socket.socket, request: bytes) -> bool:
    """Takes all of a 200, which says how long it is; False where the connection was closed instead."""
    taken = b""
    try:
        connection.sendall(request)
        while (ends := taken.find(b"\r\n\r\n")) < 0:
            if not (more := connection.recv(READ)):
                return False
            taken += more
    except ConnectionError:
        return False
    head = taken[:ends].lower()
    assert head.startswith(b"http/1.1 200 "), head[:200]
    _, _, length = head.partition(b"\ncontent-length: ")
    left = int(length.partition(b"\r")[0]) - (len(taken) - ends - 4)
    while left > 0:
        left -= len(connection.recv(READ)) or left
    return True


def _with_wrk(wrk: str, port: int, path: str, headers: Mapping[str, str]) -> int:
    line = [wrk, "-t1", "-c1", "-d1s", *(part for pair in headers.items() for part in ("-H", ": ".join(pair)))]
    said = subprocess.run([*line, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    return int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]  # it always says so
