"""The house itself: format, lint, types, import contracts, names; one command checks all."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
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

#: Programs that tests start, which may sleep as they like, and the one place where tests wait.
SLEEPERS = {
    "tests/polling.py",
    "tests/warm.py",
    "tests/faults/writer.py",
    "tests/setup/codex.py",
    "tests/shell/gateway.py",
    "tests/system/sqlite_file/writer.py",
    "tests/termux/stub.py",
}

#: Folders whose files are called after the program that they are about.
ONE_FILE_PER_PROGRAM = ("monitor/sources/", "monitor/probes/", "monitor/doctor/", "monitor/setup/", "alerts/channels/")


@pytest.mark.parametrize("name", TOOLS)
def test_the_tool_finds_nothing(name):
    """The tool finds nothing."""
    tool, *words = TOOLS[name]
    done = subprocess.run([BESIDE / tool, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@cache
def parsed(folder: str) -> dict[str, ast.Module]:
    """The modules below a folder, by their path in the project."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in paths}


def test_nothing_is_unused_without_a_reason():
    """Nothing is unused without a reason, and no reason outlives its name."""
    words = [BESIDE / "vulture", "monitor", "alerts"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    named = {line: re.search(r"'(\w+)'", line) for line in done.stdout.splitlines()}
    assert {found[1] if found else line for line, found in named.items()} == set(EXPLAINED), done.stdout


def product() -> dict[str, ast.Module]:
    return {**parsed("monitor"), **parsed("alerts")}


def test_every_module_opens_with_a_sentence_that_says_what_it_is_for():
    """Its first line is the sentence, or begins one that ends before the first empty line."""
    amiss = []
    for path, tree in product().items():
        first = (ast.get_docstring(tree) or "").partition("\n\n")[0].rstrip()
        if not first or first[-1] not in ".:?":
            amiss.append(f"{path}: {first[:60] or 'no docstring'}")
    assert not amiss, "\n".join(amiss)


def test_a_function_has_at_most_sixty_lines():
    """What a function does is for ruff's C901 and PLR to judge; this is how much of it there may be."""
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in product().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert not long, "\n".join(long)


def test_no_two_modules_have_one_name():
    """Whoever hears the name of a file knows which is meant. A command's file may be called as what it runs."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in product():
        name = Path(path).stem
        if name not in ("__init__", "model") and "/migrations/" not in path:
            found[name].append(path)
    twice = {name: [path for path in paths if not _may_repeat(path)] for name, paths in found.items()}
    amiss = [f"{name}: {', '.join(found[name])}" for name, paths in sorted(twice.items()) if len(paths) > 1]
    assert not amiss, "\n".join(amiss)


def _may_repeat(path: str) -> bool:
    return path.startswith(("monitor/cli/", *ONE_FILE_PER_PROGRAM))


def test_no_two_public_classes_have_one_name():
    """What is not meant for other modules begins with an underscore."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, tree in product().items():
        for name in _classes(tree):
            found[name].append(path)
    amiss = [f"{name}: {', '.join(paths)}" for name, paths in sorted(found.items()) if len(paths) > 1]
    assert not amiss, "\n".join(amiss)


def _classes(tree: ast.Module) -> Iterator[str]:
    return (node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_"))


NAMES = re.compile(r"^( *)((?:\w+(?:\.py|/) ?)+)")


def test_the_tree_of_the_architecture_is_the_tree():
    """Each folder and module is named where it lies, and nothing else is."""
    (tree,) = re.findall(
        r"^```\n(alerts/.*?)^```", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    told, folders = set(), [""]
    for line in tree.splitlines():
        if found := NAMES.match(line):
            del folders[len(found[1]) // 2 + 1 :]
            for name in found[2].split():
                told.add(folders[-1] + name)
                if name.endswith("/"):
                    folders.append(folders[-1] + name)
    there = {path for path in product() if not path.endswith("__init__.py") and "/migrations/" not in path}
    there |= {f"{Path(path).parent}/" for path in there}
    assert told == there


def test_what_the_architecture_points_at_is_there():
    """Files and folders that its text names, with or without the package before them."""
    named = set(re.findall(r"`([a-z_]+/[a-z_/]+(?:\.py)?)", (ROOT / "ARCHITECTURE.md").read_text("utf-8")))
    places = [ROOT, ROOT / "monitor", ROOT / "alerts"]
    assert len(named) > 5
    assert [
        name for name in named if not any((at / f"{name}{end}").exists() for at in places for end in ("", ".py"))
    ] == []


def test_only_one_place_of_the_tests_waits():
    """A fixed sleep is too short on a busy machine and too long on every other: see tests/polling.py."""
    amiss = [
        f"{path}:{node.lineno}"
        for path, tree in parsed("tests").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep"
        if path not in SLEEPERS and not path.startswith("tests/soak/")
    ]
    assert not amiss, "\n".join(amiss)


def test_the_version_is_told_the_same_everywhere():
    """The version in the code has an entry in the changelog."""
    from monitor import __version__

    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
