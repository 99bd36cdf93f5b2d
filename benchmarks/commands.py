"""What every command costs, as ratios to a bare interpreter from one interleaved run: the table of docs/benchmarks.md.

    python benchmarks/commands.py [ROUNDS] [--write]

Every row runs once a round, in turn, in a home that is prepared as the row says; the first round is not counted. CPU is
user + system of the child and its children. `--write` puts the table into the document, beside what the row may load
(`tests/cli/import_limits.py`, which a test holds).
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.cli.import_limits import BENCHMARKS, FIRST, RUNS, Run, prepare, prepared_homes  # noqa: E402
from tests.command import environment, state  # noqa: E402

SCRIPT = Path(sys.executable).with_name("authwatch")
#: What pip's script does, without what it imports for itself.
PLAIN = [sys.executable, "-I", "-c", "from monitor.cli.main import main; main()"]
HEAD = "| command | before | x bare CPU | on a terminal | may load |\n|---|---|---|---|---|\n"


class Cost(NamedTuple):
    run: Run
    piped: list[float]
    terminal: list[float]


def main() -> None:
    words = [word for word in sys.argv[1:] if word != "--write"]
    rounds = int(words[0]) if words else 15
    bare: list[float] = []
    plain: list[float] = []
    costs = [Cost(run, [], []) for run in RUNS]
    with tempfile.TemporaryDirectory(prefix="authwatch-bench-") as folder:
        homes = prepared_homes(Path(folder))
        gate = costs[next(at for at, run in enumerate(RUNS) if run.words == "check" and not run.may_load)].run
        for turn in range(rounds + 1):
            bare.append(cpu([sys.executable, "-I", "-c", "pass"], homes[FIRST]))
            plain.append(cpu([*PLAIN, "check"], homes[gate.before]))
            for at, cost in enumerate(costs):
                for terminal, into in ((False, cost.piped), (True, cost.terminal)):
                    home = homes[cost.run.before]
                    if cost.run.before == FIRST:
                        shutil.rmtree(state(home), ignore_errors=True)
                    prepare(home, cost.run.before, turn * len(costs) * 2 + at * 2 + terminal)
                    into.append(cpu([str(SCRIPT), *cost.run.words.split()], home, terminal=terminal))
    one = statistics.median(bare[1:])
    text = HEAD + "".join(lines(costs, one))
    print(f"bare interpreter: {one * 1000:.1f} ms; the gate by a plain script: {ratio(plain, one)}\n\n{text}")
    if "--write" in sys.argv:
        document = BENCHMARKS.read_text("utf-8")
        BENCHMARKS.write_text(
            re.sub(r"\| command \| before \|.*?\n(?=\n)", lambda _: text, document, count=1, flags=re.DOTALL), "utf-8"
        )


def lines(costs: list[Cost], bare: float) -> Iterator[str]:
    for run, piped, terminal in costs:
        yield f"| `{run.words}` | {run.before} | {ratio(piped, bare)} | {ratio(terminal, bare)} | {run.libraries} |\n"


def ratio(found: list[float], bare: float) -> str:
    return f"{statistics.median(found[1:]) / bare:.2f}"


def cpu(argv: list[str], home: Path, *, terminal: bool = False) -> float:
    """Seconds of CPU of one run, whose output goes to nowhere or to a terminal of its own."""
    null = os.open(os.devnull, os.O_RDWR)
    ours, theirs = pty.openpty() if terminal else (-1, null)
    env = environment(home, {"TERM": "xterm-256color"})
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, theirs, 1), (os.POSIX_SPAWN_DUP2, theirs, 2)]
    os.chdir(home)
    child = os.posix_spawn(argv[0], argv, env, file_actions=actions)
    os.close(theirs)
    if terminal:
        os.close(null)
        drain(ours)
    used = os.wait4(child, 0)[2]
    return used.ru_utime + used.ru_stime


def drain(handle: int) -> None:
    try:
        while os.read(handle, 1 << 16):
            pass
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(handle)


if __name__ == "__main__":
    main()
