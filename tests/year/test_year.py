"""A simulated year of ten accounts on the real core: every death told in time, nothing else said.

The accounts and their fates are in `world`, what should be heard follows from the same script in `oracle`; the judge of
authwatch has no part in it. More seeds: `python -m tests.soak.year`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.model import Level, Reason
from tests.year.account import Death
from tests.year.drive import Heard, year
from tests.year.oracle import judged
from tests.year.world import START, World

#: The first weeks of three years, and a whole one: seed and days.
YEARS = ((0, 50), (101, 50), (202, 50), pytest.param(0, 365, marks=pytest.mark.slow))


@pytest.mark.parametrize(("seed", "days"), YEARS)
def test_every_death_is_told_within_a_check_and_nothing_else_is_said(tmp_path: Path, seed: int, days: int) -> None:
    world = World(seed, days)
    report = judged(world, list(year(world, tmp_path)))
    print(f"seed {seed}: {world.checks} checks, {len(report.notified)} deaths, {len(report.heard)} pieces of news")
    assert report.faults == []
    assert len(report.notified) >= 3
    assert all(notified.late is not None for notified in report.notified)


@pytest.mark.parametrize("seed", range(10))
def test_a_world_has_ten_accounts_and_every_fate(seed: int) -> None:
    world = World(seed)
    assert len(world.accounts) == 10
    fates = {death.what for one in world.accounts for death in one.deaths}
    assert {"revoked", "stalled", "used up by a copy", "tokens emptied", "vanished"} <= fates
    assert {one.name for one in world.accounts if len(one.keys) > 1} == {"minimax"}
    assert len(world.steps) == 6
    for one in world.accounts:
        moments = [at for at, _ in one.seen]
        assert moments == sorted(moments)
        assert all(death.mended and death.dead <= death.knowable <= death.mended for death in one.deaths)


def test_the_same_seed_is_the_same_world() -> None:
    assert World(7).changes == World(7).changes != World(8).changes


# -- the oracle sees what is wrong ------------------------------------------------------------------------------------


def items(world: World, key: str, days: float, level: Level, reason: Reason = Reason.NEW) -> Heard:
    return Heard(START + timedelta(days=days), key, reason, level, "made up")


def quiet() -> World:
    """A world in which nobody dies but one account, on the tenth day."""
    world = World(3)
    for one in world.accounts:
        one.deaths, one.warned = [], []
    death = Death("made up", START + timedelta(days=10), START + timedelta(days=10), START + timedelta(days=12))
    world.accounts[0].deaths = [death]
    world.copies, world.steps = [], []
    return world


@pytest.mark.parametrize(
    ("days", "level", "reason", "faults"),
    [
        (10.001, Level.NOW, Reason.NEW, 0),
        (10.5, Level.NOW, Reason.NEW, 1),  # too late
        (9.9, Level.NOW, Reason.NEW, 2),  # of nothing yet, and then nothing
        (12.5, Level.NOW, Reason.REMINDER, 2),  # it is mended, and nobody was told
        (10.001, Level.SOON, Reason.NEW, 1),  # a warning is not enough
        (10.001, Level.FINE, Reason.RESOLVED, 2),  # an all-clear while it is dead
    ],
)
def test_the_oracle_sees_an_alarm_that_is_late_false_or_missing(
    days: float, level: Level, reason: Reason, faults: int
) -> None:
    world = quiet()
    key = world.accounts[0].credential.key
    assert len(judged(world, [items(world, key, days, level, reason)]).faults) == faults


def test_the_oracle_sees_a_copy_that_nobody_tells() -> None:
    world = quiet()
    world.accounts[0].deaths = []
    world.copies = World(3).copies
    (copies,) = world.copies
    key = f"{min(copies.keys)}/copies"
    notified = replace(items(world, key, 0, Level.SOON), at=copies.span.begin + timedelta(minutes=4))
    assert judged(world, [notified]).faults == []
    assert len(judged(world, []).faults) == 1
    assert len(judged(world, [replace(notified, at=notified.at + timedelta(hours=1))]).faults) == 1


def test_the_oracle_sees_silence_and_news_of_nobody() -> None:
    world = quiet()
    assert len(judged(world, []).faults) == 1
    good = items(world, world.accounts[0].credential.key, 10.001, Level.NOW)
    assert judged(world, [good]).faults == []
    for key in (world.accounts[1].credential.key, "openclaw/main/nobody:default", f"{good.key}/copies"):
        assert len(judged(world, [good, replace(good, key=key)]).faults) == 1
