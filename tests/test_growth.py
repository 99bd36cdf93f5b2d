"""Nothing that a look does grows faster than what it looks at, and absurd trees cost a bounded time and memory.

Counted, not timed: every line run and every turn of a loop, at one size and at four times that size.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from monitor.check.collect import CheckOptions, look
from monitor.check.status import document
from monitor.cli.status_text import text
from monitor.config.load import load
from monitor.history.changes import changes
from monitor.judge.conditions import conditions, unshown
from monitor.judge.judge import judge
from monitor.metrics.definitions import Facts
from monitor.metrics.exposition import body
from monitor.model import Finding, Observation
from monitor.openclaw.compat.models_status import report
from monitor.system.host import MAX_VALUES, Host
from tests.command import argv, environment
from tests.growth import SHAPES
from tests.openclaw_home import DAY, openclaw, put, token

SMALL, TIMES = 40, 4
LINEAR = 4.6


def work(act: Callable[[], Any]) -> int:
    """How many lines run, a turn of a loop being one at least."""
    count = 0

    def line(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += 1
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def check(home: Path, variables: dict[str, str]) -> None:
    """All that a check and `models status` find out from a home, without writing: at first, unchanged, and when every
    login got another secret and another name."""
    now = datetime.now(UTC)
    environ = {"HOME": str(home), **variables}
    host = Host(home, environ, key=b"k" * 32)
    asked = CheckOptions(load(host, None))
    findings = look(asked, host, now)
    known: dict[str, Any] = {}
    for seen in (findings, findings, _renewed(findings), _renamed(findings)):
        judgement = judge(seen, known, asked.settings.policy, now, frozenset(host.touches))
        known |= changes(judgement, known, now).rows
        found = conditions(judgement, host="h", privacy="open", now=now)
        text(document(judgement, at=now, host="h", known=known, findings=unshown(found, (), ())), color=False)
        body(judgement, Facts())
    report(Host(home, environ), None, now).text()


def _renewed(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(
        one._replace(fingerprint=f"{one.fingerprint}+") if isinstance(one, Observation) and one.fingerprint else one
        for one in findings
    )


def _renamed(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(
        one._replace(credential=one.credential._replace(profile=f"{one.credential.profile}+"))
        if isinstance(one, Observation)
        else one
        for one in findings
    )


@pytest.mark.parametrize("name", SHAPES)
def test_a_home_four_times_as_large_is_four_times_the_work(name: str, tmp_path: Path) -> None:
    counts = []
    for size in (2, SMALL, SMALL * TIMES):  # the first loads what is loaded once
        home = tmp_path / str(size)
        home.mkdir()
        variables = SHAPES[name](home, size) or {}
        counts.append(work(lambda home=home, variables=variables: check(home, variables)))  # type: ignore[misc]
    assert counts[2] / counts[1] < LINEAR, counts


# -- absurd trees ---------------------------------------------------------------------------------------------

SECONDS, MEGABYTES = 5, 120


#: A child's peak begins with that of who forks it: a small process does.
LAUNCHER = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=sys.stderr)
"""


def cost(home: Path, *words: str) -> tuple[int, Any, float, float]:
    """Exit code, JSON, CPU seconds and peak MB of one command."""
    launched = [sys.executable, "-I", "-S", "-c", LAUNCHER, *argv(*words, "--json")]
    done = subprocess.run(launched, env=environment(home), cwd=home, capture_output=True, text=True, check=True)
    code, seconds, megabytes = done.stderr.splitlines()[-1].split()
    return int(code), json.loads(done.stdout), float(seconds), float(megabytes)


def many_values(home: Path) -> None:
    put(home / ".openclaw/agents/main/agent/auth-profiles.json", "[" + "[]," * 2_600_000 + "[]]")


def many_keys(home: Path) -> None:
    keys = ",".join(f'"k{i}":"v{i}"' for i in range(MAX_VALUES - 9))
    put(home / ".openclaw/agents/main/agent/auth-profiles.json", f'{{"profiles":{{"a":{{{keys}}}}}}}')


def long_names(home: Path) -> None:
    openclaw(home, {f"{i}{'x' * 1_000_000}": token(f"p{i}") for i in range(5)})


def wide_text(home: Path) -> None:
    openclaw(home, {"anthropic:x": token(secret="\U0001f600" + "x" * 7_000_000)})


def many_large_files(home: Path) -> None:
    for at in range(40):
        openclaw(home, {"anthropic:x": token(secret="x" * 4_000_000)}, f"a{at}")


def too_many_profiles(home: Path) -> None:
    openclaw(home, {f"p{i}:x": token(f"p{i}") for i in range(30_000)})


def too_many_places(home: Path) -> None:
    put(home / ".openclaw/openclaw.json", json.dumps({"agents": {"list": [{"id": f"a{i}"} for i in range(300)]}}))
    openclaw(home, {f"p{i}:x": token(f"p{i}") for i in range(2_000)})


def too_many_models(home: Path) -> None:
    inherited = {"model": "anthropic/x", "imageModel": {"fallbacks": [f"p{i}/m" for i in range(20_000)]}}
    agents = [{"id": f"a{i}", "model": f"own{i}/m"} for i in range(250)]
    put(home / ".openclaw/openclaw.json", json.dumps({"agents": {"defaults": inherited, "list": agents}}))


def a_long_path(home: Path) -> None:
    agents = [{"id": f"a{i}", "agentDir": "a/" * 300_000} for i in range(1)]
    put(home / ".openclaw/openclaw.json", json.dumps({"agents": {"list": agents}}))


HOSTILE = [
    many_values,
    many_keys,
    long_names,
    wide_text,
    many_large_files,
    too_many_profiles,
    too_many_places,
    too_many_models,
    a_long_path,
]


@pytest.mark.parametrize("make", HOSTILE)
@pytest.mark.parametrize("command", ["status", "check"])
def test_an_absurd_tree_costs_little_hides_no_dead_login_of_another_and_is_told_as_too_large(
    make: Callable[[Path], None], command: str, tmp_path: Path
) -> None:
    (tmp_path / ".openclaw/agents/main/agent").mkdir(parents=True)
    make(tmp_path)
    dead = {"accessToken": "", "refreshToken": "", "expiresAt": 1}
    (tmp_path / ".claude").mkdir()
    put(tmp_path / ".claude/.credentials.json", json.dumps({"claudeAiOauth": dead}))
    code, said, seconds, megabytes = cost(tmp_path, command)
    assert said["exit_code"] == 1
    assert [one["key"] for one in said["profiles"] if one["source"] == "claude-code"] == [
        "claude-code/-/claude-code:default"
    ]
    assert code == (1 if command == "check" else 0)
    assert (seconds < SECONDS, megabytes < MEGABYTES) == (True, True), (seconds, megabytes)
    if make in (many_values, many_large_files, too_many_profiles, too_many_places, too_many_models):
        assert {one["problem"] for one in said["problems"]} == {"too_large"}


def test_real_sizes_are_far_from_every_bound(tmp_path: Path) -> None:
    """500 logins with tokens of 2 KB, 50 agents, 60 fallbacks."""
    agents = [{"id": f"a{i}"} for i in range(50)]
    models = {"model": {"primary": "anthropic/x", "fallbacks": [f"anthropic/m{i}" for i in range(60)]}}
    put_config = json.dumps({"agents": {"defaults": models, "list": agents}})
    (tmp_path / ".openclaw").mkdir()
    put(tmp_path / ".openclaw/openclaw.json", put_config)
    openclaw(tmp_path, {f"anthropic:{i}": token(ends_in=100 * DAY, secret=f"{i}" * 600) for i in range(500)})
    code, said, *_ = cost(tmp_path, "status")
    assert (code, said["problems"], len(said["profiles"])) == (0, [], 500)
