"""A spoilt file is refused by file, key and reason, or it still says what it says; nothing else ever happens."""

from __future__ import annotations

import copy
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path as File
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.policy.faults import PolicyError
from portal.policy.loader import load_policy, read_policy
from portal.policy.model import Policy
from tests.policy.documents import NAME, PARSED, TEXT, Document, Path, document_of, key_of, meaning, shipped

WRONG: list[Any] = [
    "", " ", "spook", "Een woord", "a\nb", "100%", "\x00", -1, 0, 3, 10**12, 1.5, float("nan"), True, False,
    [], ["spook"], [[]], [1, 1], {}, {"spook": 1}, {"code": "x"}, tomllib.loads("d = 1890-01-01")["d"],
    tomllib.loads("d = 2020-01-01T00:00:00Z")["d"], tomllib.loads("d = 07:32:00")["d"],
]  # fmt: skip


def paths_in(value: Any, path: Path = ()) -> list[Path]:
    """Every place of a document below its root."""
    steps: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    found: list[Path] = []
    for step, item in steps:
        found += [(*path, step), *paths_in(item, (*path, step))]
    return found


PATHS = paths_in(PARSED)
OPERATIONS = ("delete", "replace", "duplicate", "add", "swap")


def mutate(document: Document, path: Path, operation: str, value: Any, other: Path) -> None:
    """Spoils one place; a place that an earlier mutation took away is left alone."""
    value = copy.deepcopy(value)  # a later mutation may spoil it in turn
    try:
        holder: Any = document
        for step in path[:-1]:
            holder = holder[step]
        item = holder[path[-1]]
        if operation == "delete":
            del holder[path[-1]]
        elif operation == "replace":
            holder[path[-1]] = value
        elif operation == "duplicate" and isinstance(holder, list):
            holder.append(copy.deepcopy(item))
        elif operation == "duplicate":
            holder[f"{path[-1]}_again"] = copy.deepcopy(item)
        elif operation == "add" and isinstance(item, dict):
            item["spook"] = value
        elif operation == "add" and isinstance(item, list):
            item.append(value)
        elif operation == "swap":
            source: Any = document
            for step in other:
                source = source[step]
            holder[path[-1]] = copy.deepcopy(source)
    except (KeyError, IndexError, TypeError):
        return


def assert_refused_by_name_or_equal(document: Document) -> None:
    before = meaning(document)
    outcome = policy_or_refusal(lambda: read_policy(document, NAME))
    if isinstance(outcome, Policy):
        assert meaning(document_of(outcome)) == before
        return
    assert outcome.faults
    for fault, line in zip(outcome.faults, str(outcome).splitlines(), strict=True):
        assert fault.key
        assert fault.reason
        assert line == f"{NAME}: {fault.key}: {fault.reason}"


def policy_or_refusal(load: Callable[[], Policy]) -> Policy | PolicyError:
    try:
        return load()
    except PolicyError as error:
        return error


mutations = st.tuples(
    st.sampled_from(PATHS), st.sampled_from(OPERATIONS), st.sampled_from(WRONG), st.sampled_from(PATHS)
)


@pytest.mark.slow
@given(st.lists(mutations, min_size=1, max_size=4))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_document_is_refused_by_key_and_reason_or_keeps_its_meaning(
    changes: list[tuple[Path, str, Any, Path]],
) -> None:
    document = shipped()
    for path, operation, value, other in changes:
        if other != path[: len(other)]:  # a table within itself would have no end
            mutate(document, path, operation, value, other)
    assert_refused_by_name_or_equal(document)


@pytest.mark.slow
def test_every_place_of_the_file_refuses_a_table_that_nobody_expects() -> None:
    ignored = []
    for path in PATHS:
        if len(path) > 2 and path[1] != next(iter(PARSED[path[0]])):
            continue  # the other tables of a part are of the same shape
        if path[0] == "dataset" and len(path) > 4 and path[3] not in {"bsn", "sex"}:
            continue
        document = shipped()
        mutate(document, path, "replace", {"spook": {"spook": {}}}, ())
        try:
            read_policy(document, NAME)
        except PolicyError as error:
            if any(fault.key.startswith(key_of(path)) for fault in error.faults):
                continue
        ignored.append(key_of(path))
    assert ignored == []


lines = st.integers(min_value=0, max_value=len(TEXT.splitlines()) - 1)
edits = st.tuples(
    lines, st.sampled_from(("cut", "twice", "shorten", "write")), st.text(max_size=12), st.integers(0, 60)
)


@pytest.mark.slow
@given(st.lists(edits, min_size=1, max_size=3))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_file_is_refused_by_name_or_says_what_its_toml_says(changes: list[tuple[int, str, str, int]]) -> None:
    text = TEXT.splitlines()
    for number, how, written, place in changes:
        line = text[number]
        text[number] = {
            "cut": "",
            "twice": f"{line}\n{line}",
            "shorten": line[:place],
            "write": line[:place] + written + line[place:],
        }[how]
    content = "\n".join(text).encode("utf-8", "surrogatepass")
    with tempfile.TemporaryDirectory() as folder:
        file = File(folder) / NAME
        file.write_bytes(content)
        outcome = policy_or_refusal(lambda: load_policy(file))
    if isinstance(outcome, Policy):
        assert meaning(document_of(outcome)) == meaning(tomllib.loads(content.decode("utf-8")))
        return
    assert all(fault.file == NAME and fault.reason for fault in outcome.faults)
    assert len(outcome.faults) == len(str(outcome).splitlines())
