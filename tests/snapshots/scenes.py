"""The pages: what is run on a stage, by subject. Each page begins on a stage of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from monitor import __version__
from monitor.cli.app import whole
from tests.command import configure, state
from tests.snapshots.stage import CONFIG, Stage

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OPENAI, ANTHROPIC, CLAUDE = (
    "openclaw/main/openai:default",
    "openclaw/main/anthropic:default",
    "claude-code/-/claude-code:default",
)


def status(on: Stage) -> None:
    """What `status` shows, at three widths, without and with colours."""
    on.title("No logins")
    on.run("status")
    on.furnished()
    on.title("Some logins")
    for width in (80, 120, 40):
        on.run("status", width=width)
    for width in (80, 120, 40):
        on.run("status", width=width, color=True)
    on.title("A part of them")
    on.run("status", "--provider", "openai", "--check")
    on.run("status", "--provider", "mistral")
    on.title("All kinds")
    _all_kinds(on)
    on.run("status")
    on.run("status", width=120, color=True)
    on.title("Nothing to do")
    _calm(on)
    on.run("status")
    on.run("status", color=True)


def check(on: Stage) -> None:
    """What `check` prints, for people, timers and monitoring systems."""
    on.furnished()
    on.run("check")
    on.run("check", "--provider", "openai", "--exit-zero")
    on.run("check", "--nagios")
    on.run("check", color=True)
    on.title("Nothing to do")
    _calm(on)
    on.run("check")
    on.run("check", "--nagios")
    on.title("No logins")
    (on.home / ".claude/.credentials.json").unlink()
    (on.home / ".openclaw/openclaw.json").rename(on.home / "gone.json")
    (on.home / ".openclaw").rename(on.home / "gone")
    on.run("check", "--nagios", note="logins that were there are gone")


def alerts(on: Stage) -> None:
    """`alerts` and its actions."""
    on.furnished()
    on.title("Before the first check")
    on.run("alerts", "list")
    on.run("alerts", "ack", OPENAI)
    on.run("check", shown=False)
    on.title("After it")
    on.run("alerts", "list")
    on.run("alerts", "list", width=120)
    on.wait(10 * MINUTE)
    on.run("alerts", "ack", OPENAI, "--for", "2d", "--note", "Bo is on it")
    on.run("alerts", "ack", ANTHROPIC)
    on.run("alerts", "silence", "provider=anthropic", "--for", "4h", "--note", "new subscription tonight")
    on.run("alerts", "list")
    on.run("status")
    on.run("alerts", "unsilence", "1")
    on.run("alerts", "unsilence", "1")
    on.run("alerts", "simulate")
    on.run("alerts", "simulate", "--in", "2d", width=120)
    on.run("alerts", "simulate", "--in", "500d")
    on.run("alerts", "test")
    on.run("alerts", "test", "fone")
    on.run("alerts", "ack")
    on.run("alerts", "ack", "openclaw/main/openai:defualt")
    on.run("alerts", "ack", "--token", "abc")
    on.run("alerts", "silence", "provder=anthropic", "--for", "4h")
    on.run("alerts", "silence", "provider=anthropic", "--for", "4 fortnights")
    on.run("alerts", "unsilence", "7")
    on.title("A channel that cannot be reached")
    configure(on.home, "host: vps-1\nchannels:\n  phone: {url: 'json://127.0.0.1:9/'}\nalerts: {deadline: 1s}\n")
    on.run("alerts", "test")
    on.run("check", shown=False)
    on.run("alerts", "list")
    on.title("Without channels")
    configure(on.home, "host: vps-1\n")
    on.run("alerts", "test")


def explain(on: Stage) -> None:
    """`explain` for one login of each state."""
    on.furnished()
    _all_kinds(on)
    on.run("check", shown=False)
    for key in (OPENAI, ANTHROPIC, CLAUDE, "openclaw/main/google:default", "openclaw/main/groq:default"):
        on.run("explain", key)
    on.run("explain", OPENAI, width=120, color=True)
    on.run("explain", "openclaw/main/openai")
    on.run("explain", "nonsense")


def history(on: Stage) -> None:
    """`history`, and what is told of logins that come and go."""
    on.furnished()
    on.run("history")
    on.run("check", shown=False)
    on.wait(2 * DAY)
    on.run("check", shown=False)
    on.run("history")
    on.run("history", color=True)
    on.run("history", ANTHROPIC, "--since", "7d")
    on.run("history", "--csv")
    on.run("history", "--next", "60d")
    on.run("history", "nonsense")
    on.run("history", "--since", "a while")
    on.title("forget, ignore, unignore")
    on.run("ignore", OPENAI)
    on.run("status")
    on.run("unignore", OPENAI)
    on.run("forget", OPENAI, note="it is still there")
    (on.home / ".claude/.credentials.json").unlink()
    on.wait(HOUR)
    on.run("check", shown=False)
    on.run("check", shown=False)
    on.run("status")
    on.run("forget", CLAUDE)
    on.run("forget", CLAUDE, note="once more")
    on.run("ignore", "nonsense")


def doctor(on: Stage) -> None:
    """`doctor` before anything is set up, with everything in order, and with `--fix`."""
    on.furnished(CONFIG + _FREE_PORT)
    on.program("authwatch", f"echo authwatch {__version__}")
    on.title("Nothing is set up yet")
    on.run("doctor")
    on.run("doctor", width=120, color=True)
    on.title("Almost everything is in order")
    on.program("openclaw", "echo 2026.1.30")
    on.program("claude", "echo '2.0.42 (Claude Code)'")
    (on.home / ".openclaw/agents/lab/agent/auth-profiles.json").unlink()
    on.run("check", shown=False)
    on.run("doctor")
    on.title("What it can fix by itself")
    (on.home / ".claude/.credentials.json").chmod(0o644)
    on.run("doctor")
    on.run("doctor", "--fix")
    on.title("A config that is wrong")
    configure(on.home, "polcy: {}\n")
    on.run("doctor")


def setup(on: Stage) -> None:
    """The first set-up, what runs it, logging in again, and the way back."""
    on.furnished(None)
    on.title("onboard")
    on.run("onboard", "--ntfy", "--yes", "--timer", "systemd", "--dry-run")
    on.run("onboard", "--mail", "alice@example.org", "--smtp", "smtp.example.org", "--dry-run", "--timer", "cron")
    on.run("onboard", "--no-channel", "--timer", "none", "--yes")
    server = f"http://127.0.0.1:{on.phone.port}"
    on.run("onboard", "--ntfy", "my-topic-1234567890", "--ntfy-server", server, "--timer", "none", "--yes")
    on.run("onboard", "--ntfy", "--timer", "sometimes")
    on.title("relogin")
    on.run("relogin", "--dry-run")
    on.run("relogin", ANTHROPIC, "--dry-run")
    on.run("relogin", CLAUDE, "--dry-run")
    on.run("relogin", "--ssh", "alice@vps-1", "--dry-run")
    on.run("relogin")
    on.run("relogin", "nonsense", "--dry-run")
    on.title("install")
    on.run("install", "systemd", note="a machine without systemd")
    phone = on.home / "files/usr"
    (phone / "bin").mkdir(parents=True)
    (phone / "bin/sh").symlink_to("/bin/sh")
    termux = {"PREFIX": str(phone), "PATH": f"{on.home}/bin:/usr/bin:/bin"}
    for way in ("systemd", "cron", "launchd"):
        on.run("install", way, "--dry-run")
    on.run("install", "termux", "--dry-run", env=termux)
    on.program("systemctl", 'case "$*" in *start*) echo x >~/.local/state/authwatch/checkpoint ;; esac')
    on.program("loginctl")
    on.program("crontab", "case $1 in -l) /bin/cat ~/crontab ;; *) /bin/cat >~/crontab ;; esac")
    (on.home / "crontab").touch()
    on.run("install", "systemd")
    with _cron():
        on.run("install", "cron")
    on.run("install", "termux")
    on.run("install", "systemd", "--daemon", "--system")
    on.run("install", "windows")
    on.title("uninstall")
    on.run("uninstall", "systemd", "--dry-run")
    for way in ("systemd", "cron", "launchd"):
        on.run("uninstall", way)
    on.run("uninstall", "termux", "--dry-run", env=termux)


def models(on: Stage) -> None:
    """OpenClaw's own words."""
    on.furnished()
    on.run("models", "status")
    on.run("models", "status", "--check")
    on.run("models", "status", "--plain")
    on.run("models", "auth", "list")
    on.run("models", "auth", "list", "--provider", "anthropic")
    on.run("models", "auth", "order", "get", "--provider", "anthropic")
    on.run("models", "auth", "order", "set", "--provider", "anthropic", "anthropic:default")
    on.run("models", "auth", "order", "set", "--provider", "anthropic", "anthropic:other")
    on.run("models", "auth", "paste-token", "--provider", "openai", stdin="made-up-token\n")
    on.run("models", "auth", "paste-api-key", "--provider", "openrouter", stdin="sk-made-up\n")
    on.run("models", "pin", "list")
    on.run("models", "pin", "status")
    on.run("models", "status", "--agent", "nobody")
    on.run("models", "stats")


def config(on: Stage) -> None:
    """`config`, and what it says of configs that are wrong."""
    on.furnished()
    on.run("config", "check")
    on.run("config", "show")
    on.title("No config")
    (on.home / ".config/authwatch/config.yaml").unlink()
    on.run("config", "check")
    on.run("config", "show")
    on.title("Wrong ones")
    for wrong in _WRONG:
        configure(on.home, wrong)
        on.parts.append("".join(f"    | {line}\n" for line in wrong.splitlines()))
        on.run("config", "check")
    on.run("status")
    on.run("check", "--nagios")
    on.run("config", "check", "--config", "nowhere.yaml")


def demo(on: Stage) -> None:
    """The demo."""
    on.run("demo")


def help_(on: Stage) -> None:
    """The help of every command."""
    on.run()
    for words in _every_command():
        on.run(*words, "--help")


def errors(on: Stage) -> None:
    """What goes wrong often."""
    on.furnished()
    on.title("Typing")
    on.run("stauts")
    on.run("status", "--no-colour")
    on.run("status", "--provider")
    on.run("install")
    on.run("alerts", "silence")
    on.run("explain")
    on.run("alerts", "unsilence", "one")
    on.run("check", "--json", "--nagiso")
    on.title("The state folder")
    on.run("status", env={"HOME": ""}, note="no home")
    state(on.home).parent.mkdir(parents=True)
    state(on.home).write_text("a file where the folder should be", "utf-8")
    on.run("check")
    on.run("alerts", "list")
    state(on.home).unlink()
    on.title("Another home, another watcher")
    on.run("check", shown=False)
    other = on.home / "other"
    other.mkdir()
    on.run("check", "--home", str(other))
    on.run("status", "--home", str(other))
    on.run("check", env={"HOME": str(other), "STATE_DIRECTORY": str(state(on.home))})
    on.run("history", "adopt")
    on.title("A history that cannot be read")
    (state(on.home) / "history.sqlite").write_bytes(b"this is no database" * 100)
    on.run("history")
    on.run("check")
    on.title("Outputs")
    on.run("check", "--textfile", "/nonexistent/authwatch.prom")


def messages(on: Stage) -> None:
    """One message of each kind, as a phone gets it."""
    on.furnished(CONFIG + "alerts: {remind: [1d]}\n")

    def checked(after: timedelta, note: str) -> None:
        on.wait(after)
        on.run("check", shown=False)
        if not on.unheard():
            on.wait(15 * MINUTE)  # what may pass by itself is told once it has settled
            on.run("check", shown=False)
        on.messages(note)

    checked(timedelta(), "new, of two logins; and what cannot be read")
    for after, note in ((26 * HOUR, "worse, and a reminder"), (25 * HOUR, "expired meanwhile")):
        checked(after, note)
    _renewed(on)
    checked(HOUR, "resolved")
    (on.home / ".claude/.credentials.json").unlink()
    checked(HOUR, "a login that is gone")
    on.run("alerts", "test", shown=False)
    on.messages("a test message")
    for config, note in (
        (CONFIG.replace('"}', '", canary: 1d}'), "a canary"),
        (CONFIG + "alerts: {digest: daily}\n", "a digest"),
    ):
        _calm(on, config)
        while not on.unheard():
            on.wait(6 * HOUR)
            on.run("check", shown=False)
        on.messages(note)


# -- homes ------------------------------------------------------------------------------------------------------------

_FREE_PORT = "web: {listen: '127.0.0.1:4797'}\n"
_WRONG = (
    "polcy: {lead: [7d]}\n",
    "policy:\n  lead: 7d\n",
    "policy:\n  lead: [a week]\n",
    "channels:\n  phone: ntfy://ntfy.sh/x\n",
    "channels:\n  phone: {url: 'ntfyy://ntfy.sh/x'}\n",
    "channels:\n  phone: {url_file: nowhere.url}\n",
    "sources: [openclaw, claud-code]\n",
    "alerts: {quiet: {from: 25:00, to: 07:00}}\n",
    "alerts: {digest: hourly}\n",
    "timezone: Europe/Stokholm\n",
    "interval: [5m]\n",
    "host: [\n",
    "just a sentence\n",
)


@contextmanager
def _cron() -> Iterator[None]:
    """A process that looks like cron."""
    with subprocess.Popen(["sh", "-c", "printf cron >/proc/self/comm; read -r end"], stdin=subprocess.PIPE) as running:
        yield
        running.communicate(b"\n")


def _profiles(on: Stage) -> dict[str, dict[str, object]]:
    path = on.home / ".openclaw/agents/main/agent/auth-profiles.json"
    return dict(json.loads(path.read_text("utf-8"))["profiles"])


def _store(on: Stage, profiles: dict[str, dict[str, object]]) -> None:
    on.file(".openclaw/agents/main/agent/auth-profiles.json", {"version": 1, "profiles": profiles})


def _ms(on: Stage, after: timedelta) -> int:
    return int((on.now + after).timestamp() * 1000)


def _all_kinds(on: Stage) -> None:
    """A key, a login that renews itself, one that is idle, one that is logged out, and others of other programs."""
    oauth = {"type": "oauth", "provider": "google", "access": "made-up", "refresh": "made-up"}
    more: dict[str, dict[str, object]] = {
        "groq:default": {"type": "api_key", "provider": "groq", "key": "made-up"},
        "google:default": {**oauth, "expires": _ms(on, 30 * MINUTE)},
        "openai-codex:default": {**oauth, "provider": "openai-codex", "access": "a", "refresh": "", "expires": 1},
        "xai:default": {"type": "api_key", "provider": "xai", "keyRef": {"source": "env", "id": "XAI_API_KEY"}},
    }
    _store(on, {**_profiles(on), **more})
    on.file(".codex/auth.json", {"OPENAI_API_KEY": None, "tokens": {"access_token": "", "refresh_token": ""}})
    on.file(".gemini/oauth_creds.json", {"access_token": "a", "refresh_token": "r", "expiry_date": _ms(on, -3 * DAY)})


def _calm(on: Stage, config: str = CONFIG) -> None:
    """A home in which all logins are good for weeks."""
    on.furnished(config)
    (on.home / ".openclaw/agents/lab/agent/auth-profiles.json").unlink()
    model = {"model": {"primary": "anthropic/claude-sonnet-4-5"}}
    on.file(".openclaw/openclaw.json", {"agents": {"defaults": model, "list": [{"id": "main", "default": True}]}})
    token = {"type": "token", "provider": "anthropic", "token": "made-up-2", "expires": _ms(on, 300 * DAY)}
    _store(on, {"anthropic:default": token})


def _renewed(on: Stage) -> None:
    profiles = _profiles(on)
    for name in ("anthropic:default", "openai:default"):
        profiles[name] |= {"token": f"made-up-new-{name}", "expires": _ms(on, 300 * DAY)}
    _store(on, profiles)


def _every_command() -> Iterator[tuple[str, ...]]:
    def below(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if words:
            yield words
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, inner in action.choices.items():
                    yield from below(inner, (*words, name))

    return below(whole(), ())


PAGES: dict[str, Callable[[Stage], None]] = {
    one.__name__.rstrip("_"): one
    for one in (status, check, alerts, explain, history, doctor, setup, models, config, demo, help_, errors, messages)
}


def written(name: str) -> str:
    """The text of a page, made anew."""
    make = PAGES[name]
    with Stage() as on:
        make(on)
        return on.page(f"{name}: {make.__doc__}")
