"""How much may be sent at once: not a byte more, whatever the length that was announced (ASVS 5.2.1, 2.4.1)."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask

from portal.intake.images import MAX_BYTES
from tests.intake.hostile import photo
from tests.security import estate
from tests.web.principals import enter

UPLOAD = "/nl/me/requests/{reference}/upload"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
BOUNDARY = "----portal"
# Werkzeug leaves the spooled file of a form that it stops reading to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def sending(sqlite_app: Flask):
    """Sends one multipart body to the page where the last resort is open; gives the status and the page."""
    school, _references = estate.build(sqlite_app)
    client = enter(sqlite_app, school, "student_l3")
    path = UPLOAD.format(reference=school.case.reference)
    found = TOKEN.search(client.get(path).get_data(as_text=True))
    assert found

    def send(content: bytes, **environ: object) -> tuple[int, str]:
        fields = {"csrf_token": found[1].encode(), "covered": b"y"}
        body = b"".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
            for name, value in fields.items()
        )
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'.encode()
        body += b"Content-Type: image/jpeg\r\n\r\n" + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        answer = client.open(
            path,
            method="POST",
            environ_overrides={
                "wsgi.input": io.BytesIO(body),
                "CONTENT_LENGTH": str(len(body)),
                "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
                **environ,
            },
        )
        return answer.status_code, answer.get_data(as_text=True)

    return send


def padded(size: int) -> bytes:
    """A picture of exactly this size: what stands behind its end is dropped when it is drawn anew."""
    small = photo(size=(40, 25))
    return small + b"\0" * (size - len(small))


def test_one_byte_over_ten_megabytes_is_refused_beside_the_field(sending) -> None:
    status, page = sending(padded(MAX_BYTES + 1))
    assert status == 200
    assert "10 MB" in page
    assert 'aria-invalid="true"' in page


def test_ten_megabytes_to_the_byte_are_not_too_large(sending) -> None:
    _status, page = sending(padded(MAX_BYTES))
    assert "is te groot" not in page


def test_a_body_over_the_limit_of_the_whole_request_is_cut_off(sending) -> None:
    assert sending(padded(13 * 1024 * 1024))[0] == 413


def test_a_body_that_is_longer_than_it_says_is_read_no_further(sending) -> None:
    status, _page = sending(padded(13 * 1024 * 1024), CONTENT_LENGTH="2000")
    assert status == 400, "the token and the end of the form were not in the part that was announced"


def test_a_body_without_a_length_is_counted_while_it_is_read(sending) -> None:
    """Chunked, as gunicorn hands it over."""
    chunked = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    assert sending(padded(13 * 1024 * 1024), **chunked)[0] == 413
