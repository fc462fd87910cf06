"""Which tests run in one process, one after the other: those that share what takes long to make. All others go wherever
there is room.

By file: what pytest-xdist 3.8 has for it (`xdist_group`) is not seen with pytest 9.2, which no longer lets an id be
changed.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

WALKERS = {"tests/security/test_csrf.py", "tests/security/test_injection.py"}  # share `walked`


class Together(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return "walk" if nodeid.partition("::")[0] in WALKERS else nodeid
