"""Two timers, a daemon and a person at once: one tells, the others wait, nobody sees a lock. 500 rounds: `.ci/soak`."""

from __future__ import annotations

from pathlib import Path

from tests.soak.concurrency import CHANNELS, rounds


def test_whoever_checks_at_once_a_death_is_told_once_and_no_error_surfaces(tmp_path: Path) -> None:
    with rounds(tmp_path) as played:
        played.play(8)
    assert played.errors == []
    assert played.missing() == []
    assert played.twice() == []
    assert len(played.notified()) == 8 * len(CHANNELS)
