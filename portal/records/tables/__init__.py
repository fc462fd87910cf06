"""The tables, by what they are about. `load_all` makes every one of them known to the metadata."""

from __future__ import annotations

from importlib import import_module

MODULES = (
    *("people", "cases", "access", "factors", "proof", "representation", "erasure", "papers", "campaigns", "register"),
    *("figures", "office"),
)


def load_all() -> None:
    for name in MODULES:
        import_module(f"{__name__}.{name}")
