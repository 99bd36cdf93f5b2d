"""Every source declares which variables choose where it looks: all of those, no other, and never one with a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.model import Observation, SourceEntry
from monitor.openclaw.env import PROVIDERS
from monitor.sources import SOURCES, observe_all
from monitor.sources.location_variables import LocationValue, declared, exported, in_force, located
from monitor.system.host import Host
from tests.sources.homes import Home

KINDS = sorted(SOURCES)
DECLARED = [(kind, variable) for kind in KINDS for variable in declared(kind)]
IDS = [f"{kind} {variable.name}" for kind, variable in DECLARED]


def touched(home: Path, kind: str, **environ: str) -> tuple[set[str], set[str]]:
    """What a source touches in an environment, and the names that it asks for."""
    host = Host(home, {"HOME": str(home), **environ}, key=b"k" * 32)
    observe_all(host, [SourceEntry(kind, kind, trusted=True)])
    return {*host.touches}, {*host.asked}


def ways(home: Path, kind: str) -> dict[str, str]:
    """Every name that a source asks for, with a value that shows in a path wherever it becomes one."""
    _, asked = touched(home, kind)
    return {name: f"/marked-{name}" for name in asked} | {name: f"marked-{name}" for name in asked if "PROFILE" in name}


@pytest.mark.parametrize("kind", KINDS)
def test_what_chooses_a_place_is_declared_and_nothing_else_is(kind, tmp_path):
    names = {variable.name for variable in declared(kind)}
    for name, value in ways(tmp_path, kind).items():
        places, _ = touched(tmp_path, kind, **{name: value})
        assert name in names or not any(f"marked-{name}" in place for place in places), f"{name} chooses a place"
    assert names <= touched(tmp_path, kind)[1] | {"GEMINI_FORCE_ENCRYPTED_FILE_STORAGE", "ANTHROPIC_PROFILE"}


@pytest.mark.parametrize(("kind", "variable"), DECLARED, ids=IDS)
def test_what_is_declared_leads_to_the_place_that_its_source_looks_at(kind, variable, tmp_path):
    if variable.value is LocationValue.NAME and not variable.folder:
        return  # it chooses among what lies in one place
    value = "there" if variable.value is LocationValue.NAME else "~/there/it"
    environ = {variable.name: value}
    if variable.name == "PI_CODING_AGENT_DIR":
        (tmp_path / ".openclaw").mkdir()  # without an OpenClaw it is Pi's alone
    host = Host(tmp_path, {"HOME": str(tmp_path), **environ})
    ((where,),) = in_force(host, [SourceEntry(kind, kind)]).values()
    places = touched(tmp_path, kind, **environ)[0]
    if variable.name == "OPENCLAW_INCLUDE_ROOTS":
        assert where.path == f"{tmp_path}/there/it"  # looked at only where a config includes something
    else:
        assert any(where.holds(place) for place in places), (where, sorted(places))


def test_no_variable_with_a_key_is_declared():
    for kind, variable in DECLARED:
        assert variable.name not in PROVIDERS.keys() - {"AWS_PROFILE"}  # the name of a profile
        assert not variable.name.endswith(("_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_CONTENT")), kind


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_of_its_home_is_ever_exported(kind, tmp_path):
    home = Home.of(kind, tmp_path)
    assert "FAKESECRET" not in repr(exported(home.host(), [home.entry()]))
    assert "FAKESECRET" not in repr(in_force(home.host(), [home.entry()]))


def test_a_login_carries_the_variables_on_which_it_hangs_and_no_others(tmp_path):
    entry = SourceEntry("claude-code", "claude-code")
    environ = {"HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": "~/moved", "XDG_CONFIG_HOME": str(tmp_path / "x")}
    for folder, base in (
        (tmp_path / "moved", "CLAUDE_CONFIG_DIR"),
        (tmp_path / "x/anthropic/credentials", "XDG_CONFIG_HOME"),
    ):
        folder.mkdir(parents=True)
        name = ".credentials.json" if base == "CLAUDE_CONFIG_DIR" else "work.json"
        (folder / name).write_text('{"claudeAiOauth": {"accessToken": "a"}, "access_token": "b"}')
    host = Host(tmp_path, environ, key=b"k" * 32)
    found = {
        one.credential.profile: [(place.variable, place.value) for place in one.through]
        for one in located(host, [entry], observe_all(host, [entry]))
        if isinstance(one, Observation)
    }
    assert found == {
        "claude-code:default": [("CLAUDE_CONFIG_DIR", "~/moved")],
        "anthropic:work": [("XDG_CONFIG_HOME", "~/x")],
    }


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"OPENCLAW_STATE_DIR": "~/oc"}, "{home}/oc"),
        ({"OPENCLAW_STATE_DIR": "~"}, "{home}"),
        ({"OPENCLAW_STATE_DIR": " /srv/oc "}, "/srv/oc"),
        ({"OPENCLAW_STATE_DIR": "~/oc", "OPENCLAW_HOME": "/data"}, "/data/oc"),
        ({"OPENCLAW_STATE_DIR": "~/oc", "OPENCLAW_HOME": "undefined"}, "{home}/oc"),
        ({"OPENCLAW_STATE_DIR": "  "}, None),
        ({"OPENCLAW_PROFILE": "work"}, "work"),
        ({"OPENCLAW_PROFILE": "default"}, None),
        ({"OPENCLAW_PROFILE": "../x"}, None),
        ({"OPENCLAW_INCLUDE_ROOTS": "~/a: /b:"}, "{home}/a:/b"),
    ],
)
def test_values_are_expanded_as_the_program_does(environ, path, tmp_path):
    host = Host(tmp_path, {"HOME": str(tmp_path), **environ})
    name = next(iter(environ))
    found = exported(host, [SourceEntry("openclaw", "openclaw")])
    assert found.get(name) == (path.format(home=tmp_path) if path else None)
    again = Host(tmp_path, {"HOME": str(tmp_path), **found})
    assert exported(again, [SourceEntry("openclaw", "openclaw")]) == found
    (here, there) = (touched(tmp_path, "openclaw", **one)[0] for one in (environ, found))
    assert here == there, "a process with what is exported looks in the same places"


@pytest.mark.parametrize("option", ["home", "path"])
def test_an_entry_that_looks_elsewhere_asks_for_none(option, tmp_path):
    host = Host(tmp_path, {"HOME": str(tmp_path), "CODEX_HOME": "/x"})
    entry = SourceEntry("codex", "codex", {option: str(tmp_path)})
    assert (in_force(host, [entry]), exported(host, [entry])) == ({}, {})


def test_a_guest_declares_its_own_once_it_is_loaded(tmp_path, monkeypatch):
    from importlib import metadata

    (tmp_path / "tally_guest.py").write_text(
        "from monitor.sources.location_variables import LocationVariable\n"
        'LOCATIONS = (LocationVariable("TALLY_HOME"), "nonsense")\n'
        "def observe(host, entry):\n    return iter(())\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    point = metadata.EntryPoint("tally", "tally_guest:observe", "authwatch.sources")
    monkeypatch.setattr(metadata, "entry_points", lambda **_: [point])
    entry = SourceEntry("tally", "tally", trusted=True)
    host = Host(tmp_path, {"HOME": str(tmp_path), "TALLY_HOME": "~/t"})
    assert exported(host, [entry]) == {}
    assert observe_all(host, [entry]) == []
    assert exported(host, [entry]) == {"TALLY_HOME": f"{tmp_path}/t"}
