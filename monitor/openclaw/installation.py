"""One look at a whole OpenClaw: its release's generation, config, environment and every agent's store."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from monitor.model import Problem, Secret
from monitor.openclaw import env
from monitor.openclaw import stores as stores_module
from monitor.openclaw.config import MAX_AGENTS, Config, Reader, agent_id
from monitor.openclaw.config import expand as fill
from monitor.openclaw.endpoints import is_private
from monitor.openclaw.env import Environment
from monitor.openclaw.gateway import HiddenPlace, Setting, container_of, with_files
from monitor.openclaw.inheritance import View, view
from monitor.openclaw.paths import Paths, expand, find, gateway_for
from monitor.openclaw.releases import MAIN, Generation, auth_id, text
from monitor.openclaw.stores import DATABASE, LEGACY, PROFILES, Fault, Rows, Store, from_files, from_rows
from monitor.system.host import Host, Unreadable

T = TypeVar("T")

#: So many profiles of all agents together are looked at, far more than anybody has.
MAX_PROFILES: Final = 25_000
#: No system opens a longer path.
LONGEST: Final = 4096


class Installation(NamedTuple):
    """Everything read in one look. `base` is the store that all agents inherit and belongs to `main`; `stores` are
    those of agents that have one; `stranded` are JSON stores that the release in charge no longer reads; `crowded`
    tells that there are more agents than are looked at; `moved` are the variables, as a shell takes them, without which
    a command started here would work on another OpenClaw: only the gateway has them."""

    places: Paths
    environment: Environment
    config: Config
    generation: Generation
    base: Store
    stores: Mapping[str, Store]
    stranded: Mapping[str, Store]
    folders: Mapping[str, Path]
    faults: tuple[Fault, ...]
    present: bool
    crowded: bool
    moved: tuple[str, ...] = ()

    @property
    def agents(self) -> tuple[str, ...]:
        """Every agent that is configured or has a store; `main` where nothing is configured."""
        configured = tuple(self.config.agents) or (MAIN,)
        owners = [name for name, store in self.stores.items() if store.profiles or store.state.order]
        inherited = [MAIN] if self.base.profiles else []
        return tuple(dict.fromkeys((*configured, *inherited, *owners, *self.stranded)))

    def known(self, agent: str) -> bool:
        """Whether the config has this agent."""
        return agent in (self.config.agents or (MAIN,))

    def base_url(self, provider: str) -> str:
        """Where the config sends a provider's keys; "" for the provider's own address."""
        written = self.config.provider_entry(provider, self.generation).get("baseUrl")
        return written.strip() if isinstance(written, str) else ""

    def is_private(self, provider: str) -> bool:
        """Whether the config sends a provider's requests into one's own network, where nobody bills them."""
        return is_private(self.base_url(provider))

    def settings(self, name: str) -> list[Setting]:
        """The files that give a variable a value for the gateway, the one whose value counts first."""
        gateway, places = self.environment.gateway, self.places
        own, config = self.environment.dotenv.get(name), self.environment.config.get(name, "")
        dotenv = [Setting(name, Secret(own), places.state / ".env")] if own else []
        written = [Setting(name, Secret(config), places.config)] if config.strip() and "${" not in config else []
        # What OpenClaw itself put there from `.env` is replaced by it, from 2026.9 on.
        before = dotenv if name in gateway.managed and self.generation is Generation.SHARED else []
        started = gateway.settings.get(name, ())
        found = [*before, *started, *dotenv, *gateway.later.get(name, ()), *written, *gateway.copies.get(name, ())]
        return list(dict.fromkeys(found))

    def hidden(self, provider: str) -> HiddenPlace | None:
        """The place where the gateway may get a key of a provider that cannot be read, if there is one."""
        environment = self.environment
        found = environment.gateway.hides(env.VARIABLES.get(auth_id(provider), ()))
        return found or container_of(environment.host, self.places.state)

    def view(self, agent: str, now: float | None = None) -> View:
        """What an agent sees; `now` in ms."""
        return view(agent, self.base, self.stores.get(agent), self.generation, now)


class _Look:
    """The parts of a look while it is being taken."""

    __slots__ = ("faults", "host", "left", "places")

    def __init__(self, host: Host, places: Paths) -> None:
        self.host, self.places = host, places
        self.faults: list[Fault] = []
        self.left = MAX_PROFILES

    def counted(self, store: Store, agent: str) -> Store:
        """The store; an empty one where all stores together have more profiles than are looked at."""
        self.left -= len(store.profiles)
        if self.left >= 0:
            return store
        detail = f"more than {MAX_PROFILES} profiles, including this store"
        self.faults.append(Fault(Problem.TOO_LARGE, store.path, detail, agent))
        self.left += len(store.profiles)
        return Store(store.path)

    def guarded(self, read: Callable[[], T], agent: str | None = None, *, refuses: bool = True) -> T | None:
        try:
            return read()
        except Unreadable as error:
            self.faults.append(Fault(error.problem, error.path, error.detail, agent, refuses))
            return None


def read(host: Host, *, process: bool = True, folder: Path | None = None) -> Installation:
    """Looks at the OpenClaw of a home; never raises. `process`: our own environment is that OpenClaw's, too. `folder`:
    the state folder, if it is not the one that the environment chooses."""
    gateway = gateway_for(host, Environment(host, process), folder)
    places = find(host, Environment(host, process, gateway=gateway), folder)
    look = _Look(host, places)
    variables = look.guarded(lambda: host.text(places.state / ".env", 1 << 20), refuses=False)
    config = _config(look)
    gateway = with_files(host, gateway, places.state)
    environment = Environment(host, process, env.parse(variables or ""), config.variables, gateway)
    folders, crowded = _folders(look, config, environment)
    if config.crowded:
        detail = f"more than {MAX_AGENTS} agents; the others are not checked"
        look.faults.append(Fault(Problem.TOO_LARGE, places.config, detail, refuses=False))
    shared = look.guarded(lambda: stores_module.shared(host, places.database))
    broken = bool(look.faults) and look.faults[-1].path == places.database
    rows = {
        name: found
        for name, folder in folders.items()
        if (found := look.guarded(lambda at=folder: stores_module.agent(host, at / DATABASE), name)) is not None  # type: ignore[misc]
    }
    generation = _generation(config, shared, rows, look, broken=broken)
    base, stores = _stores(look, generation, shared, rows, folders)
    stranded = {} if generation is Generation.JSON else _stranded(look, generation, base, stores, folders)
    present = config.present or bool(look.faults) or host.is_dir(places.state) or host.is_dir(places.main_dir)
    faults, moved = tuple(look.faults), tuple(_moved(host, environment, places))
    return Installation(
        places, environment, config, generation, base, stores, stranded, folders, faults, present, crowded, moved
    )


def _moved(host: Host, environment: Environment, places: Paths) -> Iterator[str]:
    if environment.gateway.definition:
        ours = find(host, environment.of_shell())
        if ours.state != places.state:
            yield f"OPENCLAW_STATE_DIR={shlex.quote(str(places.state))}"
        if ours.config != places.config and places.config.parent != places.state:
            yield f"OPENCLAW_CONFIG_PATH={shlex.quote(str(places.config))}"


def _config(look: _Look) -> Config:
    path = look.places.config
    roots = (path.parent, *look.places.include_roots)
    root = look.guarded(lambda: Reader(look.host, roots).read(path))
    if isinstance(root, Mapping):
        config = Config(root, present=True)
        if config.refused:
            look.faults.append(Fault(Problem.PARSE, path, config.refused))
        return config
    if root is not None:
        look.faults.append(Fault(Problem.PARSE, path, "not a JSON object"))
    return Config(present=look.host.exists(path))


def _folders(look: _Look, config: Config, environment: Environment) -> tuple[dict[str, Path], bool]:
    """Every agent's folder: configured, found on disk, and `main`; and whether there are more than are looked at."""
    places, agents = look.places, config.agents
    on_disk = look.guarded(lambda: look.host.names(places.state / "agents"), refuses=False) or ()
    found = {MAIN: places.main_dir}
    for name in (*agents, *(name for name in on_disk[:MAX_AGENTS] if agent_id(name) == name)):
        written = text(agents.get(name, {}).get("agentDir"))
        folder = expand(fill(written, environment.get), places.home) if written else None
        if folder is not None and (len(str(folder)) > LONGEST or "\0" in str(folder)):
            look.faults.append(Fault(Problem.UNREADABLE, places.config, "an agentDir is not a valid path", name))
            folder = None
        if folder is not None:
            found[name] = folder
        else:
            found.setdefault(name, places.agent_dir(name))
    return found, config.crowded or len(on_disk) > MAX_AGENTS


def _generation(
    config: Config, shared: Rows | None, rows: Mapping[str, Rows], look: _Look, *, broken: bool
) -> Generation:
    """The release in charge, told by the databases it made, else by the config it wrote."""
    touched = config.touched_by or (0, 0)
    if broken or (shared and shared.modern) or any(one.modern for one in rows.values()):
        return Generation.SHARED
    has_database = bool(shared or rows) or any(fault.path.name == DATABASE for fault in look.faults)
    if touched >= (2026, 8) and not rows:
        return Generation.SHARED
    return Generation.AGENT if has_database or touched >= (2026, 6) else Generation.JSON


def _stores(
    look: _Look, generation: Generation, shared: Rows | None, rows: Mapping[str, Rows], folders: Mapping[str, Path]
) -> tuple[Store, dict[str, Store]]:
    stores = {}
    for name, folder in folders.items():
        if generation is Generation.JSON:
            stores[name] = from_files(look.host, look.places, folder, name, look.faults)
        elif name in rows and rows[name].store is not None:
            # 2026.6 took a row it could not read for an empty store; the newest releases refuse.
            strict = generation is Generation.SHARED
            store = look.guarded(lambda n=name: from_rows(rows[n], generation, n), name, refuses=strict)  # type: ignore[misc]
            stores[name] = store or Store(folder / DATABASE)
        if name in stores:
            stores[name] = look.counted(stores[name], name)
    if generation is Generation.SHARED and shared and _owns(look, shared):
        base = look.guarded(lambda: from_rows(shared, generation, MAIN)) or Store(shared.path)
        return look.counted(base, MAIN), stores
    return stores.pop(MAIN, Store(folders[MAIN] / DATABASE)), stores


def _owns(look: _Look, shared: Rows) -> bool:
    """Whether the shared database holds the inherited store; if not, the main agent's own database does."""
    owner = look.guarded(lambda: shared.value(shared.owner))
    if owner is not None and owner != {"location": "state-db"}:
        look.faults.append(Fault(Problem.PARSE, shared.path, "auth.sharedStore has an unknown form"))
    return owner is not None


def _stranded(
    look: _Look, generation: Generation, base: Store, stores: Mapping[str, Store], folders: Mapping[str, Path]
) -> dict[str, Store]:
    """JSON stores beside databases: leftovers where the database is populated, else credentials not migrated."""
    found: dict[str, Store] = {}
    for name, folder in folders.items():
        files = [folder / PROFILES, folder / LEGACY]
        if name == MAIN:
            files.append(look.places.oauth_dir / "oauth.json")
        present = [path for path in files if look.host.note(path)]
        own = stores.get(name) or (base if base.path == folder / DATABASE else None)
        if not present:
            continue
        if own is not None and own.profiles:
            detail = "an old file that OpenClaw no longer reads; it uses its database"
            look.faults.append(Fault(Problem.STALE_COPY, present[0], detail, name, refuses=False))
            continue
        detail = "OpenClaw now keeps logins in a database and has not migrated this file; run: openclaw doctor --fix"
        refuses = generation is Generation.SHARED
        look.faults.append(Fault(Problem.MIGRATION_PENDING, present[0], detail, name, refuses))
        if not (name == MAIN and base.profiles):
            found[name] = look.counted(from_files(look.host, look.places, folder, name, look.faults), name)
    return found
