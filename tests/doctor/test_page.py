"""docs/doctor.md shows what the doctor says, and names every check."""

from __future__ import annotations

import json
import re
from pathlib import Path

from monitor.doctor import THEMES
from tests.command import ROOT, authwatch, configure
from tests.doctor.subjects import program
from tests.openclaw_home import openclaw, put, token

PAGE = (ROOT / "docs" / "doctor.md").read_text("utf-8")


def shown_home(home: Path) -> None:
    openclaw(home, {"anthropic:default": token()}).chmod(0o644)
    models = {"primary": "anthropic/claude-sonnet-4-5", "fallbacks": ["groq/x"]}
    put(home / ".openclaw" / "openclaw.json", json.dumps({"agents": {"defaults": {"model": models}}}))
    (home / ".openclaw").chmod(0o700)
    configure(home, "host: vps-1\nchannels: {phone: {url: 'nfys://topic'}}\n")
    program(home, "openclaw", "echo 2026.1.30")


def test_the_example_is_what_it_prints(tmp_path):
    """Each paragraph of the example is printed for such a home; machines differ in the rest."""
    shown_home(tmp_path)
    printed = authwatch(tmp_path, "doctor", env={"COLUMNS": "80"}).out.replace(str(tmp_path), "~")
    example = re.search(r"<!-- doctor -->\n```console\n\$ authwatch doctor\n(.*?)```", PAGE, re.DOTALL)
    assert example
    for paragraph in example[1].strip().split("\n\n")[1:-1]:
        assert paragraph in printed, paragraph


def test_the_table_names_every_check_in_order():
    """The table names every check, in the order in which they are made."""
    names = [name for checks in THEMES.values() for name in checks]
    assert re.findall(r"^\| `([a-zA-Z ]+)` \|", PAGE, re.MULTILINE) == names
