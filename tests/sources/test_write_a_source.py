"""The page "write a source in ten minutes", run as it is written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import ROOT, environment

PAGE = ROOT / "docs" / "write-a-source.md"
EXAMPLE = ROOT / "contrib" / "guest-source"
BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def steps() -> Iterator[tuple[str, list[str]]]:
    """Each thing to type, with what it must print."""
    for language, body in BLOCK.findall(PAGE.read_text("utf-8")):
        if language == "sh":
            yield body, []
            continue
        for step in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, *printed = step.splitlines()
            yield command, printed


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """A home, and an environment of its own in which authwatch is installed; nothing is fetched from anywhere."""
    own = tmp_path / "venv"
    venv.create(own, with_pip=False)
    (site,) = own.glob("lib/python*/site-packages")
    ours = sysconfig.get_paths()["purelib"]
    (site / "authwatch.pth").write_text(f"import site; site.addsitedir({ours!r})\n{ROOT}\n")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, words in (
        ("pip", f"{sys.executable} -m pip --python {own}/bin/python"),
        ("authwatch", f"{own}/bin/python -m monitor.cli.main"),
    ):
        (tools / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (tools / name).chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    more = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "PATH": f"{tools}:{os.environ['PATH']}"}
    kept = environment(home, more)
    del kept["PYTHONPATH"]
    return kept


def test_the_page_works_as_it_is_written(machine: dict[str, str]) -> None:
    home = Path(machine["HOME"])
    for command, printed in steps():
        done = subprocess.run(
            ["bash", "-euc", command], cwd=home, env=machine, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        for line in printed:
            assert all(part in done.stdout for part in line.split("…")), (line, done.stdout, done.stderr)
    for name in ("pyproject.toml", "authwatch_tally.py"):
        assert (home / "tally-source" / name).read_text() == (EXAMPLE / name).read_text(), name
