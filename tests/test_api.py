"""The public face: what a source outside the project may import."""

from __future__ import annotations

import re
from types import ModuleType

from monitor import api
from tests.command import ROOT

PAGE = ROOT / "docs" / "write-a-source.md"
GUESTS = [PAGE, *(ROOT / "contrib" / "guest-source").iterdir()]


def test_what_is_imported_is_exported() -> None:
    imported = {name for name, one in vars(api).items() if name[0] != "_" and not isinstance(one, ModuleType)}
    assert sorted(imported) == sorted(api.__all__)


def test_the_page_says_what_each_name_is_for() -> None:
    table = re.findall(r"^\| (`.*?) \| ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)", "".join(table))) == sorted(api.__all__)


def test_guests_use_nothing_else() -> None:
    for path in GUESTS:
        used = re.findall(r"^ *(?:from|import) +((?:monitor|alerts)\b[\w.]*)", path.read_text("utf-8"), re.MULTILINE)
        assert set(used) <= {"monitor.api"}, path
    assert "from monitor.api import" in PAGE.read_text("utf-8")
