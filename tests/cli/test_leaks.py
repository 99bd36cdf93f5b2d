"""Planted secrets: after real checks with everything that can go wrong, nothing that leaves the process holds one."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from pathlib import Path

from tests.command import authwatch, configure, state
from tests.openclaw_home import DAY, HOUR, ms, oauth, openclaw, put, token
from tests.receivers import web

CANARY = re.compile(rb"FAKESECRET[-\w]*")


def plant(home: Path, port: int) -> dict[str, str]:
    """A home whose every secret is marked, and channels that fail in several ways."""
    openclaw(
        home,
        {
            "anthropic:default": token(ends_in=HOUR, secret="sk-ant-oat01-FAKESECRET-token"),
            "openai:o": oauth(-HOUR, "FAKESECRET-refresh", "openai"),
            "zai:k": {"type": "api_key", "provider": "zai", "key": "FAKESECRET-key"},
            "odd:x": {"type": "FAKESECRET-type", "provider": "odd", "token": "FAKESECRET-odd"},
        },
    )
    openclaw(home, {}, agent="torn")
    put(home / ".openclaw/agents/torn/agent/auth-profiles.json", '{"profiles": {"a": "FAKESECRET-torn')
    (home / ".openclaw" / ".env").write_text("OPENROUTER_API_KEY='FAKESECRET-dotenv'\n")
    login = {"accessToken": "FAKESECRET-a", "refreshToken": "FAKESECRET-r", "expiresAt": ms(HOUR)}
    (home / ".claude").mkdir()
    put(home / ".claude" / ".credentials.json", json.dumps({"claudeAiOauth": login}))
    secret = home / "mail.url"
    secret.write_text(f"json://user:FAKESECRET-pass@127.0.0.1:{port}/status/401/json/FAKESECRET-path\n")
    configure(
        home,
        "channels:\n"
        f"  good: {{url: 'json://127.0.0.1:{port}/json/x?+X-Token=FAKESECRET-header'}}\n"
        f"  bad: {{url_file: '{secret}'}}\n"
        f"  refused: {{url: 'ntfy://FAKESECRET-user:FAKESECRET-pw@127.0.0.1:1/FAKESECRET-topic'}}\n"
        "  unknown: {url: 'nosuch://FAKESECRET-unknown'}\n"
        "  unset: {url: 'ntfys://ntfy.sh/${NOT_SET_FAKESECRETNAME}'}\n"
        "alerts: {deadline: 8s}\n",
    )
    return {"ANTHROPIC_API_KEY": "FAKESECRET-env", "CLAUDE_CODE_OAUTH_TOKEN": "FAKESECRET-oauth-env"}


COMMANDS = [
    ("check", "-v", "--textfile", "out.prom"),
    ("check", "--json"),
    ("check", "--nagios"),
    ("status", "-v"),
    ("status", "--json"),
    ("history", "--json"),
    ("alerts", "list", "--json"),
    ("alerts", "test", "--json"),
    ("alerts", "test"),
    ("doctor", "--json"),
    ("doctor",),
    ("config", "check"),
    ("config", "show"),
    ("models", "status", "--json"),
    ("models", "status"),
    ("check", "--provider", "nothing"),
]


def test_no_command_prints_or_writes_a_planted_secret(tmp_path):
    with web() as there:
        env = plant(tmp_path, there.port)
        watched = {path for path in tmp_path.rglob("*") if path.is_file()}
        for words in COMMANDS:
            done = authwatch(tmp_path, *words, env=env)
            said = (done.out + done.err).replace("NOT_SET_FAKESECRETNAME", "").encode()
            assert not CANARY.findall(said), (words, CANARY.findall(said))
            assert "Traceback" not in done.err, (words, done.err)
        for one in there.received:
            assert not CANARY.findall(json.dumps(one.body).encode()), one.path
    written = {path for path in tmp_path.rglob("*") if path.is_file()} - watched
    assert written
    for path in written:
        assert not CANARY.findall(path.read_bytes()), path


def test_no_secret_is_in_the_database_in_any_encoding(tmp_path):
    with web() as there:
        env = plant(tmp_path, there.port)
        authwatch(tmp_path, "check", env=env)
    database = sqlite3.connect(state(tmp_path) / "history.sqlite")
    dump = "\n".join(database.iterdump())
    assert "anthropic:default" in dump
    assert "FAKESECRET" not in dump
    assert "FAKESECRET".encode("utf-16-le") not in (state(tmp_path) / "history.sqlite").read_bytes()


def test_children_get_no_secret_in_arguments_or_environment(tmp_path):
    """A check starts no child at all: with a PATH of traps, none is called."""
    traps = tmp_path / "traps"
    traps.mkdir()
    for name in ("openclaw", "claude", "codex", "node", "sh", "bash", "curl", "git", "security", "secret-tool"):
        trap = traps / name
        trap.write_text(f'#!/bin/sh\necho "{name} $@" >> {tmp_path}/called\nenv >> {tmp_path}/called\n')
        trap.chmod(0o755)
    with web() as there:
        env = {**plant(tmp_path, there.port), "PATH": f"{traps}:{os.environ['PATH']}"}
        for words in (("check",), ("status",), ("models", "status")):
            authwatch(tmp_path, *words, env=env)
    assert not (tmp_path / "called").exists()


def test_a_year_long_login_leaves_only_keyed_fingerprints(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=300 * DAY, secret="FAKESECRET-known-text")})
    authwatch(tmp_path, "check")
    import hashlib
    import hmac

    key = (state(tmp_path) / "key").read_bytes()
    whole = b"".join(path.read_bytes() for path in state(tmp_path).iterdir() if path.name != "key")
    assert hashlib.sha256(b"FAKESECRET-known-text").hexdigest()[:16].encode() not in whole
    keyed = hmac.new(key, b"FAKESECRET-known-text", "sha256").hexdigest()[:32].encode()
    assert keyed in whole
