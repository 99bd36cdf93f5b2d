"""Where a config file may lie: the one that was named, else the first of the usual places that has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

NAME: Final = "config.yaml"

#: What an environment variable holds; None when it is unset.
Env = Callable[[str], str | None]


def named(env: Env, home: Path) -> Path | None:
    """The file that the environment names; None where it names none."""
    name = env("AUTHWATCH_CONFIG")
    if not name:
        return None
    return home / name[2:] if name.startswith("~/") else Path(name)


def usual(env: Env, home: Path) -> Iterator[Path]:
    """Where a config may lie that nobody named, best first. systemd separates several folders by colons."""
    for folder in (env("CONFIGURATION_DIRECTORY") or "").split(":"):
        if folder:
            yield Path(folder) / NAME
    base = env("XDG_CONFIG_HOME")
    # The XDG base directory specification: a relative path there is invalid and ignored.
    place = Path(base) if base and base.startswith("/") else home / ".config"
    yield place / "authwatch" / NAME


def found(env: Env, home: Path) -> Path | None:
    """The file to which an environment leads, unread; None where there is none in the usual places."""
    if (given := named(env, home)) is not None:
        return given.absolute()
    for path in usual(env, home):
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:  # something is there, and reading it says why it cannot be read
            pass
        return path
    return None
