"""The options of every command: before it, behind it, between its words; the last one holds, and the gate agrees."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.check.gate import SWITCHES, VALUED, arranged, identity, split
from monitor.cli.app import COMMANDS, GROUPS, whole
from tests.command import authwatch, configure
from tests.openclaw_home import DAY, openclaw, token
from tests.warm import Line

CHECKED = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=1)

ARRANGED = [
    ("check", "check"),
    ("--json check", "check --json"),
    ("--config F check", "check --config F"),
    ("--config=F -v check --home D", "check --config=F -v --home D"),
    ("--config check status", "status --config check"),
    ("--home D --config F config check", "config --home D --config F check"),
    ("check --json", "check --json"),
    ("--nagios check", "--nagios check"),
    ("--version", "--version"),
    ("--config F", "--config F"),
    ("--config", "--config"),
    ("-v", "-v"),
    ("", ""),
    ("--jsonx check", "--jsonx check"),
    ("--json=1 check", "--json=1 check"),
    ("-- check", "-- check"),
]


@pytest.mark.parametrize(("words", "meant"), ARRANGED)
def test_the_command_comes_first(words: str, meant: str) -> None:
    assert arranged(words.split()) == meant.split()


OPTION = st.sampled_from([*SWITCHES]).map(lambda one: [one]) | st.tuples(
    st.sampled_from(VALUED), st.sampled_from(["check", "x", "-"]), st.booleans()
).map(lambda one: [f"{one[0]}={one[1]}"] if one[2] else [one[0], one[1]])


@given(before=st.lists(OPTION, max_size=4), behind=st.lists(OPTION, max_size=4))
def test_where_an_option_stands_makes_no_other_check(before: list[list[str]], behind: list[list[str]]) -> None:
    first, then = [*chain(*before)], [*chain(*behind)]
    found = arranged([*first, "check", *then])
    assert found == ["check", *first, *then]
    assert arranged(found) == found
    joined = [f"{one[0]}={one[1]}" if len(one) > 1 else one[0] for one in [*before, *behind]]
    assert split(found) == split(["check", *joined])


def test_another_config_or_home_is_another_check() -> None:
    def who(words: str) -> str:
        return identity(split(arranged(words.split()))[0], {}, "/x", 0)

    same = ["--config F check", "check --config F", "check --config=F --json", "-v --config F check --no-color"]
    others = ["check", "--config G check", "--home F check", "check --config", "--config F --home D check"]
    assert len({who(words) for words in same}) == 1
    assert len({who(words) for words in [same[0], *others]}) == 1 + len(others)


@pytest.mark.parametrize(
    "words", ["--config c.yaml check", "check --config=c.yaml", "--config c.yaml --json check --exit-zero"]
)
def test_the_gate_holds_wherever_the_option_stood(words: str, tmp_path: Path, line: Line) -> None:
    openclaw(tmp_path, {"anthropic:default": token(ends_in=100 * DAY)})
    (tmp_path / "c.yaml").write_text("host: box\n")
    for path in tmp_path.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    line.run(tmp_path, "check", "--config", "c.yaml", at=CHECKED)
    done = line.run(tmp_path, *words.split(), at=CHECKED + timedelta(minutes=5))
    assert done.code == 0, done.err
    status = line.run(tmp_path, "status", "--json", "--config", "c.yaml", at=CHECKED + timedelta(minutes=6)).json
    assert datetime.fromisoformat(status["at"]) == CHECKED
    assert datetime.fromisoformat(status["verified_at"]) == CHECKED + timedelta(minutes=5)


PLACES = [
    "--config {f} config show",
    "config --config {f} show",
    "config show --config {f}",
    "--config /nowhere config show --config {f}",
    "--config /nowhere config --config {f} show",
    "--no-color -v --config={f} config show",
]


@pytest.mark.parametrize("words", PLACES)
def test_a_config_may_be_named_anywhere_and_the_last_one_holds(words: str, tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("host: that-one\n")
    done = authwatch(tmp_path, *words.format(f=file).split())
    assert (done.code, done.err) == (0, "")
    assert "host: that-one" in done.out


@pytest.mark.parametrize(
    "words",
    [
        "alerts list --json",
        "alerts --json list",
        "--json alerts list",
        "--json models pin list",
        "models --json pin list",
    ],
)
def test_between_the_words_of_a_command_too(words: str, tmp_path: Path) -> None:
    configure(tmp_path, "")
    openclaw(tmp_path, {"anthropic:default": token(ends_in=DAY)})
    assert isinstance(authwatch(tmp_path, *words.split()).json, dict)


def test_what_stood_before_stays_where_nothing_is_said_behind(tmp_path: Path) -> None:
    other = tmp_path / "other"
    openclaw(other, {"anthropic:default": token(ends_in=DAY)})
    for words in ("--home other models auth list", "models --home other auth list", "models auth --home other list"):
        assert "anthropic:default" in authwatch(tmp_path, *words.split()).out


WRONG = [
    "--bogus status",
    "--config",
    "--json",
    "status --config",
    "--json serve",
    "--config F --bogus status",
    "--exit-zero check",
    "stats",
    "config check --all",
    "config",
]


@pytest.mark.parametrize("words", WRONG)
def test_wrong_usage_is_code_64_with_the_help_to_see(words: str, tmp_path: Path) -> None:
    done = authwatch(tmp_path, *words.split())
    assert done.code == 64
    if "--json" in words:
        assert done.json["error"]["code"] == 64
        return
    assert done.out == ""
    assert all(line.startswith("authwatch: ") for line in done.err.splitlines())


def test_every_line_of_an_error_has_the_prefix_and_names_the_file(tmp_path: Path) -> None:
    file = configure(tmp_path, "interval: 5\npolicy:\n  lead: 7d\n")
    done = authwatch(tmp_path, "status")
    assert done.code == 78
    assert done.err.splitlines() == [
        f'authwatch: {file}:1: interval: expected a time span such as 90m, 8h, 14d or 1h30m, got "5"',
        f'authwatch: {file}:3: policy.lead: expected a list such as [7d, 3d, 1d], got "7d"',
    ]


def test_a_kept_config_is_named_by_its_file(tmp_path: Path) -> None:
    file = configure(tmp_path, "host: fine\n")
    done = authwatch(tmp_path, "check", f"--config={file}", "--kept-config", stdin="a: [1\n")
    assert (done.code, done.err) == (
        78,
        f"authwatch: {file}:2:1: not valid YAML: a bracket is not closed, or a comma is missing\n",
    )


def test_every_command_is_in_one_group_and_described_in_a_sentence() -> None:
    assert sum(map(len, GROUPS.values())) == len(COMMANDS)
    parsers = next(action for action in whole()._actions if action.dest == "command").choices
    assert parsers is not None
    for name in COMMANDS:
        said = parsers[name].description
        assert said[0].isupper() and said.endswith(".") and not said.startswith(f"{name}:")


def test_a_mistake_of_ours_is_reported_without_its_text(tmp_path: Path) -> None:
    from monitor.cli.context import Failure

    try:
        raise ValueError("FAKESECRET")
    except ValueError as error:
        found = Failure.bug(error)
    assert found.code == 70
    assert found.message.startswith("internal error (ValueError at test_common_options.py:")
    assert found.message.endswith("). Please report it, with the output of authwatch --version.")
