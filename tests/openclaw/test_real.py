"""Round trips with the real OpenClaw: what we write it reads and orders alike; what it writes we read.

Where a release is installed (see `real.INSTALLED`) it is run, and `AUTHWATCH_RECORD=1` writes down what it did; elsewhere
our writing has to give, from the same home, the very bytes that it accepted then.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.command import authwatch
from tests.openclaw import real

RELEASES = ("2026.5.7", "2026.6.11", "2026.9.6")
RECORDED = Path(__file__).parent / "recorded"
OLD, NEW, KEY = "sk-ant-oat01-" + "A" * 90, "sk-ant-oat01-" + "B" * 90, "sk-proj-" + "K" * 60
SESSION = "agent:main:main"
SESSIONS = {SESSION: {"sessionId": "b8ed7153", "updatedAt": 1, "model": "claude-sonnet-4-6", "kept": [1, {"a": "ü"}]}}
PINS = ("2026.5.7", "2026.6.11")

# OpenClaw's own functions: what `/model` writes into a session, and which profile a session then uses.
ASK = """
import { readdirSync, readFileSync } from "node:fs";
const dist = process.env.DIST;
async function find(prefix, name) {
  for (const file of readdirSync(dist).filter((one) => one.startsWith(prefix) && one.endsWith(".js"))) {
    for (const value of Object.values(await import(`${dist}/${file}`))) {
      if (typeof value === "function" && value.name === name) return value;
    }
  }
  throw new Error(name);
}
const store = () => JSON.parse(readFileSync(process.env.HOME + "/.openclaw/agents/main/sessions/sessions.json"));
const resolve = await find("session-override-", "resolveSessionAuthProfileOverride");
const apply = await find("model-overrides-", "applyModelOverrideToSessionEntry");
const cfg = JSON.parse(readFileSync(process.env.HOME + "/.openclaw/openclaw.json"));
const key = "agent:main:main", mine = store();
const used = await resolve({ cfg, provider: "anthropic", agentDir: process.env.HOME + "/.openclaw/agents/main/agent",
  sessionEntry: mine[key], sessionStore: mine, sessionKey: key, isNewSession: false });
const entry = SESSION_BEFORE;
apply({ entry, selection: { provider: "anthropic", model: "claude-opus-4-6", isDefault: false },
  profileOverride: "anthropic:new" });
console.log(JSON.stringify({ used, entry }));
"""


def seeded(release: str, home: Path) -> None:
    """A home as that release makes it, with one token."""
    real.openclaw(release, home, "models", "set", "anthropic/claude-sonnet-4-6")
    if release == "2026.5.7":  # it cannot paste from a pipe
        store = home / ".openclaw" / "agents" / "main" / "agent" / "auth-profiles.json"
        store.parent.mkdir(parents=True, exist_ok=True)
        store.write_text(json.dumps({"version": 1, "profiles": {"anthropic:work": _token(OLD)}}))
    else:
        words = ("--provider", "anthropic", "--profile-id", "anthropic:work")
        assert real.openclaw(release, home, "models", "auth", "paste-token", *words, stdin=OLD + "\n")[0] == 0


def _token(secret: str) -> dict[str, str]:
    return {"type": "token", "provider": "anthropic", "token": secret}


def ours(home: Path) -> None:
    """Everything that we can write."""
    paste = ("models", "auth", "paste-token", "--provider", "anthropic", "--profile-id", "anthropic:new")
    assert authwatch(home, *paste, "--expires-in", "30d", stdin=NEW).code == 0
    assert authwatch(home, "models", "auth", "paste-api-key", "--provider", "openai", stdin=KEY).code == 0
    order = ("models", "auth", "order", "set", "--provider", "anthropic", "anthropic:new", "anthropic:work")
    assert authwatch(home, *order).code == 0


def answers(release: str, home: Path) -> dict[str, Any]:
    """What the real program says of what we wrote."""

    def asked(*words: str) -> Any:
        code, said = real.openclaw(release, home, *words)
        assert code == 0
        return json.loads(real.calm(said, home))

    status = asked("models", "status", "--json")["auth"]
    states = {one["profileId"]: one["status"] for one in status["oauth"]["profiles"]}
    doctor = real.openclaw(release, home, "doctor", "--non-interactive")
    return {
        "list": asked("models", "auth", "list", "--json")["profiles"],
        "order": asked("models", "auth", "order", "get", "--provider", "anthropic", "--json")["order"],
        "states": states,
        "missing": status["missingProvidersInUse"],
        "doctor_on_auth": [line for line in doctor[1].splitlines() if "anthropic:" in line or "auth-profiles" in line],
    }


def record(release: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{release}.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("release", RELEASES)
def test_openclaw_reads_what_we_write_and_we_what_it_writes(release: str, tmp_path: Path) -> None:
    if real.folder(release) is None:
        pytest.skip("not installed; the recorded run below stands for it")
    seeded(release, tmp_path)
    before = real.snapshot(tmp_path)
    ours(tmp_path)
    after = real.snapshot(tmp_path)
    theirs = answers(release, tmp_path)
    words = ("models", "auth", "order", "set", "--provider", "anthropic", "anthropic:work", "anthropic:new")
    assert real.openclaw(release, tmp_path, *words)[0] == 0
    reordered = real.snapshot(tmp_path)
    if os.environ.get("AUTHWATCH_RECORD"):
        run = {"release": release, "before": before, "after": after, "theirs": theirs, "reordered": reordered}
        (RECORDED / f"{release}.json").write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert theirs == record(release)["theirs"]
    assert _order(tmp_path) == ["anthropic:work", "anthropic:new"]
    assert authwatch(tmp_path, "models", "auth", "order", "clear", "--provider", "anthropic").code == 0
    said = real.openclaw(release, tmp_path, "models", "auth", "order", "get", "--provider", "anthropic", "--json")[1]
    assert json.loads(said)["order"] is None


@pytest.mark.parametrize("release", RELEASES)
def test_our_writing_gives_what_openclaw_accepted(release: str, tmp_path: Path) -> None:
    run = record(release)
    real.restore(tmp_path, run["before"])
    ours(tmp_path)
    assert real.snapshot(tmp_path) == run["after"]
    said = run["theirs"]
    assert said["order"] == ["anthropic:new", "anthropic:work"]
    assert said["states"] == {"anthropic:new": "ok", "anthropic:work": "static", "openai:manual": "static"}
    assert (said["missing"], said["doctor_on_auth"]) == ([], [])
    listed = authwatch(tmp_path, "models", "auth", "list", "--json").out
    assert json.loads(real.calm(listed, tmp_path))["profiles"] == said["list"]


@pytest.mark.parametrize("release", RELEASES)
def test_we_read_the_order_that_openclaw_stored(release: str, tmp_path: Path) -> None:
    real.restore(tmp_path, record(release)["reordered"])
    assert _order(tmp_path) == ["anthropic:work", "anthropic:new"]


@pytest.mark.parametrize("release", PINS)
def test_a_pin_is_the_record_that_model_writes_and_openclaw_uses_it(release: str, tmp_path: Path) -> None:
    real.restore(tmp_path, record(release)["after"])
    sessions = tmp_path / ".openclaw" / "agents" / "main" / "sessions" / "sessions.json"
    sessions.parent.mkdir(parents=True, exist_ok=True)
    sessions.write_text(json.dumps(SESSIONS))
    pin = authwatch(tmp_path, "models", "pin", "anthropic/claude-opus-4-6@anthropic:new", "--session", SESSION)
    assert pin.code == 0, pin.err
    entry = json.loads(sessions.read_text())[SESSION]
    expected = {
        "sessionId": "b8ed7153",
        "kept": [1, {"a": "ü"}],
        "providerOverride": "anthropic",
        "modelOverride": "claude-opus-4-6",
        "modelOverrideSource": "user",
        "authProfileOverride": "anthropic:new",
        "authProfileOverrideSource": "user",
    }
    assert {name: value for name, value in entry.items() if name != "updatedAt"} == expected
    assert f"{SESSION}  anthropic:new  by user" in authwatch(tmp_path, "models", "pin", "list").out
    if real.folder(release) is not None:
        said = real.node(release, tmp_path, ASK.replace("SESSION_BEFORE", json.dumps(SESSIONS[SESSION])))
        theirs = {
            name: value for name, value in said["entry"].items() if name not in ("updatedAt", "liveModelSwitchPending")
        }
        assert (said["used"], theirs) == ("anthropic:new", expected)
    assert authwatch(tmp_path, "models", "unpin", "--session", SESSION).code == 0
    assert "No sessions are pinned" in authwatch(tmp_path, "models", "pin", "list").out


def test_the_newest_release_is_told_what_to_type(tmp_path: Path) -> None:
    real.restore(tmp_path, record("2026.9.6")["after"])
    done = authwatch(tmp_path, "models", "pin", "anthropic/claude-opus-4-6@anthropic:new", "--session", SESSION)
    assert (done.code, "/model anthropic/claude-opus-4-6@anthropic:new" in done.err) == (1, True)
    assert real.snapshot(tmp_path) == record("2026.9.6")["after"]


def _order(home: Path) -> Any:
    done = authwatch(home, "models", "auth", "order", "get", "--provider", "anthropic", "--json")
    return done.json["order"]
