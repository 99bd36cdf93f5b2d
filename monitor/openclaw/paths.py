"""Where an OpenClaw keeps its state, config and agents, with every variable and old name that can move them."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from monitor.openclaw.env import Environment
from monitor.openclaw.gateway import NO_GATEWAY, Gateway, gateway_of
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
    """The places that the environment and the existing folders choose; nothing need exist there. Our own variables
    come before those of the gateway: somebody who names a place means it."""

    def variable(name: str) -> str | None:
        ours = host.env(name) if environment.process else None
        return ours if (ours or "").strip() else environment.gateway.location(name)

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


#: The variables that name another OpenClaw than the default one.
_NAMING: Final = ("OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR", "OPENCLAW_HOME", "OPENCLAW_PROFILE")


def gateway_for(host: Host, environment: Environment) -> Gateway:
    """The gateway of the OpenClaw that our own variables name, else of the default one, which it may have moved."""
    ours = find(host, environment)
    if not (environment.process and any((host.env(name) or "").strip() for name in _NAMING)):
        gateway = gateway_of(host)
        moved = find(host, Environment(host, environment.process, gateway=gateway)).state
        # A unit that is left over names a folder that is gone.
        return gateway if moved == ours.state or host.exists(moved) else gateway._replace(elsewhere=True)
    profile = ours.state.name.partition(f"{STATE_NAMES[0]}-")[2]
    for gateway in (gateway_of(host, one) for one in dict.fromkeys((profile, ""))):
        if gateway.definition and (profile and not any(map(gateway.location, _NAMING[:2]))):
            return gateway
        theirs = find(host, Environment(host, process=False, gateway=gateway))
        if gateway.definition and theirs.state == ours.state:
            return gateway
    return NO_GATEWAY


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
