"""OpenClaw: every agent's stored profiles, the keys in its .env, config and gateway, and which of them each provider
uses.

The gateway runs the agents, so variables in its unit, plist and environment files take precedence over the shell's
variables, `.env` and `env.vars`, and may name another state folder. If a provider's key may be in a place that only the
gateway can read (a file without permission, `PassEnvironment=`, a container), the provider is unknown, not missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from monitor.model import (
    Credential,
    Evidence,
    Finding,
    Kind,
    Lineup,
    Observation,
    Problem,
    SourceEntry,
    Trouble,
    Use,
    upwards,
)
from monitor.openclaw import profiles
from monitor.openclaw.auth_profiles import Profile, lifetime
from monitor.openclaw.config import MAX_AGENTS, Model
from monitor.openclaw.env import PROVIDERS, VARIABLES, ConfigKey, config_key, is_oauth
from monitor.openclaw.inheritance import View
from monitor.openclaw.installation import Installation, read
from monitor.openclaw.observations import ProfileContext, first_login, observation, setup_token_for
from monitor.openclaw.order import explicit_order, left_out, order
from monitor.openclaw.pins import Pin, pinned
from monitor.openclaw.releases import CLI_PROVIDERS, MAIN, Generation, auth_id, provider_id
from monitor.openclaw.stores import DATABASE
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.system.host import Host, Unreadable

# Their logins lie elsewhere (AWS and Google tools, other CLIs) or are not needed at all.
KEYLESS = CLI_PROVIDERS | {"amazon-bedrock", "google-vertex", "lmstudio", "vllm", "llama.cpp"}
#: Where a provider's credential may come from.
ORDER: Final = (
    "the agent's own and inherited profiles, in the configured or declared order, else by kind and last use",
    "the provider's variables: the gateway's own environment, the process, `.env`, `env.vars` of the config",
    "models.providers.PROVIDER.apiKey",
)
VERTEX, OLLAMA, KEY_FILE = "google-vertex", "ollama", "GOOGLE_APPLICATION_CREDENTIALS"

#: So many models of all agents, and so many places in their line-ups, are looked at, far more than anybody has. Each
#: agent inherits profiles and fallbacks, so that both are a product of what is written.
MAX_MODELS: Final = 65_536
MAX_PLACES: Final = 32_768
#: So many profiles of an agent that are gone, and that sessions are bound to, are told.
MAX_VANISHED: Final = 64
_KINDS: Final = {"api_key": Kind.API_KEY, "token": Kind.TOKEN}
_HOME: Final = LocationVariable("OPENCLAW_HOME", void=("undefined", "null"), anywhere=True)
#: What `monitor.openclaw.paths` asks for. A config may name an agent's folder anywhere.
LOCATIONS: Final = (
    _HOME,
    *(
        LocationVariable(name, base=_HOME, anywhere=True)
        for name in ("OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR", "OPENCLAW_AGENT_DIR", "PI_CODING_AGENT_DIR")
    ),
    *(
        LocationVariable(name, LocationValue.FILE, base=_HOME, anywhere=True)
        for name in ("OPENCLAW_CONFIG_PATH", "CLAWDBOT_CONFIG_PATH")
    ),
    LocationVariable("OPENCLAW_OAUTH_DIR", base=_HOME, anywhere=True),
    LocationVariable("OPENCLAW_INCLUDE_ROOTS", LocationValue.FOLDERS, base=_HOME, anywhere=True),
    LocationVariable(
        "OPENCLAW_PROFILE", LocationValue.NAME, base=_HOME, void=("default",), folder=".openclaw-", anywhere=True
    ),
)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """What one look at an OpenClaw finds. The option `home` names another home than the host's.

    Shared profiles are reported under `main`, keys of `.env`, config and gateway under the agent "-". Silent where
    there is neither state folder nor config; a `home` that was named and holds nothing is a login that is missing.
    Nothing depends on the clock: cooldowns are given as moments that may be past.
    """
    there, found = installation(host, entry)
    if not entry.options.get("home"):
        idle = entry.options.get(profiles.IDLE, "")
        yield from (_unused(_findings(there, entry, found), idle) if idle else _findings(there, entry, found))
        return
    findings = [*_findings(there, entry, found)]
    yield from findings or [_nothing(host, entry, found)]


def installation(host: Host, entry: SourceEntry) -> tuple[Host, Installation]:
    """The OpenClaw that an entry means, and the window on its home."""
    written = entry.options.get("home")
    if isinstance(written, str) and written.strip():
        there = host.at(host.path(written.strip()))
        return there, read(there, process=False)
    return host, read(host, folder=profiles.folder(host, entry))


def _unused(findings: Iterable[Finding], why: str) -> Iterator[Finding]:
    """What lies in a folder that nothing seems to run: shown, and no reason to act."""
    for one in findings:
        match one:
            case Observation() if one.evidence is not Evidence.ABSENT:
                yield one._replace(use=one.use._replace(in_use=False, pinned_by=None, why_not=why))
            case Lineup():
                yield one._replace(in_use=False)
            case Trouble():
                yield one._replace(ignored=True)


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
    if found.crowded:
        folder, detail = found.places.state / "agents", f"more than {MAX_AGENTS} agents; the others are not checked"
        yield Trouble(entry.id, Problem.TOO_LARGE, host.show(folder), detail, str(folder))
    for agent in found.agents:
        yield from look.profiles(agent)
    yield from look.outside()
    yield from look.lineups()
    yield from look.vanished()


class Used(NamedTuple):
    """The providers that an agent's models use, in order, and their families."""

    providers: tuple[str, ...] = ()
    families: frozenset[str] = frozenset()


class _Look:
    """One installation while it is looked at: what is found once for all of its logins."""

    def __init__(self, host: Host, source: str, found: Installation) -> None:
        self.host, self.source, self.found = host, source, found
        self.spares: dict[str, tuple[str, ...]] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.used = self._users()
        self.used_anywhere: frozenset[str] = frozenset().union(*(one.families for one in self.used.values()))
        self.left_out_everywhere = self._left_out_everywhere()
        self.pinned = pinned(self.host, self.found)
        self.pins = {agent: Counter(one.profile for one in found) for agent, found in self.pinned.items()}
        self.all_pins: Counter[str] = Counter()
        for counted in self.pins.values():
            self.all_pins.update(counted)

    # -- who uses what ----------------------------------------------------------------------------------------

    def _users(self) -> dict[str, Used]:
        """What each configured agent uses; those without models of their own share what they inherit."""
        config, generation = self.found.config, self.found.generation
        inherited = _used(config.models_in_use(None, generation))
        found, left = {}, MAX_MODELS
        for agent, entry in (config.agents or {MAIN: {}}).items():
            found[agent] = inherited
            if "model" in entry or "utilityModel" in entry:
                models = config.models_in_use(agent, generation)
                left -= len(models)
                if left < 0:
                    detail = f"its agents have more than {MAX_MODELS} models"
                    raise Unreadable(Problem.TOO_LARGE, self.found.places.config, detail)
                found[agent] = _used(models)
        return found

    def used_by(self, agent: str, provider: str) -> bool | None:
        """Whether an agent uses a provider; None where no model is configured at all. Agents that the config does
        not have use none."""
        if agent not in self.used:
            return False
        return _family(provider) in self.used[agent].families if self.used_anywhere else None

    def used_by_any(self, provider: str) -> bool | None:
        """The same over every configured agent."""
        return _family(provider) in self.used_anywhere if self.used_anywhere else None

    def _left_out_everywhere(self) -> set[str]:
        """The inherited profiles that the order which is stated leaves out, for each agent that inherits them."""
        profiles = self.found.base.profiles
        found = set(profiles)
        own = [name for name in self.found.agents if name in self.found.stores]
        heir = next((name for name in self.found.agents if name not in self.found.stores), None)
        for agent in own if heir is None else (heir, *own):  # all without a store of their own see the same
            if found:
                found = left_out(self.found.view(agent), self.found.config, [profiles[name] for name in found])
        return found

    # -- one agent --------------------------------------------------------------------------------------------

    def profiles(self, agent: str) -> Iterator[Observation]:
        """An agent's own profiles."""
        view, stranded = self.found.view(agent), self._stranded(agent)
        own = {name: one for name, one in view.profiles.items() if one.agent == agent}
        own |= {name: one for name, one in stranded.items() if name not in view.profiles}
        if not own:
            return
        reading = ProfileContext(self.host, self.source, self.found, view)
        ranks = self._ranks(view, own.values())
        without = left_out(view, self.found.config, own.values())
        for name, one in own.items():
            inherited = agent == MAIN and one.store == self.found.base.path
            used = self.used_by_any(one.provider) if inherited else self.used_by(agent, one.provider)
            why_not = ""
            if name in (self.left_out_everywhere if inherited else without):
                used, why_not = False, self._left_out_because(view, one.provider)
            pins = self.pinned_by(agent, name, inherited=inherited)
            yield observation(reading, one, used, ranks.get(name), pins, why_not)

    def _left_out_because(self, view: View, provider: str) -> str:
        if explicit_order(view, self.found.config, provider) is not None:
            return f"the order stated for {provider} leaves it out"
        return f"the config declares other profiles for {provider}"

    def _stranded(self, agent: str) -> Mapping[str, Profile]:
        store = self.found.stranded.get(agent)
        return store.profiles if store else {}

    def pinned_by(self, agent: str, name: str, *, inherited: bool) -> str | None:
        """How many sessions are bound to a profile, of every agent that inherits it, in words."""
        count = (self.all_pins if inherited else self.pins[agent])[name]
        return _sessions(count) if count else None

    def _ranks(self, view: View, profiles: Iterable[Profile]) -> dict[str, int]:
        providers = {auth_id(one.provider) for one in profiles}
        orders = (order(view, self.found.config, provider, None).ids for provider in sorted(providers))
        return {name: rank for ids in orders for rank, name in enumerate(ids)}

    # -- who serves whom --------------------------------------------------------------------------------------

    def lineups(self) -> Iterator[Finding]:
        """Each agent's lineups, and the providers that it names and cannot log in to."""
        blind, left = self._blind(), MAX_PLACES
        for agent in self.found.agents:
            for one in self._lineups(agent, blind=None in blind or agent in blind):
                left -= max(1, len(one.keys)) if isinstance(one, Lineup) else 0
                if left < 0:
                    detail = f"its agents see more than {MAX_PLACES} profiles in all"
                    raise Unreadable(Problem.TOO_LARGE, self.found.places.state, detail)
                yield one

    def _lineups(self, agent: str, *, blind: bool) -> Iterator[Finding]:
        view, stranded = self.found.view(agent), self._stranded(agent)
        used = dict.fromkeys(self.used.get(agent, Used()).providers)
        stored = dict.fromkeys(one.provider for one in (*view.profiles.values(), *stranded.values()))
        without = left_out(view, self.found.config, view.profiles.values())
        kept = {auth_id(one.provider) for name, one in view.profiles.items() if name not in without}
        kept |= {auth_id(one.provider) for one in stranded.values()}
        for provider in used | stored:
            lineup = self.lineup(agent, provider, view)
            yield lineup
            served = provider not in used or auth_id(provider) in kept or lineup.spare
            if not (served or blind) and self.needs_key(provider):
                yield self.missing(agent, provider)

    def _blind(self) -> set[str | None]:
        """The agents whose logins may lie in something that could not be read, so that nothing can be missed; None
        among them: everybody's may."""
        owners: dict[str, set[str]] = {}
        for name, folder in self.found.folders.items():
            owners.setdefault(str(folder), set()).add(name)
        blind: set[str | None] = set()
        for fault in self.found.faults:
            if fault.problem in (Problem.STALE_COPY, Problem.MIGRATION_PENDING):
                continue
            whose = set().union(*(owners.get(folder, ()) for folder in upwards(str(fault.path)))) - {MAIN}
            if len(whose) < 2:
                blind |= whose or {None}
        return blind

    def lineup(self, agent: str, provider: str, view: View) -> Lineup:
        """Who serves a provider for an agent, inherited profiles included, then variables and config keys."""
        ids = order(view, self.found.config, provider, None).ids
        keys = tuple(self.key_of(view.profiles[name]) for name in ids)
        used = self.used_by(agent, provider)
        if agent == MAIN and MAIN not in self.used:
            used = self.used_by_any(provider)
        private = self.found.is_private(provider)
        return Lineup(
            self.source, agent, provider, keys, self.spare(provider), in_use=used is not False, private=private
        )

    def key_of(self, one: Profile) -> str:
        """The key of a stored profile: one text, however many agents inherit it."""
        place = (one.agent, one.id)
        if place not in self.keys:
            self.keys[place] = self.credential(one.agent, one.provider, one.id).key
        return self.keys[place]

    def spare(self, provider: str) -> tuple[str, ...]:
        """Names of the variable and the config key that could serve a provider."""
        if provider not in self.spares:
            generation, environment = self.found.generation, self.found.environment
            variable = environment.key_of(provider, generation)
            key = config_key(self.found.config, environment, provider, generation)
            names = [variable] if variable else []
            if key in (ConfigKey.LITERAL, ConfigKey.SET):
                names.append(f"models.providers.{provider}.apiKey")
            self.spares[provider] = tuple(names)
        return self.spares[provider]

    def needs_key(self, provider: str) -> bool:
        """Whether a provider without any key is a login that is missing, and not a program on this machine."""
        entry = self.found.config.provider_entry(provider, self.found.generation)
        if provider == VERTEX:
            return self.key_file_gone() is not None
        if provider == OLLAMA and not entry:  # only an entry makes it the one on this machine
            return True
        if provider == OLLAMA and not str(entry.get("baseUrl") or "").startswith("https://ollama.com"):
            return False
        return provider not in KEYLESS and entry.get("auth") != "aws-sdk" and not _local(entry.get("baseUrl"))

    def key_file_gone(self) -> Path | None:
        """The key file that a variable names for Google Vertex, where it is not there."""
        written = self.found.environment.get(KEY_FILE)
        path = self.host.path(written) if written else None
        return path if path and not self.host.exists(path) else None

    def missing(self, agent: str, provider: str) -> Observation:
        """A provider that the config names and nothing can log in to; unknown where it may be out of our sight, as what
        its gateway gets may be."""
        hidden = self.found.hidden(provider)
        path, env_file = (
            hidden.path if hidden else self.found.places.config,
            self.host.show(self.found.places.state / ".env"),
        )
        command, advice = first_login(self.found, agent, provider, env_file, self.source)
        note = "the config names it, and no profile, variable or config key serves it"
        seen = Observation(
            self.credential(agent, provider, f"{provider}:-", Kind.API_KEY),
            Evidence.ABSENT,
            use=Use(in_use=True),
            store=self.host.show(path),
            problem=Problem.UNREADABLE if hidden else None,
            notes=(f"{note} that can be seen; {self.host.show(path)}: {hidden.why}" if hidden else note,),
            relogin=command,
            advice=advice,
            host_path=str(path),
        )
        if provider == VERTEX and (gone := self.key_file_gone()):
            return seen._replace(
                notes=(f"{KEY_FILE} names {self.host.show(gone)}, which is not there",), relogin="", advice=""
            )
        if unsure := self.unsure(provider):
            return seen._replace(problem=Problem.UNREADABLE, notes=(unsure,))
        return seen

    def unsure(self, provider: str) -> str:
        """Why nobody can tell from the files whether a key is missing; "" where they show it."""
        if self.found.config.imports_shell:
            return "env.shellEnv takes keys of the login shell, which cannot be seen without starting it"
        if provider == OLLAMA and self.found.generation is Generation.SHARED:
            return "OpenClaw 2026.9 could not confirm it either: Ollama's own server decides whether it wants a key"
        return ""

    def vanished(self) -> Iterator[Observation]:
        """The profiles that sessions are bound to, and that no store has any more. The newest releases drop such a pin
        where OpenClaw chose it, or where it is another provider's; a person's they keep, and the session fails. Those
        before drop every one (facts by OpenClaw 2026.9.6 and 2026.6.11)."""
        blind = self._blind()
        for agent in self.found.agents if self.found.generation is Generation.SHARED and None not in blind else ():
            there, gone = self.found.view(agent).profiles, Counter[str]()
            for one in self.pinned[agent] if agent not in blind else ():
                if one.profile not in there and self._kept(agent, one):
                    gone[one.profile] += 1
            for name, count in sorted(gone.items())[:MAX_VANISHED]:
                yield self._gone(agent, name, count)

    def _kept(self, agent: str, pin: Pin) -> bool:
        """Whether the session's model is of the provider of the profile that is gone."""
        config, generation = self.found.config, self.found.generation
        written = pin.model or config.primary(agent)
        return not written or _family(config.model(written, generation).provider) == _family(
            self._provider(pin.profile)
        )

    def _provider(self, name: str) -> str:
        generation = self.found.generation
        declared = self.found.config.names(generation).profiles.get(name)
        return declared[0] if declared else provider_id(name.partition(":")[0], generation)

    def _gone(self, agent: str, name: str, count: int) -> Observation:
        declared = self.found.config.names(self.found.generation).profiles.get(name)
        store = self.found.folders.get(agent, self.found.places.agent_dir(agent)) / DATABASE
        return Observation(
            self.credential(agent, self._provider(name), name, _KINDS.get(declared[1] if declared else "", Kind.OAUTH)),
            Evidence.ABSENT,
            use=Use(in_use=True, pinned_by=_sessions(count)),
            store=self.host.show(store),
            host_path=str(store),
        )

    # -- keys outside the stores ------------------------------------------------------------------------------

    def outside(self) -> Iterator[Observation]:
        """The keys that the gateway is started with, in `.env`, in the config's `env` block and in
        `models.providers`. Where two places have different values for a variable, the second is not in use."""
        environment, places = self.found.environment, self.found.places
        gateway = environment.gateway
        names = (environment.dotenv, environment.config, gateway.settings, gateway.later, gateway.copies)
        for name in dict.fromkeys(one for place in names for one in place if one in PROVIDERS):
            yield from self.variable(name)
        for written in self.found.config.table("models", "providers"):
            provider = written.strip().lower()
            if config_key(self.found.config, environment, provider, self.found.generation) is ConfigKey.LITERAL:
                value = self.found.config.provider_entry(provider, self.found.generation)["apiKey"]
                yield self.key(provider, f"models.providers.{provider}.apiKey", value, str(places.config))

    def variable(self, name: str) -> Iterator[Observation]:
        """A key for each value that files give a variable; the name alone is that of the key that serves."""
        settings = self.found.settings(name)
        values: set[str] = set()
        for one in settings:
            value = one.value.reveal()
            if not values:
                yield self.key(PROVIDERS[name], name, value, str(one.path))
            elif value.strip() not in values:
                seen = self.key(PROVIDERS[name], f"{one.path.name}:{name}", value, str(one.path))
                why = f"{name} in {self.host.show(settings[0].path)} serves instead"
                yield seen._replace(use=seen.use._replace(in_use=False, why_not=why))
            values.add(value.strip())

    def key(self, provider: str, name: str, value: str, path: str) -> Observation:
        """A key that lies in a file of its own right, not in a store."""
        lives = lifetime(value.strip())
        kind = Kind.TOKEN if lives or is_oauth(name) else Kind.API_KEY
        others = [one for one, names in VARIABLES.items() if name in names] or [provider]
        used = {self.used_by_any(one) for one in others}
        who = self.credential("-", provider, name, kind)
        self.host.offer(who, value, self.found.base_url(provider))
        store = self.host.show(self.host.path(path))
        return Observation(
            who,
            use=Use(in_use=True if True in used else None if None in used else False),
            fingerprint=self.host.fingerprint(value.strip()),
            store=store,
            lifetime=lives,
            advice=setup_token_for(f"{name} in {store}") if lives else "",
            host_path=path,
        )

    def credential(self, agent: str, provider: str, profile: str, kind: Kind = Kind.API_KEY) -> Credential:
        return Credential(self.source, agent, provider, profile, kind)


def _sessions(count: int) -> str:
    return "1 session is" if count == 1 else f"{count} sessions are"


def _used(models: Iterable[Model]) -> Used:
    providers = dict.fromkeys(one.provider for one in models)
    return Used(tuple(providers), frozenset(map(_family, providers)))


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
