"""What the domain says no with: a stable code and the facts of the case; the words stand in the catalogues."""

from __future__ import annotations


class Refused(Exception):  # a refusal is an answer of the rules, not a fault of the program
    """An act that the rules do not let pass.

    `code` never changes once released; `params` are what a text about it may name (dates, numbers, codes).
    """

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({facts})" if facts else self.code
