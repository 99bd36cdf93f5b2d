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

`python -m tests.sources.sheet` writes this page from the table `SOURCES`; a test compares the two.

A source is a program whose logins authwatch reads, or another way to learn when a credential expires. An entry of `sources` in
the config is a type, or a mapping with `type` and the keys below; add `id` to list one type twice. Without `sources`, authwatch
checks {defaults}. Logins of other programs are shown as *ignored* and do not alert until their program is listed.

authwatch never writes to these stores, refreshes a login or opens a keychain; a login in a keychain is `opaque`. Every program
accepts `home` (its user's home) and, except for OpenClaw, `path` (the store itself). With either of them, the login is expected to
be there, and the environment is not used, because it may be another user's. Without them, authwatch looks where the program would,
so the program's own variables count. `authwatch install` keeps the ones that are set in your shell. If such a variable is lost
later, the logins that at least two checks found through it become `unknown` (`not_checked`); they do not disappear silently.
If your program is missing here, [write a source in ten minutes](write-a-source.md).

Logins to MCP servers that Claude Code, Codex, Gemini CLI, Copilot CLI or Hermes keep are listed with the program, as `mcp:SERVER`.
Programs also keep logins to servers that they no longer use, so only a login whose server the program's config names can alert.

As root, authwatch reads another user's home (`{{type: openclaw, home: /home/bob}}`) as that user, in a process that has given up
root for good, so a link in that home cannot lead to files that bob may not read. Where authwatch cannot become bob, as in the
systemd units, the home is `unreadable`; `sudo authwatch install systemd --system --user-name bob` checks it as bob.

| type | where authwatch looks |
|---|---|
"""


def page() -> str:
    """The whole page."""
    defaults = ", ".join(f"`{kind}`" for kind in DEFAULT_SOURCES)
    rows = [f"| [`{kind}`](#{kind}) | {_places(kind, row)} |" for kind, row in SOURCES.items()]
    return HEAD.format(defaults=defaults) + "\n".join(rows) + "\n" + "".join(map(_section, SOURCES))


def _places(kind: str, row: SourceType) -> str:
    if not row.marks:
        return "checked by default" if kind in DEFAULT_SOURCES else "as its entry says"
    return ", ".join(f"`{mark}`" for mark in row.marks)


def _section(kind: str) -> str:
    row = SOURCES[kind]
    told = re.sub(r"(?<!\n)\n(?!\n)", " ", (import_module(row.module).__doc__ or "").strip())
    lines = [f"\n## {kind}\n\n{told}\n"]
    if moved := [f"`{variable.name}`" for variable in declared(kind)]:
        lines[0] += f"\nThese variables choose where authwatch looks: {', '.join(moved)}.\n"
    if ladder := getattr(import_module(row.module), "LADDER", ()):
        places = "\n".join(f"{number}. {_place(name)}" for number, name in enumerate(ladder, 1))
        lines[0] += f"\nThe program uses the first of these that is set; those after it are not in use:\n\n{places}\n"
    if order := getattr(import_module(row.module), "ORDER", ()):
        places = "\n".join(f"{number}. {_place(name)}" for number, name in enumerate(order, 1))
        lines[0] += f"\nThe program tries these in order, each as the fallback for those before it:\n\n{places}\n"
    own = {name: shape for name, shape in row.options.items() if kind not in PROGRAMS or name not in ("home", "path")}
    for name in own:
        need = " Required." if name in row.needs else ""
        lines.append(f"- `{name}`: {SOURCE_KEYS[name][0]}{need}\n")
    if row.refresh:
        lines.append(f"\nChecked again after {_span(row.refresh.total_seconds())}, or after `interval`.\n")
    return "\n".join([lines[0], "".join(lines[1:])]) if own else lines[0]


def _place(name: str) -> str:
    """A place of a ladder: names of variables, keys and files as code."""
    return f"`{name}`" if re.fullmatch(r"[\w.$~/-]+", name) else name


def _span(seconds: float) -> str:
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
