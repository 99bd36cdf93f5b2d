"""Programs that print when a credential ends: what they get, what they may answer, and how they are stopped."""

import json
import os
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Evidence, Kind, Observation, Problem, SourceEntry
from monitor.sources import SOURCES, believed_for
from monitor.sources.exec import _expiry, observe
from monitor.system.host import Host, Unreadable
from tests.polling import eventually, gone

AT = datetime(2027, 1, 31, 12, tzinfo=UTC)
ISO = "2027-01-31T12:00:00Z"
KUBE = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
AWS = {"Version": 1, "AccessKeyId": "FAKESECRET", "SecretAccessKey": "FAKESECRET"}


def _program(root: Path, body: str) -> list[str]:
    path = root / "cred"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return [str(path)]


def _look(
    root: Path, command: list[str], environ: dict[str, str] | None = None, trusted: bool = True, **options: Any
) -> Observation:
    given = {"command": tuple(command), "provider": "acme", **options}
    entry = SourceEntry("exec", "vault", given, "c.yaml:3", trusted=trusted)
    (seen,) = observe(Host(root, environ or {"PATH": os.environ["PATH"]}), entry)
    assert isinstance(seen, Observation)
    assert (seen.credential.key, seen.credential.provider) == ("vault/-/vault", "acme")
    assert seen.credential.kind is Kind.EXEC
    assert "FAKESECRET" not in repr(seen)
    return seen


@pytest.mark.parametrize(
    ("answer", "expires"),
    [
        ({**KUBE, "status": {"token": "FAKESECRET", "expirationTimestamp": ISO}}, AT),
        (
            {**KUBE, "status": {"expirationTimestamp": "2027-01-31T12:00:00.123456789Z"}},
            AT + timedelta(microseconds=123456),
        ),
        ({**KUBE, "status": {"expirationTimestamp": "2027-01-31t14:00:00+02:00"}}, AT),
        ({**KUBE, "status": {"token": "FAKESECRET"}}, None),
        ({**KUBE, "status": {"token": "FAKESECRET", "expirationTimestamp": None}}, None),
        ({**AWS, "Expiration": ISO}, AT),
        ({**AWS, "Expiration": "2027-01-31T12:00:00+00:00"}, AT),
        (AWS, None),
        ({"expires_at": ISO}, AT),
        ({"expires_at": AT.timestamp()}, AT),
        ({"expires_at": int(AT.timestamp())}, AT),
        ({"expires_at": int(AT.timestamp() * 1000)}, AT),
        ({"expires_at": str(int(AT.timestamp()))}, AT),
        ({"expires_at": None}, None),
        ({"expires_at": 0}, None),
    ],
)
def test_every_convention_is_understood(answer: Any, expires: datetime | None, tmp_path: Path) -> None:
    seen = _look(tmp_path, _program(tmp_path, f"cat <<'X'\n{json.dumps(answer)}\nX"))
    assert (seen.access_expires_at, seen.refreshable, seen.problem) == (expires, False, None)
    assert (seen.evidence, seen.store) == (Evidence.PRESENT, "the output of cred")


@pytest.mark.parametrize(
    ("body", "problem", "note"),
    [
        ("echo FAKESECRET", Problem.PARSE, "line 1, column 1"),
        ("true", Problem.PARSE, "line 1"),
        (r"printf '\377'", Problem.PARSE, "not UTF-8"),
        ("echo '{}'", Problem.PARSE, "neither"),
        ("echo '[]'", Problem.PARSE, "neither"),
        ("echo null", Problem.PARSE, "neither"),
        ("""echo '{"kind":"ExecCredential"}'""", Problem.PARSE, "neither"),
        ("""echo '{"expires_at":"FAKESECRET"}'""", Problem.PARSE, "no moment"),
        ("""echo '{"expires_at":true}'""", Problem.PARSE, "no moment"),
        ("echo '{\"expires_at\": 1}'; echo FAKESECRET >&2; exit 3", Problem.EXEC_FAILED, "code 3"),
        ("kill -9 $$", Problem.EXEC_FAILED, "signal 9"),
        ("exec /does/not/exist", Problem.EXEC_FAILED, "code 127"),
        ("head -c 65537 /dev/zero", Problem.TOO_LARGE, "more than 65536"),
        ("exec cat /dev/zero", Problem.TOO_LARGE, "more than 65536"),
    ],
)
def test_what_goes_wrong_is_a_problem_with_a_reason(body: str, problem: Problem, note: str, tmp_path: Path) -> None:
    seen = _look(tmp_path, _program(tmp_path, body))
    assert seen.problem is problem
    assert note in seen.notes[0]


@pytest.mark.parametrize(
    "name", ["nobody-has-this", "./nobody-has-this", "~/nobody", "/nobody/has/this", "/", "~/text"]
)
def test_a_program_that_cannot_be_started_failed(name: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    assert _look(tmp_path, [name]).problem is Problem.EXEC_FAILED


def test_a_program_runs_only_from_a_trusted_config(tmp_path: Path) -> None:
    command = _program(tmp_path, "touch ran")
    assert _look(tmp_path, command, trusted=False).problem is Problem.EXEC_FAILED
    assert not (tmp_path / "ran").exists()


def test_it_gets_a_minimal_environment_the_home_as_folder_and_no_input(tmp_path: Path) -> None:
    command = _program(
        tmp_path, "env | cut -d= -f1 | sort > names; cat > input; pwd > where; echo '{\"expires_at\":0}'"
    )
    env = {"PATH": os.environ["PATH"], "LANG": "C", "VAULT_ADDR": "x", "GROQ_API_KEY": "FAKESECRET", "HOME": "/other"}
    assert _look(tmp_path, command, env, env=("VAULT_ADDR", "NOT_SET")).problem is None
    names = set((tmp_path / "names").read_text().split()) - {"_", "PWD", "OLDPWD", "SHLVL"}
    assert names == {"PATH", "HOME", "LANG", "VAULT_ADDR"}
    assert (tmp_path / "input").read_text() == ""
    assert (tmp_path / "where").read_text().strip() == str(tmp_path.resolve())


def test_no_shell_sees_the_arguments(tmp_path: Path) -> None:
    command = _program(tmp_path, 'echo "{\\"expires_at\\": $#}"; printf %s "$1" > first')
    assert _look(tmp_path, [*command, "$(touch ran); *", "two"]).problem is None
    assert (tmp_path / "first").read_text() == "$(touch ran); *"
    assert not (tmp_path / "ran").exists()


def test_a_bare_name_is_found_on_path_and_one_with_a_slash_below_the_home(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    _program(tmp_path / "bin", "echo '{\"expires_at\": 0}'")
    env = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    for name in ("cred", "bin/cred", "~/bin/cred"):
        assert _look(tmp_path, [name], env).problem is None
    assert _look(tmp_path, ["cred"]).problem is Problem.EXEC_FAILED


def test_a_slow_program_is_ended_with_everything_it_started(tmp_path: Path) -> None:
    command = _program(tmp_path, "sleep 600 & echo $! > child; echo $$ > parent; echo '{\"expires_at\":'; sleep 600")
    before = time.monotonic()
    seen = _look(tmp_path, command, timeout=timedelta(seconds=0.5))
    assert time.monotonic() - before < 5
    assert (seen.problem, seen.notes) == (Problem.TIMEOUT, ("no answer within 0.5 s",))
    assert not any(_lives(tmp_path / name) for name in ("child", "parent"))


def test_a_program_that_closes_its_output_and_stays_is_ended_too(tmp_path: Path) -> None:
    command = _program(tmp_path, "echo $$ > parent; echo '{\"expires_at\":0}'; exec >&-; sleep 600")
    assert _look(tmp_path, command, timeout=timedelta(seconds=0.5)).problem is Problem.TIMEOUT
    assert not _lives(tmp_path / "parent")


def _lives(file: Path) -> bool:
    pid = int(file.read_text())
    with suppress(AssertionError):
        return not eventually(lambda: gone(pid), seconds=5)
    return True


def test_the_program_is_a_touch_and_its_variables_are_asked_for(tmp_path: Path) -> None:
    host = Host(tmp_path, {"PATH": "/bin:/usr/bin"})
    command = _program(tmp_path, "echo '{\"expires_at\":0}'")
    list(observe(host, SourceEntry("exec", "x", {"command": command, "env": ("VAULT_ADDR",)}, trusted=True)))
    assert host.touches[command[0]]
    assert {"PATH", "LANG", "VAULT_ADDR"} <= set(host.asked)


def test_a_new_answer_has_another_fingerprint(tmp_path: Path) -> None:
    host = Host(tmp_path, {"PATH": "/bin:/usr/bin"}, key=b"k" * 32)
    prints = []
    for expiry in (5, 5, 6):
        entry = SourceEntry("exec", "x", {"command": ["echo", f'{{"expires_at": {expiry}}}']}, trusted=True)
        (seen,) = observe(host, entry)
        assert isinstance(seen, Observation)
        prints.append(seen.fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_an_answer_is_believed_for_its_interval_only() -> None:
    slow = SourceEntry("exec", "a", {"command": ["x"], "interval": timedelta(hours=1)})
    plain = SourceEntry("exec", "b", {"command": ["x"]})
    files = [SourceEntry(kind, kind) for kind, row in SOURCES.items() if not row.refresh]
    assert believed_for([*files, SourceEntry("to-come", "to-come", chosen=False)]) is None
    assert believed_for([slow, *files]) == timedelta(hours=1)
    assert believed_for([slow, plain]) == timedelta(minutes=5)
    assert believed_for([slow, SourceEntry("a-guest", "g")]) == timedelta(minutes=5)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["kind", "status", "expirationTimestamp", "Expiration", "expires_at", "Version"]), inner
        )
    ),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(answer=_JSON.map(json.dumps).map(str.encode) | st.binary(max_size=40))
def test_no_answer_makes_the_reader_crash(answer: bytes) -> None:
    try:
        found = _expiry(answer, Path("cred"))
    except Unreadable as error:
        assert error.problem is Problem.PARSE
    else:
        assert found is None or found.utcoffset() == timedelta()
