"""A body on disk: written whole or not at all, and what the last one remembers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from monitor.metrics.families import labels

READABLE: Final = 0o644  # for --textfile: node_exporter runs as another user


def write(path: Path, body: str, mode: int = 0o600) -> None:
    """Replaces a file at once: written beside it, flushed to the disk, renamed. Raises OSError, leaving no trace."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body.encode())
            file.flush()
            os.fchmod(handle, mode)  # after the umask
            os.fsync(handle)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def last_successes(body: str, sources: Iterable[str]) -> dict[str, datetime | None]:
    """When each source was last read without a problem, as an earlier body says; None where it says nothing."""
    said = dict(line.rpartition(" ")[::2] for line in body.split("\n"))
    name = "authwatch_source_last_success_timestamp_seconds"
    return {source: _moment(said.get(f"{name}{{{labels(source=source)}}}")) for source in sources}


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text), UTC) if text else None
    except (ValueError, OverflowError, OSError):
        return None
