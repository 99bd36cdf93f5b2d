"""The readers of what is our own: config, history, checkpoint, and the small files that a check leaves."""

from __future__ import annotations

import os
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts import store
from alerts.clock_trust import ClockReading, trust
from monitor.check import gate, outputs, run
from monitor.check.assess import CheckContext
from monitor.check.collect import CheckOptions, look
from monitor.check.read_only import read_only
from monitor.cli.context import Failure
from monitor.cli.history_access import in_words
from monitor.config.load import ConfigError, load, problems
from monitor.config.settings import Settings
from monitor.config.show import show
from monitor.history import engine
from monitor.history.queries import transitions
from monitor.metrics.exposition import last_successes
from monitor.system.host import Host
from monitor.system.state_dir import StateDir
from tests.command import authwatch, configure, state
from tests.config.test_load import WHOLE
from tests.faults.world import json_home
from tests.fuzz.engine import Leak, Target
from tests.fuzz.mutate import MARK, spoiled

NOW = datetime.now(UTC)
ENVIRONMENT = {"NTFY_TOPIC": f"{MARK}-topic", "TZ": f"{MARK}/zone"}


def config(folder: Path) -> Target:
    """The config loader: settings or a ConfigError, and never a secret."""
    path = folder / "config.yaml"
    (folder / "mail.url").write_text(f"mailto://x:{MARK}@example\n")
    (folder / "word").write_text(MARK)

    def this_check(dice: random.Random) -> None:
        path.write_bytes(spoiled(WHOLE.encode(), dice))
        path.chmod(0o600)
        try:
            found = load(Host(folder, ENVIRONMENT), path)
        except ConfigError as error:
            assert error.problems
            assert error.__cause__ is None
            said = str(error)
        else:
            said = show(found) + repr(found) + "\n".join(problems(found))
        said.encode("utf-8", "surrogateescape")
        if MARK in said:
            raise Leak(said[max(0, said.index(MARK) - 100) :][:300])

    return Target("config", this_check)


def history(folder: Path) -> Target:
    """The history: read and written through whatever became of the file; it is mended or set aside, never a crash."""
    from monitor.history.owner import OtherWatcher
    from tests.fuzz.targets import spoil_cell

    home, place = _passed(folder)
    good, path = (place / "history.sqlite").read_bytes(), place / "history.sqlite"
    asked = CheckOptions(Settings())

    def this_check(dice: random.Random) -> None:
        for left in place.glob("history.sqlite*"):
            left.unlink()
        path.write_bytes(good)
        if dice.random() < 0.6:
            spoil_cell(path, dice)
        else:
            path.write_bytes(spoiled(good, dice) if dice.random() < 0.5 else _noisy(good, dice))
        host = Host(home, {"HOME": str(home)}, key=(place / "key").read_bytes())
        own = StateDir(place, place)
        findings = look(asked, host, NOW)
        this = CheckContext(asked, host, own, findings, NOW)
        read_only(this)
        _commands(path)
        try:
            outcome = run.run(this, (None, None, ClockReading(NOW)))
        except OtherWatcher:  # the cell that was spoiled says whose it is
            return
        assert outcome.recorded or outcome.complaints
        assert MARK not in "\n".join(outcome.complaints)

    return Target("history", this_check, 0.12)


def _noisy(good: bytes, dice: random.Random) -> bytes:
    """Whole sectors lost, as disks lose them."""
    raw = bytearray(good)
    for _ in range(dice.choice((1, 1, 2, 8))):
        at = dice.randrange(len(raw) // 512) * 512
        raw[at : at + 512] = dice.choice((bytes(512), dice.randbytes(512), raw[:512]))
    return bytes(raw)


def _commands(path: Path) -> None:
    """What `history` and `alerts list` read, with failures in words."""
    try:
        with (
            in_words(),
            engine.connect(engine.url_of(f"sqlite:///{path}", path.parent), read_only=True).connect() as db,
        ):
            if engine.revision(db):
                transitions(db, NOW - timedelta(days=400))
                store.recent(db, NOW - timedelta(days=400))
                store.last_deliveries(db)
    except Failure as failure:
        assert MARK not in failure.message


def point(folder: Path) -> Target:
    """The checkpoint, which the gate believes: any other than it wrote is no reason to stop, and none to fall."""
    _, place = _passed(folder)
    good = (place / gate.NAME).read_bytes()
    who = gate.read(str(place))
    assert who is not None

    def this_check(dice: random.Random) -> None:
        (place / gate.NAME).write_bytes(spoiled(good, dice))
        now = NOW.timestamp() + dice.choice((-1e6, 0, 5, 1e6, 1e12))
        found = gate.may_stop(str(place), who.identity, {}, now)
        if found is not None:
            assert 0 <= found.exit_code <= 255
        again = gate.read(str(place))
        if again is not None:
            gate.renew(str(place), again, NOW.timestamp())
            gate.still_holds(str(place), again, {}, now)
            for touch in again.touches:
                gate.same(*touch)

    return Target("checkpoint", this_check, 2.0)


def left(folder: Path) -> Target:
    """check.json and the last metrics, which the next check and the daemon read."""
    _, place = _passed(folder)
    good = {name: (place / name).read_bytes() for name in (outputs.RECORD, outputs.METRICS)}
    own = StateDir(place, place)

    def this_check(dice: random.Random) -> None:
        name = dice.choice(list(good))
        raw = spoiled(good[name], dice)
        (place / name).write_bytes(raw)
        reading = ClockReading(NOW, timedelta(days=3), "boot")
        trust(*outputs.clocks(own, reading), timedelta(minutes=10))
        last_successes(raw.decode("utf-8", "replace"), ["openclaw", "claude-code"])
        gate.restamp(str(place / outputs.METRICS), NOW.timestamp())
        (place / name).write_bytes(good[name])

    return Target("check.json and metrics", this_check)


def _passed(folder: Path) -> tuple[Path, Path]:
    """A home after a real check, and its state folder."""
    home = folder / "home"
    home.mkdir()
    json_home(home)
    configure(home, "channels: {nowhere: {url: 'json://127.0.0.1:1/x'}}\nalerts: {deadline: 5s}\n")
    authwatch(home, "check")
    configure(home, "")
    place = state(home)
    shutil.copytree(place, folder / "state")
    os.chmod(folder / "state", 0o700)
    return home, folder / "state"


TARGETS = (config, history, point, left)
