"""What a person reads of every command is what tests/snapshots has: `python -m tests.snapshots` renews it."""

from __future__ import annotations

import pytest

from tests.snapshots.__main__ import FOLDER
from tests.snapshots.scenes import PAGES, written


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_is_said(name: str) -> None:
    assert (FOLDER / f"{name}.txt").read_text("utf-8") == written(name), "`python -m tests.snapshots` writes it anew"


def test_there_is_no_page_of_what_is_not_run() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(PAGES)
