"""INI files, as AWS and Hugging Face write them; what is wrong with one is told by its line, never by its text.

The standard library's configparser takes quadratic time for a long run of blanks, and for many lines that are wrong
(5 s of CPU for 200 KB); a stranger's file may hold both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from monitor.model import Problem
from monitor.system.host import Host, Unreadable

_ASSIGNS: Final = re.compile(r"[=:]")


def sections(host: Host, path: Path) -> Mapping[str, Mapping[str, str]] | None:
    """The sections of a file with their keys in small letters; None where there is no file. Raises `Unreadable`."""
    text = host.text(path)
    if text is None:
        return None
    found: dict[str, dict[str, str]] = {}
    within: dict[str, str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        if line[0].isspace() and within:  # goes on with the value above, of which no login is made
            continue
        if bare[0] == "[" and bare[-1] == "]" and bare[1:-1] not in found:
            within = found[bare[1:-1]] = {}
            continue
        name, *value = _ASSIGNS.split(bare, maxsplit=1)
        key = name.strip().lower()
        if within is None or not value or not key or key in within:
            raise Unreadable(Problem.PARSE, path, f"not an INI file: line {number}")
        within[key] = value[0].strip()
    return found
