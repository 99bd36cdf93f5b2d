"""A library of real failure shapes and harmless ones: ours is right about each, beside OpenClaw and its scripts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from monitor.judge.rules import ROWS
from monitor.model import Rule
from tests.command import ROOT
from tests.openclaw import real
from tests.truth import record, scripts, table
from tests.truth.answers import SHAPES, Ours, false_alarm, missed, name_of, recorded, right
from tests.truth.shape import Home, Shape, Truth

BY_NAME = {name_of(shape): shape for shape in SHAPES}


@cache
def answered(name: str) -> table.Answers:
    """Once in each process that tests."""
    with TemporaryDirectory() as folder:
        return table.answered(BY_NAME[name], Path(folder) / "home", recorded())


@pytest.mark.parametrize("name", BY_NAME)
def test_ours_says_what_is_true(name: str) -> None:
    shape, said, *_ = answered(name)
    assert right(shape, said), said
    assert not false_alarm(shape.truth, said.word)
    assert not missed(shape.truth, said.word)


def test_the_table_and_the_totals_in_the_docs_are_these() -> None:
    """`python -m tests.truth.table` writes them."""
    page, found = table.PAGE.read_text("utf-8"), list(map(answered, BY_NAME))
    assert table.between(page, "shapes") == table.shapes(found)
    assert table.between(page, "totals") == table.totals(found)


def test_the_rows_in_the_docs_are_those_of_the_judge() -> None:
    page = table.PAGE.read_text("utf-8")
    assert list(ROWS) == list(Rule)
    assert table.between(page, "rows") == table.rows()
    assert table.between(page, "weights") == table.weights()


def test_the_number_in_readme_and_changelog_is_this_one() -> None:
    for page in ("README.md", "CHANGELOG.md"):
        assert f"{len(SHAPES)} real shapes" in (ROOT / page).read_text("utf-8")


def test_there_are_forty_shapes_and_more_of_every_truth_each_with_its_issue() -> None:
    assert len(BY_NAME) == len(SHAPES) >= 40
    assert all(sum(shape.truth is truth for shape in SHAPES) >= 3 for truth in Truth)
    assert all(shape.issue.partition("#")[2].isdigit() for shape in SHAPES)
    assert set(recorded()) == {name_of(shape) for shape in SHAPES if shape.release}


@pytest.mark.parametrize("name", [name for name, shape in BY_NAME.items() if shape.release][::8])
def test_the_real_openclaw_still_says_what_was_recorded(tmp_path: Path, name: str) -> None:
    """Anew where the release is installed; a sample, for it takes seconds each."""
    shape = BY_NAME[name]
    if real.folder(shape.release) is None:
        pytest.skip("not installed; the recorded run stands for it")
    now, before = record.asked(shape, tmp_path / "home"), recorded()[name]
    assert (now["code"], now["keys"], _kinds(now)) == (before["code"], before["keys"], _kinds(before))


def _kinds(said: dict[str, list[list[object]]]) -> list[list[object]]:
    return [one[:2] for one in said["profiles"]]


# -- the table can be wrong about all three ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "word", "wrong"),
    [
        (Truth.DEAD, "ok", "missed"), (Truth.DEAD, "dies", "missed"), (Truth.DEAD, "soon", ""), (Truth.DEAD, "now", ""),
        (Truth.ENDING, "ok", "missed"), (Truth.ENDING, "soon", ""), (Truth.HARMLESS, "now", "false alarm"),
        (Truth.HARMLESS, "soon", "false alarm"), (Truth.HARMLESS, "cannot tell", "false alarm"), (Truth.HARMLESS, "ok", ""),
        (Truth.SPARE, "now", "false alarm"), (Truth.SPARE, "soon", ""), (Truth.UNTOLD, "now", ""), (Truth.UNTOLD, "ok", ""),
    ],
)  # fmt: skip
def test_an_answer_is_counted_as_it_should_be(truth: Truth, word: str, wrong: str) -> None:
    assert (missed(truth, word), false_alarm(truth, word)) == (wrong == "missed", wrong == "false alarm")


def test_an_answer_of_ours_that_is_wrong_would_be_seen() -> None:
    dead = Shape("x", "x#1", Truth.DEAD, lambda h: None)
    assert not right(dead, Ours("ok", "ok", "assumed"))
    assert not right(Shape("x", "x#1", Truth.UNTOLD, lambda h: None), Ours("ok", "ok", "proven"))
    assert table.WRONG in table.shapes([(dead, Ours("ok"), "ok", "now")])
    assert "| authwatch | 1 | 0 of 0 | 1 of 1 |" in table.totals([(dead, Ours("ok"), "ok", "now")])


# -- the model of the scripts does what was seen when they were run ---------------------------------------------------


@pytest.mark.parametrize(
    ("left", "word"),
    [(timedelta(hours=3), "ok"), (timedelta(minutes=90), "soon"), (timedelta(minutes=-1), "now")],
)
def test_the_timers_script_warns_two_hours_before_access_ends(tmp_path: Path, left: timedelta, word: str) -> None:
    now = datetime.now(UTC)
    Home(tmp_path, now).claude(left, timedelta(days=20))
    assert scripts.timer(tmp_path, now) == word


@pytest.mark.parametrize(("content", "word"), [('{"claude', "dies"), ('{"claudeAiOauth": {"expiresAt": null}}', "now")])
def test_the_timers_script_dies_of_half_a_file_and_takes_no_expiry_for_the_end(
    tmp_path: Path, content: str, word: str
) -> None:
    Home(tmp_path, datetime.now(UTC)).file(".claude/.credentials.json", content)
    assert scripts.timer(tmp_path, datetime.now(UTC)) == word


def test_without_a_file_the_timers_script_alarms(tmp_path: Path) -> None:
    assert scripts.timer(tmp_path, datetime.now(UTC)) == "now"


@pytest.mark.parametrize(
    ("profiles", "keys", "word"),
    [
        ([["anthropic", "oauth", 600]], 0, "ok"),
        ([["anthropic", "oauth", 30]], 0, "soon"),
        ([["anthropic", "oauth", -5], ["anthropic", "oauth", 600]], 0, "ok"),  # the latest hides the others
        ([["anthropic", "token", 600]], 0, "now"),  # a token is no login to one half of it
        ([["openai", "oauth", 600]], 0, "now"),
        ([], 1, "now"),  # a key alone helps one half only
    ],
)
def test_the_widgets_script_takes_the_latest_end_of_anthropic(profiles: list[object], keys: int, word: str) -> None:
    assert scripts.status(json.loads(json.dumps({"profiles": profiles, "keys": keys}))) == word
