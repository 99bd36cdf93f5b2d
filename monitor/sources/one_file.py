"""A credential that is one configured file: what is the same whatever the file holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from alerts.dataclass import replace
from monitor.host import Host, Unreadable
from monitor.model import Credential, Evidence, Finding, Kind, Observation, Problem
from monitor.sources.entry import SourceEntry

#: Far beyond any token or certificate chain.
MOST: Final = 1024 * 1024

#: The provider of an entry that names none.
CUSTOM: Final = "custom"

Read = Callable[[Host, bytes, Observation], Observation]


def observe_file(host: Host, entry: SourceEntry, kind: Kind, read: Read) -> Iterator[Finding]:
    """What `read` makes of the file at the option `path`; its ValueError, free of secrets, is a parse problem."""
    if "path" not in entry.options:
        return
    path = host.path(entry.options["path"])
    who = Credential(entry.id, "-", entry.options.get("provider", CUSTOM), entry.id, kind)
    blank = Observation(who, store=host.show(path), host_path=str(path))
    try:
        raw = host.read(path, MOST)
        if raw is None:
            yield replace(blank, evidence=Evidence.ABSENT)
        elif not raw.strip():
            yield replace(blank, problem=Problem.PARSE, notes=("the file is empty",))
        else:
            yield read(host, raw, replace(blank, refreshable=False))
    except Unreadable as error:
        yield replace(blank, problem=error.problem, notes=(error.detail,))
    except ValueError as error:
        yield replace(blank, problem=Problem.PARSE, notes=(str(error),))
