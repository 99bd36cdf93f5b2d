"""What being listed in the table asks of every source."""

import json
import os
import random
import time
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Lineup, Observation, Problem, SourceEntry, Standing
from monitor.sources import SOURCES, observe_all
from monitor.system.host import Host
from tests.sources.homes import HOMES, Home, problems
from tests.unprivileged import unprivileged

NONSENSE = (b"", b'{"half": ', b"\xff\xfe\x00\x01", b"[1, 2", b"SQLite format 3\x00" + b"\xff" * 200)
FACTS = {kind: json.loads((HOMES / kind / "home.json").read_text()) for kind in SOURCES}
STORED = [kind for kind in SOURCES if FACTS[kind]["stores"]]
DAMAGED = [
    (kind, store, nonsense)
    for kind in STORED
    for store in FACTS[kind]["stores"]
    for nonsense in NONSENSE
    if nonsense or store not in FACTS[kind].get("may_be_empty", ())
]


@pytest.fixture(params=SOURCES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    return Home.of(request.param, tmp_path / "home")


def _tree(root: Path) -> dict[str, Any]:
    def facts(path: Path) -> Any:
        found = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        return (found.st_mode, found.st_uid, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, content)

    return {str(path): facts(path) for path in (root, *root.rglob("*"))}


def _moments(value: Any) -> list[datetime]:
    if isinstance(value, datetime):
        return [value]
    if isinstance(value, tuple):  # a record, too
        return [moment for part in value for moment in _moments(part)]
    return []


@pytest.mark.parametrize("kind", SOURCES)
def test_it_is_silent_where_nothing_is_installed(kind: str, tmp_path: Path) -> None:
    for chosen in (True, False):
        assert observe_all(Host(tmp_path, {"HOME": str(tmp_path)}), [SourceEntry(kind, kind, chosen=chosen)]) == []
    assert list(tmp_path.iterdir()) == []


def test_it_finds_its_credential_under_its_own_id(home: Home) -> None:
    seen = [found for found in home.look() if isinstance(found, Observation)]
    assert {one.credential.profile for one in seen} == set(home.facts["finds"])
    assert {one.credential.source for one in seen} == {home.kind}
    assert all(one.fingerprint and one.store for one in seen)
    assert problems(list(seen)) == []


def test_its_moments_are_aware_and_utc(home: Home) -> None:
    found = [moment for finding in home.look() for moment in _moments(finding)]
    assert all(moment.utcoffset() == timedelta() for moment in found)


def test_it_leaves_the_watched_tree_untouched(home: Home) -> None:
    before = _tree(home.root)
    home.look()
    assert _tree(home.root) == before


def test_it_never_carries_the_planted_secret(home: Home) -> None:
    host = home.host()
    findings = observe_all(host, [home.entry()])
    assert findings
    assert "FAKESECRET" not in repr(findings)
    assert "FAKESECRET" not in repr(host.touches)


def test_it_notes_what_it_read(home: Home) -> None:
    host = home.host()
    observe_all(host, [home.entry()])
    for store in home.facts["stores"]:
        assert str(home.root / store) in host.touches
    assert set(home.facts["env"]) <= set(host.asked)


@pytest.mark.parametrize(("kind", "store", "nonsense"), DAMAGED)
def test_it_reports_nonsense_as_a_problem(kind: str, store: str, nonsense: bytes, tmp_path: Path) -> None:
    home = Home.of(kind, tmp_path)
    (tmp_path / store).write_bytes(nonsense)
    found = problems(home.look())
    assert found
    assert Problem.CRASHED not in found


def test_it_reports_what_it_may_not_read(home: Home) -> None:
    for store in home.facts["stores"]:
        (home.root / store).chmod(0)
        unprivileged(lambda: _unreadable(home))
        (home.root / store).chmod(0o600)


def _unreadable(home: Home) -> None:
    assert Problem.UNREADABLE in problems(home.look())


def test_it_reports_a_pipe_without_waiting_for_it(home: Home) -> None:
    for store in home.facts["stores"]:
        (home.root / store).unlink()
        os.mkfifo(home.root / store)
        assert Problem.UNREADABLE in problems(home.look())


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def _mutated(value: Any, other: Any, dice: random.Random) -> Any:
    """The value with `other` at one place of its tree."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        key = dice.choice(sorted(value))
        return {**value, key: _mutated(value[key], other, dice)}
    return other


@pytest.mark.parametrize("kind", STORED)
@settings(max_examples=40, deadline=None)
@given(other=_JSON, dice=st.randoms(use_true_random=False))
def test_no_value_anywhere_in_its_store_makes_it_crash_or_talk(kind: str, other: Any, dice: random.Random) -> None:
    with TemporaryDirectory() as folder:
        home = Home.of(kind, Path(folder))
        for store in home.facts["stores"]:
            if store.endswith(".json"):
                before = json.loads((home.root / store).read_text())
                (home.root / store).write_text(json.dumps(_mutated(before, other, dice)))
        findings = home.look()
        assert Problem.CRASHED not in problems(findings)
        assert "FAKESECRET" not in repr(findings)
        assert all(moment.utcoffset() == timedelta() for found in findings for moment in _moments(found))


@pytest.mark.parametrize("kind", STORED)
@settings(max_examples=25, deadline=None)
@given(raw=st.binary(max_size=200))
def test_no_bytes_in_its_store_make_it_crash(kind: str, raw: bytes) -> None:
    with TemporaryDirectory() as folder:
        home = Home.of(kind, Path(folder))
        for store in home.facts["stores"]:
            (home.root / store).write_bytes(raw)
        assert Problem.CRASHED not in problems(home.look())


@pytest.mark.parametrize("kind", STORED)
@settings(max_examples=25, deadline=None)
@given(raw=st.binary(max_size=12), at=st.floats(0, 1), gone=st.integers(0, 40))
def test_no_splice_in_its_store_makes_it_crash_or_talk(kind: str, raw: bytes, at: float, gone: int) -> None:
    with TemporaryDirectory() as folder:
        home = Home.of(kind, Path(folder))
        for store in home.facts["stores"]:
            before = (home.root / store).read_bytes()
            cut = round(at * len(before))
            (home.root / store).write_bytes(before[:cut] + raw + before[cut + gone :])
        findings = home.look()
        assert Problem.CRASHED not in problems(findings)
        if not gone:  # without what stood between them, a secret can become part of a name
            assert "FAKESECRET" not in repr(findings)


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize("bulk", [" ", "a", "${", "//", "[", "a: ", "\n", "a\n", "'", '"', " #"])
def test_no_bulk_in_its_store_makes_it_slow(kind: str, bulk: str, tmp_path: Path) -> None:
    home = Home.of(kind, tmp_path)
    for store in home.facts["stores"]:
        head = (home.root / store).read_bytes().rstrip()
        (home.root / store).write_bytes(head + b" x = y" + bulk.encode() * (200_000 // len(bulk)) + b"x")
    began = time.process_time()
    assert Problem.CRASHED not in problems(home.look())
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "kind", [kind for kind, row in SOURCES.items() if hasattr(import_module(row.module), "LADDER")]
)
def test_a_ladder_is_what_its_source_declares(kind: str, tmp_path: Path) -> None:
    """Each place is one that the source names, in that order; one serves, and all credentials in it are seen."""
    declared = list(import_module(SOURCES[kind].module).LADDER)
    found = Home.of(kind, tmp_path / "home").look()
    keys = {one.credential.key for one in found if isinstance(one, Observation)}
    for lineup in (one for one in found if isinstance(one, Lineup) and one.ladder):
        named = [next(name for name in declared if rung.place.startswith(name)) for rung in lineup.ladder]
        assert named == sorted(named, key=declared.index)
        assert [rung.standing for rung in lineup.ladder].count(Standing.SERVES) >= 1
        assert {rung.key for rung in lineup.ladder if rung.key} <= keys
        assert set(lineup.keys) == {rung.key for rung in lineup.ladder if rung.standing is Standing.SERVES and rung.key}
