"""What an openclaw.json says about agents, models and auth, tolerant of anything that is not what it should be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from alerts.dataclass import dataclass, field
from monitor.openclaw.releases import DEFAULT_PROVIDER, MAIN, Generation, auth_id, provider_id, release, text

MAX_AGENTS: Final = 256
_VARIABLE: Final = re.compile(r"(\$?)\$\{([A-Z_][A-Z0-9_]*)\}")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.IGNORECASE)


def agent_id(written: str) -> str:
    """An agent's id as OpenClaw normalizes it; what cannot be one is `main`."""
    name = written.strip().lower()
    if _ID.fullmatch(name):
        return name
    return re.sub(r"[^a-z0-9_-]+", "-", name).strip("-")[:64] or MAIN


def expand(written: str, lookup: Callable[[str], str | None]) -> str:
    """`${NAME}` filled in where it is set, `$${NAME}` unescaped; what is not set stays as written."""

    def one(found: re.Match[str]) -> str:
        return found[0][1:] if found[1] else lookup(found[2]) or found[0]

    return _VARIABLE.sub(one, written)


@dataclass(frozen=True, slots=True)
class Model:
    """A model reference: provider and model id, and the profile that `@profile` pins."""

    provider: str
    name: str
    profile: str | None = None

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"


@dataclass(frozen=True, slots=True)
class Config:
    """A read config. `present` is False where there is no file; values hold secrets and are never shown."""

    root: Mapping[str, Any] = field(default_factory=dict, repr=False)
    present: bool = False

    def at(self, *path: str) -> Any:
        """The value at a path of keys; None where there is none."""
        value: Any = self.root
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def table(self, *path: str) -> Mapping[str, Any]:
        """The object at a path; empty where there is none."""
        value = self.at(*path)
        return value if isinstance(value, Mapping) else {}

    @property
    def touched_by(self) -> tuple[int, int] | None:
        """The release that wrote the config last, as year and month."""
        return release(self.at("meta", "lastTouchedVersion"))

    @property
    def variables(self) -> dict[str, str]:
        """The `env` block: `env.vars`, and the older plain keys."""
        plain = {k: v for k, v in self.table("env").items() if isinstance(v, str)}
        return {**plain, **{k: v for k, v in self.table("env", "vars").items() if isinstance(v, str)}}

    # -- agents -----------------------------------------------------------------------------------------------

    @property
    def agents(self) -> dict[str, Mapping[str, Any]]:
        """The configured agents by id, in order: `agents.entries`, else `agents.list`."""
        found: dict[str, Mapping[str, Any]] = {}
        for name, entry in self._entries():
            if len(found) < MAX_AGENTS:
                found.setdefault(agent_id(name), entry)
        return found

    def _entries(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        entries = self.table("agents", "entries")
        if entries:
            yield from ((name, entry) for name, entry in entries.items() if isinstance(entry, Mapping))
            return
        listed = self.at("agents", "list")
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, Mapping):
                yield (entry["id"] if isinstance(entry.get("id"), str) else MAIN), entry

    def default_agent(self, generation: Generation) -> str | None:
        """The agent that is meant when none is named; None where the newest release refuses to choose."""
        agents = self.agents
        if not agents or generation is Generation.JSON:
            return MAIN
        marked = [name for name, entry in agents.items() if entry.get("default") is True]
        if generation is Generation.AGENT:
            return (marked or list(agents))[0]
        system = text(self.at("agents", "defaults", "systemAgent", "agentId"))
        if system:
            return agent_id(system)
        if len(marked) == 1 and self.at("agents", "ownership") != "explicit":
            return marked[0]
        return next(iter(agents)) if len(agents) == 1 else None

    # -- models -----------------------------------------------------------------------------------------------

    def primary(self, agent: str | None) -> str | None:
        """The primary model as written, the agent's own before the default; None if none is configured."""
        own = _primary(self.agents.get(agent, {}).get("model")) if agent else None
        return own or _primary(self.at("agents", "defaults", "model"))

    def fallbacks(self, agent: str | None) -> list[str]:
        """The fallbacks as written; an agent with a model of its own does not inherit the defaults'."""
        own = self.agents.get(agent, {}).get("model") if agent else None
        if isinstance(own, Mapping) and isinstance(own.get("fallbacks"), list):
            return _texts(own["fallbacks"])
        if _primary(own):
            return []
        return _fallbacks(self.at("agents", "defaults", "model"))

    def image_models(self) -> list[str]:
        """The image model and its fallbacks, as written."""
        model = self.at("agents", "defaults", "imageModel")
        first = _primary(model)
        return [*([first] if first else []), *_fallbacks(model)]

    def utility_model(self, agent: str | None) -> str | None:
        """The utility model that someone configured, as written."""
        own = text(self.agents.get(agent, {}).get("utilityModel")) if agent else None
        return own or text(self.at("agents", "defaults", "utilityModel"))

    @property
    def aliases(self) -> dict[str, str]:
        """Model aliases in lower case, and what they stand for."""
        found = {}
        for name, entry in self.table("agents", "defaults", "models").items():
            alias = text(entry.get("alias")) if isinstance(entry, Mapping) else None
            if alias:
                found[alias.lower()] = name
        return found

    def model(self, written: str, generation: Generation) -> Model:
        """What a model reference means: `@profile` split off, aliases followed, a bare name is OpenAI's."""
        name, profile = _split_profile(written)
        name = self.aliases.get(name.lower(), name)
        provider, slash, rest = name.partition("/")
        if not slash or not provider.strip():
            provider, rest = DEFAULT_PROVIDER, name
        return Model(provider_id(provider, generation), rest.strip(), profile)

    def models_in_use(self, agent: str | None, generation: Generation) -> list[Model]:
        """Primary, fallbacks, image and (newest releases) utility models; empty if none is configured."""
        primary = self.primary(agent)
        written = [*([primary] if primary else []), *self.fallbacks(agent), *self.image_models()]
        utility = self.utility_model(agent)
        if utility and generation is Generation.SHARED:
            written.append(utility)
        return [self.model(one, generation) for one in written]

    # -- auth -------------------------------------------------------------------------------------------------

    def provider_entry(self, provider: str, generation: Generation) -> Mapping[str, Any]:
        """The `models.providers` entry of a provider; empty where there is none."""
        for name, entry in self.table("models", "providers").items():
            if provider_id(name, generation) == provider and isinstance(entry, Mapping):
                return entry
        return {}

    def order(self, provider: str, generation: Generation) -> tuple[str, ...] | None:
        """`auth.order` of a provider: an empty tuple means "use none", None that nothing is said."""
        orders = self.table("auth", "order")
        for wanted in (auth_id(provider), provider):
            for name, ids in orders.items():
                if provider_id(name, generation) == wanted and isinstance(ids, list):
                    return tuple(one for one in ids if isinstance(one, str))
        return None

    def declared(self, generation: Generation) -> dict[str, tuple[str, str]]:
        """`auth.profiles`: id to provider and mode."""
        return {
            name: (provider_id(entry["provider"], generation), str(entry.get("mode", "")))
            for name, entry in self.table("auth", "profiles").items()
            if isinstance(entry, Mapping) and isinstance(entry.get("provider"), str)
        }


def _primary(model: Any) -> str | None:
    return text(model.get("primary")) if isinstance(model, Mapping) else text(model)


def _fallbacks(model: Any) -> list[str]:
    found = model.get("fallbacks") if isinstance(model, Mapping) else None
    return _texts(found) if isinstance(found, list) else []


def _texts(values: list[Any]) -> list[str]:
    return [found for value in values if (found := text(value))]


def _split_profile(written: str) -> tuple[str, str | None]:
    name = written.strip()
    at = name.find("@", name.rfind("/") + 1)
    # `model@20250929` is a version and `model@q4_0` a quantization, not a profile.
    if at <= 0 or re.match(r"\d{8}(?:@|$)|i?q\d|\d+bit", name[at + 1 :], re.IGNORECASE):
        return name, None
    return name[:at].strip(), name[at + 1 :].strip() or None
