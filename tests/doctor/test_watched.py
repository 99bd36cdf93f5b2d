"""What is watched: stores, their modes and owners, old copies, and keys that come before logins; each both ways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from monitor.doctor.model import Health
from tests.command import ROOT
from tests.doctor.subjects import everything, only, said, wrong
from tests.openclaw import homes
from tests.openclaw_home import DAY, HOUR, ms, oauth, openclaw, put, store, token


def private(home: Path) -> None:
    """Every folder and file for its owner only."""
    for path in home.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def claude(home: Path, refresh: str = "ref-FAKESECRET-c") -> Path:
    path = home / ".claude" / ".credentials.json"
    path.parent.mkdir(exist_ok=True)
    login = {"accessToken": "FAKESECRET-a", "refreshToken": refresh, "expiresAt": ms(HOUR)}
    put(path, json.dumps({"claudeAiOauth": login}))
    return path


# -- sources ----------------------------------------------------------------------------------------------------


def test_stores_are_told_tool_by_tool_and_agent_by_agent(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token(), "anthropic:b": token()})
    openclaw(tmp_path, {"anthropic:c": token()}, agent="lab")
    claude(tmp_path)
    assert [(one.health, one.what) for one in said(tmp_path, "sources")] == [
        (Health.FINE, "claude-code: 1 login in ~/.claude/.credentials.json"),
        (Health.FINE, "openclaw, agent lab: 1 login in ~/.openclaw/agents/lab/agent/auth-profiles.json"),
        (Health.FINE, "openclaw, agent main: 2 logins in ~/.openclaw/agents/main/agent/auth-profiles.json"),
    ]


def test_of_many_agents_only_their_number_is_told(tmp_path):
    for number in range(20):
        openclaw(tmp_path, {"anthropic:a": token()}, agent=f"a{number}")
    assert [one.what for one in said(tmp_path, "sources")] == ["openclaw: 20 logins of 20 agents in 20 places"]


def test_a_store_that_cannot_be_understood_is_broken_unless_nobody_watches_it(tmp_path):
    put(openclaw(tmp_path, {}), '{"profiles": {')
    found = only(said(tmp_path, "sources"))
    assert found.health is Health.BROKEN
    assert found.mend == f"ls -ld -- {store(tmp_path)}"
    config = "policy: {rules: [{match: {source: openclaw}, watch: false}]}\n"
    assert [one for one in said(tmp_path, "sources", config) if one.health is Health.BROKEN] == []


def test_an_empty_home_is_a_warning(tmp_path):
    assert only(said(tmp_path, "sources")).what == "no logins found"


def test_what_is_found_beside_is_only_mentioned(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    (tmp_path / ".npmrc").write_text("//registry.npmjs.org/:_authToken=FAKESECRET\n")
    assert any(one.what.startswith("npm: also found") for one in said(tmp_path, "sources"))
    assert wrong(said(tmp_path, "sources")) == []


# -- modes and owners -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "mode", "mend"),
    [
        (".openclaw/agents/main/agent/auth-profiles.json", 0o644, "chmod 600"),
        (".openclaw/agents/main/agent/auth-profiles.json", 0o660, "chmod 600"),
        (".openclaw/openclaw.json", 0o604, "chmod 600"),
        (".openclaw/.env", 0o640, "chmod 600"),
        (".openclaw", 0o755, "chmod 700"),
        (".openclaw/agents/main/agent", 0o777, "chmod go-w"),
        (".claude/.credentials.json", 0o644, "chmod 600"),
        (".claude", 0o775, "chmod go-w"),
    ],
)
def test_what_others_may_read_or_write_is_a_warning(tmp_path, path, mode, mend):
    openclaw(tmp_path, {"anthropic:a": token()})
    (tmp_path / ".openclaw" / ".env").write_text("GROQ_API_KEY=FAKESECRET\n")
    claude(tmp_path)
    private(tmp_path)
    assert wrong(said(tmp_path, "store modes")) == []
    (tmp_path / path).chmod(mode)
    found = only(said(tmp_path, "store modes"))
    assert found.what == f"~/{path} has mode {mode:04o}"
    assert found.mend == f"{mend} -- {tmp_path / path}"


def test_a_database_is_looked_at_with_its_write_ahead_log(tmp_path):
    homes.shared_store(tmp_path, {"anthropic:a": homes.token()})
    private(tmp_path)
    assert wrong(said(tmp_path, "store modes")) == []
    log = tmp_path / ".openclaw" / "state" / "openclaw.sqlite-wal"
    log.touch()
    log.chmod(0o644)
    assert only(said(tmp_path, "store modes")).what.startswith("~/.openclaw/state/openclaw.sqlite-wal has")


@pytest.mark.parametrize("mode", [0o755, 0o705])
def test_folders_of_other_programs_may_be_readable(tmp_path, mode):
    claude(tmp_path).parent.chmod(mode)
    assert wrong(said(tmp_path, "store modes")) == []


def test_a_certificate_is_there_to_be_read(tmp_path):
    path = tmp_path / "cert.pem"
    path.write_bytes((ROOT / "tests" / "homes" / "x509_file" / "files" / "c.pem").read_bytes())
    path.chmod(0o644)
    config = f"sources: [{{type: x509_file, id: web, path: '{path}'}}]\n"
    assert wrong(said(tmp_path, "store modes", config)) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_store_of_another_user_is_a_warning_with_its_way_back(tmp_path):
    path = openclaw(tmp_path, {"anthropic:a": token()})
    assert wrong(said(tmp_path, "store owners")) == []
    os.chown(path, 65534, 65534)
    found = only(said(tmp_path, "store owners"))
    assert found.mend == f"sudo chown -h 0:0 -- {path}"
    assert found.fix is None
    assert all(one.fix is None for one in wrong(said(tmp_path, "store modes")) if str(path) in one.mend)


def given(tree: Path, uid: int) -> None:
    for path in (tree, *tree.rglob("*")):
        os.chown(path, uid, uid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("tree", [".openclaw", ".claude"])
def test_a_whole_tree_of_another_user_is_a_volume_that_keeps_its_owner(tmp_path, tree):
    """A tree that belongs to one other user as a whole is a container's volume: nothing says to change its owner."""
    openclaw(tmp_path, {"anthropic:a": token(), "openai:b": token()})
    claude(tmp_path)
    private(tmp_path)
    given(tmp_path / tree, 1000)
    assert wrong(said(tmp_path, "store owners")) == []
    (found,) = said(tmp_path, "store owners")
    assert found.what == f"everything in ~/{tree} belongs to uid 1000, gid 1000: probably a container's volume"
    assert "chown" not in str(everything(tmp_path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_volume_that_cannot_be_read_is_watched_as_its_own_user():
    """A volume that cannot be read here: authwatch is to run as its user."""
    with tempfile.TemporaryDirectory() as made:  # pytest's own folders are for one user only
        home = Path(made)
        openclaw(home, {"anthropic:a": token()})
        private(home)
        home.chmod(0o755)
        given(home / ".openclaw", 1000)
        script = f"""
import os, pathlib
from tests.doctor.subjects import only, said
home = pathlib.Path({made!r})
said(home, "store owners")  # all is imported now: this user may not read where Python lies
os.setgroups([]); os.setgid(1001); os.setuid(1001)
found = only(said(home, "store owners"))
print(found.health, found.mend, found.why, sep="|")
"""
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    health, mend, why = done.stdout.strip().split("|") if done.stdout else (done.stderr, "", "")
    assert (health, mend[:29]) == ("warning", "docker run --user 1000:1000 …")
    assert "uid 1001 cannot read it" in why


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_one_file_of_root_in_a_tree_of_the_user_is_given_back(tmp_path):
    """One file of another user among the owner's own is given back, as ever; so is one that lies in the home itself."""
    openclaw(tmp_path, {"anthropic:a": token()})
    os.chown(tmp_path / ".openclaw", 1000, 1000)
    assert only(said(tmp_path, "store owners")).mend == f"sudo chown -h 0:0 -- {tmp_path}/.openclaw"


# -- copies -----------------------------------------------------------------------------------------------------


def test_a_json_store_beside_an_empty_database_was_not_taken_over(tmp_path):
    homes.config(tmp_path)
    homes.json_store(tmp_path, {"anthropic:default": homes.token(homes.DAY)})
    homes.shared_store(tmp_path, {})
    found = only(said(tmp_path, "copies"))
    assert (found.health, found.mend) == (Health.BROKEN, "openclaw doctor --fix")


def test_a_json_store_beside_a_database_in_use_is_a_stale_copy(tmp_path):
    homes.config(tmp_path)
    homes.json_store(tmp_path, {"anthropic:default": homes.token(homes.DAY)})
    homes.agent_store(tmp_path, {"anthropic:default": homes.token(homes.DAY)})
    found = only(said(tmp_path, "copies"))
    assert (found.health, found.mend) == (Health.WARNING, f"rm -i -- {store(tmp_path)}")
    assert wrong(said(tmp_path, "sources")) == [], "it is said once"


def test_one_login_in_two_programs_is_a_warning_and_two_logins_are_not(tmp_path):
    claude(tmp_path, "ref-FAKESECRET-1")
    openclaw(tmp_path, {"anthropic:default": oauth(HOUR, "ref-FAKESECRET-1")})
    assert "are the same login" in only(said(tmp_path, "copies")).what
    claude(tmp_path, "ref-FAKESECRET-2")
    assert wrong(said(tmp_path, "copies")) == []


def test_archives_are_mentioned_and_half_a_write_of_ours_is_a_warning(tmp_path):
    folder = openclaw(tmp_path, {"anthropic:a": token()}).parent
    (folder / "auth-profiles.json.migrated-2026-09-01-x").touch()
    (found,) = said(tmp_path, "copies")
    assert (found.health, "an old backup" in found.what) == (Health.FINE, True)
    half = folder / "auth-profiles.json.authwatch-backup"
    half.touch()
    assert wrong(said(tmp_path, "copies")) == [], "somebody may be writing"
    os.utime(half, (time.time() - 7200,) * 2)
    assert only(said(tmp_path, "copies")).mend == f"rm -i -- {half}"


# -- keys that come before logins -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "speaks"),
    [
        ({"ANTHROPIC_API_KEY": "FAKESECRET"}, "ANTHROPIC_API_KEY"),
        ({"ANTHROPIC_AUTH_TOKEN": "FAKESECRET", "ANTHROPIC_API_KEY": "FAKESECRET"}, "ANTHROPIC_AUTH_TOKEN"),
        ({"ANTHROPIC_API_KEY": " "}, None),
        ({"OPENAI_API_KEY": "FAKESECRET"}, None),
        ({}, None),
    ],
)
def test_a_variable_that_claude_code_takes_before_its_login_is_a_warning(tmp_path, variables, speaks):
    claude(tmp_path)
    found = wrong(said(tmp_path, "shadows", **variables))
    assert [one.mend for one in found] == [f"unset {speaks}"] * bool(speaks)


def test_without_a_stored_login_nothing_is_shadowed(tmp_path):
    assert said(tmp_path, "shadows", ANTHROPIC_API_KEY="FAKESECRET") == []


def test_two_values_of_one_variable_are_a_warning(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    (tmp_path / ".openclaw" / ".env").write_text("GROQ_API_KEY=FAKESECRET-1\n")
    assert wrong(said(tmp_path, "shadows", GROQ_API_KEY="FAKESECRET-1")) == []
    assert (
        "GROQ_API_KEY has one value in this shell and another in ~/.openclaw/.env"
        in only(said(tmp_path, "shadows", GROQ_API_KEY="FAKESECRET-2")).what
    )


def test_a_key_that_stands_in_for_profiles_is_mentioned(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    (tmp_path / ".openclaw" / ".env").write_text("ANTHROPIC_API_KEY=FAKESECRET\nGROQ_API_KEY=FAKESECRET\n")
    (found,) = said(tmp_path, "shadows")
    assert found.health is Health.FINE
    assert found.what == "ANTHROPIC_API_KEY is used for anthropic when anthropic:a cannot be used"


@pytest.mark.parametrize(("key", "speaks"), [("${MY_KEY}", True), ("FAKESECRET-literal", False)])
def test_a_reference_in_the_config_comes_before_profiles_in_the_newest_releases(tmp_path, key, speaks):
    models = {"models": {"providers": {"anthropic": {"apiKey": key}}}}
    homes.config(tmp_path, {**homes.USES, **models})
    homes.json_store(tmp_path, {"anthropic:a": homes.token(30 * homes.DAY)})
    assert wrong(said(tmp_path, "shadows")) == []
    store(tmp_path).unlink()
    homes.shared_store(tmp_path, {"anthropic:a": homes.token(30 * homes.DAY)})
    found = wrong(said(tmp_path, "shadows"))
    assert [one.mend for one in found] == ["openclaw config unset models.providers.anthropic.apiKey"] * speaks


def test_nothing_at_all_is_wrong_with_a_good_home(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=100 * DAY)})
    claude(tmp_path)
    private(tmp_path)
    for check in ("sources", "store modes", "store owners", "copies", "shadows"):
        assert wrong(said(tmp_path, check)) == []


# -- one cause, one line ----------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_volume_that_cannot_be_read_is_one_line():
    """Every store of a volume that this user may not enter has one cause, and is one line; a broken file is its own."""
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        for agent in ("main", "lab", "ops"):
            openclaw(home, {"anthropic:a": token()}, agent=agent)
        put(home / ".openclaw" / "openclaw.json", "{}")
        private(home)
        given(home / ".openclaw", 1000)
        home.chmod(0o755)
        script = f"""
import os, pathlib
from monitor.doctor import examine
from tests.doctor.subjects import subject
home = pathlib.Path({made!r})
list(examine(subject(home)))  # all is imported now: this user may not read where Python lies
os.setgroups([]); os.setgid(1001); os.setuid(1001)
for one in examine(subject(home)):
    if one.check == "sources":
        print(one.health, one.what, one.mend, sep="|")
"""
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        f"broken|openclaw: permission denied: 5 places in ~/.openclaw|ls -ld -- {made}/.openclaw"
    ], done.stderr


def test_two_files_that_are_broken_are_two_lines(tmp_path):
    for agent in ("main", "lab"):
        put(openclaw(tmp_path, {}, agent=agent), "{")
    assert len(wrong(said(tmp_path, "sources"))) == 2


# -- what is billed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "billed"), [("https://api.example.com/v1", True), ("", True), ("http://gpu.lan:8000/v1", False)]
)
def test_a_key_for_an_endpoint_in_ones_own_network_is_not_called_billed(tmp_path, base, billed):
    openclaw(tmp_path, {"anthropic:a": token()})
    config = {"agents": {"defaults": {"model": {"primary": "anthropic/x"}}}}
    config |= {"models": {"providers": {"anthropic": {"baseUrl": base}}}} if base else {}
    put(tmp_path / ".openclaw" / "openclaw.json", json.dumps(config))
    (tmp_path / ".openclaw" / ".env").write_text("ANTHROPIC_API_KEY=FAKESECRET\n")
    found = [one for one in said(tmp_path, "shadows") if one.health is Health.FINE]
    assert ["billed by use" in one.why for one in found] == [billed]


@pytest.mark.parametrize(("base", "billed"), [("", True), ("http://127.0.0.1:4000", False)])
def test_a_key_that_overrides_claude_code_is_billed_unless_it_goes_to_ones_own_network(tmp_path, base, billed):
    claude(tmp_path)
    found = only(said(tmp_path, "shadows", ANTHROPIC_API_KEY="FAKESECRET", ANTHROPIC_BASE_URL=base))
    assert ("billed by use" in found.why) is billed
