"""A sample of the race that `.ci/soak races` runs in full: 300 changes."""

from __future__ import annotations

from pathlib import Path

from tests.command import authwatch, started
from tests.faults.races import race, write
from tests.faults.world import json_home
from tests.polling import pause


def test_three_processes_record_every_change_once_and_tell_every_condition_once() -> None:
    assert race(turns=6).amiss == []


def test_three_processes_lose_no_transaction() -> None:
    wanted, kept, errors = write(turns=30)
    assert (kept, errors) == (wanted, [])


def test_a_check_that_is_killed_leaves_the_lock_to_the_next(tmp_path: Path) -> None:
    json_home(tmp_path)
    for delay in (0.01, 0.03, 0.06, 0.1):
        killed = started(tmp_path, "check")
        pause(delay)
        killed.kill()
        killed.wait()
        done = authwatch(tmp_path, "check")
        assert (done.code, done.err) == (2, "")
