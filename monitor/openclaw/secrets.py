"""Secret references: recognised, resolved from the environment only, never run or opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from alerts.dataclass import dataclass

SOURCES: Final = frozenset({"env", "file", "exec", "store"})
_TEMPLATE: Final = re.compile(r"\$(?:\{([A-Z][A-Z0-9_]{0,127})\}|([A-Z][A-Z0-9_]{0,127}))")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret really lies: an environment variable, a file, a program or OpenClaw's own secret store."""

    source: str
    provider: str
    id: str

    def __str__(self) -> str:
        return f"{self.source}:{self.id}"


def reference(value: Any) -> SecretRef | None:
    """The reference that a config or store value stands for: an object, `${NAME}` or `$NAME`; else None."""
    if isinstance(value, str):
        found = _TEMPLATE.fullmatch(value.strip())
        return SecretRef("env", "default", found[1] or found[2]) if found else None
    if not isinstance(value, dict) or value.get("source") not in SOURCES:
        return None
    provider, name = value.get("provider", "default"), value.get("id")
    if not isinstance(provider, str) or not provider.strip() or not isinstance(name, str) or not name.strip():
        return None
    return SecretRef(value["source"], provider.strip(), name.strip())


def resolved(ref: SecretRef, lookup: Callable[[str], str | None]) -> bool | None:
    """Whether the reference leads to a secret: True for a set variable, None where only running it would tell."""
    return True if ref.source == "env" and lookup(ref.id) else None
