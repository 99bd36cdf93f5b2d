"""What people read is plain English: the phrases of tests/banned_phrases.py are in no text of the product.

python -m tests.test_wording    lists them by file, with what to write instead
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.banned_phrases import ALLOWED, BANNED, Allowed
from tests.command import ROOT

PATTERNS = [(re.compile(one.phrase, re.MULTILINE), one.instead) for one in BANNED]
BINARY = {".png", ".pyc"}


class Found(NamedTuple):
    """A banned phrase in a text."""

    path: str
    line: int
    words: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words!r} -> {self.instead}"


def texts() -> Iterator[tuple[str, int, str]]:
    """Path, line and text of everything that people read."""
    for folder in ("monitor", "alerts"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "/migrations/" not in str(path):
                yield from ((_name(path), line, text) for line, text in _literals(ast.parse(path.read_text("utf-8"))))
    for path in _files():
        text = path.read_text("utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            if not (_is_shell(path) and line.lstrip().startswith("#")):
                yield _name(path), number, line
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## ")
    yield "CHANGELOG.md", 1, next((part for part in changes if part.startswith("[Unreleased]")), "")


def _files() -> Iterator[Path]:
    yield ROOT / "README.md"
    yield from sorted((ROOT / "docs").glob("*.md"))
    yield from sorted((ROOT / "monitor/serve/page/templates").glob("*.html"))
    yield from sorted((ROOT / "tests/snapshots").glob("*.txt"))
    for folder in ("contrib", "systemd", "termux"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix not in BINARY and "__pycache__" not in path.parts:
                yield path


def _is_shell(path: Path) -> bool:
    """Whether a line that begins with # is a note for whoever changes the script."""
    return path.is_relative_to(ROOT / "termux")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts of a module without its docstrings; what an f-string fills in is `…`."""
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring, of an attribute too
            passed.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed |= {id(one) for one in node.values}
            parts = [str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            yield node.lineno, node.value


def found() -> Iterator[Found]:
    """Every banned phrase that is not allowed where it stands."""
    for path, line, text in texts():
        for pattern, instead in PATTERNS:
            for match in pattern.finditer(text):
                number = line + (text.count("\n", 0, match.start()) if not path.endswith(".py") else 0)
                words = match[0].strip()
                if not any(path.startswith(one.path) and re.search(one.text, text) for one in ALLOWED):
                    yield Found(path, number, words, instead)


def test_no_banned_phrase_is_left() -> None:
    left = list(found())
    assert not left, "\n".join(map(str, left))


@pytest.mark.parametrize("one", ALLOWED, ids=lambda one: f"{one.path}: {one.text}")
def test_an_exception_does_not_outlive_its_text(one: Allowed) -> None:
    assert one.reason
    assert any(path.startswith(one.path) and re.search(one.text, text) for path, _, text in texts())


@pytest.mark.parametrize(
    "text",
    [
        "anthropic:default ends Sat 28 Nov 2026 16:59 UTC, then somebody must renew it.",
        "ran out Thu 26 Nov 2026 10:59 UTC and nothing renews it.",
        "is fine: its program renews it",
        "states no end; unused: nothing here uses groq",
        "      do: openclaw models auth login",
        "1 needs you now, 1 soon, 1 could not be read.",
        "a text stands here, it must be a list",
        "this is our bug: KeyError at x.py:1",
        "a pass every 0:05:00",
    ],
)
def test_a_sentence_of_the_old_kind_is_found(text: str) -> None:
    assert any(pattern.search(text) for pattern, _ in PATTERNS)


@pytest.mark.parametrize(
    "text",
    [
        "OpenClaw login anthropic:default (agent main) expires in 2 days (Sat 28 Nov, 17:59 CET).",
        "`authwatch config show` lists where authwatch looks.",
        "its program ended with exit code 1",
        "this is no longer needed",
        "config.yaml:4: policy.lead: expected a list such as [7d, 3d, 1d], got text",
        "OK, idle: renews itself at the next use",
        "False alarms: 0, and not one false alarm in a year",
    ],
)
def test_a_plain_sentence_is_not(text: str) -> None:
    assert not any(pattern.search(text) for pattern, _ in PATTERNS)


def main() -> None:
    """Lists what is left, and how much by file."""
    left = list(found())
    print("\n".join(map(str, left)))
    for path, count in Counter(one.path for one in left).most_common():
        print(f"{count:5}  {path}")


if __name__ == "__main__":
    main()
