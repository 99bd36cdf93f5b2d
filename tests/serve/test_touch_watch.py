"""Whether a change is noticed between checks."""

from datetime import timedelta

import pytest

from monitor.check import gate
from monitor.serve.loop import LOOK_EVERY, TouchWatch
from tests.serve.conftest import wait_for
from tests.serve.test_daemon import checks

INTERVAL = timedelta(minutes=5)


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "store.json"
    path.write_text("one")
    return path


@pytest.fixture
def look(tmp_path, store):
    """Leaves the checkpoint that a check over the store leaves."""

    def leave(*, trusted=True):
        point = gate.Checkpoint()
        gone = tmp_path / "gone.json"
        point.touches = [("T", str(path), gate.stat_of(str(path))) for path in (store, gone)]
        point.identity, point.names, point.trusted = "someone", ("HOME",), trusted
        gate.write(str(tmp_path), point)

    leave()
    return leave


def test_a_changed_a_new_and_a_removed_file_are_noticed(tmp_path, store, look):
    """A changed, a new and a removed file are noticed."""
    touched = TouchWatch(tmp_path)
    assert not touched.changed()
    store.write_text("another")
    assert touched.changed()
    look()
    assert not touched.changed()
    (tmp_path / "gone.json").touch()
    assert touched.changed()
    look()
    store.unlink()
    assert touched.changed()


def test_a_removed_checkpoint_is_noticed_once(tmp_path, look):
    """A removed checkpoint is noticed once: somebody acknowledged something."""
    touched = TouchWatch(tmp_path)
    gate.remove(str(tmp_path))
    assert touched.changed()
    assert not touched.changed()


def test_a_look_at_a_file_that_just_changed_is_repeated(tmp_path, look):
    """A look at a file that just changed is repeated."""
    look(trusted=False)
    assert TouchWatch(tmp_path).changed()


def test_without_a_checkpoint_nothing_is_noticed(tmp_path):
    """Without a checkpoint nothing is noticed."""
    assert not TouchWatch(tmp_path).changed()


def test_a_busy_store_is_looked_at_less_and_less_often(tmp_path, store, look):
    """A busy store is looked at less and less often, down to once an interval; news brings the looks back."""
    clock = Clock()
    touched = TouchWatch(tmp_path, clock)
    waits = []
    for turn in range(6):
        store.write_text("x" * turn)
        began = clock.now
        while not touched.changed():
            clock.now += LOOK_EVERY.total_seconds()
        waits.append(clock.now - began)
        look()
        touched.checked(False, INTERVAL)
    assert waits == [0, 30, 60, 120, 240, 300]
    store.write_text("news")
    clock.now += 300
    assert touched.changed()
    touched.checked(True, INTERVAL)
    store.write_text("more")
    assert touched.changed()


def test_the_daemon_looks_when_a_store_changed(daemon, tmp_path, store, look):
    """The daemon looks when a store changed, long before the next check is due."""
    (tmp_path / "checkpoint").rename(tmp_path / "left")
    client = daemon(f"cp {tmp_path}/left {tmp_path}/state/checkpoint", interval=300, look_every=0.2).client()
    wait_for(lambda: checks(client)["ok"] == 1)
    store.write_text("changed")
    wait_for(lambda: checks(client)["ok"] >= 2)
