"""`docs/setup.md` shows what a person at a terminal really sees."""

from __future__ import annotations

import pytest

from tests.setup.transcripts import PAGE, SCENES, said, shown


@pytest.mark.parametrize("name", SCENES)
def test_the_page_shows_what_is_said(name):
    assert shown(PAGE.read_text("utf-8"), name) == said(name)
