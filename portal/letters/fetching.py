"""What a letter may load: our own fonts, by name. Importing this loads WeasyPrint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weasyprint.urls import URLFetcher, URLFetcherResponse


class RefusedAddress(Exception):
    """A letter named an address that is not one of our fonts; WeasyPrint leaves the thing out and goes on."""


class OwnFonts(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
    """Serves the files of a closed list; opens no connection and no other file.

    `fail_on_errors` stays off: WeasyPrint's FatalURLFetchingError is a BaseException, which would end the worker
    that prints instead of failing one letter.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=False)
        self._files = files
        self.served: set[str] = set()

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        if url not in self._files:
            raise RefusedAddress
        content = self._files[url].read_bytes()
        self.served.add(url)
        return URLFetcherResponse(url, content, {"Content-Type": "font/woff2"})
