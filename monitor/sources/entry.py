"""One configured source: what its `observe` is given beside the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.dataclass import dataclass, field


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One source to look at: its type, its unique id (label `source`), that type's own options, and `where` it
    stands (`file:line`) for error messages. `chosen` is False for a default nobody wrote down. `trusted`: the
    config file is ours or root's and nobody else can write it, so that the entry may run programs."""

    type: str
    id: str
    options: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""
    chosen: bool = True
    trusted: bool = False
