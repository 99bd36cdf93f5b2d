"""What an earlier body of metrics remembers."""

from datetime import UTC, datetime

import pytest

from monitor.metrics.exposition import body, last_successes
from tests.metrics.worlds import DAY, FACTS, NOW, WORLD


def test_a_body_remembers_when_its_sources_were_last_read():
    """A body remembers when its sources were last read."""
    found = last_successes(body(WORLD, FACTS), ["openclaw", "codex", "env", "other"])
    whole = datetime.fromtimestamp(round(NOW.timestamp(), 3), UTC)
    assert found == {"openclaw": whole, "codex": whole - DAY, "env": None, "other": None}


@pytest.mark.parametrize("text", ["", "rubbish", "# HELP", "authwatch_source_last_success_timestamp_seconds{"])
def test_rubbish_remembers_nothing(text):
    """Rubbish remembers nothing."""
    name = 'authwatch_source_last_success_timestamp_seconds{source="x"}'
    for body_text in (text, f"{name} abc\n", f"{name} 1e99\n", f"{name} nan\n"):
        assert last_successes(body_text, ["x"]) == {"x": None}
