"""A filter narrows what is printed and the exit code; what is recorded, told and exported is always the whole."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.command import authwatch, configure, state
from tests.openclaw_home import DAY, oauth, openclaw, put, store, token
from tests.receivers import web

CODEX_FINE = ("--nagios", "--source", "codex")


def home_with_a_dead_claude_login(home: Path) -> None:
    openclaw(home, {"anthropic:dead": token(ends_in=-60), "openai:fine": token("openai", ends_in=90 * DAY)})
    put(home / ".codex" / "auth.json", json.dumps({"OPENAI_API_KEY": "sk-FAKESECRET-codex"}))


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path) -> None:
    (tmp_path / ".codex").mkdir()


def document(home: Path) -> dict:
    return json.loads((state(home) / "status.json").read_text("utf-8"))


def metrics(home: Path) -> str:
    return (state(home) / "metrics.prom").read_text("utf-8")


NARROW = [
    ("--nagios", "--source", "codex"),
    ("--source=codex",),
    ("--provider", "openai"),
    ("--agent", "-"),
    ("--profile", "openai:fine"),
    ("--json", "--source", "codex"),
]


@pytest.mark.parametrize("words", NARROW, ids=" ".join)
def test_a_filtered_check_leaves_the_whole_and_tells_the_whole(tmp_path: Path, words: tuple[str, ...]) -> None:
    home_with_a_dead_claude_login(tmp_path)
    textfile = tmp_path / "authwatch.prom"
    with web() as phone:
        configure(tmp_path, f"host: box\nchannels: {{phone: {{url: '{phone.url('json', 'json/phone')}'}}}}\n")
        done = authwatch(tmp_path, "check", *words, "--textfile", textfile)
        assert done.code == 0, done.out + done.err
        assert "anthropic:dead" not in done.out
        assert len(phone.received) == 1
        assert "anthropic:dead" in phone.received[0].body["title"]
    left = document(tmp_path)
    assert left["exit_code"] == 1
    assert any(one["key"] == "openclaw/main/anthropic:dead" for one in left["profiles"])
    for body in (metrics(tmp_path), textfile.read_text("utf-8")):
        assert 'profile="anthropic:dead",needs_human="now"} 1' in body
    history = authwatch(tmp_path, "history", "--json").json["transitions"]
    assert "openclaw/main/anthropic:dead" in {one["key"] for one in history}


def test_a_filter_draws_from_the_last_check_where_nothing_changed(tmp_path: Path) -> None:
    home_with_a_dead_claude_login(tmp_path)
    assert authwatch(tmp_path, "check").code == 1
    before = document(tmp_path)
    assert authwatch(tmp_path, "check", "--provider", "openai").code == 0
    assert authwatch(tmp_path, "check", "--provider", "anthropic").code == 1
    after = document(tmp_path)
    assert {**after, "verified_at": ""} == {**before, "verified_at": ""}  # no look, no record: only verified again


def test_the_parts_say_what_the_whole_says(tmp_path: Path) -> None:
    home_with_a_dead_claude_login(tmp_path)
    whole = authwatch(tmp_path, "status", "--json").json
    for name in ("source", "agent", "provider", "profile"):
        for value in {one[name] for one in whole["profiles"]}:
            part = authwatch(tmp_path, "status", "--json", f"--{name}", value).json
            assert part["profiles"] == [one for one in whole["profiles"] if one[name] == value]


TYPOS = [
    ("--source", "claude_code", "claude-code"),
    ("--provider", "antropic", "anthropic"),
    ("--agent", "mian", "main"),
    ("--profile", "anthropic:ded", "anthropic:dead"),
]


@pytest.mark.parametrize("command", ["check", "status"])
@pytest.mark.parametrize("name, value, meant", TYPOS)
def test_a_value_that_nothing_here_has_is_wrong_usage(
    tmp_path: Path, command: str, name: str, value: str, meant: str
) -> None:
    home_with_a_dead_claude_login(tmp_path)
    for _ in range(2):  # in full, and where the last check's document would do
        done = authwatch(tmp_path, command, name, value)
        assert (done.code, done.out) == (64, "")
        assert f"did you mean {meant}?" in done.err
    error = authwatch(tmp_path, command, name, value, "--json").json["error"]
    assert error["code"] == 64


@pytest.mark.parametrize("name, value, meant", TYPOS)
def test_for_nagios_a_typo_is_unknown(tmp_path: Path, name: str, value: str, meant: str) -> None:
    home_with_a_dead_claude_login(tmp_path)
    done = authwatch(tmp_path, "check", "--nagios", name, value)
    assert done.code == 3
    assert done.out.startswith("AUTHWATCH UNKNOWN - ")
    assert meant in done.out


def test_a_typo_keeps_no_check_from_telling(tmp_path: Path) -> None:
    home_with_a_dead_claude_login(tmp_path)
    with web() as phone:
        configure(tmp_path, f"channels: {{phone: {{url: '{phone.url('json', 'json/phone')}'}}}}\n")
        assert authwatch(tmp_path, "check", "--provider", "antropic").code == 64
        assert len(phone.received) == 1


@pytest.mark.parametrize(
    "words",
    [(), ("--source", "openclaw"), ("--source", "aws"), ("--provider", "openai"), ("--wrong",), ("--home", "/nowhere")],
    ids=" ".join,
)
def test_for_nagios_nothing_to_watch_is_unknown(tmp_path: Path, words: tuple[str, ...]) -> None:
    for _ in range(2):
        done = authwatch(tmp_path, "check", "--nagios", *words)
        assert done.code == 3
        assert done.out.startswith("AUTHWATCH UNKNOWN - ")
        assert done.out.count("\n") == 1


def test_for_nagios_a_wrong_config_is_unknown(tmp_path: Path) -> None:
    configure(tmp_path, "intervall: 5m\n")
    done = authwatch(tmp_path, "check", "--nagios")
    assert done.code == 3
    assert done.out.startswith("AUTHWATCH UNKNOWN - ")


def test_what_only_sources_config_or_history_know_is_no_typo(tmp_path: Path) -> None:
    home_with_a_dead_claude_login(tmp_path)
    configure(tmp_path, "policy: {expect: [openclaw/ops/openrouter:key]}\n")
    assert authwatch(tmp_path, "check").code == 1
    for words in (("--source", "gcloud"), ("--provider", "groq"), ("--agent", "ops"), ("--profile", "openrouter:key")):
        assert authwatch(tmp_path, "check", *words).code in (0, 1), words
    store(tmp_path).unlink()  # what was there is known from the history
    assert authwatch(tmp_path, "check", "--profile", "openai:fine").code in (0, 1)


# -- one check, however it is printed --------------------------------------------------------------------------------


def settled(home: Path) -> None:
    """A check whose answer stands: what it touched is older than any clock's grain."""
    openclaw(home, {"anthropic:soon": token(ends_in=2 * DAY), "openai:a": oauth(8 * 3600, provider="openai")})
    assert authwatch(home, "check").code == 2
    point = state(home) / "checkpoint"
    deadline = time.monotonic() + 30
    while b"young" in point.read_bytes().split(b"\n\n")[0] and time.monotonic() < deadline:
        authwatch(home, "check")


def test_every_way_of_printing_is_one_check(tmp_path: Path) -> None:
    settled(tmp_path)
    looked = (state(tmp_path) / "status.json").stat().st_ino
    plain = authwatch(tmp_path, "check")
    assert authwatch(tmp_path, "check", "--json").json["exit_code"] == 2
    assert authwatch(tmp_path, "check", "--nagios").out.startswith("AUTHWATCH WARNING - ")
    assert authwatch(tmp_path, "check", "--exit-zero").code == 0
    assert authwatch(tmp_path, "check", "--provider", "openai").code == 0
    assert authwatch(tmp_path, "check").out == plain.out
    assert (state(tmp_path) / "status.json").stat().st_ino == looked  # nobody looked again


def test_a_check_that_stops_early_says_when_it_was_verified(tmp_path: Path) -> None:
    settled(tmp_path)
    first = document(tmp_path)
    while authwatch(tmp_path, "check", "--json").json["verified_at"] == first["verified_at"]:
        pass
    last = document(tmp_path)
    assert (last["at"], last["verified_at"] > first["verified_at"]) == (first["at"], True)


def test_colour_is_drawn_for_whoever_reads(tmp_path: Path) -> None:
    import os
    import pty

    from tests.command import environment
    from tests.warm import warm

    settled(tmp_path)

    def on_a_terminal() -> str:
        ours, theirs = pty.openpty()
        env = environment(tmp_path, {"TERM": "xterm"})
        running = warm().start(["check"], env, tmp_path, (theirs, theirs, theirs), terminal=True)
        os.close(theirs)
        seen = b""
        try:
            while part := os.read(ours, 65536):
                seen += part
        except OSError:  # Linux: nothing more comes from that side
            pass
        os.close(ours)
        running.wait(60)
        return seen.decode()

    assert "\x1b[" in on_a_terminal()
    assert "\x1b[" not in authwatch(tmp_path, "check").out
    assert "\x1b[" in on_a_terminal()
