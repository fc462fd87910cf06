"""Loads a policy file: whole and sound, or refused with every fault at once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path

from portal.policy import parts
from portal.policy.checks import check
from portal.policy.faults import Faults, PolicyError, PolicyFault
from portal.policy.lines import line_of, line_of_syntax_fault, places_in
from portal.policy.model import Policy
from portal.policy.reading import Table

SHIPPED = Path(__file__).with_name("jar_opleidingen.toml")


def load_policy(path: Path | None = None) -> Policy:
    """The policy of a school, by default the shipped one.

    Raises PolicyError, and nothing else, when the file cannot be read, is no TOML, is incomplete or contradicts itself.
    """
    source = path or SHIPPED
    try:
        text = source.read_text(encoding="utf-8")
    except OSError as error:
        raise PolicyError([PolicyFault(source.name, "", f"cannot be read: {error.strerror or error}")]) from error
    except UnicodeDecodeError as error:
        raise PolicyError([PolicyFault(source.name, "", f"is not UTF-8 (byte {error.start})")]) from error
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        fault = PolicyFault(source.name, "", f"is not TOML: {error}", line_of_syntax_fault(str(error)))
        raise PolicyError([fault]) from error
    return read_policy(document, source.name, text)


def read_policy(document: Mapping[str, object], file: str, text: str = "") -> Policy:
    """The policy that a parsed file describes; `file` is its name and `text` its source, for the lines of faults."""
    faults = Faults()
    root = Table(document, "", faults)
    regulation, closed_purposes = parts.read_regulation(root.table("regulation"))
    activities = parts.read_activities(root)
    policy = Policy(
        code=root.code("code"),
        version=root.text("version"),
        controller=parts.read_controller(root.table("controller")),
        regulation=regulation,
        term=parts.read_term(root.table("term")),
        retention=parts.read_retention(root),
        groups=parts.read_groups(root),
        datasets=parts.read_datasets(root, activities),
        purposes=parts.read_purposes(root),
        activities=activities,
        recipients=parts.read_recipients(root),
        holders=parts.read_holders(root),
        grounds=parts.read_grounds(root),
        reasons=parts.read_reasons(root),
        security=parts.read_security(root),
        branches=parts.read_branches(root),
        authorities=parts.read_authorities(root),
        languages=parts.read_languages(root),
        identity=parts.read_identity(root),
        no_profiling=root.text("no_profiling"),
        roles=parts.read_roles(root),
        own_section=parts.read_own_section(root.table("own_section")),
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    root.finish()
    check(policy, closed_purposes, faults)
    if faults:
        places = places_in(text)
        raise PolicyError(PolicyFault(file, key, reason, line_of(key, places)) for key, reason in faults)
    return policy
