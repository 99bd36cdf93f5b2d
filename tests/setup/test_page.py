"""`docs/setup.md` shows what a person at a terminal really sees."""

from __future__ import annotations

import pytest

from tests.setup.transcripts import PAGE, SCENES, from_a_fresh_machine, said, shown


@pytest.mark.parametrize("name", SCENES)
def test_the_page_shows_what_is_said(name):
    assert shown(PAGE.read_text("utf-8"), name) == said(name)


def test_a_fresh_machine_is_set_up_with_few_commands_and_soon(tmp_path):
    """A delivered test message and a timer, with at most five commands and in less than a minute and a half."""
    done = from_a_fresh_machine(tmp_path)
    assert done.received == 1
    assert "authwatch/.venv/bin/authwatch check --exit-zero" in done.crontab
    assert len(done.commands) <= 5
    assert done.seconds < 90
