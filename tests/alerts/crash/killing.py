"""A scene that is played again and again, killed at one point after the other, and what is wrong afterwards.

What people heard comes from real HTTP receivers, what authwatch believes from its database.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from alerts import store
from alerts.model import Level
from alerts.notification_state import agrees
from monitor.history import engine
from tests.alerts.crash.stage import BACK, CHANNELS, MEANWHILE, MINUTE, SCENES, Stage
from tests.alerts.reading import heard_in
from tests.command import state
from tests.inbox import Received, Receiver
from tests.receivers import web
from tests.warm import Line

#: Passes after the one that is killed: the longest wait of a message that may have been heard once is 5 minutes.
FOLLOWING = (6 * MINUTE, 12 * MINUTE, 24 * MINUTE)

Heard = Counter[tuple[str, str, str]]
"""How often which channel heard which call about what."""


@dataclass
class Scene:
    """A scene that is set: `points` are those of its check, `expected` what people hear when nobody is killed."""

    stage: Stage
    at: datetime
    kept: Path
    reached: tuple[str, ...]
    meanwhile: Callable[[Stage], None] | None = None
    points: tuple[str, ...] = ()
    expected: Heard = field(default_factory=Counter)
    got: Heard = field(default_factory=Counter)

    def play(self, kill: str = "") -> list[str]:
        """The check, killed or not, and the following ones; what is wrong afterwards."""
        stage = self.stage
        shutil.rmtree(stage.home)
        shutil.copytree(self.kept, stage.home, symlinks=True)
        stage.now = self.at
        stage.there.received.clear()
        done = stage.look(points=True, kill=kill)
        if not kill:
            self.points = done.points
        elif done.code != -9:
            return [f"ended with {done.code} instead of being killed: {done.err}"]
        if self.meanwhile:
            self.meanwhile(stage)
        for after in FOLLOWING:
            stage.now = self.at + after
            done = stage.look()
            if done.code not in (0, 1, 2) or "not reached" in done.err.replace("channel desk was not reached", ""):
                return [f"a later check ended with {done.code}: {done.err}"]
        self.got = heard(stage.there)
        if not kill:
            self.expected = self.got
        faults = [*_faults(self.expected, self.got, moot=bool(self.meanwhile)), *_beliefs(stage, self.reached)]
        return faults + [f"{who} was left with {call}" for who, call in last_calls(stage.there) if not self.true(call)]

    def true(self, call: str) -> bool:
        """Whether somebody may be left with this; where news is over by now, only with its end."""
        return not self.meanwhile or call == "over"


@contextmanager
def scene(line: Line, home: Path, name: str) -> Iterator[Scene]:
    """The scene, set and played once without a kill."""
    with web() as there, ExitStack() as beside:
        refusing = beside.enter_context(web(fault="status/401"))
        stage = Stage(line, home, there, refusing.port)
        stage.begin()
        SCENES[name](stage)
        if name == BACK:
            beside.close()
            beside.enter_context(web(port=stage.desk)).received = there.received
        kept = home.with_name(f"{home.name}.kept")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(home, kept, symlinks=True)
        made = Scene(stage, stage.now, kept, CHANNELS if name == BACK else CHANNELS[:2], MEANWHILE.get(name))
        faults = made.play()
        assert not faults, faults
        yield made


def heard(there: Receiver) -> Heard:
    """What people read, by channel, call and name."""
    found: Heard = Counter()
    for one in there.received:
        label = one.path.rsplit("/", 1)[-1]
        for call, name in _read(one):
            found[label, call, name] += 1
    return found


def _read(one: Received) -> list[tuple[str, str]]:
    if not isinstance(one.body, dict):  # a killed sender leaves half a request
        return []
    return heard_in(one.body["title"], one.body["message"])


def last_calls(there: Receiver) -> list[tuple[str, str]]:
    """The last that each channel heard about each thing, as `channel, name` and call."""
    last = {}
    for one in there.received:
        for call, name in _read(one):
            last[f"{one.path.rsplit('/', 1)[-1]}, {name}"] = call
    return list(last.items())


def _faults(expected: Heard, got: Heard, *, moot: bool) -> Iterator[str]:
    for items in {*expected, *got}:
        if got[items] < expected[items] and not moot:
            yield f"lost: {items}"
        if got[items] > expected[items] + 1:
            yield f"heard {got[items]} times: {items}"
        if items not in expected:
            yield f"never true: {items}"


def _beliefs(stage: Stage, reached: tuple[str, ...]) -> Iterator[str]:
    """Beliefs that are not the truth, and attempts left open, of the channels that can be reached."""
    with engine.connect(engine.url_of(None, state(stage.home))).connect() as db:
        alerts = store.alerts(db)
        notified = {(one.channel, key): one for (_, key), one in store.notified(db).items()}
        attempts = {(one.channel, key): one for (_, key), one in store.attempts(db).items()}
    for label in reached:
        for key, alert in alerts.items():
            known = notified.get((label, key))
            if alert.level.rank >= Level.SOON.rank and key != f"channel/{label}" and not agrees(known, alert):
                yield f"{label} believes {known} of {alert}"
            if alert.level is Level.FINE and known is not None:
                yield f"{label} still believes {known}"
            if (label, key) in attempts:
                yield f"open: {attempts[label, key]}"
    for label, key in notified:
        if key not in alerts:
            yield f"{label} believes something of {key}, which does not stand"
