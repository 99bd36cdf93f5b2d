"""What each command may load: the table that a test holds and that `docs/benchmarks.md` shows beside what it costs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from tests.command import ROOT, authwatch
from tests.openclaw_home import DAY, openclaw, token
from tests.polling import pause

BENCHMARKS: Final = ROOT / "docs" / "benchmarks.md"

HEAVY: Final = frozenset(
    {
        "alembic",
        "apprise",
        "apscheduler",
        "asyncio",
        "email",
        "http",
        "importlib.metadata",
        "jinja2",
        "json5",
        "prometheus_client",
        "requests",
        "rich",
        "sqlalchemy",
        "ssl",
        "urllib3",
        "waitress",
        "yaml",
    }
)

NOTHING: Final[frozenset[str]] = frozenset()
#: SQLAlchemy and what it loads by itself.
HISTORY: Final = frozenset({"sqlalchemy", "asyncio", "email", "importlib.metadata", "ssl"})
YAML: Final = frozenset({"yaml"})
SHTAB: Final = frozenset({"email", "importlib.metadata"})

#: How the home is before the command runs.
FIRST, CHECKED, TOUCHED, CHANGED = "nothing was checked yet", "just checked", "a store was touched", "a login changed"

KEY: Final = "openclaw/main/anthropic:default"


class Run(NamedTuple):
    """A command in a home, and which of the heavy libraries it may load there."""

    words: str
    before: str
    may_load: frozenset[str]

    @property
    def libraries(self) -> str:
        """The libraries in words; what SQLAlchemy loads by itself is not named."""
        named = self.may_load - HISTORY | {"sqlalchemy"} if self.may_load >= HISTORY else self.may_load
        return ", ".join(sorted(named)) or "-"


RUNS: Final = (
    Run("--version", FIRST, NOTHING),
    Run("--help", FIRST, NOTHING),
    Run("status", FIRST, NOTHING),
    Run("status", CHECKED, NOTHING),
    Run("status --json", CHECKED, NOTHING),
    Run("status --agent main", CHECKED, NOTHING),
    Run("status", TOUCHED, HISTORY),
    Run("check", FIRST, HISTORY),
    Run("check", CHECKED, NOTHING),
    Run("check --nagios --agent main", CHECKED, NOTHING),
    Run("check", TOUCHED, NOTHING),
    Run("check", CHANGED, HISTORY),
    Run("history", CHECKED, HISTORY),
    Run("history --next 30d", CHECKED, HISTORY),
    Run(f"explain {KEY}", CHECKED, HISTORY),
    Run("alerts list", CHECKED, HISTORY),
    Run("alerts simulate --in 7d", CHECKED, HISTORY),
    Run("doctor", CHECKED, HISTORY | {"http"}),
    Run("models status", CHECKED, NOTHING),
    Run("models auth list", CHECKED, NOTHING),
    Run("config show", CHECKED, YAML),
    Run("config check", CHECKED, NOTHING),
    Run("config schema", CHECKED, YAML),
    Run(f"ignore {KEY}", CHANGED, HISTORY),
    Run(f"unignore {KEY}", CHANGED, HISTORY),
    Run(f"forget {KEY}", CHANGED, HISTORY),
    Run("install cron --dry-run", FIRST, NOTHING),
    Run("uninstall cron --dry-run", FIRST, NOTHING),
    Run("completion bash", FIRST, SHTAB),
    Run("serve --help", FIRST, NOTHING),
    Run("onboard --help", FIRST, NOTHING),
    Run("relogin --help", FIRST, NOTHING),
    Run("demo --help", FIRST, NOTHING),
)


def prepared_homes(folder: Path) -> dict[str, Path]:
    """One home for each thing that may have been before; old enough for the stamps of its files to be believed."""
    homes = {before: folder / before.replace(" ", "-") for before in (FIRST, CHECKED, TOUCHED, CHANGED)}
    for home in homes.values():
        home.mkdir()
        openclaw(home, {"anthropic:default": token(ends_in=100 * DAY)})
    pause(2.1)
    for before, home in homes.items():
        assert before == FIRST or authwatch(home, "check").code == 0
    return homes


def prepare(home: Path, before: str, this_check: int) -> None:
    """What happens right before a command runs; `turn` differs from time to time."""
    if before == TOUCHED:
        store = home / ".openclaw/agents/main/agent/auth-profiles.json"
        os.utime(store, (store.stat().st_mtime + 1 + this_check,) * 2)
    elif before == CHANGED:
        openclaw(home, {"anthropic:default": token(ends_in=(90 + this_check % 50) * DAY, secret=f"tok-{this_check}")})


def shown_in(text: str) -> list[tuple[str, str, str]]:
    """The rows of the table of commands in a text: words, what was before, libraries."""
    table = text.partition("| command | before |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")[2:]]
    return [(row[0].strip("`"), row[1], row[-1]) for row in rows]
