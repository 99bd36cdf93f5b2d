"""What the doctor knows of deliveries: those of checks, and those of `alerts test`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.doctor.model import Health
from tests.command import authwatch, configure, state
from tests.doctor.subjects import only, said, wrong
from tests.openclaw_home import HOUR, openclaw, token
from tests.receivers import Receiver, web


@pytest.fixture(name="there")
def there_fixture() -> Iterator[Receiver]:
    with web() as there:
        yield there


def channel(home: Path, there: Receiver, path: str) -> str:
    """The config with one channel, to that path of the receiver; the same for the CLI and for `said`."""
    text = f"channels: {{phone: {{url: 'json://127.0.0.1:{there.port}{path}'}}}}\n"
    configure(home, text)
    return text


GOOD, BAD = "/json/x", "/status/500/json/x"


def test_a_test_message_that_arrived_is_proof(tmp_path: Path, there: Receiver) -> None:
    """A test message that arrived shows that the channel works, before the first check and in its metrics."""
    config = channel(tmp_path, there, GOOD)
    assert authwatch(tmp_path, "alerts", "test").code == 0
    (found,) = said(tmp_path, "deliveries", config)
    assert (found.health, "last delivered " in found.what) == (Health.FINE, True)
    authwatch(tmp_path, "check")
    metrics = (state(tmp_path) / "metrics.prom").read_text()
    assert re.search(r'^authwatch_channel_last_success_timestamp_seconds{channel="phone"} \d', metrics, re.MULTILINE)


def test_a_channel_whose_last_test_failed_is_broken(tmp_path: Path, there: Receiver) -> None:
    """A channel whose last test failed is broken, though it was reached before, until one arrives again."""
    for path, code in ((GOOD, 0), (BAD, 1)):
        config = channel(tmp_path, there, path)
        assert authwatch(tmp_path, "alerts", "test", "phone").code == code
    found = only(said(tmp_path, "deliveries", config))
    assert (found.health, found.mend) == (Health.BROKEN, "authwatch alerts test phone")
    assert "the last test message did not arrive; last delivered " in found.what
    assert "500" in found.why
    config = channel(tmp_path, there, GOOD)
    assert authwatch(tmp_path, "alerts", "test").code == 0
    assert wrong(said(tmp_path, "deliveries", config)) == []


def test_a_real_message_that_arrived_later_speaks_for_the_channel_again(tmp_path: Path, there: Receiver) -> None:
    """A real message that arrived after a failed test speaks for the channel again."""
    channel(tmp_path, there, BAD)
    assert authwatch(tmp_path, "alerts", "test").code == 1
    openclaw(tmp_path, {"anthropic:a": token(ends_in=-HOUR)})
    config = channel(tmp_path, there, GOOD)
    assert authwatch(tmp_path, "check").code == 1
    assert wrong(said(tmp_path, "deliveries", config)) == []


def test_a_test_that_arrived_after_trouble_leaves_the_news_to_the_next_check(tmp_path: Path, there: Receiver) -> None:
    """News that waits is broken; once a test arrived, the next check tells it."""
    openclaw(tmp_path, {"anthropic:a": token(ends_in=-HOUR)})
    config = channel(tmp_path, there, BAD)
    authwatch(tmp_path, "check")
    assert only(said(tmp_path, "deliveries", config)).health is Health.BROKEN
    config = channel(tmp_path, there, GOOD)
    assert authwatch(tmp_path, "alerts", "test").code == 0
    found = only(said(tmp_path, "deliveries", config))
    assert (found.health, found.mend) == (Health.WARNING, "authwatch check")


def test_a_test_that_cannot_go_on_record_is_a_test_all_the_same(tmp_path: Path, there: Receiver) -> None:
    """A test that cannot go on record is a test all the same: its result, its code, and one line on stderr."""
    channel(tmp_path, there, GOOD)
    (state(tmp_path) / "history.sqlite").mkdir(parents=True)
    done = authwatch(tmp_path, "alerts", "test")
    assert (done.code, len(there.received)) == (0, 1)
    assert done.out.startswith("phone: delivered after ")
    assert done.err.startswith("authwatch: the test was not recorded: ")
    assert "Traceback" not in done.err
