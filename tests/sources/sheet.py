"""Writes docs/sources.md from the table SOURCES: `python -m tests.sources.sheet`."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from monitor.config.schema import SOURCE_KEYS
from monitor.config.settings import DEFAULT_SOURCES
from monitor.sources import SOURCES, SourceType
from monitor.sources.location_variables import declared

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "sources.md"

PROGRAMS = [kind for kind, row in SOURCES.items() if "home" in row.options]

HEAD = """# Sources

Written from the table `SOURCES` by `python -m tests.sources.sheet`; a test compares.

A source is a program whose logins are read, or a way to learn when a credential ends. An entry of `sources` in the config is
its type, or a mapping with `type` and the keys below; `id` names it where one type is listed twice. Without `sources` these
are looked at: {defaults}. Of the other programs, what is found is shown as *ignored* and alarms nobody until it is listed.

Nothing is ever written, refreshed or asked of a keychain: what lies there is `opaque`. Every program takes the keys `home` (its
user's home) and, but for OpenClaw, `path` (the store itself). With either, the login is expected to be there, and the environment,
which may be another's, is not asked. Otherwise a program's variables choose where it is looked for, as they do for the program:
`authwatch install` takes along those that are set in the shell, and where one is lost later, the logins that at least two checks
found through it are `unknown`, not silently gone (`not_checked`). For a program that is not here, [write a source in ten minutes](write-a-source.md).

A login to an MCP server that Claude Code, Codex, Gemini CLI or Hermes keeps is found with its program, as `mcp:SERVER`. Programs keep
those of servers that they no longer use, so only one whose server the program's config names can need somebody.

As root, the home of another user (`{{type: openclaw, home: /home/bob}}`) is read as that user, by a process that has given up
root's rights for good: a link in it leads nowhere that bob may not read. Where authwatch may not become bob, as in the units of
systemd, that home is `unreadable`; `sudo authwatch install systemd --system --user-name bob` checks it as bob.

| type | looked for at |
|---|---|
"""


def page() -> str:
    """The whole page."""
    defaults = ", ".join(f"`{kind}`" for kind in DEFAULT_SOURCES)
    rows = [f"| [`{kind}`](#{kind}) | {_places(kind, row)} |" for kind, row in SOURCES.items()]
    return HEAD.format(defaults=defaults) + "\n".join(rows) + "\n" + "".join(map(_section, SOURCES))


def _places(kind: str, row: SourceType) -> str:
    if not row.marks:
        return "by default" if kind in DEFAULT_SOURCES else "what its entry names"
    return ", ".join(f"`{mark}`" for mark in row.marks)


def _section(kind: str) -> str:
    row = SOURCES[kind]
    told = re.sub(r"(?<!\n)\n(?!\n)", " ", (import_module(row.module).__doc__ or "").strip())
    lines = [f"\n## {kind}\n\n{told}\n"]
    if moved := [f"`{variable.name}`" for variable in declared(kind)]:
        lines[0] += f"\nWhere it looks is chosen by {', '.join(moved)}.\n"
    if ladder := getattr(import_module(row.module), "LADDER", ()):
        places = "\n".join(f"{number}. {_place(name)}" for number, name in enumerate(ladder, 1))
        lines[0] += (
            f"\nThe first of these that holds something serves, and what stands after it is not in use:\n\n{places}\n"
        )
    if order := getattr(import_module(row.module), "ORDER", ()):
        places = "\n".join(f"{number}. {_place(name)}" for number, name in enumerate(order, 1))
        lines[0] += f"\nIn this order, each standing in for those before it:\n\n{places}\n"
    own = {name: shape for name, shape in row.options.items() if kind not in PROGRAMS or name not in ("home", "path")}
    for name in own:
        need = " Required." if name in row.needs else ""
        lines.append(f"- `{name}`: {SOURCE_KEYS[name][0]}{need}\n")
    if row.refresh:
        lines.append(f"\nAsked again after {_span(row.refresh.total_seconds())}, or after `interval`.\n")
    return "\n".join([lines[0], "".join(lines[1:])]) if own else lines[0]


def _place(name: str) -> str:
    """A place of a ladder: names of variables, keys and files as code."""
    return f"`{name}`" if re.fullmatch(r"[\w.$~/-]+", name) else name


def _span(seconds: float) -> str:
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
