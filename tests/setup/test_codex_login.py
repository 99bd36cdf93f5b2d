"""A Codex login is renewed, or stays as it was: whatever its program does, and whenever it ends."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from monitor.setup.codex_login import PREFIX, arguments, log_in
from monitor.setup.login_process import LoginImpossible
from monitor.system.host import Host
from tests.command import authwatch, configure
from tests.polling import eventually, gone
from tests.setup.codex import KEY, NEW, OLD, codex, login, started, store
from tests.setup.terminal import Terminal
from tests.unprivileged import unprivileged


def run(home: Path, profile: str = "codex:chatgpt", secret: bytes | None = None) -> None:
    where, host = home / ".codex/auth.json", Host(home, {})
    argv = (str(home / "bin/codex"), *arguments(host, where, profile))
    log_in(host, where, argv, {"HOME": str(home), "PATH": "/usr/bin:/bin"}, secret)


def environ(home: Path) -> dict[str, str]:
    return {"PATH": f"{home}/bin:/usr/bin:/bin"}


def left(home: Path) -> list[str]:
    return sorted(path.name for path in (home / ".codex").iterdir() if path.name != "config.toml")


def untouched(home: Path) -> bool:
    path = home / ".codex/auth.json"
    same = path.read_text() == OLD and path.stat().st_mode & 0o7777 == 0o600
    return same and left(home) == ["auth.json"] and not (home / "revoked").exists()


def test_the_new_login_takes_the_place_of_the_old_one_in_one_step(tmp_path: Path) -> None:
    path = store(tmp_path)
    codex(tmp_path, NEW)
    run(tmp_path)
    assert (path.read_text(), oct(path.stat().st_mode & 0o7777), left(tmp_path)) == (NEW, "0o600", ["auth.json"])
    words = started(tmp_path)
    assert words["argv"] == ["login", "--device-auth", "-c", 'cli_auth_credentials_store="file"']
    assert (words["mode"], words["beside"]) == ("0o700", [])
    assert Path(words["home"]).parent == tmp_path / ".codex"
    assert not (tmp_path / "revoked").exists()


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("error", "exit code 1"),
        ("", "cannot be read"),
        ("{}", "cannot be read"),
        ("no JSON", "cannot be read"),
        ("[]", "cannot be read"),
        (login("", access_token=""), "cannot be read"),
        (login("rt_x", id_token="not one"), "cannot be read"),
        ("link", "cannot be read"),
    ],
)
def test_what_is_no_new_login_leaves_the_old_one(tmp_path: Path, act: str, reason: str) -> None:
    (tmp_path / "elsewhere.json").write_text("x")
    store(tmp_path)
    codex(tmp_path, act)
    with pytest.raises(LoginImpossible, match=reason):
        run(tmp_path)
    assert started(tmp_path) and untouched(tmp_path)


def test_a_link_stays_a_link_and_its_target_is_replaced(tmp_path: Path) -> None:
    real = tmp_path / "vault" / "codex.json"
    real.parent.mkdir()
    store(tmp_path).rename(real)
    (tmp_path / ".codex/auth.json").symlink_to(real)
    codex(tmp_path, NEW)
    run(tmp_path)
    assert real.read_text() == NEW and (tmp_path / ".codex/auth.json").readlink() == real
    assert Path(started(tmp_path)["home"]).parent == real.parent and os.listdir(real.parent) == ["codex.json"]


def test_where_nobody_was_logged_in_there_is_a_login_afterwards(tmp_path: Path) -> None:
    codex(tmp_path, NEW)
    run(tmp_path, "codex:default")
    path = tmp_path / ".codex/auth.json"
    assert (path.read_text(), path.parent.stat().st_mode & 0o777) == (NEW, 0o700)


def test_what_cannot_be_written_is_said_before_anybody_logs_in(tmp_path: Path) -> None:
    store(tmp_path)
    codex(tmp_path, NEW)

    def check() -> None:
        (tmp_path / ".codex").chmod(0o555)
        with pytest.raises(LoginImpossible, match="read-only"):
            run(tmp_path)
        (tmp_path / ".codex").chmod(0o755)

    unprivileged(check)
    assert untouched(tmp_path) and not started(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_login_of_somebody_else_is_theirs(tmp_path: Path) -> None:
    os.chown(store(tmp_path), 12345, 12345)
    codex(tmp_path, NEW)
    with pytest.raises(LoginImpossible, match="belongs to another user"):
        run(tmp_path)
    assert untouched(tmp_path) and not started(tmp_path)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ('cli_auth_credentials_store = "keyring"', "keyring"),
        ('cli_auth_credentials_store = "ephemeral"', "only in memory"),
        ("model = ", "not TOML"),
    ],
)
def test_a_login_that_lies_elsewhere_is_refused_plainly(tmp_path: Path, config: str, reason: str) -> None:
    store(tmp_path)
    (tmp_path / ".codex/config.toml").write_text(config)
    codex(tmp_path, NEW)
    with pytest.raises(LoginImpossible, match=reason):
        run(tmp_path)
    assert untouched(tmp_path) and not started(tmp_path)


def test_auto_means_the_file_where_there_is_one(tmp_path: Path) -> None:
    path = store(tmp_path)
    (tmp_path / ".codex/config.toml").write_text('cli_auth_credentials_store = "auto"')
    codex(tmp_path, NEW)
    run(tmp_path)
    path.unlink()
    with pytest.raises(LoginImpossible, match="keyring"):
        run(tmp_path)


def test_what_an_organisation_asks_of_a_login_holds_for_the_new_one(tmp_path: Path) -> None:
    store(tmp_path)
    asked = 'forced_login_method = "chatgpt"\nforced_chatgpt_workspace_id = ["a\\"b", "c"]\nmodel = "x"\n'
    (tmp_path / ".codex/config.toml").write_text(asked)
    codex(tmp_path, NEW)
    run(tmp_path)
    words = started(tmp_path)["argv"]
    assert words[2::2] == ["-c"] * 3
    assert words[5:] == ['forced_login_method="chatgpt"', "-c", 'forced_chatgpt_workspace_id=["a\\"b", "c"]']


def test_a_key_goes_in_by_stdin_and_nowhere_else(tmp_path: Path) -> None:
    store(tmp_path, json.dumps({"OPENAI_API_KEY": "sk-FAKESECRET-old"}))
    codex(tmp_path, "key")
    with Terminal(tmp_path, "relogin", "codex/-/codex:apikey", env=environ(tmp_path)) as at:
        at.answer(("(not shown):", "sk-FAKESECRET-new"))
        assert at.end() == 0, at.shown
        assert "FAKESECRET" not in at.shown
    assert json.loads((tmp_path / ".codex/auth.json").read_text())["OPENAI_API_KEY"] == "sk-FAKESECRET-new"
    assert started(tmp_path)["argv"][:2] == ["login", "--with-api-key"]
    assert "FAKESECRET" not in json.dumps(started(tmp_path))


def test_a_healthy_login_is_said_to_be_healthy_and_renewed(tmp_path: Path) -> None:
    path = store(tmp_path)
    codex(tmp_path, NEW)
    with Terminal(tmp_path, "relogin", KEY, env=environ(tmp_path)) as at:
        at.expect("This login still works. You can renew it early")
        at.expect("ABCD-12345")
        at.expect("Renewed: ")
        assert at.end() == 0, at.shown
    assert path.read_text() == NEW and left(tmp_path) == ["auth.json"]


def test_an_expected_login_that_was_never_there_is_seen_by_its_new_name(tmp_path: Path) -> None:
    configure(tmp_path, f"sources: [{{type: codex, home: '{tmp_path}'}}]\n")
    codex(tmp_path, NEW)
    with Terminal(tmp_path, "relogin", "codex/-/codex:default", env=environ(tmp_path)) as at:
        at.expect("Logged in: Codex login chatgpt")
        assert at.end() == 0, at.shown


def _gone(pid: int) -> bool:
    """Whether a process has ended, or does within a few seconds; nobody may have waited for it."""
    return eventually(lambda: gone(pid), f"{pid} still runs")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes by /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whenever_it_is_ended_the_old_login_stays_and_nothing_runs_on(tmp_path: Path, how: signal.Signals) -> None:
    store(tmp_path)
    codex(tmp_path, "hang")
    with Terminal(tmp_path, "relogin", KEY, env=environ(tmp_path)) as at:
        at.expect("waiting")
        if how == signal.SIGINT:
            at.interrupt()
        else:
            os.kill(started(tmp_path)["parent"], how)
        assert at.end() == (1 if how == signal.SIGINT else 128 + how), at.shown
    assert untouched(tmp_path) and _gone(started(tmp_path)["pid"])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes by /proc")
def test_killed_it_leaves_the_old_login_and_a_folder_that_is_swept_when_nobody_uses_it(tmp_path: Path) -> None:
    path = store(tmp_path)
    codex(tmp_path, "hang")
    with Terminal(tmp_path, "relogin", KEY, env=environ(tmp_path)) as at:
        at.expect("waiting")
        orphan = started(tmp_path)
        os.kill(orphan["parent"], signal.SIGKILL)
        assert _gone(orphan["parent"])
    assert path.read_text() == OLD
    codex(tmp_path, "error")
    for used in (True, False):
        with pytest.raises(LoginImpossible):
            run(tmp_path)
        assert Path(orphan["home"]).exists() == used
        os.kill(orphan["pid"], signal.SIGKILL) if used else None
        assert _gone(orphan["pid"])
    assert untouched(tmp_path)


def test_what_a_killed_run_left_is_swept_but_nothing_else(tmp_path: Path) -> None:
    folder = store(tmp_path).parent
    old, other = folder / f"{PREFIX}abc", folder / "mine"
    for one in (old, other):
        one.mkdir()
        (one / "auth.json").write_text(NEW)
    (folder / f"{PREFIX}link").symlink_to(other)
    codex(tmp_path, "error")
    with pytest.raises(LoginImpossible):
        run(tmp_path)
    assert not old.exists() and (other / "auth.json").read_text() == NEW


def test_every_word_about_a_codex_login_names_a_command_that_harms_nothing(tmp_path: Path) -> None:
    store(tmp_path, login("", access_token=""))
    for words in (("status",), ("check", "--exit-zero"), ("explain", KEY), ("doctor",), ("relogin", KEY)):
        done = authwatch(tmp_path, *words)
        assert "codex login" not in done.out + done.err, words
    assert f"authwatch relogin {KEY}" in authwatch(tmp_path, "status").out
