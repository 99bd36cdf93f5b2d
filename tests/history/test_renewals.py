"""What is asked of the log of renewals: the last ones of each key, and when somebody logged in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, create_engine, event

from monitor.history.queries import RECENT, logins, rotations
from monitor.history.tables import METADATA, RENEWALS
from monitor.model import Renewal

START, HOUR = datetime(2027, 3, 1, tzinfo=UTC), timedelta(hours=1)


@pytest.fixture
def db() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.begin() as connection:
        yield connection


def renewed(db: Connection, key: str, hour: int, *, new_login: bool = False) -> Renewal:
    one = Renewal(key, START + hour * HOUR, new_login, START + (hour + 8) * HOUR, None)
    db.execute(RENEWALS.insert(), [{name: getattr(one, name) for name in Renewal.__annotations__}])
    return one


def test_the_last_renewals_of_each_key_come_oldest_first(db):
    mine = [renewed(db, "a", hour) for hour in range(RECENT + 5)]
    other = [renewed(db, "b", hour) for hour in range(3)]
    renewed(db, "c", 1)
    assert rotations(db, {"a", "b", "d"}) == {"a": tuple(mine[-RECENT:]), "b": tuple(other)}


def test_only_what_a_person_did_is_a_login(db):
    for hour in range(40):
        renewed(db, "a", hour, new_login=hour % 10 == 0)
    renewed(db, "b", 1)
    assert logins(db, {"a", "b"}) == {"a": tuple(START + hour * HOUR for hour in (0, 10, 20, 30))}


def test_one_query_each_and_none_where_nobody_asks(db):
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert (rotations(db, set()), logins(db, set())) == ({}, {})
    assert asked == []
    rotations(db, {"a", "b"})
    logins(db, {"a", "b"})
    assert len(asked) == 2


def test_very_many_keys_are_no_query_that_a_database_refuses(db):
    renewed(db, "00000", 1)
    assert list(rotations(db, {f"{number:05}" for number in range(50_000)})) == ["00000"]
