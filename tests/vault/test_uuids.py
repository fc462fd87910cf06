"""Ids from text columns are the UUIDs they were."""

from __future__ import annotations

import pickle
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.vault.uuids import from_hex


@given(st.uuids())
def test_an_id_comes_back_as_it_went_in(put: UUID) -> None:
    found = from_hex(put.hex)
    assert found == put
    assert hash(found) == hash(put)
    assert (str(found), found.bytes, found.version, found.is_safe) == (str(put), put.bytes, put.version, put.is_safe)
    assert pickle.loads(pickle.dumps(found)) == put


def test_what_is_no_number_is_no_id() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        from_hex("z" * 32)
