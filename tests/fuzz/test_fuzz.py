"""A seeded sample of what `.ci/soak fuzz` does 200,000 times: no crash, no leak, no hang, whatever is read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.engine import HANG, Leak, Score, Target, run
from tests.fuzz.mutate import misplaced, spoiled_tree
from tests.fuzz.targets import Crash, Files, checked, targets

SEED, TURNS = 1, 150


@pytest.mark.parametrize(
    "make",
    [*targets()],
    ids=lambda make: "-".join([make.func.__name__, *make.args]) if hasattr(make, "func") else make.__name__,
)
def test_spoiled_input_gives_findings_and_no_surprise(make, tmp_path: Path) -> None:
    target = make(tmp_path)
    score = run(target, SEED, max(10, round(TURNS * target.weight)))
    assert score.failures == []


def failing(work) -> Score:
    return run(Target("made up", work), SEED, 3)


def test_the_fuzz_sees_a_crash_a_leak_and_a_hang() -> None:
    def crash(dice: random.Random) -> None:
        raise KeyError("x")

    def leak(dice: random.Random) -> None:
        raise Leak("x")

    def hang(dice: random.Random) -> None:
        while True:
            pass

    assert [len(failing(work).crashes) for work in (crash, leak)] == [3, 0]
    assert [len(failing(work).leaks) for work in (crash, leak)] == [0, 3]
    assert len(run(Target("made up", hang), SEED, 1, hang=0.05).hangs) >= 1
    assert HANG <= 1


def test_what_the_guard_caught_and_what_was_said_of_a_secret_counts() -> None:
    from monitor.model import Problem, Trouble

    with pytest.raises(Crash):
        checked([Trouble("x", Problem.CRASHED, "", "KeyError")], shown=False)
    with pytest.raises(Leak):
        checked([Trouble("x", Problem.PARSE, "", "not FAKESECRET")], shown=True)


def test_spoiling_is_seeded_and_where_it_moves_a_secret_is_known(tmp_path: Path) -> None:
    tree = {"profiles": {"a": {"token": "FAKESECRET", "expires": 1, "list": [{"key": "FAKESECRET2"}]}}}
    twice = [[spoiled_tree(tree, random.Random(f"{round}")) for round in range(300)] for _ in range(2)]
    assert twice[0] == twice[1] or repr(twice[0]) == repr(twice[1])
    assert len({repr(one) for one in twice[0]}) > 200
    assert sum(misplaced(tree, one) for one in twice[0]) < 60
    assert not misplaced(tree, tree)
    assert misplaced(tree, {"profiles": {"FAKESECRET": 1}})
    assert misplaced(tree, {"profiles": {"a": {"provider": "FAKESECRET"}}})
    (tmp_path / "store.json").write_text("{}")
    files = Files(tmp_path)
    path, _ = files.spoil(random.Random(3))
    files.restore(path)
    assert path.read_bytes() == b"{}"
