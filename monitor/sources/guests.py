"""Sources that other packages bring, by the entry-point group `authwatch.sources`: trusted code, yet kept on a leash.

A guest that hangs, that crashes when it is imported or half-way, or that yields nonsense costs one trouble of its
source; what it had yielded before stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

from monitor.model import Finding, Lineup, Observation, Problem, SourceEntry, Trouble
from monitor.sources import guest, place_of
from monitor.system.host import Host, Unreadable
from monitor.system.process import only_ours
from monitor.system.timeout import within

#: How many seconds a guest has, its import included, and how much it may find.
LIMIT: Final = 10.0
MOST: Final = 1000
LONGEST: Final = 4096


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """What the guest of the entry's type finds."""
    point = guest(entry.type)
    where = Path(entry.where or entry.type)
    if point is None:
        raise Unreadable(Problem.NOT_FOUND, where, f"there is no source of the type {entry.type}")
    if not entry.trusted:
        raise Unreadable(
            Problem.UNREADABLE, where, "a guest is run only from a config file that no other user can write"
        )
    if (place := place_of_guest(point.module)) is not None:
        only_ours(place, host.uid)
    yield from leashed(host, entry, point.load)


def place_of_guest(module: str) -> Path | None:
    """The file of a guest's package, found without importing it; None for one that has no file, or is not there."""
    from importlib.util import find_spec

    try:
        spec = find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        return None
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    return next((Path(place) for place in places if place and place.startswith("/")), None)


def leashed(host: Host, entry: SourceEntry, load: Callable[[], Any], limit: float = LIMIT) -> Iterator[Finding]:
    """What a guest that is loaded by `load` finds within `limit` seconds; then a trouble where something was wrong."""
    found: list[Finding] = []
    alone = host.alone()  # a guest that is left behind must not change what the check writes down

    def run() -> None:
        for finding in load()(alone, entry):
            if len(found) >= MOST:
                raise Unreadable(Problem.CRASHED, Path(entry.where or entry.type), f"it found more than {MOST} things")
            check(finding, entry)
            found.append(finding)

    trouble: Trouble | None = None
    try:
        within(min(limit, host.left()), run)
    except TimeoutError:
        trouble = Trouble(
            entry.id, Problem.TIMEOUT, entry.where or entry.type, f"the guest did not end within {limit:g} s"
        )
    except Unreadable as error:
        trouble = Trouble(entry.id, error.problem, host.show(error.path), error.detail, str(error.path))
    except BaseException as error:  # noqa: BLE001  SystemExit too
        trouble = Trouble(entry.id, Problem.CRASHED, entry.where or entry.type, f"the guest failed: {place_of(error)}")
    if trouble is None or trouble.problem is not Problem.TIMEOUT:
        host.take(alone)
    yield from tuple(found)
    if trouble:
        yield trouble


def check(finding: Any, entry: SourceEntry) -> None:
    """Raises `Unreadable`, naming the field, for what no source may yield."""
    wrong = _wrong(finding, type(finding)) if isinstance(finding, Observation | Lineup | Trouble) else "no finding"
    if not wrong and _source(finding) != entry.id:
        wrong = "source, which must be the id of its entry"
    if wrong:
        raise Unreadable(Problem.CRASHED, Path(entry.where or entry.type), f"the guest yielded nonsense: {wrong}")


def _source(finding: Finding) -> str:
    return finding.credential.source if isinstance(finding, Observation) else finding.source


def _wrong(value: Any, kind: Any, name: str = "") -> str:
    """The name of the first field that does not hold what it says; "" where all do."""
    if get_origin(kind) is tuple:
        parts = value if isinstance(value, tuple) and len(value) <= MOST else None
        return name if parts is None else next((name for part in parts if _wrong(part, get_args(kind)[0], name)), "")
    if not isinstance(value, kind):
        return name
    if isinstance(value, str):
        return "" if len(value) <= LONGEST and _sayable(value) else name
    if isinstance(value, datetime):
        return "" if value.utcoffset() == timedelta() else f"{name}, which must be aware and UTC"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        hints = get_type_hints(type(value))
        return next((wrong for name in value._fields if (wrong := _wrong(getattr(value, name), hints[name], name))), "")
    return ""


def _sayable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
