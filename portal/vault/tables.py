"""The keys database: wrapped keys and look-up hashes, with a backup line of its own (security.md)."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from portal.vault.uuids import Uuid

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING, info={"bind_key": "keys"})

data_key = Table(
    "data_key",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("holder_kind", String(12), nullable=False),
    Column("holder_id", Uuid, nullable=False),
    Column("retention", String(32), nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("master_id", String(32), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    UniqueConstraint("holder_kind", "holder_id", "retention", "version"),
)

lookup = Table(
    "lookup",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("holder_kind", String(12), nullable=False),
    Column("holder_id", Uuid, nullable=False),
    Column("retention", String(32), nullable=False),
    UniqueConstraint("kind", "digest", "holder_kind", "holder_id"),
    Index("ix_lookup_holder", "holder_kind", "holder_id"),
)

# That these keys know an erasure which the ledger outside the databases tells of.
ledger_mark = Table("ledger_mark", metadata, Column("id", Uuid, primary_key=True))
