"""When a program last wrote one of its sessions: a hint that its login was used, for programs that do not note uses.

Only looked for when a renewal is due, so that a program at work opens no gate. A hint, and no more: the program may
have used a key or token of its environment instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from monitor.model import MCP, Evidence, Finding, Observation
from monitor.system.host import Host, Unreadable

#: The last part of a lifetime in which programs renew early: Codex after 8 days of 10.
PART: Final = 5
#: At most so many folders and files are looked at.
FOLDERS: Final = 20
FILES: Final = 2000
#: How long the answer stands where there are more.
RECHECK: Final = timedelta(minutes=10)


def late(seen: Observation, now: datetime) -> bool:
    """Whether a renewal is due: the access ran out, or is in the last part of the lifetime that it states."""
    ends = seen.access_expires_at
    if not ends:
        return False
    early = seen.lifetime is not None and seen.refreshable and ends - seen.lifetime / PART <= now
    return ends <= now or bool(early)


def hinted(host: Host, findings: Iterable[Finding], now: datetime) -> list[Finding]:
    """The findings, with the last session of those whose renewal is due; not where another login of the same program
    may have been the one that was used."""
    found = list(findings)
    present: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if isinstance(one, Observation) and one.evidence is Evidence.PRESENT and not _aside(one):
            present[one.credential.source].add(one.credential.key)
    return [_hinted(host, one, now) if isinstance(one, Observation) and _alone(one, present) else one for one in found]


def _aside(seen: Observation) -> bool:
    """Whether it is for a server beside the model's, which no session needs."""
    return seen.credential.provider.startswith(MCP)


def _alone(seen: Observation, present: Mapping[str, set[str]]) -> bool:
    """Whether its source has no other login."""
    mine = seen.credential
    others = present.get(mine.source, set())
    return mine.profile in _FOLDERS and len(others) == (mine.key in others)


def _hinted(host: Host, seen: Observation, now: datetime) -> Observation:
    if seen.evidence is not Evidence.PRESENT or not seen.refreshable or not late(seen, now):
        return seen
    last = _last_write(host, _FOLDERS[seen.credential.profile](host, Path(seen.host_path).parent), now)
    return seen._replace(use=seen.use._replace(session_at=last)) if last else seen


def _last_write(host: Host, folders: Iterable[Path], now: datetime) -> datetime | None:
    """When the newest session was written, to the hour. Each file is noted as touched: an older session that is resumed
    changes no folder. Where there are more than are looked at, the answer is not believed for long."""
    newest, left, rest = 0.0, FILES, iter(folders)
    for folder in islice(rest, FOLDERS):
        files = [path for path in _paths(host, folder) if path.suffix == ".jsonl"]
        stamps = [found for path in files[: max(left, 0)] if (found := host.note(path))]
        newest = max([newest, *(found[3] / 1e9 for found in stamps)])
        left -= len(files)
    if left < 0 or next(rest, None) is not None:
        host.believe_for(RECHECK)
    if not newest:
        return None
    return datetime.fromtimestamp(min(newest, now.timestamp()), UTC).replace(minute=0, second=0, microsecond=0)


def _projects(host: Host, folder: Path) -> Iterator[Path]:
    """Claude Code: a folder for each project, the last changed first."""
    stamped = [(found[3], path) for path in _paths(host, folder / "projects") if (found := host.stamp(path))]
    yield from (path for _, path in sorted(stamped, reverse=True))


def _days(host: Host, folder: Path) -> Iterator[Path]:
    """Codex: a folder for each day, year/month/day, the last first."""
    months = (month for year in reversed(_paths(host, folder / "sessions")) for month in reversed(_paths(host, year)))
    for month in islice(months, FILES):
        yield from reversed(_paths(host, month))


def _paths(host: Host, folder: Path, most: int | None = None) -> list[Path]:
    """What lies in a folder, by name; nothing in one that is not there or not ours to read."""
    try:
        return [folder / name for name in host.names(folder)[:most]]
    except Unreadable:
        return []


#: Where the sessions of a login lie, seen from the folder of its store, by its profile.
_FOLDERS: Final[Mapping[str, Callable[[Host, Path], Iterator[Path]]]] = {
    "claude-code:default": _projects,
    "codex:chatgpt": _days,
}
