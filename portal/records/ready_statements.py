"""SQLAlchemy's cache of compiled statements, asked first where a statement lies and only then what it says."""

from __future__ import annotations

from typing import Any

from sqlalchemy.util import LRUCache

STATEMENTS = 500  # as SQLAlchemy itself keeps
AT_HAND = 100


class ReadyStatements(LRUCache[Any, Any]):
    """For the execution option `compiled_cache`.

    A statement's key holds a tree of tuples, one for each of its clauses, and Python works out the tree's hash each
    time it is asked: a thirtieth of the queue's page. A statement that a module keeps has the same tree each time, so
    it is found by that; one that is put together anew is found by its key, as ever.
    """

    def __init__(self) -> None:
        super().__init__(STATEMENTS)
        # Key and statement, by where the key's tree lies. The key keeps it there.
        self._at_hand: dict[int, tuple[Any, Any]] = {}

    def get(self, key: Any, default: Any = None) -> Any:
        at = id(key[1])
        near = self._at_hand.get(at)
        if near is not None and near[0][0] is key[0] and near[0][2:] == key[2:]:
            return near[1]
        found = super().get(key, default)
        if found is not default:
            if len(self._at_hand) >= AT_HAND:
                self._at_hand.clear()
            self._at_hand[at] = key, found
        return found
