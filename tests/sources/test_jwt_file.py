"""A JWT in a file: what its claims may be, and what is no JWT."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Evidence, Kind, Observation, Problem, SourceEntry
from monitor.sources.jwt_file import observe
from monitor.system.host import Host
from tests.sources.tokens import jwt, raw_jwt

END = 1_800_000_000
END_AT = datetime.fromtimestamp(END, UTC)


def _look(root: Path, token: str | bytes | None) -> Observation:
    if token is not None:
        (root / "tok.jwt").write_bytes(token.encode() if isinstance(token, str) else token)
    entry = SourceEntry("jwt_file", "svc", {"path": "~/tok.jwt", "provider": "acme"})
    (seen,) = observe(Host(root, {}), entry)
    assert isinstance(seen, Observation)
    assert (seen.credential.key, seen.credential.provider) == ("svc/-/svc", "acme")
    assert seen.credential.kind is Kind.TOKEN
    assert "FAKESECRET" not in repr(seen)
    return seen


@pytest.mark.parametrize(
    ("exp", "expires"),
    [
        (END, END_AT),
        (END + 0.25, END_AT + timedelta(seconds=0.25)),
        (str(END), END_AT),
        (END * 1000, END_AT),
        (0, None),
        (-5, None),
        (None, None),
        (10**30, None),
        (float("nan"), None),
    ],
)
def test_exp_may_be_a_number_or_its_digits(exp: Any, expires: datetime | None, tmp_path: Path) -> None:
    seen = _look(tmp_path, jwt(exp=exp, sub="x") + "\n")
    assert (seen.access_expires_at, seen.refreshable, seen.problem) == (expires, False, None)


def test_a_token_without_exp_states_no_end(tmp_path: Path) -> None:
    seen = _look(tmp_path, jwt(sub="x"))
    assert (seen.access_expires_at, seen.lifetime, seen.problem) == (None, None, None)


@pytest.mark.parametrize(
    ("iat", "lifetime"),
    [(END - 3600, timedelta(hours=1)), (END, None), (END + 5, None), ("soon", None), (None, None), (True, None)],
)
def test_iat_gives_the_lifetime_unless_it_makes_no_sense(iat: Any, lifetime: timedelta | None, tmp_path: Path) -> None:
    seen = _look(tmp_path, jwt(exp=END, iat=iat))
    assert (seen.lifetime, seen.access_expires_at) == (lifetime, END_AT)


@pytest.mark.parametrize(
    "token",
    [
        "",
        " \n",
        "FAKESECRET",
        "a.b",
        "a.b.c.d",
        "a.!!!.c",
        "ü.e30.x",
        b"\xff\xfe",
        raw_jwt(b"[1]"),
        raw_jwt(b'"FAKESECRET"'),
        raw_jwt(b'{"exp": FAKESECRET}'),
        raw_jwt(b"[" * 100_000),
        raw_jwt(b'{"exp": ' + b"9" * 5000 + b"}"),
        jwt(exp="soon"),
        jwt(exp=True),
        jwt(exp=[END]),
        jwt(exp={}),
    ],
)
def test_what_is_no_jwt_is_a_parse_problem(token: str | bytes, tmp_path: Path) -> None:
    seen = _look(tmp_path, token)
    assert (seen.problem, seen.access_expires_at) == (Problem.PARSE, None)
    assert seen.notes


def test_an_encrypted_token_is_hidden_and_not_broken(tmp_path: Path) -> None:
    seen = _look(tmp_path, "a.b.c.d.e")
    assert (seen.evidence, seen.problem) == (Evidence.HIDDEN, Problem.ENCRYPTED)


def test_a_configured_file_that_is_not_there_is_absent(tmp_path: Path) -> None:
    seen = _look(tmp_path, None)
    assert (seen.evidence, seen.problem, seen.refreshable) == (Evidence.ABSENT, None, None)


def test_a_file_far_too_large_is_not_read(tmp_path: Path) -> None:
    assert _look(tmp_path, b"a" * 2_000_000).problem is Problem.TOO_LARGE


def test_a_new_token_has_another_fingerprint(tmp_path: Path) -> None:
    host = Host(tmp_path, {}, key=b"k" * 32)
    prints = []
    for token in (jwt(exp=END), jwt(exp=END) + "\n", jwt(exp=END + 1)):
        (tmp_path / "tok.jwt").write_text(token)
        (seen,) = observe(host, SourceEntry("jwt_file", "svc", {"path": "tok.jwt"}))
        assert isinstance(seen, Observation)
        prints.append(seen.fingerprint)
    assert prints[0] == prints[1] != prints[2]
