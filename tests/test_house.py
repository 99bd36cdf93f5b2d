"""The house itself: format, lint, types, import contracts, sizes; one command checks all."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unused import EXPLAINED

ROOT = Path(__file__).resolve().parent.parent
BESIDE = Path(sys.executable).parent

TOOLS = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "contracts": ["lint-imports"],
}

OURS = sorted([*ROOT.glob("monitor/**/*.py"), *ROOT.glob("alerts/**/*.py")])


@pytest.mark.parametrize("name", TOOLS)
def test_the_tool_finds_nothing(name):
    """The tool finds nothing."""
    tool, *words = TOOLS[name]
    done = subprocess.run([BESIDE / tool, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_says_what_it_is(path):
    """A file has at most 400 lines, a function at most 60, and the module opens with a sentence."""
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no docstring"
    assert text.count("\n") <= 400
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


def test_nothing_is_unused_without_a_reason():
    """Nothing is unused without a reason, and no reason outlives its name."""
    words = [BESIDE / "vulture", "monitor", "alerts"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    named = {line: re.search(r"'(\w+)'", line) for line in done.stdout.splitlines()}
    assert {found[1] if found else line for line, found in named.items()} == set(EXPLAINED), done.stdout


def test_the_version_is_told_the_same_everywhere():
    """The version in the code has an entry in the changelog."""
    from monitor import __version__

    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
