"""`authwatch check`: one check. The gate in `main` has already said that it cannot stop early."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alerts.timefmt import when
from monitor.check import gate
from monitor.cli import filtering, heartbeat
from monitor.cli.context import CONFIG, UNKNOWN, Context, Failure, common, filters, filters_of
from monitor.system.state_dir import CheckMark, StateDir, StateError, real, spare

if TYPE_CHECKING:
    from monitor.check.collect import CheckOptions
    from monitor.check.status import Document
    from monitor.config.settings import Settings
    from monitor.model import Remembered
    from monitor.system.host import Host
    from monitor.system.key_offer import OfferedKeys


#: The part of its time that a check waits for another one that is running.
WAITING = 0.4


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    filters(parser)
    parser.add_argument("--exit-zero", action="store_true", help="findings exit 0 (for units); errors keep their code")
    parser.add_argument("--nagios", action="store_true", help="one plugin line with perfdata, the plugins' exit codes")
    parser.add_argument("--textfile", metavar="FILE", help="write the metrics there, for node_exporter")


def run(given: argparse.Namespace, context: Context) -> int:
    """One check, and the sign of life after it; only what it prints is narrowed by filters."""
    if (shown := _of_last_check(given, context)) is not None:
        return shown
    from monitor.config.settings import check_ends

    host = context.host()
    host.env("HOME")
    settings = context.settings(host)
    limit = check_ends(settings.alerts.deadline).total_seconds()
    host.ends = time.monotonic() + limit
    with context.ending(limit):
        try:
            done = _checked(given, context, host, settings)
        except Failure:  # refused, or another check is running: not ours to speak of
            raise
        except Exception:
            heartbeat.beat(context, settings, host.left(), failed=True)
            raise
        if done.well is not None and not heartbeat.beat(context, settings, host.left(), failed=not done.well):
            gate.remove(str(context.gate_place()))  # the next check tries again
    return _show(given, context, filtering.part(done.document, filters_of(given), settings, done.known))


class _Done(NamedTuple):
    """What a check found, the history by key as far as it was read, and whether the check ended well (None where
    another one was running, whose work it is)."""

    document: Document
    known: Mapping[str, Remembered]
    well: bool | None


def _of_last_check(given: argparse.Namespace, context: Context) -> int | None:
    """Draws the last check's document where nothing it rests on has changed; None where a look is needed."""
    folder, now = str(context.gate_place()), context.now().timestamp()
    point = gate.may_stop(folder, _identity(context), dict(context.environ), now)
    if point is None or (shown := filtering.document(point, filters_of(given))) is None:
        return None
    gate.renew(folder, point, now)
    return _show(given, context, shown)


def _checked(given: argparse.Namespace, context: Context, host: Host, settings: Settings) -> _Done:
    """Looks, records, tells, leaves a checkpoint; prints complaints only."""
    from monitor.check.collect import CheckOptions, digest, look, watched
    from monitor.system import state_dir

    state = context.state(settings)
    if settings.timezone is None:  # what is printed is on the machine's clock
        host.env("TZ")
        host.note(Path("/etc/localtime"))
    settings = watched(settings, host, context.now())
    asked = CheckOptions(settings, context.caller())
    if _claims_nothing(state, context):
        return _reported(context, host.keyed(state.key(create=False)), state, asked)
    state = _usable(state, context)
    host = host.keyed(_key(state, context), offered_keys_for(settings))
    with state.lock(host.left() * WAITING) as held:
        if not held:
            return _Done(_last(state, context), {}, None)
        state_dir.sweep(str(state.folder), context.environ.get("TMPDIR") or "/tmp")  # noqa: S108  not ours to choose
        requests = state.requests()
        now = context.now()
        findings = look(asked, host, now)
        seen = digest(asked, findings, host, now)
        mark = CheckMark(_identity(context), context.place(settings.file), seen, context.now().timestamp(), requests)
        point = _second_gate(state, mark, context, host, now, heartbeat.due(settings, host, now))
        if point is not None and (same := filtering.document(point, {})) is not None:
            return _Done(same, {}, True)
        from monitor.check import outputs
        from monitor.check import run as full_check
        from monitor.check.assess import CheckContext
        from monitor.cli.status_text import nagios, text
        from monitor.history.owner import OtherWatcher

        this_check = CheckContext(asked, host, state, findings, now)
        started = time.monotonic()
        try:
            outcome = full_check.run(this_check, outputs.clocks(state, context.reading(now)))
        except OtherWatcher as error:
            raise Failure(CONFIG, str(error)) from None
        document = outcome.document(settings)
        line, code = nagios(document)
        left = outputs.FinishedCheck(
            outcome,
            settings,
            document,
            f"{text(document)}\n".encode("utf-8", "replace"),
            (code, line.encode("utf-8", "replace")),
            timedelta(seconds=time.monotonic() - started),
            context.reading(now),
            Path(given.textfile).absolute() if given.textfile else None,
            heartbeat.due(settings, host, now),
        )
        complaints = (*outcome.complaints, *outputs.everything(left, state, host, mark))
    for complaint in complaints:
        context.warn(complaint)
    return _Done(document, outcome.known, outcome.well)


def _last(state: StateDir, context: Context) -> Document:
    """What the last check left, while another one is running: looking twice at once helps nobody. Raises Failure."""
    from monitor.check.outputs import STATUS
    from monitor.check.status import zone

    try:
        shown = json.loads((state.folder / STATUS).read_bytes())
        at = datetime.fromisoformat(shown["at"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise Failure(UNKNOWN, "another check is running, and none has finished yet") from None
    told = when(at, context.now(), zone(shown))
    context.warn(f"another check is running; this is the last one, {told}")
    return dict(shown)


def _identity(context: Context) -> str:
    return gate.identity(gate.split(list(context.argv))[0], dict(context.environ), _here(), os.geteuid())


def _claims_nothing(state: StateDir, context: Context) -> bool:
    """Whether another home than our own is to be checked with a state folder that is nobody's: that claims nothing.
    A Failure where the folder belongs to another home."""
    try:
        owner, home = state.owner(), real(context.home)
    except StateError:
        return False  # which is said where it matters
    if owner is not None and owner.home != home:
        from monitor.history.owner import other_home

        raise Failure(CONFIG, other_home(state, owner, home))
    return owner is None and home != real(context.own_home)


def _reported(context: Context, host: Host, state: StateDir, asked: CheckOptions) -> _Done:
    """What is so in another home; records, tells and leaves nothing."""
    from monitor.check.assess import CheckContext
    from monitor.check.collect import look
    from monitor.check.read_only import read_only
    from monitor.history.owner import unclaimed

    now = context.now()
    seen = read_only(CheckContext(asked, host, state, look(asked, host, now), now))
    if seen.foreign:
        raise Failure(CONFIG, seen.foreign)
    for complaint in (*seen.complaints, unclaimed(real(context.home))):
        context.warn(complaint)
    return _Done(seen.document(asked.settings), seen.known, None)


def offered_keys_for(settings: Settings) -> OfferedKeys | None:
    """Where sources may leave the keys of the providers that the config asks; None, and nothing loaded, without any."""
    if not settings.probe:
        return None
    from monitor.probes import providers_of
    from monitor.system.key_offer import OfferedKeys

    return OfferedKeys(providers_of(settings.probe))


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed; the gate then never stops a check
        return ""


def _key(state: StateDir, context: Context) -> bytes | None:
    try:
        return state.key(create=True)
    except StateError as error:
        context.warn(f"{error}; logins cannot be compared with the last check")
        return None


def _usable(state: StateDir, context: Context) -> StateDir:
    """The state folder, or a private temporary one, or none: a broken disk must not silence a check."""
    try:
        state.create()
        state.reserve()
        return state
    except StateError as error:
        other = spare()
        context.warn(f"{error}; " + ("using a temporary folder" if other else "nothing is remembered"))
        return StateDir(other, other, makeshift=True) if other else state._replace(makeshift=True)


def _second_gate(
    state: StateDir, mark: CheckMark, context: Context, host: Host, now: datetime, due: float
) -> gate.Checkpoint | None:
    """The earlier checkpoint, renewed with what was touched now, when the look found nothing new."""
    folder, moment = str(state.gate), now.timestamp()
    point = gate.read(folder)
    if point is None or (point.identity, point.digest) != (mark.identity, mark.digest):
        return None
    ours = [touch for touch in point.touches if touch[0] != "T"]
    if not gate.still_holds(folder, point, dict(context.environ), moment) or not all(
        gate.same(*touch) for touch in ours
    ):
        return None
    point.touches = [("T", path, stamp) for path, stamp in host.touches.items()] + ours
    point.trusted, point.due = gate.trusted(point.touches, moment, mark.ended), due
    gate.write(folder, point)
    gate.renew(folder, point, moment)
    return point


def _show(given: argparse.Namespace, context: Context, part: Document) -> int:
    """Prints what the filters left of a status document, for whoever reads it; the exit code of that part."""
    from monitor.check.status import written
    from monitor.cli.status_text import nagios, text

    code = int(part["exit_code"])
    if given.nagios:
        line, code = nagios(part)
        printed = f"{line}\n"
    elif given.json:
        printed = "".join([*written(part), "\n"])
    else:
        printed = text(
            part, context.now() if context.out.isatty() else None, color=context.color, columns=context.columns()
        )
        printed += "\n"
    with suppress(BrokenPipeError):  # a reader who left changes nothing of what was found
        context.write(printed)
    return 0 if given.exit_zero else code
