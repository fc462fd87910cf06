"""A validator of JSON Schema that nobody here wrote. It takes two seconds to load: only the tests that ask it pay."""

from __future__ import annotations

from typing import Any


def faults(document: Any, schema: dict[str, Any]) -> list[str]:
    """What a document does against its schema, formats of dates and addresses included; empty when it fits."""
    from jsonschema import Draft202012Validator, FormatChecker

    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    return [str(error) for error in validator.iter_errors(document)]
