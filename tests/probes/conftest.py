"""A made-up machine with a phone and a stand-in provider, for the tests of whole checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.life import Life
from tests.probes.documented import VALID
from tests.probes.stand import Stand, says, stand
from tests.receivers import web
from tests.warm import Line


@pytest.fixture
def provider() -> Iterator[Stand]:
    """A provider of everything, which takes every key of Anthropic."""
    with stand(says(VALID["anthropic"])) as one:
        yield one


@pytest.fixture
def life(line: Line, tmp_path: Path) -> Iterator[Life]:
    home = tmp_path / "home"
    home.mkdir()
    with web() as there:
        yield Life(line, home, there)
