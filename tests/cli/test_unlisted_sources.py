"""Logins of programs that nobody listed: shown as ignored, never alarmed about, until the config lists them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.cli.test_imports import loaded
from tests.command import authwatch, configure
from tests.openclaw_home import DAY, openclaw, token

EXPIRED = "[saml]\naws_access_key_id=A\naws_secret_access_key=B\naws_session_token=C\naws_expiration=2026-01-01\n"
HOSTS = "github.com:\n    user: me\n    oauth_token: gho_FAKESECRET\n"


def put(home: Path, name: str, text: str) -> None:
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_text(text)


def shown(home: Path, *words: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    document = authwatch(home, *words, "--json", env=env).json
    return {profile["key"]: profile for profile in document["profiles"]}


def test_what_is_found_beside_the_defaults_is_shown_and_ignored(tmp_path: Path) -> None:
    openclaw(tmp_path, {"anthropic:default": token(ends_in=100 * DAY)})
    put(tmp_path, ".aws/credentials", EXPIRED)
    put(tmp_path, ".config/gh/hosts.yml", HOSTS)
    for command in ("status", "check", "check"):
        found = shown(tmp_path, command)
        assert {key: one["ignored"] for key, one in found.items()} == {
            "openclaw/main/anthropic:default": False,
            "gh/-/gh:github.com/me": True,
            "aws/-/aws:saml": True,
        }
        assert found["aws/-/aws:saml"]["state"] == "expired"
    assert authwatch(tmp_path, "check").code == 0
    assert "ignored" in authwatch(tmp_path, "status").out


def test_a_store_beside_the_defaults_that_cannot_be_read_alarms_nobody(tmp_path: Path) -> None:
    put(tmp_path, ".config/gh/hosts.yml", "[nonsense")
    put(tmp_path, ".local/share/opencode/auth.json", "{")
    done = authwatch(tmp_path, "check", "--json")
    assert done.code == 0, done.err
    assert all(one["ignored"] for one in done.json["profiles"])
    assert len(done.json["profiles"]) == 2


def test_one_that_is_gone_or_logged_out_is_not_shown_any_more(tmp_path: Path) -> None:
    put(tmp_path, ".aws/credentials", EXPIRED)
    put(tmp_path, ".local/share/opencode/auth.json", "{}")
    assert list(shown(tmp_path, "check")) == ["aws/-/aws:saml"]
    (tmp_path / ".aws/credentials").unlink()
    assert shown(tmp_path, "check") == {}
    assert authwatch(tmp_path, "check").code == 0


def test_one_that_is_listed_or_expected_counts(tmp_path: Path) -> None:
    put(tmp_path, ".aws/credentials", EXPIRED)
    configure(tmp_path, "policy: {expect: [aws/-/aws:saml]}\n")
    assert authwatch(tmp_path, "check").code == 1
    configure(tmp_path, "sources: [aws]\n")
    assert authwatch(tmp_path, "check").code == 1
    put(tmp_path, ".config/gh/hosts.yml", HOSTS)
    assert list(shown(tmp_path, "status")) == ["aws/-/aws:saml"]


def test_a_store_that_a_variable_moved_is_found(tmp_path: Path) -> None:
    put(tmp_path, "elsewhere", "//registry.example/:_authToken=npm_FAKESECRET\n")
    found = shown(tmp_path, "status", env={"NPM_CONFIG_USERCONFIG": str(tmp_path / "elsewhere")})
    assert list(found) == ["npm/-/npm:registry.example"]


def test_the_gate_opens_when_a_login_appears_beside_the_defaults(tmp_path: Path) -> None:
    openclaw(tmp_path, {"anthropic:default": token(ends_in=100 * DAY)})
    for store in tmp_path.rglob("*"):
        os.utime(store, (1_700_000_000, 1_700_000_000))
    authwatch(tmp_path, "check")
    assert "gh" not in authwatch(tmp_path, "check").out
    put(tmp_path, ".config/gh/hosts.yml", HOSTS)
    assert "gh" in authwatch(tmp_path, "check").out


def test_a_source_that_nobody_listed_is_imported_only_where_something_is_there(tmp_path: Path) -> None:
    openclaw(tmp_path, {"anthropic:default": token(ends_in=100 * DAY)})
    ours = {name for name in loaded(tmp_path, "status") if name.startswith("monitor.sources.")}
    assert not ours & {f"monitor.sources.{name}" for name in ("gh", "aws", "npm", "stored", "ini", "guests", "http")}
    assert "yaml" not in loaded(tmp_path, "status")
    put(tmp_path, ".config/gh/hosts.yml", HOSTS)
    found = loaded(tmp_path, "status")
    assert {"monitor.sources.gh", "yaml"} <= found, "only who has such a file pays for reading it"
    assert "monitor.sources.aws" not in found


def test_nothing_of_the_found_logins_leaks(tmp_path: Path) -> None:
    put(tmp_path, ".config/gh/hosts.yml", HOSTS)
    done = authwatch(tmp_path, "check", "--json")
    assert "FAKESECRET" not in done.out + done.err
    state = tmp_path / ".local/state/authwatch"
    assert state.is_dir()
    assert not any(b"FAKESECRET" in path.read_bytes() for path in state.rglob("*") if path.is_file())
    json.loads(done.out)
