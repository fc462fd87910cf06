"""One word for one thing in the Dutch texts (translations/glossary.toml)."""

from __future__ import annotations

import re

from portal.cli.catalogues import template


def test_students_read_vraag_where_staff_read_verzoek() -> None:
    ids = [message.id for message in template("student")]
    texts = [text for each in ids for text in ([each] if isinstance(each, str) else each)]
    assert [text for text in texts if re.search(r"\bverzoek", text, re.IGNORECASE)] == [], "say `vraag`"
