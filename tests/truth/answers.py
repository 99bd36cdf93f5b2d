"""What each of the three says of a shape, and whether that is right: ours, the real OpenClaw's, the scripts'."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.command import configure
from tests.truth import scripts
from tests.truth.in_openclaw import SHAPES as IN_OPENCLAW
from tests.truth.in_programs import SHAPES as IN_PROGRAMS
from tests.truth.shape import Home, Shape, Truth
from tests.warm import Line

SHAPES = (*IN_OPENCLAW, *IN_PROGRAMS)
RECORDED = Path(__file__).parent / "recorded.json"
WORDS = {0: "ok", 1: "now", 2: "soon", 3: "cannot tell"}
NOT_ASKED = "–"


@dataclass(frozen=True)
class Ours:
    """Our answer: the word of the exit code, and state and confidence of the login in question ("" without one)."""

    word: str
    state: str = ""
    confidence: str = ""

    @property
    def text(self) -> str:
        return f"{self.word} ({', '.join(filter(None, (self.state, self.confidence)))})" if self.state else self.word


def name_of(shape: Shape) -> str:
    """Unique: the same shape is kept for several releases."""
    return f"{shape.release} {shape.name}".strip()


def furnished(shape: Shape, folder: Path, now: datetime) -> Home:
    """The home as it is at last, for programs without a memory."""
    folder.mkdir(parents=True, exist_ok=True)
    for _, make in shape.before:
        make(Home(folder, now))
    return _made(shape, folder, now)


def _made(shape: Shape, folder: Path, now: datetime) -> Home:
    home = Home(folder, now)
    for database in folder.rglob("*.sqlite"):
        if ".openclaw" in database.parts:
            database.unlink()
    shape.make(home)
    return home


def ours(shape: Shape, folder: Path, line: Line) -> Ours:
    """The real command line's answer, after a check at each earlier state; then the home is as `furnished` has it."""
    folder.mkdir(parents=True)
    now = datetime.now(UTC)
    configure(folder, shape.config)
    for ago, make in shape.before:
        make(Home(folder, now - ago))
        line.run(folder, "check", at=now - ago, env=shape.env)
    _made(shape, folder, now)
    if shape.before:  # what one look cannot be sure of has settled by now
        line.run(folder, "check", at=now - timedelta(minutes=15), env=shape.env)
    done = line.run(folder, "check", "--json", at=now, env=shape.env)
    assert done.code in WORDS, done.err
    profiles = {one["key"]: one for one in json.loads(done.out)["profiles"]}
    if not shape.key:
        return Ours(WORDS[done.code])
    found = profiles.get(shape.key)
    assert found or shape.truth is Truth.DEAD, (shape.key, sorted(profiles))
    return Ours(WORDS[done.code], found["state"], found["confidence"]) if found else Ours(WORDS[done.code])


def openclaws(shape: Shape, recorded: dict[str, Any]) -> str:
    """What the owning release answered to `models status --check`."""
    return WORDS[recorded[name_of(shape)]["code"]] if shape.release else NOT_ASKED


def of_scripts(shape: Shape, folder: Path, recorded: dict[str, Any]) -> str:
    """What the scripts say: the timer's of Claude Code's file, the widgets' of OpenClaw's; of nothing else anything."""
    if shape.release:
        return scripts.status(recorded[name_of(shape)]) if "anthropic" in shape.key or not shape.key else NOT_ASKED
    if not shape.key.startswith("claude-code") and not (folder / scripts.CREDENTIALS).exists():
        return NOT_ASKED
    return scripts.timer(folder, datetime.now(UTC))


def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORDED.read_text("utf-8"))
    return found


def false_alarm(truth: Truth, word: str) -> bool:
    """An alarm for what needs nobody, and an alarm *now* for what another login serves meanwhile."""
    if truth is Truth.SPARE:
        return word == "now"
    return truth is Truth.HARMLESS and word in ("now", "soon", "cannot tell")


def missed(truth: Truth, word: str) -> bool:
    """Silence about a death, or about one within a day."""
    return truth in (Truth.DEAD, Truth.ENDING) and word in ("ok", "dies")


def right(shape: Shape, said: Ours) -> bool:
    """What ours has to say exactly; of a store that cannot be used (no key in question) that it cannot be told."""
    truth = shape.truth
    if truth is Truth.DEAD and not shape.key:
        return said.word in ("now", "cannot tell")
    if truth is Truth.UNTOLD:
        return said.word == "cannot tell" or (said.word == "ok" and said.confidence == "unverified")
    return said.word == {Truth.DEAD: "now", Truth.ENDING: "soon", Truth.SPARE: "soon", Truth.HARMLESS: "ok"}[truth]


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder
