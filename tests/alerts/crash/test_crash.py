"""SIGKILL at the points of a check: nothing is lost, at most one copy is said twice, nobody is left with a wrong belief.

A part of the points of each scene, more of those around commits and sends; `-m slow` takes more, `.ci/soak crash` all.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.alerts.crash.killing import scene
from tests.alerts.crash.stage import SCENES
from tests.soak.crash import kill_all
from tests.warm import Line

#: Where the memory and the world part: the end of a transaction, and what leaves the process.
TELLING = re.compile(r"(before|after) (commit|send|INSERT told|INSERT attempts) ")
FEW, MANY = (8, 100), (4, 48)


def chosen(points: tuple[str, ...], offset: int, part: tuple[int, int]) -> list[str]:
    """A part of the telling points, and a smaller one of the others."""
    telling, other = part
    others = [point for point in points if not TELLING.match(point)]
    return [
        *[point for point in points if TELLING.match(point)][offset % telling :: telling],
        *others[offset % other :: other],
    ]


@pytest.mark.parametrize("part", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"])
@pytest.mark.parametrize("name", SCENES)
def test_whenever_a_check_is_killed_the_next_ones_make_it_good(
    line: Line, tmp_path: Path, name: str, part: tuple[int, int]
) -> None:
    with scene(line, tmp_path / "home", name) as one:
        assert len(one.points) > 100
        tally = kill_all(one, name, chosen(one.points, len(name), part))
    assert tally.faults == []
    assert tally.killed >= 3


def test_a_point_is_killed_at_and_not_passed(line: Line, tmp_path: Path) -> None:
    """The tool of these tests works: what is killed at a point leaves nothing behind it."""
    with scene(line, tmp_path / "home", "worse") as one:
        stage = one.stage
        one.play("before send phone #1")
        stage.home.joinpath(".local/state/authwatch/checkpoint").unlink()
        done = stage.look(kill="before commit #1")
        assert done.code == -9
        assert done.points[-1] == "before commit #1"
