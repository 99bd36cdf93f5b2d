"""What a person pastes: saved where the release in charge looks, or refused with the right command and no trace."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.openclaw.installation import read
from tests.command import Done, authwatch, environment
from tests.openclaw.homes import agent_dir, agent_store, config, host, json_store, login, shared_store, token, write

SETUP = "sk-ant-oat01-" + "S" * 90
KEY = "sk-ant-api03-" + "K" * 90
COMMENTED = '// mine\n{\n  auth: { profiles: {}, }, // logins\n  "unknown": [1,],\n}\n'

HOMES: dict[str, Callable[..., None]] = {"json": json_store, "agent": agent_store, "shared": shared_store}


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    config(tmp_path, COMMENTED)
    HOMES[request.param](tmp_path, {"anthropic:work": token(), "anthropic:max": login(10**9)})
    return tmp_path


def paste(home: Path, *words: str, stdin: str = SETUP + "\n", verb: str = "paste-token") -> Done:
    return authwatch(home, "models", "auth", verb, *words, stdin=stdin)


def tree(home: Path) -> dict[str, bytes]:
    """Every file below the home but SQLite's side files, which come and go."""
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def profiles(home: Path) -> dict[str, Any]:
    return dict(read(host(home)).view("main").profiles)


def test_a_pasted_token_is_saved_and_declared_and_nothing_else_changes(home: Path) -> None:
    before = profiles(home)
    done = paste(home, "--provider", "anthropic", "--profile-id", "anthropic:new", "--expires-in", "1h30m", "--json")
    assert (done.code, done.json["profile"], done.json["agent"]) == (0, "anthropic:new", "main")
    after = profiles(home)
    new = after.pop("anthropic:new")
    assert after == before
    assert (new.secret.reveal(), new.kind, new.expires) == (SETUP, "token", done.json["expires"])
    written = (home / ".openclaw" / "openclaw.json").read_text()
    assert all(part in written for part in ("// mine", "// logins", '"unknown": [1,]', '"anthropic:new"'))
    assert not [path for path in tree(home) if "authwatch" in path or path.endswith(".lock")]


def test_a_key_replaces_the_profile_of_its_id(home: Path) -> None:
    for key in (KEY, KEY + "2"):
        assert (
            paste(
                home, "--provider", "anthropic", "--profile-id", "anthropic:work", stdin=key, verb="paste-api-key"
            ).code
            == 0
        )
    assert profiles(home)["anthropic:work"].secret.reveal() == KEY + "2"


@pytest.mark.parametrize(
    ("verb", "words", "stdin", "why"),
    [
        ("paste-token", ("--provider", "anthropic"), "", "no token was given"),
        ("paste-token", ("--provider", "anthropic"), KEY, "paste-api-key --provider anthropic"),
        ("paste-token", ("--provider", "anthropic"), "sk-proj-" + "x" * 60, "paste-api-key --provider openai"),
        ("paste-token", ("--provider", "anthropic"), "sk-ant-oat01-short", "too short"),
        ("paste-token", ("--provider", "anthropic"), f"export TOKEN={SETUP}", "a line for a shell"),
        ("paste-token", ("--provider", "openai"), SETUP, "paste-token --provider anthropic"),
        ("paste-token", ("--provider", "github"), "ghp_\x1b[2J" + "x" * 40, "control character"),
        ("paste-token", ("--provider", "github"), "ghp_x\nghp_y", "control character"),
        ("paste-token", ("--provider", "github"), "'ghp_xxxxxxxxx'", "quotes"),
        ("paste-token", ("--provider", "no such"), SETUP, "not the name of a provider"),
        ("paste-token", ("--provider", "anthropic", "--profile-id", "a b"), SETUP, "not a profile id"),
        ("paste-token", ("--provider", "anthropic", "--profile-id", "anthropic:max"), SETUP, "refreshes by itself"),
        ("paste-token", ("--provider", "anthropic", "--expires-in", "soon"), SETUP, "not a span"),
        ("paste-token", ("--provider", "anthropic", "--expires-in", "-3d"), SETUP, "expected one argument|not a span"),
        ("paste-token", ("--provider", "anthropic", "--expires-in", "0"), SETUP, "not a span between"),
        ("paste-token", ("--provider", "anthropic", "--expires-in", "1h30"), SETUP, "not a span"),
        ("paste-token", ("--provider", "anthropic", "--agent", "ghost"), SETUP, 'Unknown agent id "ghost"'),
        ("paste-api-key", ("--provider", "anthropic"), SETUP, "paste-token --provider anthropic"),
        ("paste-api-key", ("--provider", "openai"), KEY, "paste-api-key --provider anthropic"),
        ("paste-api-key", ("--provider", "anthropic"), "x" * 20_000, "begins with|longer than"),
        ("setup-token", (), "", "claude setup-token"),
        ("setup-token", ("--provider", "openai"), "", "paste-token --provider P"),
    ],
)
def test_what_cannot_be_right_is_refused_and_leaves_no_trace(
    tmp_path: Path, verb: str, words: tuple[str, ...], stdin: str, why: str
) -> None:
    home = tmp_path
    config(home, COMMENTED)
    list(HOMES.values())[len(why) % 3](home, {"anthropic:work": token(), "anthropic:max": login(10**9)})
    before = tree(home)
    done = paste(home, *words, stdin=stdin, verb=verb)
    assert done.code in (1, 64)
    assert any(part in done.err for part in why.split("|"))
    assert tree(home) == before
    assert not stdin.strip() or stdin.strip() not in done.err + done.out


def test_orders_follow_openclaws_rules(home: Path) -> None:
    def order(*words: str) -> Done:
        return authwatch(home, "models", "auth", "order", *words, "--provider", "anthropic")

    before = tree(home)
    for ids, why in (("ghost:1",), "not found"), (("anthropic:work", "ghost:1"), "not found"):
        done = order("set", *ids)
        assert (done.code, why in done.err) == (1, True)
    wrong = authwatch(home, "models", "auth", "order", "set", "--provider", "openai", "anthropic:work")
    assert (wrong.code, "is for anthropic, not openai" in wrong.err) == (1, True)
    assert tree(home) == before
    assert order("set", "anthropic:work", "anthropic:max").code == 0
    assert read(host(home)).view("main").order == {"anthropic": ("anthropic:work", "anthropic:max")}
    assert "anthropic:work, anthropic:max" in order("get").out
    assert order("clear").code == 0
    assert "(none)" in order("get").out
    assert order("clear").code == 0


@pytest.mark.parametrize("generation", ["json", "shared"])
def test_an_order_that_was_left_in_another_place_is_cleared_too(tmp_path: Path, generation: str) -> None:
    config(tmp_path)
    profile, stale = {"anthropic:work": token()}, {"order": {"anthropic": ["anthropic:work"]}}
    HOMES[generation](tmp_path, profile, **stale)
    if generation == "json":
        write(agent_dir(tmp_path, "main") / "auth-state.json", {"version": 1, **stale})
    else:
        agent_store(tmp_path, {}, **stale)
    assert read(host(tmp_path)).view("main").order
    words = ("models", "auth", "order", "clear", "--provider", "anthropic")
    assert authwatch(tmp_path, *words).code == 0
    assert not read(host(tmp_path)).view("main").order


def test_the_list_has_no_secret(home: Path) -> None:
    done = authwatch(home, "models", "auth", "list", "--json")
    assert [one["id"] for one in done.json["profiles"]] == ["anthropic:max", "anthropic:work"]
    assert "planted" not in done.out


def test_a_store_of_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    config(tmp_path)
    shared_store(tmp_path, {"anthropic:work": token()})
    database = tmp_path / ".openclaw" / "state" / "openclaw.sqlite"
    with sqlite3.connect(database) as db:
        db.execute("PRAGMA user_version = 999")
    before = tree(tmp_path)
    done = paste(tmp_path, "--provider", "anthropic")
    assert (done.code, "newer than" in done.err) == (1, True)
    assert tree(tmp_path) == before


def begun(home: Path, version: str, *, migrating: bool = False) -> None:
    """A home that a release has set up, and in which nobody stored a credential."""
    config(home, {"meta": {"lastTouchedVersion": version}})
    database = home / ".openclaw" / "state" / "openclaw.sqlite"
    database.parent.mkdir(parents=True)
    with sqlite3.connect(database) as db:
        if version >= "2026.8":
            db.execute(
                "CREATE TABLE config_machine_state (state_key TEXT NOT NULL PRIMARY KEY, value_json TEXT NOT NULL, "
                "updated_at_ms INTEGER NOT NULL) STRICT"
            )
            db.execute("CREATE TABLE migration_sources (source_key TEXT, migration_kind TEXT, removed_source INTEGER)")
            if migrating:
                db.execute("INSERT INTO migration_sources VALUES ('x', 'shared-auth-store-state-db', 0)")
        else:
            db.execute("CREATE TABLE auth_profile_stores (x)")
    db.close()


def test_the_first_credential_of_a_home_goes_where_its_release_would_put_it(tmp_path: Path) -> None:
    begun(tmp_path, "2026.9.6")
    assert paste(tmp_path, "--provider", "anthropic").code == 0
    assert paste(tmp_path, "--provider", "openai", stdin="sk-" + "x" * 60, verb="paste-api-key").code == 0
    with sqlite3.connect(tmp_path / ".openclaw" / "state" / "openclaw.sqlite") as db:
        rows = dict(db.execute("SELECT state_key, value_json FROM config_machine_state"))
    db.close()
    assert rows["auth.sharedStore"] == '{"location":"state-db"}'
    assert list(json.loads(rows["authProfiles.store"])["profiles"]) == ["anthropic:manual", "openai:manual"]
    assert not (agent_dir(tmp_path, "main") / "openclaw-agent.sqlite").exists()


def test_a_store_that_the_main_agent_has_already_is_kept(tmp_path: Path) -> None:
    begun(tmp_path, "2026.9.6")
    agent_store(tmp_path, {"anthropic:work": token()})
    assert paste(tmp_path, "--provider", "anthropic").code == 0
    assert list(profiles(tmp_path)) == ["anthropic:work", "anthropic:manual"]


@pytest.mark.parametrize(
    ("version", "migrating", "words", "first"),
    [
        ("2026.6.11", False, (), "openclaw models auth order clear --provider anthropic --agent main"),
        ("2026.9.6", True, (), "openclaw models auth order clear --provider anthropic --agent main"),
        ("2026.9.6", False, ("--agent", "ops"), "openclaw models auth order clear --provider anthropic --agent ops"),
        ("2026.9.6", None, (), "openclaw models status"),
    ],
)
def test_where_openclaw_has_made_no_database_the_command_that_makes_it_is_named(
    tmp_path: Path, version: str, migrating: bool | None, words: tuple[str, ...], first: str
) -> None:
    begun(tmp_path, version, migrating=bool(migrating))
    agents = {"list": [{"id": "main", "default": True}, {"id": "ops"}]}
    config(tmp_path, {"meta": {"lastTouchedVersion": version}, "agents": agents})
    if migrating is None:
        (tmp_path / ".openclaw" / "state" / "openclaw.sqlite").unlink()
    before = tree(tmp_path)
    done = paste(tmp_path, "--provider", "anthropic", *words)
    assert (done.code, done.err.rstrip().endswith(first)) == (1, True), done.err
    assert tree(tmp_path) == before


def test_a_database_whose_other_tables_check_their_json_is_written(tmp_path: Path) -> None:
    """As OpenClaw 2026.9.6 makes an agent's."""
    config(tmp_path)
    agent_store(tmp_path, {"anthropic:work": token()})
    with sqlite3.connect(agent_dir(tmp_path, "main") / "openclaw-agent.sqlite") as db:
        db.execute("CREATE TABLE transcript_events (navigation_json TEXT CHECK (json_valid(navigation_json)))")
    db.close()
    assert paste(tmp_path, "--provider", "anthropic").code == 0
    assert list(profiles(tmp_path)) == ["anthropic:work", "anthropic:manual"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--agent {} status --json", 0),
        ("status --json --agent {}", 0),
        ("--agent {}", 0),
        ("--agent {} auth list --json", 0),
        ("auth --agent {} list --json", 0),
        ("auth list --json --agent {}", 0),
        ("auth --agent {} paste-token --provider anthropic", 0),
        ("auth paste-token --agent {} --provider anthropic", 0),
        ("auth --agent {} paste-api-key --provider openrouter", 0),
        ("auth paste-api-key --provider openrouter --agent {}", 0),
        ("auth --agent {} order set --provider anthropic anthropic:mine", 0),
        ("auth order --agent {} set --provider anthropic anthropic:mine", 0),
        ("auth order get --provider anthropic --agent {}", 0),
        ("auth order --agent {} get --provider anthropic", 0),
        ("auth --agent {} order clear --provider anthropic", 0),
        ("--agent {} pin status", 0),
        ("pin list --agent {}", 0),
        ("--agent {} unpin --session s", 1),
    ],
)
def test_the_agent_is_named_before_or_after_the_verb(tmp_path: Path, words: str, code: int) -> None:
    config(tmp_path, {"agents": {"list": [{"id": "main", "default": True}, {"id": "ops"}]}})
    json_store(tmp_path, {"anthropic:work": token()})
    json_store(tmp_path, {"anthropic:mine": token()}, "ops")
    main = agent_dir(tmp_path, "main") / "auth-profiles.json"
    before, secret = main.read_bytes(), "sk-or-FAKESECRET" if "api-key" in words else SETUP
    done = authwatch(tmp_path, "models", *words.format("ops").split(), stdin=secret)
    assert done.code == code, done.err
    assert any(word in done.out + done.err for word in ("ops", "anthropic:mine", "No session is pinned"))
    assert main.read_bytes() == before
    everything = tree(tmp_path)
    done = authwatch(tmp_path, "models", *words.format("ghost").split(), stdin=secret)
    assert (
        done.code,
        'Unknown agent id "ghost". Use "openclaw agents list"' in done.err + done.out.replace("\\", ""),
    ) == (1, True)
    assert tree(tmp_path) == everything


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path) -> None:
    config(tmp_path)
    json_store(tmp_path, {"anthropic:work": token()})
    store, elsewhere = agent_dir(tmp_path, "main") / "auth-profiles.json", tmp_path / "elsewhere.json"
    store.rename(elsewhere)
    store.symlink_to(elsewhere)
    assert paste(tmp_path, "--provider", "anthropic").code == 0
    assert store.is_symlink() and "anthropic:manual" in json.loads(elsewhere.read_text())["profiles"]
    assert elsewhere.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_store_of_another_user_is_refused(tmp_path: Path) -> None:
    config(tmp_path)
    json_store(tmp_path, {"anthropic:work": token()})
    store = agent_dir(tmp_path, "main") / "auth-profiles.json"
    os.chown(store, 1234, 1234)
    before = tree(tmp_path)
    done = paste(tmp_path, "--provider", "anthropic")
    assert (done.code, "another user" in done.err) == (1, True)
    assert tree(tmp_path) == before


def test_a_key_for_the_environment_goes_into_the_env_file_once(home: Path) -> None:
    path = home / ".openclaw" / ".env"
    path.write_text("# mine\nexport ANTHROPIC_API_KEY='old' # c\nOTHER=1\n")
    path.chmod(0o644)
    for _ in range(2):
        assert paste(home, "--provider", "anthropic", "--env", stdin=KEY, verb="paste-api-key").code == 0
    assert path.read_text() == f"# mine\nexport ANTHROPIC_API_KEY={KEY}\nOTHER=1\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_everything_as_before(home: Path) -> None:
    before = tree(home)
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "
    script = limited + "from monitor.cli.app import run; run(sys.argv[1:])"
    words = ("models", "auth", "paste-token", "--provider", "anthropic")
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        env=environment(home),
        input=SETUP.encode(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False)
    assert tree(home) == before


def test_a_secret_is_only_in_the_store(home: Path) -> None:
    """The canary: arguments and environment of children, history, logs, status, backups."""
    bin_dir = home / "bin"
    bin_dir.mkdir()
    (bin_dir / "openclaw").write_text('#!/bin/sh\n(env; echo "$@"; cat) >"$HOME/child.txt"\n')
    (bin_dir / "openclaw").chmod(0o755)
    path = {"PATH": f"{bin_dir}:{os.environ['PATH']}"}
    words = ("models", "auth", "paste-token", "--provider", "anthropic", "--restart", "-v")
    done = authwatch(home, *words, stdin=SETUP, env=path)
    assert (done.code, "restarted" in done.out, (home / "child.txt").exists()) == (0, True, True)
    said = [done.out + done.err]
    for more in (
        ("check",),
        ("status", "--json"),
        ("history",),
        ("models", "auth", "list"),
        ("models", "pin", "status"),
    ):
        one = authwatch(home, *more)
        said.append(one.out + one.err)
    assert SETUP not in "".join(said)
    holders = [path for path in home.rglob("*") if path.is_file() and SETUP.encode() in path.read_bytes()]
    stores = {"auth-profiles.json", "openclaw-agent.sqlite", "openclaw.sqlite"}
    assert {path.name for path in holders} <= stores and holders
    assert not list(home.rglob("*authwatch-backup*"))


def test_a_home_without_openclaw_is_refused(tmp_path: Path) -> None:
    done = paste(tmp_path, "--provider", "anthropic")
    assert (done.code, "openclaw onboard" in done.err) == (1, True)
    assert not tree(tmp_path)


def test_a_setup_token_without_an_end_has_a_deadline_after_it_was_seen(home: Path) -> None:
    assert paste(home, "--provider", "anthropic", "--profile-id", "anthropic:year").code == 0
    authwatch(home, "check")
    status = authwatch(home, "status", "--json").json
    mine = next(one for one in status["profiles"] if one["profile"] == "anthropic:year")
    assert mine["state"] == "static" and mine["deadline"] is not None
