"""What a line of the ledger says of an erasure, whichever version wrote it."""

from __future__ import annotations

from uuid import UUID

from portal.services.doomed import Doomed
from portal.services.erasure_ledger import ERASURE, graves
from portal.vault.ledger import Line

KINDS = {"ab01": "student", "ab02": "record"}
FOUND = {b"\xab\x01": "student", b"\xab\x02": "record"}


def test_the_tombstones_of_a_line_are_in_its_plan() -> None:
    plan = Doomed(graves=KINDS)
    line = Line(UUID(int=1), ERASURE, {"plan": plan.as_text()})
    assert graves(line, Doomed.from_text(line.body["plan"])) == FOUND


def test_a_line_of_an_older_version_has_them_beside_its_plan() -> None:
    older = Doomed().as_text().replace(', "graves": {}', "")
    assert "graves" not in older
    line = Line(UUID(int=1), ERASURE, {"plan": older, "tombstones": KINDS})
    assert graves(line, Doomed.from_text(older)) == FOUND
