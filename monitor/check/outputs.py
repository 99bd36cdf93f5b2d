"""What a finished check leaves in the state folder, written and read: status, metrics, page data, checkpoint."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from alerts.timefmt import parse
from monitor.check import gate
from monitor.system.atomic_write import write_whole
from monitor.system.files import why
from monitor.system.state_dir import HISTORY, CheckMark, StateDir

if TYPE_CHECKING:  # the daemon reads only, and stays small
    from alerts.clock_trust import ClockReading
    from monitor.check.read_only import CheckResult
    from monitor.config.settings import Settings
    from monitor.system.host import Host

STATUS: Final = "status.json"
METRICS: Final = "metrics.prom"
OVERVIEW: Final = "page.json"
EVIDENCE: Final = "logins.json"
RECORD: Final = "check.json"
RESULTS: Final = ("ok", "findings", "failed")
MISSED: Final = 2.5  # intervals without a success until it is late
READABLE: Final = 0o644  # for --textfile: node_exporter runs as another user


class FinishedCheck(NamedTuple):
    """The end of a check: what was found, how a check without filters prints it (`printed` without colour, `plugin` as
    code and line), how long it took, where an output file was asked for."""

    outcome: CheckResult
    settings: Settings
    document: Mapping[str, Any]
    printed: bytes
    plugin: tuple[int, bytes]
    duration: timedelta
    reading: ClockReading
    textfile: Path | None = None
    due: float = float("inf")


def clocks(state: StateDir, reading: ClockReading) -> tuple[ClockReading | None, ClockReading | None, ClockReading]:
    """The last believed reading of the clocks, the doubted one, and this one."""
    from alerts.clock_trust import ClockReading
    from alerts.serialization import revive

    try:
        kept = json.loads((state.folder / RECORD).read_bytes())["clocks"]
        believed, doubted = (revive(ClockReading | None, kept[name]) for name in ("believed", "doubted"))
        return believed, doubted, reading
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None, None, reading


def everything(left: FinishedCheck, state: StateDir, host: Host, mark: CheckMark) -> list[str]:
    """Writes every output, then the checkpoint; returns in words what could not be written."""
    complaints = _outputs(left, state)
    if left.outcome.recorded and not complaints:
        _point(left, state, host, mark)
    else:
        gate.remove(str(state.gate))
    return complaints


def _outputs(left: FinishedCheck, state: StateDir) -> list[str]:
    from monitor.check.status import written

    metrics = _metrics(left, state)
    files: list[tuple[Path, Iterable[bytes | bytearray], int]] = [
        (state.folder / STATUS, map(_encoded, written(left.document)), 0o600),
        (state.folder / METRICS, metrics, 0o600),
        (state.folder / RECORD, [_encoded(json.dumps(_summary(left, state)))], 0o600),
    ]
    for name, kept in ((OVERVIEW, left.outcome.overview), (EVIDENCE, left.outcome.evidence)):
        if kept is not None:
            files.append((state.folder / name, [_encoded(json.dumps(kept, ensure_ascii=False))], 0o600))
    if left.textfile:
        files.append((left.textfile, metrics, READABLE))
    complaints = []
    for path, content, mode in files:
        try:
            write_whole(path, content, mode)
        except OSError as error:
            complaints.append(f"{path}: cannot be written ({why(error)})")
    return complaints


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _metrics(left: FinishedCheck, state: StateDir) -> list[bytearray]:
    from monitor.judge.wording import mask
    from monitor.metrics.definitions import Facts
    from monitor.metrics.exposition import SUCCESSES, last_successes, parts

    outcome, now = left.outcome, left.outcome.at
    earlier: list[bytes] = []
    with suppress(OSError), (state.folder / METRICS).open("rb") as body:
        earlier = [line for line in body if line.startswith(SUCCESSES.encode())]
    said = b"".join(earlier).decode("utf-8", "replace")
    before = last_successes(said, [entry.id for entry in left.settings.sources])
    failed = outcome.judgement.unread
    facts = Facts(
        sources={source: at if source in failed else now for source, at in before.items()},
        channels=outcome.channels,
        acknowledged=outcome.suppressed[0],
        silenced=outcome.suppressed[1],
        succeeded_at=now,
        duration=left.duration,
        findings=outcome.findings,
        ignored=outcome.ignored,
    )
    return parts(outcome.judgement, facts, mask if left.settings.privacy == "masked" else str)


def _summary(left: FinishedCheck, state: StateDir) -> dict[str, Any]:
    """What the daemon counts, and the clocks for the next check."""
    from alerts.serialization import flatten

    counted: dict[str, dict[str, int]] = {}
    outcomes = Counter((one.notification.channel, one.outcome.value) for one in left.outcome.deliveries)
    for (channel, outcome), number in outcomes.items():
        counted.setdefault(channel, {})[outcome] = number
    believed = clocks(state, left.reading)[0]
    trust = left.outcome.clock
    return {
        "at": left.outcome.at.isoformat(),
        "result": "findings" if left.document["exit_code"] else "ok",
        "exit_code": left.document["exit_code"],
        "duration": left.duration.total_seconds(),
        "deliveries": counted,
        "clocks": {
            "believed": flatten(left.reading if trust.believed else believed),
            "doubted": flatten(trust.doubted if not trust.believed else None),
        },
    }


def _point(left: FinishedCheck, state: StateDir, host: Host, mark: CheckMark) -> None:
    made = gate.Checkpoint()
    made.identity, made.place, made.digest = mark.identity, mark.place, mark.digest
    made.exit_code, made.output, made.plugin = left.document["exit_code"], left.printed, left.plugin
    made.touches = [("T", path, stamp) for path, stamp in host.touches.items()]
    made.touches += [("B", path, gate.digest_of_names(names)) for path, names in host.beginnings.items()]
    made.touches += [(kind, str(path), gate.stat_of(str(path))) for kind, path in _ours(left, state, host)]
    made.touches.append(mark.requests)
    made.document = gate.digest_of_document((state.folder / STATUS).read_bytes())
    made.names = tuple(sorted({*host.asked} - {*gate.OURS}))
    values = {name: value for name, value in host.asked.items() if value is not None}
    made.env_digest = gate.env_digest(state.key(create=False) or b"", made.names, values)
    made.looked_at = left.outcome.at.timestamp()
    longest = made.looked_at + gate.LONGEST_SECONDS
    made.until = min(left.outcome.until.timestamp(), longest) if left.outcome.until else longest
    made.due = left.due
    made.trusted = gate.trusted(made.touches, made.looked_at, mark.ended)
    gate.write(str(state.gate), made)
    with suppress(OSError):  # only what renews it makes it younger than its look, which `StateDir.found_again` asks
        os.utime(state.gate / gate.NAME, (made.looked_at, made.looked_at))


def _ours(left: FinishedCheck, state: StateDir, host: Host) -> list[tuple[str, Path]]:
    files = [("K", state.folder / gate.KEY_NAME), ("D", state.folder / STATUS), ("R", state.folder / METRICS)]
    if left.textfile:
        files.append(("R", left.textfile))
    if left.settings.history_url is None:
        files.append(("I", state.folder / HISTORY))
    # Nothing looked there, yet it matters whether something is.
    known = {one.observation.host_path for one in left.outcome.known.values() if one.established}
    return files + [("I", Path(path)) for path in sorted(known - {*host.touches})]


@dataclass(frozen=True, slots=True)
class StateFolders:
    """The folder where checks leave their results, and the folder of the checkpoint, which may be another."""

    state: Path
    gate: Path


@dataclass(frozen=True, slots=True)
class LastCheck:
    """The record of the last full check; `result` is one of RESULTS, deliveries are counts by channel, outcome."""

    at: datetime
    result: str
    code: int
    deliveries: Mapping[str, Mapping[str, int]]


def last_check(state: Path) -> LastCheck | None:
    """The record of the last full check; None where there is none that can be read."""
    try:
        record = json.loads((state / RECORD).read_text("utf-8"))
        at = parse(record["at"])
        delivered = {str(channel): _counts(counts) for channel, counts in record.get("deliveries", {}).items()}
        code = int(record.get("exit_code", 0))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    result = record.get("result")
    return LastCheck(at, result if result in RESULTS else "failed", code, delivered) if at else None


def last_success(place: StateFolders) -> datetime | None:
    """When a check last succeeded, full or stopped at the gate; None: never.

    The checkpoint's mtime says it; acknowledging and silencing remove that file, then the record speaks.
    """
    moments = []
    with suppress(OSError, ValueError, OverflowError):
        moments.append(datetime.fromtimestamp((place.gate / gate.NAME).stat().st_mtime, UTC))
    record = last_check(place.state)
    if record and record.result != "failed":
        moments.append(record.at)
    return max(moments, default=None)


def is_late(success: datetime, now: datetime, interval: timedelta) -> bool:
    """Whether the last success is too old, or from a future that was not: nothing succeeded since the clock's step."""
    return abs(now - success) > MISSED * interval


def document(path: Path) -> Mapping[str, Any]:
    """A JSON object that a check left; empty where there is none that can be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _counts(counts: Mapping[Any, Any]) -> dict[str, int]:
    return {str(outcome): max(0, int(number)) for outcome, number in counts.items()}
