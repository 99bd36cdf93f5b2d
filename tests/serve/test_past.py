"""`/api/v1/history`, answered by the command line."""

import json
import os
import sys

import pytest

from monitor.serve.past import Past, asking
from tests.serve.conftest import leave

DOCUMENT = b'{"schema": 1, "transitions": []}'


class Command:
    """Stands in for the command line: keeps what it was asked."""

    def __init__(self, code=0):
        self.code, self.asked = code, []

    def __call__(self, words):
        self.asked.append(list(words))
        return self.code, DOCUMENT


def test_the_history_is_asked_of_the_command_line(server, tmp_path):
    """The history is asked of the command line, and again only after a pass that may have added to it."""
    leave(tmp_path)
    command = Command()
    client = server(ask=Past(command, tmp_path))
    status, headers, text = client.ask("/api/v1/history")
    assert (status, headers["Content-Type"], text) == (200, "application/json", DOCUMENT.decode())
    client.ask("/api/v1/history?since=7d&key=openclaw/main/anthropic:%C3%A9")
    client.ask("/api/v1/history?since=30d")
    assert command.asked == [
        ["history", "--json", "--since", "30d"],
        ["history", "--json", "--since", "7d", "--", "openclaw/main/anthropic:é"],
    ]
    (tmp_path / "pass.json").write_text("{}")
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
    status, _, text = server(ask=Past(command, tmp_path)).ask(f"/api/v1/history?{query}")
    assert status == 400
    assert json.loads(text)["error"]
    assert not command.asked


def test_a_history_that_cannot_be_read_is_an_error_in_json(server, tmp_path):
    """A history that cannot be read is an error in JSON."""
    status, _, text = server(ask=Past(Command(1), tmp_path)).ask("/api/v1/history")
    assert (status, "authwatch doctor" in json.loads(text)["error"]) == (503, True)


def test_many_questions_are_not_all_remembered(server, tmp_path):
    """Many questions are not all remembered."""
    past = Past(Command(), tmp_path)
    client = server(ask=past)
    for days in range(1, 30):
        client.ask(f"/api/v1/history?since={days}d")
    assert len(past._known) <= 8


def test_the_child_is_told_what_every_child_is_told(tmp_path):
    """The child is told what every child is told, and handed the config text that counts."""
    script = "import sys; print(sys.argv[1:], sys.stdin.read())"
    ask = asking([sys.executable, "-c", script], lambda: ["--home=/x"], os.environ, lambda: "kept")
    assert ask(["history", "--json", "--", "KEY"]) == (0, b"['history', '--home=/x', '--json', '--', 'KEY'] kept\n")
    assert asking(["/no/such/program"], list, os.environ, lambda: None)(["history"]) == (1, b"")
