"""`authwatch status` on a large database that its program is using: `python benchmarks/live_database.py [LOOKS]`.

A database of 300 MB with a log of 300 MB, pages of 4 KB, five commits a second, once with the index of the log (`-shm`) and
once without; then a small one whose writer never pauses. Each look stands beside a bare interpreter, taken in turn; CPU is
what the kernel accounts. Ends with 1 where a promise does not hold: with the index at most 30 times a bare interpreter, no
look fails, nothing is written; without it an answer within 5 s; never torn, at most 35 % locked.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.passes import OURS, Row, run  # noqa: E402

from tests.openclaw_home import DAY, put, token  # noqa: E402
from tests.system.sqlite_file.live import watch  # noqa: E402

SIZE = 300_000_000
ROWS = SIZE // 4000


def program(path: Path, shared: bool) -> None:
    """OpenClaw's part: makes the database and its log, then commits five times a second until its input ends."""
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA page_size=4096")
    if not shared:
        owner.execute("PRAGMA locking_mode=EXCLUSIVE")
    owner.execute("PRAGMA journal_mode=WAL")
    owner.execute("PRAGMA wal_autocheckpoint=0")
    owner.execute("PRAGMA synchronous=OFF")
    owner.execute(
        "CREATE TABLE config_machine_state (state_key TEXT NOT NULL PRIMARY KEY, value_json TEXT NOT NULL,"
        " updated_at_ms INTEGER NOT NULL) STRICT"
    )
    owner.execute("CREATE TABLE memory (id INTEGER PRIMARY KEY, x BLOB)")
    owner.execute("INSERT INTO config_machine_state VALUES ('auth.sharedStore', '{\"location\":\"state-db\"}', 1)")
    owner.execute("BEGIN")
    for _ in range(ROWS):
        owner.execute("INSERT INTO memory (x) VALUES (zeroblob(3900))")
    owner.execute("COMMIT")
    owner.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    commit(owner, 0)
    for first in range(0, ROWS, 500):  # the log, in many transactions
        owner.execute("UPDATE memory SET x = randomblob(3900) WHERE id BETWEEN ? AND ?", (first + 1, first + 500))
    print("ready", flush=True)
    this_check = 0
    while not select_input(0.2):
        this_check += 1
        commit(owner, this_check)
    print(this_check, flush=True)


def select_input(seconds: float) -> bool:
    import select

    return bool(select.select([sys.stdin], [], [], seconds)[0])


def commit(owner: sqlite3.Connection, this_check: int) -> None:
    profiles = {f"anthropic:p{at}": token(ends_in=100 * DAY, secret=f"tok{at}-{this_check}") for at in range(3)}
    text = json.dumps({"version": 1, "profiles": profiles})
    owner.execute("BEGIN")
    owner.execute("INSERT OR REPLACE INTO config_machine_state VALUES ('authProfiles.store', ?, ?)", (text, this_check))
    owner.execute("UPDATE memory SET x = randomblob(3900) WHERE id = ?", (1 + this_check % ROWS,))
    owner.execute("COMMIT")


@contextmanager
def at_work(home: Path, shared: bool) -> Iterator[Path]:
    path = home / ".openclaw/state/openclaw.sqlite"
    path.parent.mkdir(parents=True)
    put(
        home / ".openclaw/openclaw.json",
        '{"agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-6"}}}}',
    )
    words = [sys.executable, __file__, "--program", str(path), "shared" if shared else "alone"]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        assert Path(f"{path}-shm").exists() == shared
        yield path
    finally:
        child.kill()
        child.wait()


def failed(home: Path) -> str:
    """What is wrong with one more look: "" for nothing."""
    from tests.command import environment

    words = [*OURS, "status", "--json"]
    done = subprocess.run(words, env=environment(home), cwd=home, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    return "" if done.returncode == 0 and len(found["profiles"]) == 3 and not found["problems"] else done.stdout[-300:]


def large(shared: bool, looks: int) -> list[str]:
    """The figures of one large database; what does not hold."""
    with tempfile.TemporaryDirectory(prefix="authwatch-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with at_work(home, shared) as path:
            sizes = [os.path.getsize(f"{path}{end}") / 1e6 for end in ("", "-wal")]
            bare = Row("bare", [sys.executable, "-I", "-c", "pass"], home)
            ours = Row("status", [*OURS, "status"], home)
            pairs = [(run(bare), run(ours)) for _ in range(looks + 1)][1:]
            wrong = [one for one in (failed(home) for _ in range(looks if shared else 3)) if one]
            written = [str(one) for one in home.rglob("*") if one.is_file() and ".openclaw" not in one.parts]
            beside = sorted(one.name for one in path.parent.iterdir())
    cpu = statistics.median(one.cpu for _, one in pairs)
    ratio = cpu / statistics.median(one.cpu for one, _ in pairs)
    walls = sorted(one.wall for _, one in pairs)
    rss = max(one.rss for _, one in pairs) / 1024
    name = "with -shm" if shared else "without -shm"
    print(
        f"| {sizes[0]:.0f} MB + log of {sizes[1]:.0f} MB, {name} | {looks} | {ratio:.1f} | {cpu:.2f} | {walls[len(walls) // 2]:.2f} |"
        f" {walls[-1]:.2f} | {rss:.0f} | {len(wrong)} |",
        flush=True,
    )
    if written or set(beside) - {path.name, f"{path.name}-wal", f"{path.name}-shm"}:
        wrong.append(f"written: {written} {beside}")
    if shared and ratio > 30:
        wrong.append(f"{ratio:.1f} times a bare interpreter, at most 30")
    if not shared and walls[len(walls) // 2] > 5:
        wrong.append(f"{walls[len(walls) // 2]:.1f} s, at most 5")
    return wrong


def main() -> int:
    looks = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(
        "| database | looks | x bare CPU | CPU s | wall s | slowest | peak RSS MiB | failed |\n|---|---|---|---|---|---|---|---|"
    )
    wrong = large(True, looks) + large(False, max(3, looks // 10))
    print("\n| a writer that never pauses | looks | locked | torn | commits |\n|---|---|---|---|---|")
    for mode in ("wal", "delete"):
        score = watch(mode, looks * 5, 0)
        print(
            f"| {mode} | {score.answers + score.locked} | {score.share:.1%} | {score.torn} | {score.written} |",
            flush=True,
        )
        if score.torn or score.share > 0.35:
            wrong.append(f"{mode}: torn or locked too often")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--program"]:
        program(Path(sys.argv[2]), sys.argv[3] == "shared")
    else:
        sys.exit(main())
