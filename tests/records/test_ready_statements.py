"""A statement that is kept is found where it lies; what is found is what SQLAlchemy's own cache would give."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, bindparam, create_engine, literal, select

from portal.records.db import db
from portal.records.ready_statements import AT_HAND, ReadyStatements

ASKED = select(bindparam("a", type_=db.Integer) + bindparam("b", type_=db.Integer))


class Hashed(tuple[Any, ...]):
    """A tree that says how often its hash was asked."""

    asked: list[int]

    def __hash__(self) -> int:
        self.asked.append(1)
        return super().__hash__()


def tree(*parts: object) -> Hashed:
    made = Hashed(parts)
    made.asked = []
    return made


def key(asked: object, dialect: object = "dialect", *columns: str) -> tuple[object, ...]:
    return dialect, asked, columns, False, False


OTHERS = [key((1, 2), "another"), key((1, 2), "dialect", "a"), ("dialect", (1, 2), (), True, False)]


@pytest.fixture
def engine() -> Engine:
    return create_engine("sqlite://").execution_options(compiled_cache=ReadyStatements())


def test_the_hash_of_a_kept_tree_is_asked_once() -> None:
    kept, cache = tree(1, 2), ReadyStatements()
    assert cache.get(key(kept)) is None
    cache[key(kept)] = "compiled"
    before = len(kept.asked)
    assert [cache.get(key(kept)) for _ in range(5)] == ["compiled"] * 5
    assert len(kept.asked) == before + 1
    assert cache.get(key(tree(1, 2))) == "compiled", "another one that says the same is found too"


@pytest.mark.parametrize(
    "other", [key((1, 2), "another"), key((1, 2), "dialect", "a"), ("dialect", (1, 2), (), True, False)]
)
def test_what_else_the_key_says_is_part_of_it(other: tuple[object, ...]) -> None:
    kept, cache = (1, 2), ReadyStatements()
    cache[key(kept)] = "one"
    assert cache.get(key(kept)) == "one"
    same_tree = (other[0], kept, *other[2:])
    assert cache.get(same_tree) is None
    cache[same_tree] = "other"
    assert [cache.get(each) for each in (key(kept), same_tree, key(kept))] == ["one", "other", "one"]


def test_few_are_kept_at_hand_and_none_is_mistaken_for_another() -> None:
    cache = ReadyStatements()
    for number in range(3 * AT_HAND):
        cache[key((number, "new each time"))] = number
        assert cache.get(key((number, "new each time"))) == number
        assert len(cache._at_hand) <= AT_HAND


def test_values_are_those_of_each_time(engine: Engine) -> None:
    with engine.connect() as connection:
        for a in range(4):
            assert connection.execute(ASKED, {"a": a, "b": 10}).scalar_one() == 10 + a
            assert connection.execute(select(literal(a) + 1)).scalar_one() == a + 1


def test_every_engine_of_the_portal_has_one_of_its_own(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        caches = [engine.get_execution_options()["compiled_cache"] for engine in db.engines.values()]
    assert {type(each) for each in caches} == {ReadyStatements}
    assert len({id(each) for each in caches}) == 2
