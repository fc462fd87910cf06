"""Physical cleaning: what was deleted leaves the files of the database, as far as the engine can promise it.

SQLite overwrites what is deleted (`secure_delete`) and empties its write-ahead log here. PostgreSQL frees dead rows by
VACUUM; copies in its write-ahead log and in archives of it end with the keys alone (docs/operating.md).
"""

from __future__ import annotations

from sqlalchemy import Engine, text

VACUUM = {  # by bind; what an erasure touches
    "": text("VACUUM record, sealed_file, outbox, case_file, case_item, login, representative, email_change"),
    "keys": text("VACUUM data_key, lookup"),
}


class StillRead(Exception):
    """Somebody reads the database at this moment: the write-ahead log cannot be emptied yet."""


def clean(engine: Engine, bind: str) -> None:
    """Call it outside any transaction. StillRead when it must be tried again; nothing is lost by that."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StillRead
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(VACUUM[bind])
