"""The real command line, on a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.warm import Started

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


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_PRELOAD", "COVERAGE_PROCESS_START") if name in os.environ}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **(more or {})}


def authwatch(
    home: Path, *words: str | Path, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120
) -> Done:
    """Runs one command to its end, in a fork of a warm process (tests/warm.py)."""
    from tests.warm import serves, warm

    whole = environment(home, env)
    if not serves(whole):
        return cold(home, *words, env=env, stdin=stdin, timeout=timeout)
    given = stdin.encode(errors="replace")
    code, out, err = warm().run(*words, stdin=given, timeout=timeout, cwd=home, env=whole)
    return Done(code, out.decode(errors="replace"), err.decode(errors="replace"))


def started(
    home: Path, *words: str | Path, env: Mapping[str, str] | None = None, out: IO[Any] | None = None
) -> Started | subprocess.Popen[bytes]:
    """Starts one command in a fork of a warm process; `out` is where it writes, nowhere if it is not given."""
    from tests.warm import serves, warm

    whole = environment(home, env)
    with Path(os.devnull).open("r+b") as nowhere:
        file = nowhere if out is None else out
        if not serves(whole):
            where: dict[str, Any] = {"stdin": nowhere, "stdout": file, "stderr": file}
            return subprocess.Popen(argv(*words), env=whole, cwd=home, start_new_session=True, **where)
        return warm().start(words, whole, home, (nowhere.fileno(), file.fileno(), file.fileno()))


def cold(
    home: Path, *words: str | Path, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120
) -> Done:
    """The same from a cold start of Python, for tests to which that matters."""
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
