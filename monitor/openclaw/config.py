"""Reads an openclaw.json with its includes, and what it says about agents, models and auth; tolerant of any content."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.model import Problem
from monitor.openclaw.releases import DEFAULT_PROVIDER, MAIN, Generation, auth_id, provider_id, release, text
from monitor.system.host import MAX_DEPTH, Host, Unreadable, parse_json

#: The exact parser needs a second for 75,000 characters, on a fast machine.
MOST: Final = 48 * 1024

# Nothing here can fail after a long scan, or a text of quotes would take minutes: what has no end goes to the end.
_TEXT: Final = r'"(?:[^"\\\n]|\\.)*+"?'
_COMMENT: Final = re.compile(rf"({_TEXT})|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_LOOSE: Final = re.compile(rf"({_TEXT})|,(?=\s*+[}}\]])|\b([A-Za-z_$][\w$]*+)(?=\s*+:)", re.DOTALL | re.ASCII)
_LONELY: Final = re.compile(r"[\[{]\s*+,")


def parse(text: str, path: Path) -> Any:
    """A JSON or JSON5 value; errors name line and column, never the text."""
    try:
        return parse_json(text, path)
    except Unreadable as plain:
        if plain.problem is Problem.TOO_LARGE:
            raise
        found = _usual(text)
        return found[0] if found else _exact(text, path, plain)


def _usual(text: str) -> tuple[Any] | None:
    """The value of a text that is JSON but for comments, bare keys and commas at the end; None for any other.

    Texts stay as they are, so whatever the pattern misreads is no JSON afterwards and goes to the exact parser.
    """
    bare = _COMMENT.sub(lambda found: found[1] or " ", text)
    if _LONELY.search(bare):
        return None
    strict = _LOOSE.sub(lambda found: found[1] or (f'"{found[2]}"' if found[2] else ""), bare)
    try:
        return (json.loads(strict),)
    except (ValueError, RecursionError):
        return None


def _exact(text: str, path: Path, plain: Unreadable) -> Any:
    if len(text) > MOST:
        raise Unreadable(Problem.PARSE, path, f"{plain.detail}; too long for JSON5, at most {MOST} characters")
    import json5

    try:
        return json5.loads(text)
    except RecursionError:
        raise Unreadable(Problem.PARSE, path, "nested too deeply") from None
    except ValueError as error:
        found = re.match(r"<string>:(\d+) .*? at column (\d+)", str(error), re.DOTALL)
        where = f": line {found[1]}, column {found[2]}" if found else ""
        raise Unreadable(Problem.PARSE, path, f"not JSON5{where}" if where else plain.detail) from None


MAX_AGENTS: Final = 256
_VARIABLE: Final = re.compile(r"(\$?)\$\{([A-Z_][A-Z0-9_]*)\}")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.IGNORECASE)


def unknown_agent(asked: str) -> str:
    """What OpenClaw says of an agent that its config does not have."""
    return f'Unknown agent id "{asked.strip()}". Use "openclaw agents list" to see configured agents.'


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


def resolved(written: str, lookup: Callable[[str], str | None]) -> str | None:
    """The same with every `${NAME}` filled in; None where one is not set."""
    if any(not found[1] and not lookup(found[2]) for found in _VARIABLE.finditer(written)):
        return None
    return expand(written, lookup)


class Model(NamedTuple):
    """A model reference: provider and model id, and the profile that `@profile` pins."""

    provider: str
    name: str
    profile: str | None = None

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"


class Names(NamedTuple):
    """What a config says of providers and profiles, by the ids of one generation: `models.providers`, `auth.order` and
    `auth.profiles`, the latter by id and, the ids alone, by the provider whose credentials they are."""

    providers: Mapping[str, Mapping[str, Any]]
    orders: Mapping[str, tuple[str, ...]]
    profiles: Mapping[str, tuple[str, str]]
    declared: Mapping[str, list[str]]


class Config:
    """A read config. `present` is False where there is no file; values hold secrets and are never shown. What is asked
    of it for every profile is found once."""

    def __init__(self, root: Mapping[str, Any] | None = None, *, present: bool = False) -> None:
        self.root: Mapping[str, Any] = root or {}
        self.present = present
        self._names: dict[Generation, Names] = {}

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
        """The `env` block: `env.vars`, and the plain keys that releases before 2026.9 take."""
        plain = {} if self.refused else {k: v for k, v in self.table("env").items() if isinstance(v, str)}
        return {**plain, **{k: v for k, v in self.table("env", "vars").items() if isinstance(v, str)}}

    @property
    def refused(self) -> str:
        """What makes the release that wrote the config refuse all of it; "" where nothing is seen. 2026.9.6 takes
        nothing in `env` but `vars` and `shellEnv`."""
        if (self.touched_by or (0, 0)) < (2026, 9):
            return ""
        plain = [name for name in self.table("env") if name not in ("vars", "shellEnv")]
        return (
            f"OpenClaw 2026.9 and later reject the config because of env.{plain[0]}; move it to env.vars"
            if plain
            else ""
        )

    @property
    def imports_shell(self) -> bool:
        """Whether keys of the login shell count, which nobody can see without starting it."""
        return self.at("env", "shellEnv", "enabled") is True

    # -- agents -----------------------------------------------------------------------------------------------

    @cached_property
    def agents(self) -> dict[str, Mapping[str, Any]]:
        """The first configured agents by id, in order: `agents.entries`, else `agents.list`."""
        found: dict[str, Mapping[str, Any]] = {}
        for name, entry in self._entries():
            if len(found) == MAX_AGENTS:
                break
            found.setdefault(agent_id(name), entry)
        return found

    @cached_property
    def crowded(self) -> bool:
        """Whether it has more agents than are looked at."""
        if len(self.agents) < MAX_AGENTS:
            return False
        return any(agent_id(name) not in self.agents for name, _ in self._entries())

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
        marked = self._marked
        if generation is Generation.AGENT:
            return marked[0] if marked else next(iter(agents))
        system = text(self.at("agents", "defaults", "systemAgent", "agentId"))
        if system:
            return agent_id(system)
        if len(marked) == 1 and self.at("agents", "ownership") != "explicit":
            return marked[0]
        return next(iter(agents)) if len(agents) == 1 else None

    @cached_property
    def _marked(self) -> list[str]:
        return [name for name, entry in self.agents.items() if entry.get("default") is True]

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
        return self._default_fallbacks

    @cached_property
    def _default_fallbacks(self) -> list[str]:
        return _fallbacks(self.at("agents", "defaults", "model"))

    @cached_property
    def image_models(self) -> list[str]:
        """The image model and its fallbacks, as written."""
        model = self.at("agents", "defaults", "imageModel")
        first = _primary(model)
        return [*([first] if first else []), *_fallbacks(model)]

    def utility_model(self, agent: str | None) -> str | None:
        """The utility model that someone configured, as written."""
        own = text(self.agents.get(agent, {}).get("utilityModel")) if agent else None
        return own or text(self.at("agents", "defaults", "utilityModel"))

    @cached_property
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
        written = [*([primary] if primary else []), *self.fallbacks(agent), *self.image_models]
        utility = self.utility_model(agent)
        if utility and generation is Generation.SHARED:
            written.append(utility)
        models = [self.model(one, generation) for one in written]
        return models if generation is not Generation.SHARED else [self._run(one, agent) for one in models]

    def _run(self, model: Model, agent: str | None) -> Model:
        """The model as what runs it logs it in: by the login of Claude Code, or of Codex where it shares ~/.codex
        (2026.9.6; up to 2026.7 a runtime needs a profile of the provider all the same)."""
        runtime = self._runtime(model, agent)
        if runtime == "claude-cli":
            return model._replace(provider=runtime)
        shares = self.at("plugins", "entries", "codex", "config", "appServer", "homeScope") == "user"
        return model._replace(provider="codex-cli") if runtime == "codex" and shares else model

    def _runtime(self, model: Model, agent: str | None) -> str | None:
        """The `agentRuntime` of a model: the agent's word for it, the defaults', the provider's, then the general."""
        own: Mapping[str, Any] = self.agents.get(agent, {}) if agent else {}
        defaults, names = self.table("agents", "defaults"), (str(model), f"{model.provider}/*")
        entries: list[Any] = [
            models.get(name)
            for models in (own.get("models"), defaults.get("models"))
            if isinstance(models, Mapping)
            for name in names
        ]
        entries += [self.table("models", "providers").get(model.provider), own, defaults]
        for entry in entries:
            runtime = entry.get("agentRuntime") if isinstance(entry, Mapping) else None
            if found := text(runtime.get("id")) if isinstance(runtime, Mapping) else None:
                return found
        return None

    # -- auth -------------------------------------------------------------------------------------------------

    def provider_entry(self, provider: str, generation: Generation) -> Mapping[str, Any]:
        """The `models.providers` entry of a provider; empty where there is none."""
        return self.names(generation).providers.get(provider, {})

    def order(self, provider: str, generation: Generation) -> tuple[str, ...] | None:
        """`auth.order` of a provider: an empty tuple means "use none", None that nothing is said."""
        orders = self.names(generation).orders
        return orders.get(auth_id(provider), orders.get(provider))

    def names(self, generation: Generation) -> Names:
        """What it says of providers and profiles; where two names mean one provider, the first counts."""
        if generation not in self._names:
            self._names[generation] = self._named(generation)
        return self._names[generation]

    def _named(self, generation: Generation) -> Names:
        providers: dict[str, Mapping[str, Any]] = {}
        for name, entry in self.table("models", "providers").items():
            if isinstance(entry, Mapping):
                providers.setdefault(provider_id(name, generation), entry)
        orders: dict[str, tuple[str, ...]] = {}
        for name, ids in self.table("auth", "order").items():
            if isinstance(ids, list):
                orders.setdefault(provider_id(name, generation), tuple(one for one in ids if isinstance(one, str)))
        profiles = {
            name: (provider_id(entry["provider"], generation), str(entry.get("mode", "")))
            for name, entry in self.table("auth", "profiles").items()
            if isinstance(entry, Mapping) and isinstance(entry.get("provider"), str)
        }
        declared: dict[str, list[str]] = {}
        for name, (provider, _) in profiles.items():
            declared.setdefault(auth_id(provider), []).append(name)
        return Names(providers, orders, profiles, declared)


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


MAX_INCLUDES: Final = 64
MAX_NESTING: Final = 10
MAX_CONFIG: Final = 1024 * 1024


class Reader:
    """One config with everything it includes; raises Unreadable for the first part that cannot be read."""

    __slots__ = ("count", "host", "roots")

    def __init__(self, host: Host, roots: tuple[Path, ...]) -> None:
        self.host, self.roots, self.count = host, roots, 0

    def read(self, path: Path, depth: int = 0) -> Any:
        """The value of a config file with its includes merged in; None when the file is not there."""
        self.count += 1
        if self.count > MAX_INCLUDES or depth > MAX_NESTING:
            raise Unreadable(Problem.TOO_LARGE, path, "too many or too deeply nested $include")
        raw = self.host.read(path, MAX_CONFIG)
        if raw is None:
            return None
        return self._merged(parse(raw.decode("utf-8-sig", "replace"), path), path, depth, 0)

    def _merged(self, value: Any, path: Path, depth: int, level: int) -> Any:
        if level > MAX_DEPTH:
            raise Unreadable(Problem.PARSE, path, "nested too deeply")
        if isinstance(value, list):
            return [self._merged(item, path, depth, level + 1) for item in value]
        if not isinstance(value, dict):
            return value
        rest = {k: self._merged(v, path, depth, level + 1) for k, v in value.items() if k != "$include"}
        if "$include" not in value:
            return rest
        names = value["$include"]
        merged: Any = {}
        for name in names if isinstance(names, list) else [names]:
            merged = deep(merged, self._included(name, path, depth))
        return deep(merged, rest) if rest else merged

    def _included(self, name: Any, path: Path, depth: int) -> Any:
        if not isinstance(name, str) or not name.strip() or "\0" in name:
            raise Unreadable(Problem.PARSE, path, "$include is not a file name")
        target = path.parent / name
        real = self.host.real(target)
        if not any(real.is_relative_to(self.host.real(root)) for root in self.roots):
            raise Unreadable(Problem.UNREADABLE, path, "$include points outside the config folder")
        found = self.read(target, depth + 1)
        if found is None:
            raise Unreadable(Problem.NOT_FOUND, target, "an included config file is missing")
        return found


def deep(under: Any, over: Any) -> Any:
    """Objects merged key by key, lists joined, anything else replaced by `over`."""
    if isinstance(under, dict) and isinstance(over, dict):
        return {**under, **{k: deep(under[k], v) if k in under else v for k, v in over.items()}}
    if isinstance(under, list) and isinstance(over, list):
        return [*under, *over]
    return over
