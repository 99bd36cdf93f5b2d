"""Where an OpenClaw keeps its state, config and agents, with every variable and old name that can move them."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from monitor.openclaw.env import Environment
from monitor.openclaw.gateway import NO_GATEWAY, Gateway, gateway_of
from monitor.openclaw.releases import MAIN
from monitor.system.host import Host

STATE_NAMES: Final = (".openclaw", ".clawdbot", ".moltbot", ".moldbot")
PROFILE_FOLDER: Final = ".openclaw-"  # with the profile's name behind
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


def find(host: Host, environment: Environment, folder: Path | None = None) -> Paths:
    """The places that the environment and the existing folders choose; nothing need exist there. `folder` is a state
    folder that no variable chooses: what they say of other places is not said of it. Our own
    variables come before those of the gateway: somebody who names a place means it."""
    home = home_of(host, environment)

    def variable(name: str) -> str | None:
        ours = host.env(name) if environment.process else None
        return ours if (ours or "").strip() else environment.gateway.location(name)

    def path(*names: str) -> Path | None:
        written = next(filter(None, map(variable, names)), None) if folder is None else None
        return expand(written, home) if written else None

    moved = path("OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR")
    state = folder or moved or _state(host, home, variable("OPENCLAW_PROFILE"))
    written = path("OPENCLAW_CONFIG_PATH", "CLAWDBOT_CONFIG_PATH")
    config = written or _config(host, state)
    main = path("OPENCLAW_AGENT_DIR")
    if main is None and (pi := path("PI_CODING_AGENT_DIR")) and (moved or written or host.exists(state)):
        main = pi  # Pi's own variable: without an OpenClaw what it names is Pi's alone
    return Paths(
        home=home,
        state=state,
        config=config,
        main_dir=main or state / "agents" / MAIN / "agent",
        asked_dir=main,
        oauth_dir=path("OPENCLAW_OAUTH_DIR") or state / "credentials",
        include_roots=tuple(
            expand(part, home) for part in (variable("OPENCLAW_INCLUDE_ROOTS") or "").split(":") if part.strip()
        ),
    )


#: The variables that name another OpenClaw than the default one.
_NAMING: Final = ("OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR", "OPENCLAW_HOME", "OPENCLAW_PROFILE")


def gateway_for(host: Host, environment: Environment, folder: Path | None = None) -> Gateway:
    """The gateway of the OpenClaw that our own variables name, else of the default one, which it may have moved; with
    `folder`, of the one whose state lies there."""
    ours = find(host, environment, folder)
    if folder is None and not (environment.process and any((host.env(name) or "").strip() for name in _NAMING)):
        gateway = gateway_of(host)
        moved = find(host, Environment(host, environment.process, gateway=gateway)).state
        # A unit that is left over names a folder that is gone.
        return gateway if moved == ours.state or host.exists(moved) else gateway._replace(elsewhere=True)
    profile = ours.state.name.partition(PROFILE_FOLDER)[2]
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


def home_of(host: Host, environment: Environment) -> Path:
    """The home in which OpenClaw looks."""
    text = (host.env("OPENCLAW_HOME") or "").strip() if environment.process else ""
    text = text or (environment.gateway.location("OPENCLAW_HOME") or "").strip()
    return host.home if text in ("", "undefined", "null") else expand(text, host.home)


def plain_state(host: Host, home: Path) -> Path:
    """The state folder of an OpenClaw without a profile."""
    return next((home / name for name in STATE_NAMES if host.is_dir(home / name)), home / STATE_NAMES[0])


def _state(host: Host, home: Path, profile: str | None) -> Path:
    plain = plain_state(host, home)
    # `openclaw --profile x` names its folder to what it starts; the variable alone counts only where no other is.
    if profile and profile.strip().lower() != "default" and "/" not in profile and not host.is_dir(plain):
        return home / f"{PROFILE_FOLDER}{profile.strip()}"
    return plain


def _config(host: Host, state: Path) -> Path:
    for name in CONFIG_NAMES:
        if host.exists(state / name):
            return state / name
    return state / CONFIG_NAMES[0]
