"""Passes under a live writer, by every sort of user, on every kind of store: what is looked at stays as it was.

A check is the real command line in a process of its own, forked from one that has everything imported already.
"""

from __future__ import annotations

import codecs
import contextlib
import importlib
import json
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import alerts
import monitor
from monitor.cli.main import main
from tests.faults.world import KINDS, SECRET, plain_home
from tests.faults.writer import main as live

OWNER, STRANGER = 65534, 54321

#: Who looks. A stranger may even write into the folders; root copies; a read-only home is as systemd mounts it.
LOOKERS = ("owner", "stranger", "root", "read-only")


@dataclass
class Result:
    """What came of some passes by one looker at one kind of store."""

    kind: str
    looker: str
    checks: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    written: int = 0
    amiss: list[str] = field(default_factory=list)


def stores() -> dict[str, tuple[str, str]]:
    """Kind of store to what its writer does: a journal mode, or "file"."""
    made = {"json": "file", "legacy": "file", "agent": "WAL", "agent-rollback": "DELETE", "shared": "WAL"}
    return {kind: (kind.partition("-")[0], how) for kind, how in made.items()}


def preload() -> None:
    """Imports everything a check may load, so that a fork of us starts at once."""
    for package in (monitor, alerts):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with contextlib.suppress(ImportError):  # what a check needs and lacks, the check itself will tell
                importlib.import_module(module.name)
    for name in ("sqlalchemy.dialects.sqlite", "encodings.ascii", "encodings.idna", "encodings.utf_8_sig"):
        importlib.import_module(name)
    for name in ("utf_16", "utf_16_le", "latin_1", "raw_unicode_escape"):
        codecs.lookup(name)


def look(home: Path, own: Path, uid: int, words: Sequence[str] = ("check", "--json")) -> tuple[int, str, str]:
    """One check at `home` by a user whose own home is `own`: code, output, complaints."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            become(uid, own, out.fileno(), err.fileno())
            sys.argv = ["authwatch", *words, "--home", str(home)]
            leaving(main)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return code, out.read().decode(), err.read().decode()


def become(uid: int, own: Path, out: int, err: int) -> None:
    os.dup2(out, 1)
    os.dup2(err, 2)
    if uid != os.geteuid():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    os.environ.clear()
    os.environ.update(HOME=str(own), PATH="/usr/bin:/bin")
    os.chdir(own)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)


def leaving(work: Callable[[], None]) -> None:
    """Does the work of a child and ends it, whatever happens: it must never go on as the test."""
    code = 99
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def snapshot(folder: Path) -> dict[str, Any]:
    """Everything about a tree that a look could change."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        one = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (content, one.st_mode, one.st_uid, one.st_gid, one.st_mtime_ns, one.st_ctime_ns, one.st_ino)
    return found


def watched(kind: str, looker: str, checks: int, still: int = 10) -> Result:
    """`checks` under a live writer, then `still` ones at a home where nothing moves."""
    result = Result(kind, looker)
    made, how = stores()[kind]
    with tempfile.TemporaryDirectory(prefix="authwatch-untouched-") as folder:
        root = Path(folder)
        home, own = root / "home", root / "own"
        root.chmod(0o755)
        home.mkdir()
        store = KINDS[made](home)
        uid = prepare(home, own, looker)
        with view(home, root / "view", looker) as seen:
            with writer(how, store, result):
                _checks(seen, own, uid, checks, result)
            before = snapshot(home)
            _checks(seen, own, uid, still, result)
            if snapshot(home) != before:
                result.amiss.append("the still home is not as it was")
    return result


def plain(looker: str, checks: int) -> Result:
    """Passes at a home with the files of every source, where nothing moves."""
    result = Result("every plain file", looker)
    with tempfile.TemporaryDirectory(prefix="authwatch-untouched-") as folder:
        root = Path(folder)
        home, own = root / "home", root / "own"
        root.chmod(0o755)
        home.mkdir()
        plain_home(home, own)
        uid = prepare(home, own, looker)
        with view(home, root / "view", looker) as seen:
            before = snapshot(home)
            for _ in range(checks):
                shutil.rmtree(own / ".local", ignore_errors=True)  # or the gate would stop all but the first
                _checks(seen, own, uid, 1, result)
            if snapshot(home) != before:
                result.amiss.append("the still home is not as it was")
    return result


def prepare(home: Path, own: Path, looker: str) -> int:
    """Gives the home to its owner, makes one for the looker; the looker's user."""
    uid = (
        {"owner": OWNER, "stranger": STRANGER, "root": 0, "read-only": OWNER}[looker]
        if os.geteuid() == 0
        else os.geteuid()
    )
    own.mkdir(exist_ok=True)
    for path in [home, *home.rglob("*")]:
        if looker == "stranger":
            path.chmod(0o777 if path.is_dir() else 0o644)
        if os.geteuid() == 0:
            os.chown(path, OWNER, OWNER)
    for path in [own, *own.rglob("*")] if os.geteuid() == 0 else []:
        os.chown(path, uid, uid)
    return uid


@contextlib.contextmanager
def view(home: Path, place: Path, looker: str) -> Iterator[Path]:
    """The home as the looker sees it."""
    if looker != "read-only":
        yield home
        return
    place.mkdir()
    subprocess.run(["mount", "--bind", str(home), str(place)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@contextlib.contextmanager
def writer(how: str, store: Path, result: Result) -> Iterator[None]:
    """A live writer of the store, as its owner, for as long as the block lasts."""
    (stop_end, stop), (answer, answer_end) = os.pipe(), os.pipe()
    child = os.fork()  # the interpreter may be out of another user's reach, but it is loaded already
    if child == 0:
        os.close(stop)
        os.dup2(stop_end, 0)
        become(OWNER if os.geteuid() == 0 else os.geteuid(), Path("/"), answer_end, 2)
        sys.stdin = open(0, closefd=False)
        leaving(lambda: live(how, store))
    os.close(stop_end)
    os.close(answer_end)
    try:
        yield
    finally:
        os.close(stop)
        with open(answer, encoding="utf-8") as lines:
            said = lines.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        result.amiss.append(f"the writer ended with {code}")
        return
    end = json.loads(said)
    result.written += end["written"]
    result.amiss += [f"the writer met: {error}" for error in end["errors"]]
    result.amiss += end["differences"]


def _checks(home: Path, own: Path, uid: int, number: int, result: Result) -> None:
    code, out, err = look(home, own, uid, ("history", "adopt"))  # else a look at another home records nothing
    if code:
        result.amiss.append(f"history adopt ended with {code}: {err}")
    for _ in range(number):
        code, out, err = look(home, own, uid)
        result.checks += 1
        result.codes[code] += 1
        problems = {one["problem"] for one in json.loads(out)["problems"]} if code in (0, 1, 2, 3) else set()
        if code not in (0, 1, 2, 3) or err or SECRET in out or not problems <= {"locked"}:
            result.amiss.append(f"code {code}: {problems} {(err or out).strip()[-300:]}")


def table(results: Sequence[Result]) -> str:
    """The results as a table for people."""
    lines = [
        "| store | read by | checks | of them locked | writes in the meantime | problems |",
        "|---|---|---|---|---|---|",
    ]
    for one in results:
        lines.append(
            f"| {one.kind} | {one.looker} | {one.checks} | {one.codes[3]} | {one.written} | {len(one.amiss)} |"
        )
    return "\n".join(lines)


def everything(checks: int) -> Iterator[Result]:
    """Every looker at every kind of store."""
    preload()
    for looker in LOOKERS if os.geteuid() == 0 else ("owner",):
        for kind in stores():
            yield watched(kind, looker, checks)
        yield plain(looker, max(1, checks // 4))
