"""What a gateway is started with: units, drop-ins, environment files, plists, containers; which value counts."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.doctor.model import Health
from monitor.model import Evidence, Observation, Problem
from monitor.openclaw import gateway
from monitor.openclaw.gateway import directives, environment_file, gateway_of, words
from monitor.openclaw.installation import read
from tests.doctor.subjects import said, wrong
from tests.openclaw import homes
from tests.openclaw.homes import DAY, host, look, observations, token, write
from tests.unprivileged import unprivileged

KEY = "sk-or-FAKESECRET"
NAME = "OPENROUTER_API_KEY"
MISSING = "openclaw/main/openrouter:-"
CONFIG = {"agents": {"defaults": {"model": {"primary": "openrouter/auto"}}}}
UNIT = ".config/systemd/user/openclaw-gateway.service"


@pytest.fixture(autouse=True)
def machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /etc/systemd of our own."""
    etc = tmp_path_factory.mktemp("etc")
    monkeypatch.setattr(gateway, "ETC", etc)
    return etc


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose OpenClaw uses OpenRouter and has no key for it."""
    homes.config(tmp_path, CONFIG)
    return tmp_path


def unit(home: Path, *lines: str, name: str = UNIT) -> None:
    write(home / name, "\n".join(("[Unit]", "Environment=A=unit", "[Service]", "ExecStart=node", *lines, "")))


def environment(home: Path, **environ: str) -> dict[str, str]:
    found = gateway_of(host(home, **environ)).settings
    return {name: settings[0].value.reveal() for name, settings in found.items()}


# -- the forms of systemd ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1 B=2", ["A=1", "B=2"]),
        ('"A=b c" \'B=x y\' C="d e"f', ["A=b c", "B=x y", "C=d ef"]),
        (r'"A=a\"b\\c" B=\x41\tx \u00e4 D=\101', ['A=a"b\\c', "B=A\tx", "ä", "D=A"]),
        ('A=""', ["A="]),
        ("A='it\"s'", ['A=it"s']),
        ('A=1 "B=2', ["A=1"]),
        (r"A=1 B=\q C=3", ["A=1"]),
        (r"A=\ud800", []),
        ("", []),
    ],
)
def test_words_are_what_systemd_makes_of_a_value(text, expected):
    assert list(words(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nB=2", {"A": "1", "B": "2"}),
        ("A=1\nA=2", {"A": "2"}),
        ("# A=1\n;B=2\n C = 3 ", {"C": "3"}),
        ("# x\\\nA=1", {"A": "1"}),
        ("A=\"x\nB=no\"\nC='it''s' x", {"A": "x\nB=no", "C": "itsx"}),
        (r'A="a\"b\\c\$d\n"', {"A": 'a"b\\c$d\\n'}),
        ("A=a\\\nb\\ c", {"A": "ab c"}),
        ("export A=1\n1B=2\nC", {}),
        ("A=sp ace # no comment", {"A": "sp ace # no comment"}),
        ("A=\r\nB=2\r\n", {"A": "", "B": "2"}),
        ("A=1\\", {"A": "1"}),
    ],
)
def test_an_environment_file_is_what_systemd_makes_of_it(text, expected):
    assert environment_file(text) == expected


def test_a_line_goes_on_after_a_backslash_and_other_sections_do_not_count():
    text = "[Unit]\nA=0\n[Service]\nA=1 \\\n# why\n  2\n; B=3\nB = 4\nno line\nC=5\\\\\nD=6\\"
    assert list(directives(text)) == [("A", "1  2"), ("B", "4"), ("C", "5\\\\"), ("D", "6")]


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    list(words(text))
    list(directives(f"[Service]\n{text}"))
    environment_file(text)


# -- what a unit says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Environment=A=1", "Environment=A=2 B=3"], {"A": "2", "B": "3"}),
        (["Environment=A=1 B=2", "Environment=", "Environment=C=3"], {"C": "3"}),
        (["Environment=A=1 B=2 C=3", "UnsetEnvironment=A B=no C=3"], {"B": "2"}),
        (["Environment=A=1", "Environment=A="], {}),
        (["Environment=A=%h/x%%20 B=%n"], {"A": "{home}/x%20", "B": "openclaw-gateway.service"}),
        (["EnvironmentFile=%h/one.env", "Environment=A=unit"], {"A": "one", "B": "1"}),
        (["EnvironmentFile=-%h/one.env", "EnvironmentFile=%h/two.env"], {"A": "two", "B": "1"}),
        (["EnvironmentFile=%h/one.env", "EnvironmentFile=", "EnvironmentFile=%h/two.env"], {"A": "two"}),
        (["EnvironmentFile=%h/*.env"], {"A": "two", "B": "1"}),
        (["EnvironmentFile=one.env"], {}),
        (["Environment=not-a-name=1 =2 A"], {}),
    ],
)
def test_a_unit_means_what_systemd_reads_there(tmp_path, lines, expected):
    (tmp_path / "one.env").write_text("A=one\nB=1\n")
    (tmp_path / "two.env").write_text("A=two\n")
    unit(tmp_path, *lines)
    assert environment(tmp_path) == {name: value.format(home=tmp_path) for name, value in expected.items()}


def test_drop_ins_come_after_the_unit_by_name_and_the_users_own_before_the_machines(tmp_path, machine):
    unit(tmp_path, "Environment=A=1 B=1 C=1")
    write(tmp_path / f"{UNIT}.d/20-b.conf", "[Service]\nEnvironment=\nEnvironment=A=2")
    write(tmp_path / f"{UNIT}.d/30-c.conf", "[Service]\nEnvironment=D=own")
    write(tmp_path / f"{UNIT}.d/no.txt", "[Service]\nEnvironment=A=txt")
    write(machine / "user/openclaw-gateway.service.d/30-c.conf", "[Service]\nEnvironment=D=machine")
    write(machine / "user/openclaw-gateway.service.d/10-a.conf", "[Service]\nEnvironment=E=gone")
    assert environment(tmp_path) == {"A": "2", "D": "own"}


def test_a_masked_unit_is_none(tmp_path):
    (tmp_path / UNIT).parent.mkdir(parents=True)
    (tmp_path / UNIT).symlink_to("/dev/null")
    assert gateway_of(host(tmp_path)) == gateway.NO_GATEWAY


@pytest.mark.parametrize(("lines", "ours"), [(["User=root"], False), (["User=0", "Environment=HOME={home}"], True)])
def test_a_unit_of_the_machine_counts_where_it_runs_in_this_home(tmp_path, machine, lines, ours):
    lines = [line.format(home=tmp_path) for line in lines]
    unit(machine, *lines, "Environment=A=%h", name="system/openclaw-gateway.service")
    assert (environment(tmp_path).get("A") == "/root") is ours


def test_each_profile_has_a_unit_of_its_own(tmp_path):
    unit(tmp_path, "Environment=A=default")
    unit(tmp_path, "Environment=A=lab", name=".config/systemd/user/openclaw-gateway-lab.service")
    found = gateway_of(host(tmp_path), "lab")
    assert (found.get("A"), environment(tmp_path)) == ("lab", {"A": "default"})


def test_a_plist_and_the_file_that_its_command_sources(tmp_path):
    exports = tmp_path / ".openclaw/service-env/ai.openclaw.gateway.env"
    write(exports, "export A='it'\\''s'\nexport B='2'\n")
    command = ["/bin/sh", str(exports.with_name("ai.openclaw.gateway-env-wrapper.sh")), str(exports), "node"]
    written = {"EnvironmentVariables": {"A": "plist", "C": "3"}, "ProgramArguments": command}
    path = tmp_path / "Library/LaunchAgents/ai.openclaw.gateway.plist"
    path.parent.mkdir(parents=True)
    path.write_bytes(plistlib.dumps(written))
    assert environment(tmp_path) == {"A": "it's", "B": "2", "C": "3"}


# -- keys -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (UNIT, f'[Service]\nEnvironment="{NAME}={KEY}"'),
        (f"{UNIT}.d/key.conf", f"[Service]\nEnvironment={NAME}={KEY}"),
        (".config/containers/systemd/openclaw.container", f"[Container]\nEnvironment={NAME}={KEY}"),
        (".openclaw/gateway.systemd.env", f"{NAME}={KEY}"),
        (".openclaw/service-env/ai.openclaw.gateway.env", f"export {NAME}='{KEY}'"),
        (".config/openclaw/gateway.env", f"{NAME}={KEY}"),
    ],
)
def test_a_key_that_only_the_gateway_has_is_a_credential_and_nothing_is_missing(home, place, text):
    unit(home)
    if "container" in place:
        (home / UNIT).unlink()
    write(home / place, text)
    found = look(home)
    assert MISSING not in observations(found)
    assert observations(found)[f"openclaw/-/{NAME}"].store == f"~/{place}"
    assert homes.lineups(found)["main", "openrouter"].spare == (NAME,)
    assert "FAKESECRET" not in repr(read(host(home)))


def in_use(home: Path, **environ: str) -> dict[str, tuple[bool | None, str, str]]:
    found = observations(look(home, **environ))
    return {key: (one.use.in_use, one.store, one.use.why_not) for key, one in found.items()}


def test_the_gateways_value_serves_before_the_one_of_dotenv(home):
    write(home / ".openclaw/.env", f"{NAME}={KEY}-new")
    write(home / ".openclaw/gateway.systemd.env", f"{NAME}={KEY}-old")
    unit(home, "EnvironmentFile=-%h/.openclaw/gateway.systemd.env", f"Environment={NAME}={KEY}-new")
    stale = "~/.openclaw/gateway.systemd.env"
    assert in_use(home) == {
        f"openclaw/-/{NAME}": (True, stale, ""),
        f"openclaw/-/openclaw-gateway.service:{NAME}": (False, f"~/{UNIT}", f"{NAME} in {stale} serves instead"),
    }


@pytest.mark.parametrize(("release", "serves"), [("2026.9.6", ".env"), ("2026.5.7", "gateway.systemd.env")])
def test_what_openclaw_put_there_from_dotenv_gives_way_to_it_from_2026_9_on(home, release, serves):
    homes.config(home, {**CONFIG, "meta": {"lastTouchedVersion": release}})
    write(home / ".openclaw/.env", f"{NAME}={KEY}-new")
    write(home / ".openclaw/gateway.systemd.env", f"{NAME}={KEY}-old")
    managed = f"Environment=OPENCLAW_SERVICE_MANAGED_ENV_KEYS={NAME},OTHER"
    unit(home, "EnvironmentFile=-%h/.openclaw/gateway.systemd.env", managed)
    assert in_use(home)[f"openclaw/-/{NAME}"][1] == f"~/.openclaw/{serves}"


def test_two_places_with_one_value_are_one_credential(home):
    write(home / ".openclaw/.env", f"{NAME}={KEY}")
    unit(home, f"Environment={NAME}={KEY}")
    assert list(in_use(home)) == [f"openclaw/-/{NAME}"]


def test_what_serves_is_the_gateways_although_the_shell_has_another(home):
    unit(home, f"Environment={NAME}={KEY}")
    found = read(host(home, **{NAME: "sk-or-FAKESECRET-shell"})).environment
    assert (found.get(NAME), found.of_shell().get(NAME)) == (KEY, "sk-or-FAKESECRET-shell")


# -- places that cannot be read ---------------------------------------------------------------------------------


def missing(home: Path, **environ: str) -> Observation:
    return observations(look(home, **environ))[MISSING]


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["EnvironmentFile=/nowhere/keys.env"], "/nowhere/keys.env"),
        (["EnvironmentFile=%h/folder.env"], "~/folder.env"),
        (["EnvironmentFile=-%h/folder.env"], "~/folder.env"),
        ([f"PassEnvironment=A {NAME}"], f"~/{UNIT}"),
        ([f"ImportCredential={NAME.lower()}"], f"~/{UNIT}"),
        (["ImportCredential=openrouter-*"], f"~/{UNIT}"),
        ([f"LoadCredential={NAME}:/etc/key"], f"~/{UNIT}"),
        (["EnvironmentFile=-/nowhere/keys.env"], ""),
        (["PassEnvironment=OTHER"], ""),
        ([], ""),
    ],
)
def test_a_key_that_may_lie_where_nobody_can_look_is_unknown_and_not_missing(home, lines, named):
    (home / "folder.env").mkdir()
    unit(home, *lines)
    found = missing(home)
    assert found.evidence is Evidence.ABSENT
    assert (found.problem, found.store) == (
        (Problem.UNREADABLE, named) if named else (None, "~/.openclaw/openclaw.json")
    )
    (health,) = {one.health for one in said(home, "providers")}
    assert health is (Health.WARNING if named else Health.BROKEN)


@pytest.mark.parametrize("name", ["keys.env", UNIT, f"{UNIT}.d", ".openclaw/gateway.systemd.env"])
def test_what_may_not_be_read_is_named(home, name):
    unit(home, "EnvironmentFile=-%h/keys.env")
    for there in ("keys.env", f"{UNIT}.d/a.conf", ".openclaw/gateway.systemd.env"):
        write(home / there, "")
    (home / name).chmod(0)
    unprivileged(lambda: _named(home, f"~/{name}"))
    (home / name).chmod(0o700)


def _named(home: Path, store: str) -> None:
    assert missing(home).store == store


def test_a_gateway_in_a_container_may_have_any_key(home):
    write(home / ".config/containers/systemd/openclaw.container", "[Container]\nImage=openclaw\nEnvironment=A=1")
    assert missing(home).problem is Problem.UNREADABLE


@pytest.mark.parametrize(("folder", "problem"), [(".openclaw", Problem.UNREADABLE), (".other", None)])
def test_a_docker_set_up_counts_for_the_state_folder_that_it_was_made_for(home, folder, problem):
    write(home / "openclaw/.env", f"OPENCLAW_CONFIG_DIR={home}/{folder}\n")
    assert missing(home).problem is problem


# -- where the state lies ---------------------------------------------------------------------------------------


def moved(home: Path, value: Any = None) -> None:
    """A state folder that only the unit names, with a token that is over."""
    store = {"version": 1, "profiles": {"anthropic:a": token(-DAY)}}
    write(home / "claw/agents/main/agent/auth-profiles.json", value or store)
    write(home / "claw/openclaw.json", homes.USES)
    unit(home, f"Environment=OPENCLAW_STATE_DIR={home}/claw")


def test_the_gateways_state_is_the_one_to_look_at_and_the_command_leads_there(home):
    moved(home)
    one = observations(look(home))["openclaw/main/anthropic:a"]
    assert one.store.startswith("~/claw/")
    assert one.relogin.startswith(f"OPENCLAW_STATE_DIR={home}/claw openclaw models auth paste-token ")


def test_a_place_that_our_own_environment_names_comes_first_and_its_gateway_alone_counts(home):
    moved(home)
    unit(home, f"Environment=OPENCLAW_STATE_DIR={home}/claw {NAME}={KEY}")
    assert missing(home, OPENCLAW_STATE_DIR="~/.openclaw").problem is None
    found = look(home, OPENCLAW_STATE_DIR="~/claw")
    assert f"openclaw/-/{NAME}" in observations(found)
    assert observations(found)["openclaw/main/anthropic:a"].relogin.startswith("openclaw ")


def test_a_unit_that_names_a_folder_which_is_gone_moves_nothing(home):
    unit(home, f"Environment=OPENCLAW_STATE_DIR={home}/gone {NAME}={KEY}")
    assert read(host(home)).places.state == home / ".openclaw"


def test_the_unit_of_a_profile_belongs_to_its_state_folder(home):
    lab = home / ".openclaw-lab"
    write(lab / "openclaw.json", CONFIG)
    unit(home, f"Environment={NAME}={KEY}", name=".config/systemd/user/openclaw-gateway-lab.service")
    assert missing(home)
    for variables in ({}, {"OPENCLAW_STATE_DIR": str(lab)}):
        found = observations(look(home, {"profile": "lab"}, **variables))
        assert f"openclaw/-/{NAME}" in found
        assert MISSING not in found


# -- cost, gate, doctor -----------------------------------------------------------------------------------------


def test_a_home_without_a_gateway_costs_a_few_looks_and_each_place_reopens_the_gate(home):
    with_gateway, without = host(home), host(home)
    read(without)
    words = ("-gateway", "ai.openclaw", "containers", "gateway.systemd", "service-env", "gateway.env")
    looks = {path.replace(str(home), "~") for path in without.touches}
    assert len({path for path in looks if any(word in path for word in words)}) < 10
    unit(home, "EnvironmentFile=-%h/keys.env")
    read(with_gateway)
    assert {f"{home}/{UNIT}", f"{home}/{UNIT}.d", f"{home}/keys.env"} <= {*with_gateway.touches}
    assert {f"~/{UNIT}", "~/.openclaw/gateway.systemd.env"} <= looks


def test_the_doctor_tells_where_shell_dotenv_and_gateway_disagree(home):
    write(home / ".openclaw/.env", f"{NAME}={KEY}-env")
    unit(home, f"Environment={NAME}={KEY}-unit")
    found = wrong(said(home, "shadows", **{NAME: f"{KEY}-shell"}))
    assert [one.what for one in found] == [
        f"{NAME} has one value in this shell and another in ~/{UNIT}",
        f"{NAME} has another value in ~/.openclaw/.env than in ~/{UNIT}",
    ]
    assert all(one.mend and "FAKESECRET" not in repr(one) for one in found)


def test_the_doctor_is_silent_where_all_agree(home):
    write(home / ".openclaw/.env", f"{NAME}={KEY}")
    unit(home, f"Environment={NAME}={KEY}")
    assert wrong(said(home, "shadows", **{NAME: KEY})) == []
