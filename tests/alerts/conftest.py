"""A warm command line and a made-up machine with a phone, for the tests that live through days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.life import Life
from tests.receivers import web
from tests.warm import Line, warm


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    with warm() as one:
        yield one


@pytest.fixture
def life(line: Line, tmp_path: Path) -> Iterator[Life]:
    home = tmp_path / "home"
    home.mkdir()
    with web() as there:
        yield Life(line, home, there).configured()
