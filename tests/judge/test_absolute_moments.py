"""A status document ages without becoming wrong: until an answer could differ, every word in it stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.check.assess import CheckContext
from monitor.check.collect import CheckOptions, look
from monitor.check.read_only import CheckResult, read_only
from monitor.check.status import Document
from monitor.config.load import load
from monitor.setup.demo_home import furnish
from monitor.system.host import Host
from monitor.system.state_dir import StateDir

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HORIZON = timedelta(days=120)


def answers(this_check: CheckContext) -> Iterator[CheckResult]:
    """What a look finds now and whenever its answer could differ, while nothing changes but the clock."""
    while this_check.now < NOW + HORIZON:
        found = read_only(this_check)
        yield found
        if found.until is None:
            return
        this_check = this_check._replace(now=found.until)


def timeless(this_check: CheckContext, outcome: CheckResult) -> Document:
    return {**outcome.document(this_check.settings), "at": "", "verified_at": ""}


@pytest.fixture
def this_check(tmp_path: Path) -> CheckContext:
    config = furnish(tmp_path, NOW)
    host = Host(tmp_path, {})
    asked = CheckOptions(load(host, config))
    return CheckContext(asked, host, StateDir(tmp_path / "state", tmp_path / "state"), look(asked, host, NOW), NOW)


def test_no_word_of_a_document_changes_before_its_answer_may(this_check: CheckContext) -> None:
    spans = []
    for outcome in answers(this_check):
        end = outcome.until or NOW + HORIZON
        spans.append(end - outcome.at)
        late = read_only(this_check._replace(now=end - timedelta(milliseconds=1)))
        assert timeless(this_check, late) == timeless(this_check, outcome)
    assert max(spans) > timedelta(days=30), "too short for a span in days to change"
    assert len(spans) > 5
