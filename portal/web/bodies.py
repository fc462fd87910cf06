"""How large a request may be: one limit for all, and larger ones that are declared for single endpoints (config.py).

A larger one counts only for whoever may come to that endpoint: a stranger's body is cut off where everybody's is. What
is uploaded stays in memory, so that no unsealed file of a student ever touches a disk.
"""

from __future__ import annotations

from io import BytesIO
from typing import IO

from flask import Request, current_app

from portal.domain.permissions import could
from portal.web.sessions import current_session


class BoundedRequest(Request):
    """A request that knows its limit before anything of its body is read."""

    @property
    def max_content_length(self) -> int | None:
        larger: int | None = current_app.config["BODY_LIMITS"].get(self.endpoint)
        if larger is not None and self._may_come():
            return larger
        return super().max_content_length

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    def _may_come(self) -> bool:
        from portal.web.access import FULL, rules

        act, signed_in = rules()[self.endpoint or ""].act, current_session()
        return (
            act is not None
            and signed_in is not None
            and signed_in.kind == "staff"
            and signed_in.stage == FULL
            and could(signed_in.actor, act)
        )

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()
