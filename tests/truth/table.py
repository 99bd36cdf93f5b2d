"""The table of docs/truth.md from the shapes: `python -m tests.truth.table` writes it between its marks.

Ours is asked anew each time; OpenClaw's answers are the recorded ones (`python -m tests.truth.record`).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monitor.judge.rules import ROWS, WEIGHTS
from tests.command import ROOT
from tests.truth.answers import (
    NOT_ASKED,
    SHAPES,
    Ours,
    emptied,
    false_alarm,
    missed,
    of_scripts,
    openclaws,
    ours,
    recorded,
)
from tests.truth.shape import Shape, Truth
from tests.warm import Line

PAGE = ROOT / "docs" / "truth.md"
WRONG = " ✗"
Answers = tuple[Shape, Ours, str, str]

#: Where an issue without a slash lies.
HOMES = {
    "openclaw": "openclaw/openclaw",
    "claude-code": "anthropics/claude-code",
    "claw-info": "thepagent/claw-info",
    "claude-swap": "realiti4/claude-swap",
    "caam": "Dicklesworthstone/coding_agent_account_manager",
    "gemini-cli": "google-gemini/gemini-cli",
}


def asked(folder: Path) -> list[Answers]:
    """What all three say of every shape."""
    known = recorded()
    found = []
    for number, shape in enumerate(SHAPES):
        found.append(answered(shape, folder / str(number), known))
        emptied(folder / str(number))
    return found


def answered(shape: Shape, home: Path, known: dict[str, Any]) -> Answers:
    """What all three say of one shape."""
    said = ours(shape, home, Line())
    return shape, said, openclaws(shape, known), of_scripts(shape, home, known)


def shapes(answers: Sequence[Answers]) -> str:
    """One row a shape."""
    head = "| situation | store of | reported in | actual state | authwatch | `openclaw models status --check` | the scripts |"
    lines = [head, "|---|---|---|---|---|---|---|"]
    for shape, said, theirs, scripts in answers:
        store = f"OpenClaw {shape.release}" if shape.release else shape.name.partition(":")[0]
        name = shape.name.partition(": ")[2] or shape.name
        words = (said.text + _mark(shape.truth, said.word), _shown(shape.truth, theirs), _shown(shape.truth, scripts))
        lines.append(f"| {name} | {store} | {_link(shape.issue)} | {shape.truth} | {' | '.join(words)} |")
    return "\n".join(lines)


def totals(answers: Sequence[Answers]) -> str:
    """How often each was wrong, of what it looks at."""
    lines = ["| | shapes | false alarms | missed deaths |", "|---|---|---|---|"]
    columns = {
        "authwatch": [(shape.truth, said.word) for shape, said, _, _ in answers],
        "`openclaw models status --check`": [(shape.truth, theirs) for shape, _, theirs, _ in answers],
        "the scripts": [(shape.truth, scripts) for shape, _, _, scripts in answers],
    }
    for name, column in columns.items():
        looked = [(truth, word) for truth, word in column if word != NOT_ASKED]
        told = [(truth, word) for truth, word in looked if truth is not Truth.UNTOLD]
        calm = sum(truth in (Truth.HARMLESS, Truth.SPARE) for truth, _ in told)
        alarms, deaths = sum(false_alarm(*one) for one in told), sum(missed(*one) for one in told)
        lines.append(f"| {name} | {len(looked)} | {alarms} of {calm} | {deaths} of {len(told) - calm} |")
    return "\n".join(lines)


def rows() -> str:
    """The truth table itself, as the judge has it."""
    lines = ["| | evidence | state | needs human |", "|---|---|---|---|"]
    lines += [f"| {at} | {row.evidence} | {row.state} | {row.need} |" for at, row in enumerate(ROWS.values(), 1)]
    return "\n".join(lines)


def weights() -> str:
    """What is laid on a row's answer."""
    return "\n".join(f"- {words}" for words in WEIGHTS.values())


def _mark(truth: Truth, word: str) -> str:
    return WRONG if word != NOT_ASKED and (false_alarm(truth, word) or missed(truth, word)) else ""


def _shown(truth: Truth, word: str) -> str:
    return word + _mark(truth, word)


def _link(issue: str) -> str:
    repository, _, number = issue.partition("#")
    return f"[{issue}](https://github.com/{HOMES.get(repository, repository)}/issues/{number})"


def between(page: str, name: str) -> str:
    """What lies between two marks of a page."""
    return page.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->", maxsplit=1)[0].removesuffix("\n")


def put(page: str, name: str, text: str) -> str:
    """The page with other text between two marks."""
    before, _, rest = page.partition(f"<!-- {name} -->\n")
    return f"{before}<!-- {name} -->\n{text}\n<!-- /{name} -->{rest.partition(f'<!-- /{name} -->')[2]}"


def main() -> int:
    page = PAGE.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        answers = asked(Path(folder))
    for name, text in (
        ("rows", rows()),
        ("weights", weights()),
        ("totals", totals(answers)),
        ("shapes", shapes(answers)),
    ):
        page = put(page, name, text)
    PAGE.write_text(page, "utf-8")
    print(totals(answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
