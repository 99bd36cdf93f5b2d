"""OpenClaw: every agent's stored profiles, the keys of its .env and config, and who serves which provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from alerts.dataclass import dataclass, field
from monitor.host import Host
from monitor.model import Credential, Evidence, Finding, Kind, Lineup, Observation, Problem, Trouble, Use
from monitor.openclaw.check import ConfigKey, config_key
from monitor.openclaw.credentials import Profile
from monitor.openclaw.envkeys import PROVIDERS, VARIABLES, is_oauth
from monitor.openclaw.evidence import Reading, observation
from monitor.openclaw.merge import View
from monitor.openclaw.order import left_out, order
from monitor.openclaw.pins import pinned
from monitor.openclaw.reading import Installation, read
from monitor.openclaw.releases import CLI_PROVIDERS, MAIN, auth_id
from monitor.openclaw.settings import Model
from monitor.openclaw.stores import Store
from monitor.sources.entry import SourceEntry
from monitor.sources.location_variables import LocationVariable, Value

# Their logins lie elsewhere (AWS and Google tools, other CLIs) or are not needed at all.
KEYLESS = CLI_PROVIDERS | {"amazon-bedrock", "google-vertex", "ollama", "lmstudio", "vllm", "llama.cpp"}

_HOME: Final = LocationVariable("OPENCLAW_HOME", void=("undefined", "null"), anywhere=True)
#: What `monitor.openclaw.places` asks for. A config may name an agent's folder anywhere.
LOCATIONS: Final = (
    _HOME,
    *(
        LocationVariable(name, base=_HOME, anywhere=True)
        for name in ("OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR", "OPENCLAW_AGENT_DIR", "PI_CODING_AGENT_DIR")
    ),
    *(
        LocationVariable(name, Value.FILE, base=_HOME, anywhere=True)
        for name in ("OPENCLAW_CONFIG_PATH", "CLAWDBOT_CONFIG_PATH")
    ),
    LocationVariable("OPENCLAW_OAUTH_DIR", base=_HOME, anywhere=True),
    LocationVariable("OPENCLAW_INCLUDE_ROOTS", Value.FOLDERS, base=_HOME, anywhere=True),
    LocationVariable("OPENCLAW_PROFILE", Value.NAME, base=_HOME, void=("default",), folder=".openclaw-", anywhere=True),
)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """What one look at an OpenClaw finds. The option `home` names another home than the host's.

    Shared profiles are reported under `main`, keys of `.env` and config under the agent "-". Silent where there is
    neither state folder nor config; a `home` that was named and holds nothing is a login that is missing. Nothing
    depends on the clock: cooldowns are given as moments that may be past.
    """
    written = entry.options.get("home")
    if not (isinstance(written, str) and written.strip()):
        yield from _findings(host, entry, read(host))
        return
    there = host.at(host.path(written.strip()))
    found = read(there, process=False)
    findings = [*_findings(there, entry, found)]
    yield from findings or [_nothing(host, entry, found)]


def _nothing(host: Host, entry: SourceEntry, found: Installation) -> Observation:
    """That a home which somebody named is not there, or holds nothing of OpenClaw."""
    state = found.places.state
    who = Credential(entry.id, "-", "openclaw", "openclaw:default", Kind.OAUTH)
    return Observation(who, Evidence.ABSENT, store=host.show(state), host_path=str(state))


def _findings(host: Host, entry: SourceEntry, found: Installation) -> Iterator[Finding]:
    if not found.present:
        return
    look = _Look(host, entry.id, found)
    for fault in found.faults:
        yield Trouble(entry.id, fault.problem, host.show(fault.path), fault.detail, str(fault.path))
    for agent in found.agents:
        yield from look.agent(agent)
    yield from look.keys()


@dataclass(slots=True)
class _Look:
    host: Host
    source: str
    found: Installation
    models: dict[str, list[Model]] = field(default_factory=dict, init=False)
    silent: bool = field(default=False, init=False)
    pins: Mapping[tuple[str, str], int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        config, generation = self.found.config, self.found.generation
        for agent in config.agents or (MAIN,):
            self.models[agent] = config.models_in_use(agent, generation)
        self.silent = not any(self.models.values())
        self.pins = pinned(self.host, self.found)

    # -- who uses what ----------------------------------------------------------------------------------------

    def used_by(self, agent: str, provider: str) -> bool | None:
        """Whether an agent uses a provider; None where no model is configured at all. Agents that the config does
        not have use none."""
        if agent not in self.models:
            return False
        if self.silent:
            return None
        return any(_family(one.provider) == _family(provider) for one in self.models[agent])

    def used_by_any(self, provider: str) -> bool | None:
        """The same over every configured agent."""
        return None if self.silent else any(self.used_by(agent, provider) for agent in self.models)

    # -- one agent --------------------------------------------------------------------------------------------

    def agent(self, agent: str) -> Iterator[Finding]:
        """An agent's own profiles, then its lineups, then providers it names and cannot log in to."""
        view = self.found.view(agent)
        own = {name: one for name, one in view.profiles.items() if one.agent == agent}
        stranded = self.found.stranded.get(agent, Store(self.found.places.state)).profiles
        own |= {name: one for name, one in stranded.items() if name not in view.profiles}
        reading = Reading(self.host, self.source, self.found, view)
        ranks = self._ranks(view)
        for name, one in own.items():
            inherited = agent == MAIN and one.store == self.found.base.path
            used = self.used_by_any(one.provider) if inherited else self.used_by(agent, one.provider)
            if self.left_out(agent, one, everywhere=inherited):
                used = False
            yield observation(reading, one, used, ranks.get(name), self.pinned_by(agent, name, inherited=inherited))
        used_providers = dict.fromkeys(one.provider for one in self.models.get(agent, ()))
        stored = dict.fromkeys(one.provider for one in (*view.profiles.values(), *stranded.values()))
        kept = {one.provider for one in view.profiles.values() if not self.left_out(agent, one)}
        kept |= {one.provider for one in stranded.values()}
        for provider in (*used_providers, *(name for name in stored if name not in used_providers)):
            lineup = self.lineup(agent, provider, view)
            yield lineup
            has_profile = any(auth_id(name) == auth_id(provider) for name in kept)
            served = provider not in used_providers or has_profile or lineup.spare
            if not (served or self.blind(agent)) and self.needs_key(provider):
                yield self.missing(agent, provider)

    def left_out(self, agent: str, one: Profile, *, everywhere: bool = False) -> bool:
        """Whether the order that is stated leaves a profile out; `everywhere`: for each agent that inherits it."""
        agents = self.found.agents if everywhere else (agent,)
        return all(left_out(self.found.view(name), self.found.config, one.provider, one.id) for name in agents)

    def pinned_by(self, agent: str, name: str, *, inherited: bool) -> str | None:
        """How many sessions are bound to a profile, of every agent that inherits it, in words."""
        count = sum(many for (whose, what), many in self.pins.items() if what == name and (inherited or whose == agent))
        return None if not count else "1 session is" if count == 1 else f"{count} sessions are"

    def blind(self, agent: str) -> bool:
        """Whether something that this agent's logins may lie in could not be read, so that nothing can be missed."""
        others = [folder for name, folder in self.found.folders.items() if name not in (agent, MAIN)]
        return any(
            fault.problem not in (Problem.STALE_COPY, Problem.MIGRATION_PENDING)
            and not any(fault.path.is_relative_to(folder) for folder in others)
            for fault in self.found.faults
        )

    def _ranks(self, view: View) -> dict[str, int]:
        providers = {auth_id(one.provider) for one in view.profiles.values()}
        orders = (order(view, self.found.config, provider, None).ids for provider in sorted(providers))
        return {name: rank for ids in orders for rank, name in enumerate(ids)}

    def lineup(self, agent: str, provider: str, view: View) -> Lineup:
        """Who serves a provider for an agent, inherited profiles included, then variables and config keys."""
        ids = order(view, self.found.config, provider, None).ids
        keys = tuple(self.credential(view.profiles[name].agent, provider, name).key for name in ids)
        used = self.used_by(agent, provider)
        if agent == MAIN and MAIN not in self.models:
            used = self.used_by_any(provider)
        return Lineup(self.source, agent, provider, keys, self.spare(provider), in_use=used is not False)

    def spare(self, provider: str) -> tuple[str, ...]:
        """Names of the variable and the config key that could serve a provider."""
        generation, environment = self.found.generation, self.found.environment
        variable = environment.key_of(provider, generation)
        key = config_key(self.found.config, environment, provider, generation)
        names = [variable] if variable else []
        if key in (ConfigKey.LITERAL, ConfigKey.SET):
            names.append(f"models.providers.{provider}.apiKey")
        return tuple(names)

    def needs_key(self, provider: str) -> bool:
        """Whether a provider without any key is a login that is missing, and not a program on this machine."""
        entry = self.found.config.provider_entry(provider, self.found.generation)
        return provider not in KEYLESS and entry.get("auth") != "aws-sdk" and not _local(entry.get("baseUrl"))

    def missing(self, agent: str, provider: str) -> Observation:
        """A provider that the config names and nothing can log in to."""
        config = self.found.places.config
        return Observation(
            self.credential(agent, provider, f"{provider}:-", Kind.API_KEY),
            Evidence.ABSENT,
            use=Use(in_use=True),
            store=self.host.show(config),
            notes=("the config names it, and no profile, variable or config key serves it",),
            host_path=str(config),
        )

    # -- keys outside the stores ------------------------------------------------------------------------------

    def keys(self) -> Iterator[Observation]:
        """The keys in `.env`, in the config's `env` block and in `models.providers`."""
        environment, places = self.found.environment, self.found.places
        for name, value in environment.dotenv.items():
            if name in PROVIDERS:
                yield self.key(PROVIDERS[name], name, value, str(places.state / ".env"))
        for name, value in environment.config.items():
            if name in PROVIDERS and name not in environment.dotenv and value.strip() and "${" not in value:
                yield self.key(PROVIDERS[name], name, value, str(places.config))
        for written in self.found.config.table("models", "providers"):
            provider = written.strip().lower()
            if config_key(self.found.config, environment, provider, self.found.generation) is ConfigKey.LITERAL:
                value = self.found.config.provider_entry(provider, self.found.generation)["apiKey"]
                yield self.key(provider, f"models.providers.{provider}.apiKey", value, str(places.config))

    def key(self, provider: str, name: str, value: str, path: str) -> Observation:
        """A key that lies in a file of its own right, not in a store."""
        kind = Kind.TOKEN if is_oauth(name) else Kind.API_KEY
        others = [one for one, names in VARIABLES.items() if name in names] or [provider]
        used = {self.used_by_any(one) for one in others}
        who = self.credential("-", provider, name, kind)
        self.host.offer(who, value, self.found.base_url(provider))
        return Observation(
            who,
            use=Use(in_use=True if True in used else None if None in used else False),
            fingerprint=self.host.fingerprint(value.strip()),
            store=self.host.show(self.host.path(path)),
            host_path=path,
        )

    def credential(self, agent: str, provider: str, profile: str, kind: Kind = Kind.API_KEY) -> Credential:
        return Credential(self.source, agent, provider, profile, kind)


def _family(provider: str) -> str:
    """OpenClaw moved `openai-codex` into `openai`: for use they are one."""
    name = auth_id(provider)
    return "openai" if name == "openai-codex" else name


def _local(url: object) -> bool:
    """Whether a base URL leads to this machine or its network, where servers ask for no key."""
    if not isinstance(url, str):
        return False
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    near = ("localhost", "127.", "0.0.0.", "[::1]", "10.", "192.168.", "172.16.", "host.docker.internal")
    return host.startswith(near) or host.partition(":")[0].endswith((".local", ".lan", ".internal"))
