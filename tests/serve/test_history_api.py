"""`/api/v1/history`, answered by the command line."""

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.model import Problem
from monitor.serve.history_api import MOST, HistoryApi, asking
from monitor.system.host import Unreadable
from tests.serve.conftest import leave, wait_for

DOCUMENT = b'{"schema": 1, "transitions": []}'


class Command:
    """Stands in for the command line: keeps what it was asked."""

    def __init__(self, error=None):
        self.error, self.asked = error, []

    def __call__(self, words):
        self.asked.append(list(words))
        if self.error:
            raise self.error
        return DOCUMENT


def test_the_history_is_asked_of_the_command_line(server, tmp_path):
    """The history is asked of the command line, and again only after a check that may have added to it."""
    leave(tmp_path)
    command = Command()
    client = server(ask=HistoryApi(command, tmp_path))
    status, headers, text = client.ask("/api/v1/history")
    assert (status, headers["Content-Type"], text) == (200, "application/json", DOCUMENT.decode())
    client.ask("/api/v1/history?since=7d&key=openclaw/main/anthropic:%C3%A9")
    client.ask("/api/v1/history?since=30d")
    assert command.asked == [
        ["history", "--json", "--since", "30d"],
        ["history", "--json", "--since", "7d", "--", "openclaw/main/anthropic:é"],
    ]
    (tmp_path / "check.json").write_text("{}")
    client.ask("/api/v1/history")
    assert len(command.asked) == 3


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=30",
        "since=-1d",
        "until=3d",
        "since",
        "key=%00",
        "key=" + "x" * 2000,
        "x" * 5000,
        "&".join("a=1" * 9),
    ],
)
def test_a_strange_question_is_refused(server, tmp_path, query):
    """A strange question is refused in JSON, and nothing is run."""
    command = Command()
    status, _, text = server(ask=HistoryApi(command, tmp_path)).ask(f"/api/v1/history?{query}")
    assert status == 400
    assert json.loads(text)["error"]
    assert not command.asked


def test_a_history_that_cannot_be_read_is_an_error_in_json(server, tmp_path):
    """A history that cannot be read is an error in JSON."""
    status, _, text = server(
        ask=HistoryApi(Command(Unreadable(Problem.EXEC_FAILED, Path("authwatch"), "it ended with code 1")), tmp_path)
    ).ask("/api/v1/history")
    assert (status, "authwatch doctor" in json.loads(text)["error"]) == (503, True)


def test_many_questions_are_not_all_remembered(server, tmp_path):
    """Many questions are not all remembered."""
    past = HistoryApi(Command(), tmp_path)
    client = server(ask=past)
    for days in range(1, 30):
        client.ask(f"/api/v1/history?since={days}d")
    assert len(past._known) <= 8


def test_the_child_is_told_what_every_child_is_told(tmp_path):
    """The child is told what every child is told, and handed the config text that counts."""
    script = "import sys; print(sys.argv[1:], sys.stdin.read())"
    ask = asking([sys.executable, "-c", script], lambda: ["--home=/x"], os.environ, lambda: "kept")
    assert ask(["history", "--json", "--", "KEY"]) == b"['history', '--home=/x', '--json', '--', 'KEY'] kept\n"
    with pytest.raises(Unreadable):
        asking(["/no/such/program"], list, os.environ, lambda: None)(["history"])


class Slow(Command):
    """A command line that takes until it is let go."""

    def __init__(self):
        super().__init__()
        self.go = threading.Event()

    def __call__(self, words):
        answer = super().__call__(words)
        assert self.go.wait(30)
        return answer


def test_a_slow_history_holds_up_nobody(server, tmp_path):
    """While one question waits for a slow history, forty others are told at once to come again, and /healthz and
    /metrics answer as ever; what is known is answered, too."""
    leave(tmp_path)
    command = Slow()
    client = server(ask=HistoryApi(command, tmp_path))
    command.go.set()
    assert client.ask("/api/v1/history?since=1d")[0] == 200
    command.go.clear()
    with ThreadPoolExecutor(48) as pool:
        first = pool.submit(client.ask, "/api/v1/history")
        wait_for(lambda: len(command.asked) == 2)
        others = [pool.submit(client.ask, f"/api/v1/history?since={2 + n}d") for n in range(40)]
        began = time.monotonic()
        assert [client.ask(path)[0] for path in ("/healthz", "/metrics", "/api/v1/history?since=1d")] == [200] * 3
        assert time.monotonic() - began < 5
        refused = [one.result(10) for one in others]
        assert {(status, headers["Retry-After"]) for status, headers, _ in refused} == {(503, "1")}
        assert not first.done()
        command.go.set()
        assert first.result(10)[0] == 200
    assert client.ask("/api/v1/history?since=9d")[0] == 200


def test_a_history_that_hangs_is_given_up(server, tmp_path):
    """A history that hangs is given up, with whatever it started; the next question is asked again."""
    leave(tmp_path)
    script = f"sleep 60 & echo $! >{tmp_path}/child; wait"
    ask = asking(["sh", "-c", script, "sh"], list, os.environ, lambda: None, patience=0.5)
    client = server(ask=HistoryApi(ask, tmp_path))
    for _ in range(2):
        assert client.ask("/api/v1/history")[0] == 503
    child = int((tmp_path / "child").read_text())
    wait_for(lambda: not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split())


def test_a_huge_history_is_refused_not_held(server, tmp_path):
    """A history too large for one answer is refused with what would be right, and the daemon does not hold it."""
    leave(tmp_path)
    ask = asking(["sh", "-c", "yes 12345678"], list, os.environ, lambda: None)
    past = HistoryApi(ask, tmp_path)
    status, _, text = server(ask=past).ask("/api/v1/history")
    assert (status, "shorter span" in json.loads(text)["error"]) == (413, True)
    assert not past._known


def test_what_is_remembered_has_an_end(server, tmp_path):
    """What is remembered of several large answers has an end."""
    leave(tmp_path)
    ask = asking(["sh", "-c", "head -c 3000000 /dev/zero"], list, os.environ, lambda: None)
    past = HistoryApi(ask, tmp_path)
    client = server(ask=past)
    for days in range(1, 7):
        assert client.ask(f"/api/v1/history?since={days}d")[0] == 200
        assert sum(map(len, past._known.values())) <= MOST
