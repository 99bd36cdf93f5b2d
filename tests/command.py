"""The real command line in a subprocess, on a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def argv(*words: str | Path) -> list[str]:
    """How the tests start authwatch: the module, in isolation from the developer's own home."""
    return [sys.executable, "-m", "monitor.cli.main", *map(str, words)]


def led(*words: str | Path) -> list[str]:
    """The same for a terminal of its own, whose leader ends a moment later: Linux throws away what is still on its way
    to a terminal when the leader of its session ends."""
    return ["sh", "-c", 'trap : INT; "$@"; code=$?; sleep 0.3; exit "$code"', "sh", *argv(*words)]


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_PRELOAD", "COVERAGE_PROCESS_START") if name in os.environ}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **(more or {})}


def authwatch(
    home: Path, *words: str | Path, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120
) -> Done:
    """Runs one command to its end."""
    done = subprocess.run(
        argv(*words),
        env=environment(home, env),
        cwd=home,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def configure(home: Path, text: str) -> Path:
    """Writes the config where it is looked for."""
    path = home / ".config" / "authwatch" / "config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return path


def state(home: Path) -> Path:
    return home / ".local" / "state" / "authwatch"
