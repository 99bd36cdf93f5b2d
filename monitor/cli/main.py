"""The entry point: the gate first, everything else only when the gate opens."""

from __future__ import annotations

import os
import sys
import time


def main() -> None:
    """Runs the command line and leaves the process with its exit code."""
    _complete()
    argv = sys.argv[1:]
    if argv and argv[0].startswith("-"):
        from monitor.check import gate

        argv = gate.arranged(argv)
    if argv[:1] == ["check"] and _stopped(argv):
        return
    from monitor.cli.app import run

    run(argv)


def _stopped(argv: list[str]) -> bool:
    """Whether a check had nothing to do and what is to be printed lies ready; what has to be drawn anew (for a
    terminal, the part that filters mean) is the command's work."""
    from monitor.check import gate

    checked, shown = gate.split(argv)
    if not all(word in gate.PLAIN for word in shown) or _drawn(shown):
        return False
    folder = gate.state_place(os.environ, os.environ.get("HOME", ""))
    if not folder.startswith("/"):  # without a home it would be a file of whoever owns the working folder
        return False
    try:
        who = gate.identity(checked, os.environ, os.getcwd(), os.geteuid())
    except OSError:
        return False
    now = time.time()
    point = gate.may_stop(folder, who, os.environ, now)
    if point is None:
        return False
    gate.renew(folder, point, now)
    code, output = point.exit_code, point.output
    if "--nagios" in shown:
        code, output = point.plugin[0], point.plugin[1] + b"\n"
    elif "--json" in shown and not (output := gate.document(point)):
        return False
    elif "--json" in shown:
        output += b"\n"
    if "--exit-zero" in shown:
        code = 0
    try:
        sys.stdout.buffer.write(output)
        sys.stdout.flush()
    except OSError:  # the reader is gone or the disk is full; the code says it all the same
        os._exit(code)
    os._exit(code)


def _drawn(shown: list[str]) -> bool:
    return "--nagios" not in shown and "--json" not in shown and sys.stdout.isatty()


def _complete() -> None:
    """Streams that were closed lead to nowhere: the first file that is opened must not take their number."""
    while (handle := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(handle)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115  for the whole process


if __name__ == "__main__":
    main()
