"""Every reader with good input to spoil, and everything that is made of what it finds."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from monitor.model import Finding, Problem, SourceEntry, Trouble
from monitor.openclaw.compat.models_status import report
from monitor.sources import SOURCES, observe_all
from monitor.system.host import Host
from tests.faults.world import KINDS
from tests.fuzz.engine import Leak, Target
from tests.fuzz.journey import Journey
from tests.fuzz.mutate import MARK, misplaced, spoiled, spoiled_tree
from tests.sources.homes import HOMES, NOW_MS, Home

NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
#: Where there is one, the tests write to memory.
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


class Crash(Exception):
    """A reader that the guard had to catch."""


class Files:
    """The files of a home; spoils one of them and restores it afterwards."""

    def __init__(self, root: Path) -> None:
        self.root = root
        found = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
        self.good = {path: path.read_bytes() for path in found if not path.stat().st_mode & 0o111}
        self.trees = {path: tree for path, raw in self.good.items() if (tree := _tree(raw)) is not None}

    def spoil(self, dice: random.Random) -> tuple[Path, bool]:
        """Spoils one file; which, and whether a secret may rightly be shown now."""
        path = dice.choice(list(self.good))
        if path in self.trees and dice.random() < 0.6:
            tree = spoiled_tree(self.trees[path], dice)
            path.write_bytes(json.dumps(tree).encode())
            return path, misplaced(self.trees[path], tree)
        if self.good[path][:6] == b"SQLite" and dice.random() < 0.7:
            spoil_cell(path, dice)
            return path, False
        raw = spoiled(self.good[path], dice)
        path.write_bytes(raw)
        tree = _tree(raw)
        # What is still read, other than as JSON, may have taken a piece of a secret for a name.
        shown = misplaced(self.trees[path], tree) if path in self.trees and tree is not None else path not in self.trees
        return path, shown

    def restore(self, path: Path) -> None:
        path.write_bytes(self.good[path])
        for end in ("-wal", "-journal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)


def _tree(raw: bytes) -> Any:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def spoil_cell(path: Path, dice: random.Random) -> None:
    """Puts an odd value into one cell of a database, where it holds JSON a spoiled tree."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous=OFF")
    with contextlib.suppress(sqlite3.Error):  # what the schema does not allow cannot come to be
        _spoil_one(database, dice)
    database.close()


def _spoil_one(database: sqlite3.Connection, dice: random.Random) -> None:
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    table = dice.choice(tables)
    rows = database.execute(f"SELECT rowid, * FROM {table}").fetchall()
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    if rows:
        row, at = dice.choice(rows), dice.randrange(len(columns))
        value = _odd_cell(row[at + 1], dice)
        if dice.random() < 0.05:
            database.execute(f"ALTER TABLE {table} DROP COLUMN {columns[at]}") if at else database.execute(
                f"DROP TABLE {table}"
            )
        else:
            database.execute(f"UPDATE OR REPLACE {table} SET {columns[at]} = ? WHERE rowid = ?", (value, row[0]))


def _odd_cell(value: Any, dice: random.Random) -> Any:
    tree = _tree(value.encode() if isinstance(value, str) else value) if isinstance(value, str | bytes) else None
    if tree is not None and dice.random() < 0.8:
        return json.dumps(spoiled_tree(tree, dice))
    if isinstance(value, str) and dice.random() < 0.5:
        return spoiled(value.encode(), dice).decode("utf-8", "replace")
    return dice.choice((None, 0, -1, 1.5, 2**62, "", "x", b"", b"\xff\xfe", "[" * 2000, "null", "[]", "{}", "\0"))


def checked(findings: Iterable[Finding], shown: bool) -> None:
    """No crash caught by the guard, and no secret in anything that is said."""
    for finding in findings:
        if isinstance(finding, Trouble) and finding.problem is Problem.CRASHED:
            raise Crash(finding.detail)
        # Names and places may have been taken from spoiled input; words of our own never.
        said = (finding.detail,) if isinstance(finding, Trouble) else getattr(finding, "notes", ())
        if MARK in repr(said) or (not shown and MARK in repr(finding)):
            raise Leak(repr(finding)[:300])


def source(kind: str, folder: Path) -> Target:
    """A source of the table at its fake home."""
    home = Home.of(kind, folder / kind)
    if SOURCES[kind].runs and "command" in home.facts["options"]:
        home = _printing(home)
    files, entry = Files(home.root), home.entry()
    environment = dict(home.facts["env"])
    journey = Journey(observe_all(home.host(), [entry]), NOW)

    def this_check(dice: random.Random) -> None:
        spoil_files = bool(files.good) and (not environment or dice.random() < 0.8)
        path, shown = files.spoil(dice) if spoil_files else (None, False)
        variables = {"HOME": str(home.root), **environment}
        if not spoil_files and environment:
            name = dice.choice(list(environment))
            variables[name] = spoiled(environment[name].encode(), dice).decode("utf-8", "surrogateescape")
            shown = True
        host = Host(home.root, variables, key=b"k" * 32)
        try:
            findings = observe_all(host, [entry])
            checked(findings, shown)
            journey.go(findings, host, dice, shown)
        finally:
            if path:
                files.restore(path)

    slow = SOURCES[kind].runs or "{{url}}" in (HOMES / kind / "home.json").read_text("utf-8")
    return Target(f"source {kind}", this_check, 0.1 if slow else 1.0)


def _printing(home: Home) -> Home:
    """The home of a source that runs a program: one that prints a file, which is what is spoiled."""
    import subprocess

    command = home.facts["options"]["command"]
    answer = home.root / "answer"
    answer.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
    facts = {**home.facts, "options": {**home.facts["options"], "command": ["/bin/cat", str(answer)]}}
    return replace(home, facts=facts)


def openclaw(kind: str, folder: Path) -> Target:
    """One generation of OpenClaw with all its files: as a source, and as `models status`."""
    root = folder / f"openclaw-{kind}"
    root.mkdir()
    KINDS[kind](root)
    _furnish(root)
    files = Files(root)
    entry = SourceEntry("openclaw", "openclaw")
    journey = Journey(observe_all(Host(root, {}, key=b"k" * 32), [entry]), NOW)

    def this_check(dice: random.Random) -> None:
        path, shown = files.spoil(dice)
        host = Host(root, {"HOME": str(root)}, key=b"k" * 32)
        try:
            findings = observe_all(host, [entry])
            checked(findings, shown)
            journey.go(findings, host, dice, shown)
            _status(Host(root, {"HOME": str(root)}), dice, shown)
        finally:
            files.restore(path)

    return Target(f"openclaw {kind} and its status report", this_check)


def _furnish(root: Path) -> None:
    """Adds what a home may have besides its store: a JSON5 config with an include, `.env`, state, another agent."""
    state = root / ".openclaw"
    config = json.loads((state / "openclaw.json").read_text("utf-8"))
    config["agents"]["list"] = [{"id": "main", "default": True}, {"id": "lab", "model": {"primary": "openai/gpt-5.5"}}]
    config["auth"] = {
        "order": {"anthropic": ["anthropic:default"]},
        "profiles": {"x:y": {"provider": "x", "mode": "token"}},
    }
    config["models"] = {"providers": {"groq": {"baseUrl": "https://example.com/v1", "apiKey": f"{MARK}-config"}}}
    config["env"] = {"vars": {"GROQ_API_KEY": f"{MARK}-groq"}, "shellEnv": {"enabled": False}}
    config["$include"] = ["more.json"]
    (state / "openclaw.json").write_text("// ours\n" + json.dumps(config, indent=1)[:-1] + ",\n bare: [1,], }", "utf-8")
    (state / "more.json").write_text('{agents: {defaults: {imageModel: "google/gemini-3"}}}', "utf-8")
    (state / ".env").write_text(
        f"export OPENROUTER_API_KEY='{MARK}-env'\nEMPTY=\n# no\nMISTRAL_API_KEY={MARK}-m\n", "utf-8"
    )
    beside = state / "agents/main/agent/auth-state.json"
    beside.parent.mkdir(parents=True, exist_ok=True)
    usage = {
        "lastUsed": NOW_MS,
        "cooldownUntil": NOW_MS + 60_000,
        "cooldownReason": "rate_limit",
        "failureCounts": {"auth": 2},
    }
    beside.write_text(
        json.dumps({"order": {"anthropic": ["anthropic:default"]}, "usageStats": {"anthropic:default": usage}})
    )


def _status(host: Host, dice: random.Random, shown: bool) -> None:
    found = report(host, dice.choice((None, None, "main", "lab", "nobody", " ")), NOW)
    said = json.dumps(found.json(), ensure_ascii=False) + found.text() + found.plain() + repr(found)
    said.encode("utf-8", "backslashreplace")  # as stdout does
    assert found.check() in (0, 1, 2)
    assert found.check(strict=True) in (0, 1, 2)
    if MARK in said and not shown:
        raise Leak("status report")


def targets() -> Iterator[Callable[[Path], Target]]:
    """Every target, not yet made; each takes a folder for its home."""
    from tests.fuzz import own

    for kind in SOURCES:
        if (HOMES / kind / "home.json").exists():
            yield partial(source, kind)
    for kind in KINDS:
        yield partial(openclaw, kind)
    yield from own.TARGETS


def made(only: str = "") -> Iterator[Target]:
    """The targets whose name contains `only`, one after the other, each with a home that goes with it."""
    for make in targets():
        with tempfile.TemporaryDirectory(prefix="authwatch-fuzz-", dir=MEMORY) as folder:
            target = make(Path(folder))
            if only in target.name:
                yield target


def weights(only: str = "") -> float:
    """The sum of the shares of those targets."""
    return sum(target.weight for target in made(only))
