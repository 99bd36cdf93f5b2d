"""`.ci/soak` itself: its parts exist, its options reach them, and it fails when one fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.command import ROOT

SCRIPT = ROOT / ".ci" / "soak"


def soak(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": sys.executable}
    return subprocess.run([SCRIPT, *words], cwd="/", env=environment, capture_output=True, text=True, check=False)


def test_a_part_prints_its_table() -> None:
    done = soak("fuzz", "--only", "checkpoint", "--count", "50", "--seed", "1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"\| checkpoint \| 50 \| 0 \| 0 \| 0 \|", done.stdout)
    assert "Seed 1." in done.stdout


@pytest.mark.parametrize("words", [("nosuch",), ("fuzz", "races", "--count", "1"), ("--count", "1")], ids=" ".join)
def test_wrong_usage_is_refused_before_anything_runs(words: tuple[str, ...]) -> None:
    done = soak(*words)
    assert (done.returncode, done.stdout) == (64, "")


def test_a_part_that_fails_is_the_end_of_it() -> None:
    assert soak("faults", "--only", "this matches nothing (").returncode == 1


def test_every_part_is_a_module_and_named_on_the_page() -> None:
    (named,) = re.findall(r"^parts=\((.*)\)$", SCRIPT.read_text("utf-8"), re.MULTILINE)
    there = {path.stem for path in (ROOT / "tests" / "soak").glob("*.py")} - {"__init__", "test_script"}
    assert set(named.split()) == there
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    assert {part for part in there if f"`python -m tests.soak.{part}" not in page} == set()
