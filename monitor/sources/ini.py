"""INI files, as AWS and Hugging Face write them; what is wrong with one is told by its line, never by its text."""

from __future__ import annotations

from collections.abc import Mapping
from configparser import Error, RawConfigParser
from pathlib import Path

from monitor.host import Host, Unreadable
from monitor.model import Problem


def sections(host: Host, path: Path) -> Mapping[str, Mapping[str, str]] | None:
    """The sections of a file with their keys in small letters; None where there is no file. Raises `Unreadable`."""
    text = host.text(path)
    if text is None:
        return None
    parser = RawConfigParser(default_section="\0")
    try:
        parser.read_string(text)
        return {name: dict(parser.items(name)) for name in parser.sections()}
    except Error as error:
        bad = getattr(error, "errors", None)
        line = getattr(error, "lineno", None) or (bad[0][0] if bad else None)
    except (ValueError, AttributeError, TypeError):  # a line that continues nothing
        line = None
    at = f": line {line}" if isinstance(line, int) else ""
    raise Unreadable(Problem.PARSE, path, f"not an INI file{at}")
