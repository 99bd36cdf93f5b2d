"""Where an OpenClaw keeps its state, config and agents, with every variable and old name that can move them."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from monitor.openclaw.env import Environment
from monitor.openclaw.releases import MAIN
from monitor.system.host import Host

STATE_NAMES: Final = (".openclaw", ".clawdbot", ".moltbot", ".moldbot")
CONFIG_NAMES: Final = ("openclaw.json", "clawdbot.json", "moltbot.json", "moldbot.json")


class Paths(NamedTuple):
    """The folders of one OpenClaw. `main_dir` holds the store that other agents inherit; `asked_dir` is set where a
    variable names the agent folder that counts when no agent is named."""

    home: Path
    state: Path
    config: Path
    main_dir: Path
    asked_dir: Path | None
    oauth_dir: Path
    include_roots: tuple[Path, ...]

    @property
    def database(self) -> Path:
        """The shared database."""
        return self.state / "state" / "openclaw.sqlite"

    def agent_dir(self, agent: str) -> Path:
        """Where an agent's files are when its config does not say."""
        return self.state / "agents" / agent / "agent"


def find(host: Host, environment: Environment) -> Paths:
    """The places that the environment and the existing folders choose; nothing need exist there."""

    def variable(name: str) -> str | None:
        return host.env(name) if environment.process and (host.env(name) or "").strip() else None

    home = _home(host, variable("OPENCLAW_HOME"))

    def path(name: str) -> Path | None:
        written = variable(name)
        return expand(written, home) if written else None

    state = path("OPENCLAW_STATE_DIR") or path("CLAWDBOT_STATE_DIR") or _state(host, home, variable("OPENCLAW_PROFILE"))
    main = path("OPENCLAW_AGENT_DIR") or path("PI_CODING_AGENT_DIR")
    return Paths(
        home=home,
        state=state,
        config=path("OPENCLAW_CONFIG_PATH") or path("CLAWDBOT_CONFIG_PATH") or _config(host, state),
        main_dir=main or state / "agents" / MAIN / "agent",
        asked_dir=main,
        oauth_dir=path("OPENCLAW_OAUTH_DIR") or state / "credentials",
        include_roots=tuple(
            expand(part, home) for part in (variable("OPENCLAW_INCLUDE_ROOTS") or "").split(":") if part.strip()
        ),
    )


def expand(text: str, home: Path) -> Path:
    """A path as people write it: `~`, absolute, or relative to the home."""
    text = text.strip()
    if text == "~" or text.startswith("~/"):
        return home / text[2:]
    return home / text


def _home(host: Host, text: str | None) -> Path:
    if text is None or text.strip() in ("undefined", "null"):
        return host.home
    return expand(text, host.home)


def _state(host: Host, home: Path, profile: str | None) -> Path:
    for name in STATE_NAMES:
        if host.is_dir(home / name):
            return home / name
    # `openclaw --profile x` names its folder to what it starts; the variable alone counts only where no other is.
    if profile and profile.strip().lower() != "default" and "/" not in profile:
        return home / f"{STATE_NAMES[0]}-{profile.strip()}"
    return home / STATE_NAMES[0]


def _config(host: Host, state: Path) -> Path:
    for name in CONFIG_NAMES:
        if host.exists(state / name):
            return state / name
    return state / CONFIG_NAMES[0]
