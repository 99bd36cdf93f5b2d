"""`status` beside an installed unit: the last check's document where it still holds, a look wherever it may not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.command import configure, state
from tests.openclaw_home import DAY, openclaw, put, token
from tests.warm import Line

#: Later than what the tests write, so that the stamps of their files are believed.
CHECKED = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=1)
LATER = CHECKED + timedelta(minutes=3)
OLD = (1_700_000_000, 1_700_000_000)


@pytest.fixture
def home(tmp_path: Path, line: Line) -> Path:
    """A home whose installed unit has just checked: with a config that it was told, and a state folder likewise."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=100 * DAY)})
    (tmp_path / ".codex").mkdir()
    put(tmp_path / ".codex" / "auth.json", json.dumps({"OPENAI_API_KEY": "sk-FAKESECRET"}))
    config = configure(tmp_path, "host: box\n")
    (tmp_path / "elsewhere").mkdir()
    for path in tmp_path.rglob("*"):
        os.utime(path, OLD)
    unit = {"AUTHWATCH_CONFIG": str(config), "STATE_DIRECTORY": str(state(tmp_path))}
    done = line.run(tmp_path, "check", "--exit-zero", at=CHECKED, env=unit)
    assert done.code == 0, done.err
    return tmp_path


def looked_at(line: Line, home: Path, *words: str, env: dict[str, str] | None = None) -> datetime:
    """When what `status` shows was looked at."""
    done = line.run(home, "status", "--json", *words, at=LATER, env=env)
    assert done.code == 0, done.err
    return datetime.fromisoformat(done.json["at"])


SAME: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "a bare prompt": ((), {}),
    "a filter": (("--agent", "main"), {}),
    "the exit code": (("--check",), {}),
    "the config by name": (("--config", ".config/authwatch/config.yaml"), {}),
    "the config by its variable": ((), {"AUTHWATCH_CONFIG": "~/.config/authwatch/config.yaml"}),
    "variables that nobody asks for": ((), {"EDITOR": "vi", "LS_COLORS": "x"}),
}

OTHER: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "a key in a variable": ((), {"ANTHROPIC_API_KEY": "sk-FAKESECRET"}),
    "a variable that moves a store": ((), {"CODEX_HOME": "elsewhere"}),
    "another home": (("--home", "elsewhere"), {}),
    "another config": (("--config", "other.yaml"), {}),
    "another config by its variable": ((), {"AUTHWATCH_CONFIG": "~/other.yaml"}),
    "another config by its folder": ((), {"CONFIGURATION_DIRECTORY": "elsewhere"}),
    "another config by XDG": ((), {"XDG_CONFIG_HOME": "/nowhere"}),
    "the providers asked": (("--probe",), {}),
}


@pytest.mark.parametrize(("words", "env"), SAME.values(), ids=SAME)
def test_what_the_unit_found_is_drawn_without_a_look_where_a_look_would_find_the_same(line, home, words, env):
    assert looked_at(line, home, *words, env=env) == CHECKED


@pytest.mark.parametrize(("words", "env"), OTHER.values(), ids=OTHER)
def test_whoever_is_led_to_other_places_or_keys_than_the_unit_has_a_look_of_their_own(line, home, words, env):
    for place in (home / "other.yaml", home / "elsewhere" / "config.yaml"):
        place.write_text("host: other\n")
    assert looked_at(line, home, *words, env=env) == LATER


def acknowledge(home: Path) -> None:
    with (state(home) / "requests").open("ab") as file:
        file.write(b"\n")


def damage(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def change_it(home: Path) -> None:
        path = state(home) / "status.json"
        body = path.read_bytes()
        with path.open("r+b") as file:  # in place: its inode says nothing
            file.write(change(body))
            file.truncate()

    return change_it


def gone(*names: str) -> Callable[[Path], None]:
    def remove(home: Path) -> None:
        for path in (home / name for name in names):
            path.unlink()

    return remove


STATE = ".local/state/authwatch"
SINCE: dict[str, Callable[[Path], None]] = {
    "a store changed": lambda home: openclaw(home, {"anthropic:default": token(ends_in=90 * DAY, secret="other")}),
    "a store came": lambda home: put(home / ".npmrc", "//registry.example/:_authToken=npm_FAKESECRET\n"),
    "the config changed": lambda home: configure(home, "host: other\n") and None,
    "the config went": gone(".config/authwatch/config.yaml"),
    "somebody asked for something": acknowledge,
    "the state folder was emptied": lambda home: [path.unlink() for path in state(home).iterdir()] and None,
    "the history went": gone(f"{STATE}/history.sqlite"),
    "the key went": gone(f"{STATE}/key"),
    "the document went": gone(f"{STATE}/status.json"),
    "the document was cut": damage(lambda body: body[:100]),
    "the document says something else": damage(lambda body: body.replace(b'"ok"', b'"no"')),
    "the document is nothing": damage(lambda body: b"[]"),
}


@pytest.mark.parametrize("change", SINCE.values(), ids=SINCE)
def test_whatever_changed_since_is_looked_at(line, home, change):
    change(home)
    assert looked_at(line, home) == LATER


def test_what_time_may_have_changed_is_looked_at(line, home):
    head = (state(home) / "checkpoint").read_bytes().split(b"\n")[2].split()
    until = datetime.fromtimestamp(float(head[1]), UTC)
    for at, looked in ((until - timedelta(seconds=1), CHECKED), (until, until), (CHECKED - timedelta(hours=1), None)):
        done = line.run(home, "status", "--json", at=at)
        assert datetime.fromisoformat(done.json["at"]) == (looked or at)


@pytest.mark.parametrize("words", [(), ("--json",), ("--source", "codex")], ids=" ".join)
def test_drawing_writes_nothing(line, home, words):
    def left() -> dict[str, tuple[bytes, int]]:
        return {path.name: (path.read_bytes(), path.stat().st_ino) for path in state(home).iterdir()}

    before = left()
    assert line.run(home, "status", *words, at=LATER).code == 0
    assert left() == before


@pytest.mark.parametrize("words", [(), ("--provider", "anthropic"), ("--source", "codex", "--check")], ids=" ".join)
def test_what_is_drawn_is_what_a_look_finds(line, home, words):
    drawn = line.run(home, "status", *words, at=CHECKED + timedelta(seconds=9))
    document = line.run(home, "status", "--json", *words, at=LATER).json
    (state(home) / "checkpoint").unlink()
    assert line.run(home, "status", *words, at=CHECKED + timedelta(seconds=9)) == drawn
    found = line.run(home, "status", "--json", *words, at=LATER).json
    moments = ("at", "verified_at")
    assert {**found, **dict.fromkeys(moments)} == {**document, **dict.fromkeys(moments)}


def test_a_filter_that_means_nothing_is_wrong_usage_with_what_was_meant(line, home):
    done = line.run(home, "status", "--source", "codx", at=LATER)
    assert done.code == 64
    assert "did you mean codex?" in done.err


def test_a_filter_that_only_the_config_knows_has_a_look(line, home):
    assert line.run(home, "status", "--source", "gemini-cli", "--json", at=LATER).json["profiles"] == []
