"""Guests: what another package's source may do wrong, and that it costs one trouble of that source."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Credential, Kind, Lineup, Observation, Problem, SourceEntry, Trouble, Use
from monitor.sources.guests import MOST, leashed
from monitor.system.host import Host

ENTRY = SourceEntry("vault", "vault", where="c.yaml:3", trusted=True)
SEEN = Observation(
    Credential("vault", "-", "p", "vault:a", Kind.TOKEN), access_expires_at=datetime(2027, 1, 1, tzinfo=UTC)
)


def load(body: Callable[[Host, SourceEntry], Any]) -> Callable[[], Any]:
    return lambda: body


def hangs(host: Host, entry: SourceEntry) -> Iterator[Any]:
    yield SEEN
    threading.Event().wait(60)


def spins(host: Host, entry: SourceEntry) -> Iterator[Any]:
    end = time.monotonic() + 3
    while time.monotonic() < end:
        host.exists(host.home / str(time.monotonic()))
    yield SEEN


def crashes(host: Host, entry: SourceEntry) -> Iterator[Any]:
    yield SEEN
    raise RuntimeError("FAKESECRET")


def leaves(host: Host, entry: SourceEntry) -> Iterator[Any]:
    yield SEEN
    sys.exit("FAKESECRET")


def floods(host: Host, entry: SourceEntry) -> Iterator[Any]:
    while True:
        yield SEEN


@pytest.mark.parametrize(
    ("body", "found", "problem", "words"),
    [
        (hangs, 1, Problem.TIMEOUT, "did not end within 0.5 s"),
        (spins, 0, Problem.TIMEOUT, "did not end within 0.5 s"),
        (crashes, 1, Problem.CRASHED, "RuntimeError at test_guests.py:"),
        (leaves, 1, Problem.CRASHED, "SystemExit at test_guests.py:"),
        (floods, MOST, Problem.CRASHED, f"more than {MOST}"),
        (lambda host, entry: None, 0, Problem.CRASHED, "TypeError"),
        (lambda: [], 0, Problem.CRASHED, "TypeError"),
        ("no function", 0, Problem.CRASHED, "TypeError"),
    ],
)
def test_a_guest_that_fails_costs_one_trouble(
    body: Any, found: int, problem: Problem, words: str, tmp_path: Path
) -> None:
    host = Host(tmp_path, {})
    began = time.monotonic()
    *kept, trouble = leashed(host, ENTRY, load(body), 0.5 if problem is Problem.TIMEOUT else 10)
    assert time.monotonic() - began < 8
    assert kept == [SEEN] * found
    assert isinstance(trouble, Trouble)
    assert (trouble.source, trouble.problem) == ("vault", problem)
    assert words in trouble.detail
    assert "FAKESECRET" not in repr(trouble)


def test_a_guest_that_cannot_be_imported_costs_one_trouble(tmp_path: Path) -> None:
    def broken() -> Any:
        raise ImportError("FAKESECRET")

    (trouble,) = leashed(Host(tmp_path, {}), ENTRY, broken)
    assert isinstance(trouble, Trouble)
    assert "ImportError at test_guests.py:" in trouble.detail


def test_a_guest_that_is_left_behind_changes_nothing_any_more(tmp_path: Path) -> None:
    host = Host(tmp_path, {})
    list(leashed(host, ENTRY, load(spins), 0.3))
    assert host.touches == {}


def test_what_a_guest_touched_is_noted(tmp_path: Path) -> None:
    def reads(host: Host, entry: SourceEntry) -> Iterator[Any]:
        host.text(host.home / "store")
        host.env("VAULT")
        yield SEEN

    host = Host(tmp_path, {})
    assert list(leashed(host, ENTRY, load(reads))) == [SEEN]
    assert (list(host.touches), list(host.asked)) == ([str(tmp_path / "store")], ["VAULT"])


NONSENSE: list[tuple[Any, str]] = [
    (None, "no finding"),
    ({"key": "FAKESECRET"}, "no finding"),
    (SEEN.credential, "no finding"),
    (SEEN._replace(credential=SEEN.credential._replace(source="openclaw")), "source"),
    (SEEN._replace(credential=SEEN.credential._replace(kind="oauth")), "kind"),  # type: ignore[arg-type]
    (SEEN._replace(credential=SEEN.credential._replace(profile="\ud800")), "profile"),
    (SEEN._replace(credential=None), "credential"),  # type: ignore[arg-type]
    (SEEN._replace(access_expires_at="2027-01-01"), "access_expires_at"),  # type: ignore[arg-type]
    (SEEN._replace(access_expires_at=datetime(2027, 1, 1)), "access_expires_at, which must be aware"),
    (SEEN._replace(login_expires_at=datetime(2027, 1, 1, tzinfo=timezone(timedelta(hours=1)))), "login_expires_at"),
    (SEEN._replace(use=Use(rank="first")), "rank"),  # type: ignore[arg-type]
    (SEEN._replace(notes=["FAKESECRET"]), "notes"),  # type: ignore[arg-type]
    (SEEN._replace(notes=("x" * 5000,)), "notes"),
    (SEEN._replace(fingerprint=b"FAKESECRET"), "fingerprint"),  # type: ignore[arg-type]
    (Lineup("vault", "-", "p", keys=(1,)), "keys"),  # type: ignore[arg-type]
    (Trouble("vault", "odd", "", ""), "problem"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("finding", "field"), NONSENSE, ids=[field for _, field in NONSENSE])
def test_nonsense_is_named_by_its_field(finding: Any, field: str, tmp_path: Path) -> None:
    first, trouble = leashed(Host(tmp_path, {}), ENTRY, load(lambda host, entry: [SEEN, finding, SEEN]))
    assert first == SEEN
    assert isinstance(trouble, Trouble)
    assert trouble.problem is Problem.CRASHED
    assert f"nonsense: {field}" in trouble.detail
    assert "FAKESECRET" not in repr(trouble)


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.datetimes() | st.timedeltas() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.tuples(inner) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(name=st.sampled_from(sorted(Observation._fields)), value=_ANY)
def test_whatever_a_guest_yields_is_sound_or_a_trouble(name: str, value: Any) -> None:
    finding = SEEN._replace(**{name: value})
    found = list(leashed(Host(Path("/nonexistent"), {}), ENTRY, load(lambda host, entry: [finding])))
    assert len(found) == 1
    repr(found).encode()
