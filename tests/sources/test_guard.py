"""The guard around sources: a failure of one is told and silences no other."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.model import Credential, Finding, Kind, Observation, Problem, SourceEntry, Trouble
from monitor.sources import SOURCES, SourceType, observe_all
from monitor.system.host import Host, Unreadable

SEEN = Observation(Credential("bad", "-", "p", "bad:one", Kind.TOKEN))


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """A source that finds one thing and then fails as its entry says."""
    yield SEEN
    match entry.id:
        case "crash":
            raise KeyError("FAKESECRET")
        case "unreadable":
            raise Unreadable(Problem.LOCKED, host.home / "store", "locked")
        case "nonsense":
            yield "FAKESECRET"  # type: ignore[misc]


def guest(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """A source that another package brings."""
    yield SEEN._replace(credential=SEEN.credential._replace(source=entry.id))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path, {"GROQ_API_KEY": "x"})


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.sources.SOURCES", {**SOURCES, "bad": SourceType(__name__)})


@pytest.mark.parametrize(
    ("id", "problem"),
    [("crash", Problem.CRASHED), ("unreadable", Problem.LOCKED), ("nonsense", Problem.CRASHED)],
)
def test_a_failing_source_gives_one_trouble_and_drops_nothing_else(id: str, problem: Problem, host: Host) -> None:
    found = observe_all(host, [SourceEntry("bad", id), SourceEntry("env", "env")])
    assert found[0] is SEEN
    assert isinstance(found[1], Trouble)
    assert (found[1].source, found[1].problem) == (id, problem)
    assert isinstance(found[2], Observation)
    assert len(found) == 3
    assert "FAKESECRET" not in repr(found)


def test_a_crash_names_its_kind_and_place(host: Host) -> None:
    trouble = observe_all(host, [SourceEntry("bad", "crash")])[1]
    assert isinstance(trouble, Trouble)
    assert trouble.detail.startswith("KeyError at test_guard.py:")


def test_a_default_without_a_module_is_silent_and_a_chosen_one_is_not(host: Host) -> None:
    assert observe_all(host, [SourceEntry("to-come", "to-come", chosen=False)]) == []
    (trouble,) = observe_all(host, [SourceEntry("to-come", "to-come", where="c.yaml:3")])
    assert isinstance(trouble, Trouble)
    assert (trouble.problem, trouble.store) == (Problem.NOT_FOUND, "c.yaml:3")


def test_a_guest_runs_only_from_a_config_that_nobody_else_can_write(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "guest-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1\n")
    (package / "entry_points.txt").write_text(f"[authwatch.sources]\nvault = {__name__}:guest\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (seen,) = observe_all(host, [SourceEntry("vault", "vault", trusted=True)])
    assert isinstance(seen, Observation)
    assert seen.credential.key == "vault/-/bad:one"
    (trouble,) = observe_all(host, [SourceEntry("vault", "vault")])
    assert isinstance(trouble, Trouble)
    assert trouble.problem is Problem.UNREADABLE


def test_a_source_that_is_not_configured_is_not_imported() -> None:
    import subprocess

    code = "import sys, monitor.config.settings; print([m for m in sys.modules if m.startswith('monitor.sources.')])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
