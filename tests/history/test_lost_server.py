"""PostgreSQL stalls, hangs up or is killed at any stage: the check ends, tells at once and once, and forgets nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import authwatch, configure, started, state
from tests.history.conftest import Server, until
from tests.history.proxy import Proxy, proxy
from tests.inbox import Receiver
from tests.openclaw_home import DAY, HOUR, openclaw, token
from tests.receivers import web

#: Connecting 3 s and an answer 5 s, for writing and for reading, and what a slow machine takes to start Python.
PATIENCE = 30

#: The parts of a check's answers that still come before the server hangs up, or falls silent.
HANGS_UP, STALLS = (0.0, 0.3, 0.6, 0.8, 0.99), (0.1, 0.75, 0.9)


@pytest.fixture
def phone() -> Iterator[Receiver]:
    with web() as there:
        yield there


def subjects(phone: Receiver) -> list[str]:
    return [str(one.body["title"]) for one in phone.received]


def listening(home: Path, history: str, phone: Receiver, path: str = "json/phone") -> None:
    configure(
        home,
        f"host: box\npolicy: {{lead: [1h]}}\nalerts: {{deadline: 10s, settle: 1s}}\nhistory: {{url: '{history}'}}\n"
        f"channels: {{phone: {{url: '{phone.url('json', path)}'}}}}\n",
    )


def logins(home: Path, **ends_in: float) -> None:
    """Tokens of these providers, new ones where they last long; all count as used, for no config names a model."""
    secrets = {name: f"tok-FAKESECRET-{name}-{seconds > DAY}" for name, seconds in ends_in.items()}
    openclaw(home, {f"{name}:default": token(name, ends_in[name], secrets[name]) for name in ends_in})
    (home / ".openclaw" / "openclaw.json").unlink()


def test_while_the_server_is_down_new_deaths_are_told_at_once_and_only_once(
    tmp_path: Path, postgres: Server, phone: Receiver
) -> None:
    """What was told before is not repeated, nor what was told meanwhile once the server is back."""
    listening(tmp_path, postgres.url(postgres.fresh()), phone)
    logins(tmp_path, anthropic=-HOUR, openai=DAY, groq=DAY)
    assert authwatch(tmp_path, "check").code == 1
    assert len(phone.received) == 1
    postgres.stop()
    try:
        assert authwatch(tmp_path, "check").code == 1
        assert len(phone.received) == 1, "it was told before"
        for number, name in enumerate(("openai", "groq"), start=2):
            logins(tmp_path, anthropic=-HOUR, openai=-HOUR, groq=-HOUR if name == "groq" else DAY)
            for _ in range(2):
                done = authwatch(tmp_path, "check")
                assert (done.code, "cannot be used" in done.err) == (1, True)
            assert len(phone.received) == number
            assert f"{name}:default" in subjects(phone)[-1]
    finally:
        postgres.start()
    for _ in range(2):
        done = authwatch(tmp_path, "check")
        assert (done.code, done.err, len(phone.received)) == (1, "", 3)
    logins(tmp_path, anthropic=90 * DAY, openai=90 * DAY, groq=90 * DAY)
    assert authwatch(tmp_path, "check").code == 0
    assert len(phone.received) == 4, "whoever was told hears the end, whenever it was told"
    assert all(f"{name}:default" in str(phone.received[-1].body) for name in ("anthropic", "openai", "groq"))


def test_without_a_server_from_the_first_check_on(tmp_path: Path, phone: Receiver) -> None:
    """Nothing was ever remembered: each death is told once all the same."""
    listening(tmp_path, "postgresql+psycopg://aw:FAKESECRET@127.0.0.1:1/none", phone)
    logins(tmp_path, anthropic=-HOUR, openai=DAY)
    for _ in range(2):
        done = authwatch(tmp_path, "check")
        assert (done.code, len(phone.received)) == (1, 1)
        assert "FAKESECRET" not in done.err
    logins(tmp_path, anthropic=-HOUR, openai=-HOUR)
    assert authwatch(tmp_path, "check").code == 1
    assert len(phone.received) == 2


def test_ignored_and_acknowledged_stay_so_while_the_server_is_down(
    tmp_path: Path, postgres: Server, phone: Receiver
) -> None:
    listening(tmp_path, postgres.url(postgres.fresh()), phone)
    logins(tmp_path, anthropic=DAY, openai=DAY)
    authwatch(tmp_path, "check")
    assert authwatch(tmp_path, "ignore", "openclaw/main/anthropic:default").code == 0
    assert authwatch(tmp_path, "alerts", "silence", "provider=openai", "--for", "4h").code == 0
    logins(tmp_path, anthropic=-HOUR, openai=DAY)
    authwatch(tmp_path, "check")
    postgres.stop()
    try:
        logins(tmp_path, anthropic=-HOUR, openai=-HOUR)
        authwatch(tmp_path, "check")
        assert phone.received == []
    finally:
        postgres.start()


@pytest.fixture(scope="module")
def size(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many bytes come from the server in a check that tells of a death."""
    home = tmp_path_factory.mktemp("measured")
    with web() as phone, proxy(postgres.port) as between:
        listening(home, postgres.url(postgres.fresh(), between.port), phone)
        logins(home, anthropic=DAY)
        authwatch(home, "check")
        logins(home, anthropic=-HOUR)
        between.passed = 0
        authwatch(home, "check")
        assert len(phone.received) == 1
        return between.passed


@pytest.mark.parametrize(("drops", "part"), [*((True, part) for part in HANGS_UP), *((False, part) for part in STALLS)])
def test_a_connection_that_is_lost_after(
    part: float, drops: bool, tmp_path: Path, postgres: Server, phone: Receiver, size: int
) -> None:
    """At whatever byte: told once, in time; and told no more when the server is back, which then knows of it."""
    with proxy(postgres.port) as between:
        listening(tmp_path, postgres.url(postgres.fresh(), between.port), phone)
        logins(tmp_path, anthropic=DAY)
        assert authwatch(tmp_path, "check").code == 0
        logins(tmp_path, anthropic=-HOUR)
        lose(between, int(size * part), drops)
        started = time.monotonic()
        assert authwatch(tmp_path, "check").code == 1
        assert time.monotonic() - started < PATIENCE
        assert len(phone.received) == 1
        between.heal()
        for _ in range(2):
            done = authwatch(tmp_path, "check")
            assert (done.code, done.err, len(phone.received)) == (1, "", 1)
        changes = authwatch(tmp_path, "history", "--json").json["transitions"]
        assert [one["after"] for one in changes] == ["ok", "expired"]
        assert "delivered" in authwatch(tmp_path, "alerts", "list", "--json").out


def lose(between: Proxy, after: int, drops: bool) -> None:
    between.budget, between.drops = after, drops


def test_nothing_is_held_on_the_server_while_a_receiver_hangs(
    tmp_path: Path, postgres: Server, phone: Receiver
) -> None:
    """No transaction, no lock; and a server that is killed then costs no second message."""
    name = postgres.fresh()
    listening(tmp_path, postgres.url(name), phone, "slow/4/json/phone")
    logins(tmp_path, anthropic=-HOUR)
    with (tmp_path / "said").open("w") as said:
        checking = started(tmp_path, "check", out=said)
    until("nothing was sent", lambda: phone.received)
    ours = f"datname = '{name}' AND application_name = 'authwatch'"
    assert postgres.ask(f"SELECT state FROM pg_stat_activity WHERE {ours} AND state <> 'idle'") == []
    held = f"SELECT l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE {ours}"
    assert postgres.ask(held) == []
    postgres.stop()
    try:
        assert checking.wait(PATIENCE) == 1
        assert "Traceback" not in (tmp_path / "said").read_text()
        assert len(phone.received) == 1
    finally:
        postgres.start()
    for _ in range(2):
        assert authwatch(tmp_path, "check").code == 1
        assert len(phone.received) == 1


@pytest.mark.parametrize("talks", [False, True], ids=["silent", "of another protocol"])
def test_a_server_that_is_none(talks: bool, tmp_path: Path, phone: Receiver) -> None:
    """What accepts and never says a word, or says nonsense, holds up no command for long."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if talks:
            logins(tmp_path, anthropic=-HOUR)
            url = phone.url("json").removeprefix("json://").partition("/")[0]
        else:
            url = f"127.0.0.1:{listener.getsockname()[1]}"
        listening(tmp_path, f"postgresql+psycopg://aw:FAKESECRET@{url}/x", phone)
        logins(tmp_path, anthropic=-HOUR)
        started = time.monotonic()
        done = authwatch(tmp_path, "check")
        assert (done.code, "cannot be used" in done.err) == (1, True)
        assert [one for one in phone.received if isinstance(one.body, dict)]
        assert authwatch(tmp_path, "status").code == 0
        assert time.monotonic() - started < PATIENCE
        assert state(tmp_path).exists()
