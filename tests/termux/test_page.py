"""`docs/termux.md` shows what the commands really say on a phone."""

from __future__ import annotations

import pytest

from tests.termux.handset import NEEDS
from tests.termux.transcripts import PAGE, SCENES, said, shown


@NEEDS
@pytest.mark.parametrize("name", SCENES)
def test_the_page_shows_what_the_command_says(name):
    assert shown(PAGE.read_text("utf-8"), name) == said(SCENES[name])
