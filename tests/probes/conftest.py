"""A made-up machine with a phone and a stand-in provider, for the tests of whole checks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.alerts.life import Life
from tests.probes.documented import VALID
from tests.probes.stand import Stand, says, stand


@pytest.fixture
def provider() -> Iterator[Stand]:
    """A provider of everything, which takes every key of Anthropic."""
    with stand(says(VALID["anthropic"])) as one:
        yield one


@pytest.fixture
def life(machine: Life) -> Life:
    """The machine as its tests configure it."""
    return machine
