"""Files that are no policy at all, and where in the file a fault stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.policy.faults import PolicyError, PolicyFault
from portal.policy.loader import load_policy
from tests.policy.documents import TEXT


def refused(file: Path) -> tuple[PolicyFault, ...]:
    with pytest.raises(PolicyError) as error:
        load_policy(file)
    return error.value.faults


def written(folder: Path, content: bytes) -> Path:
    file = folder / "school.toml"
    file.write_bytes(content)
    return file


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (fault,) = refused(tmp_path / "nowhere.toml")
    assert (fault.file, fault.key) == ("nowhere.toml", "")
    assert "cannot be read" in fault.reason


def test_a_folder_is_not_a_policy(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path)[0].reason


def test_an_empty_file_misses_every_part(tmp_path: Path) -> None:
    faults = refused(written(tmp_path, b""))
    assert {"code", "controller", "dataset", "activity", "identity"} <= {fault.key for fault in faults}
    assert {fault.reason for fault in faults} == {"required key is missing"}


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    assert "is not UTF-8 (byte 9)" in refused(written(tmp_path, 'code = "a\u00ebb"'.encode("cp1252")))[0].reason


def test_a_slip_in_the_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    (fault,) = refused(written(tmp_path, b'code = "x"\nname = \n'))
    assert fault.line == 2
    assert "is not TOML" in fault.reason


def test_a_code_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    content = TEXT.replace("[branch.hoorn]", "[branch.alkmaar]")
    (fault,) = refused(written(tmp_path, content.encode()))
    assert fault.line == content[: content.rindex("[branch.alkmaar]")].count("\n") + 1


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    assert "is not TOML" in refused(written(tmp_path, b"a = " + b"[" * 100_000))[0].reason


def test_a_fault_names_file_key_reason_and_line(tmp_path: Path) -> None:
    content = TEXT.replace("[dataset.person.field.bsn]\n", "[dataset.person.field.bsn]\nspook = 1\n")
    (fault,) = refused(written(tmp_path, content.encode()))
    line = content[: content.index("spook")].count("\n") + 1
    assert str(fault) == f"school.toml: dataset.person.field.bsn.spook: unknown key (line {line})"


def test_a_missing_key_points_to_the_table_around_it(tmp_path: Path) -> None:
    content = TEXT.replace('[group.3]\ncode = "citizen_number"\n', "[group.3]\n")
    (fault,) = refused(written(tmp_path, content.encode()))
    assert fault.key == "group.3.code"
    assert content.splitlines()[fault.line - 1] == "[group.3]"


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    assert load_policy(written(tmp_path, TEXT.replace("\n", "\r\n").encode())) == load_policy()


def test_the_message_of_the_error_lists_one_fault_a_line(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as error:
        load_policy(written(tmp_path, b""))
    assert str(error.value).splitlines() == [str(fault) for fault in error.value.faults]
