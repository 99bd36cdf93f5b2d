"""`authwatch check`: one pass. The gate in `main` has already said that it cannot stop early."""

from __future__ import annotations

import argparse
import json
import os
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import checkpoint
from monitor.cli import pulse
from monitor.cli.shell import Shell, common, filters, filters_of
from monitor.state import Mark, State, StateError, spare

if TYPE_CHECKING:
    from monitor.config.settings import Settings
    from monitor.host import Host
    from monitor.vault import Vault
    from monitor.watch import Outcome


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    filters(parser)
    parser.add_argument("--exit-zero", action="store_true", help="findings exit 0 (for units); errors keep their code")
    parser.add_argument("--nagios", action="store_true", help="one plugin line with perfdata, the plugins' exit codes")
    parser.add_argument("--textfile", metavar="FILE", help="write the metrics there, for node_exporter")


def run(given: argparse.Namespace, shell: Shell) -> int:
    """One pass, and the sign of life after it."""
    host = shell.host()
    host.env("HOME")
    settings = shell.settings(host)
    try:
        code, well = _pass(given, shell, host, settings)
    except Exception:
        pulse.beat(shell, settings, failed=True)
        raise
    if well is not None and not pulse.beat(shell, settings, failed=not well):
        checkpoint.remove(str(shell.gate_place()))  # the next pass tries again
    return code


def _pass(given: argparse.Namespace, shell: Shell, host: Host, settings: Settings) -> tuple[int, bool | None]:
    """Looks, records, tells; prints what is so; leaves a checkpoint.

    Returns the exit code, and whether it ended well; None where another pass was running, which says so itself.
    """
    from monitor.look import Asked, digest, look

    state = _usable(shell.state(settings), shell)
    host = host.keyed(_key(state, shell), state.folder, vault_for(settings))
    asked = Asked(settings, filters_of(given), shell.home != shell.own_home, shell.caller())
    with state.lock(settings.alerts.deadline.total_seconds()) as held:
        now = shell.now()
        findings = look(asked, host, now)
        mark = Mark(
            checkpoint.identity(list(shell.argv), _here(), os.geteuid()),
            digest(asked, findings, host, now),
        )
        if held and (point := _second_gate(state, mark, shell, host, now, pulse.due(settings, now))) is not None:
            shell.write(point.output.decode("utf-8", "replace"))
            return point.exit_code, True
        from monitor import leave, watch
        from monitor.turn import Turn

        turn = Turn(asked, host, state, findings, now)
        if not held:
            shell.complain("authwatch: another pass is still running; this one records and tells nothing")
            return _finish(given, shell, watch.glance(turn), settings)[0], None
        started = time.monotonic()
        outcome = watch.run(turn, leave.clocks(state, shell.reading(now)))
        code, printed, document = _finish(given, shell, outcome, settings)
        left = leave.Left(
            outcome,
            settings,
            document,
            code,
            printed.encode("utf-8", "replace"),
            timedelta(seconds=time.monotonic() - started),
            shell.reading(now),
            Path(given.textfile).absolute() if given.textfile else None,
            pulse.due(settings, now),
        )
        for complaint in leave.everything(left, state, host, mark):
            shell.complain(f"authwatch: {complaint}")
        return code, outcome.well


def vault_for(settings: Settings) -> Vault | None:
    """Where sources may leave the keys of the providers that the config asks; None, and nothing loaded, without any."""
    if not settings.probe:
        return None
    from monitor.probes import providers_of
    from monitor.vault import Vault

    return Vault(providers_of(settings.probe))


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed; the gate then never stops a pass
        return ""


def _key(state: State, shell: Shell) -> bytes | None:
    try:
        return state.key(create=True)
    except StateError as error:
        shell.complain(f"authwatch: {error}; logins cannot be compared with the last pass")
        return None


def _usable(state: State, shell: Shell) -> State:
    """The state folder, or a private temporary one, or none: a broken disk must not silence a pass."""
    try:
        state.create()
        return state
    except StateError as error:
        other = spare()
        shell.complain(f"authwatch: {error}; " + ("using a temporary folder" if other else "nothing is remembered"))
        return State(other, other) if other else state


def _second_gate(
    state: State, mark: Mark, shell: Shell, host: Host, now: datetime, due: float
) -> checkpoint.Checkpoint | None:
    """The earlier checkpoint, renewed with what was touched now, when the look found nothing new."""
    folder, moment = str(state.gate), now.timestamp()
    point = checkpoint.read(folder)
    if point is None or (point.identity, point.digest) != (mark.identity, mark.digest):
        return None
    ours = [touch for touch in point.touches if touch[0] != "T"]
    if not checkpoint.still_holds(folder, point, dict(shell.environ), moment) or not all(
        checkpoint.same(*touch) for touch in ours
    ):
        return None
    point.touches = [("T", path, stamp) for path, stamp in host.touches.items()] + ours
    point.trusted, point.due = checkpoint.trusted(point.touches, moment), due
    checkpoint.write(folder, point)
    checkpoint.renew(folder, point, moment)
    return point


def _finish(
    given: argparse.Namespace, shell: Shell, outcome: Outcome, settings: Settings
) -> tuple[int, str, dict[str, object]]:
    """Prints what is so; the exit code, what was printed, the document."""
    from monitor import report
    from monitor.cli.render import nagios, text

    document = report.document(
        outcome.judgement,
        at=outcome.at,
        host=settings.host,
        acknowledged=outcome.hushed[0],
        silenced=outcome.hushed[1],
        known=outcome.known,
    )
    code = report.exit_code(outcome.judgement)
    if given.nagios:
        line, code = nagios(outcome.judgement, settings.host)
        printed = f"{line}\n"
    elif given.json:
        printed = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    else:
        printed = text(outcome.judgement, settings.host, outcome.at, color=shell.color, hushed=outcome.hushed) + "\n"
    with suppress(BrokenPipeError):  # a reader who left must not keep the pass from leaving its outputs
        shell.write(printed)
    for complaint in outcome.complaints:
        shell.complain(f"authwatch: {complaint}")
    return (0 if given.exit_zero else code), printed, document
