"""The exit code of `models status --check`: 0 fine, 1 expired or missing, 2 expiring, by the rules of each release."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from monitor.model import Kind
from monitor.openclaw.auth_profiles import Profile
from monitor.openclaw.compat.classification import ProfileStatus, Rollup, Status
from monitor.openclaw.config import Config, Model
from monitor.openclaw.env import ConfigKey, Environment, config_key
from monitor.openclaw.inheritance import View, fresh
from monitor.openclaw.order import Order, cooling, order
from monitor.openclaw.releases import CLI_PROVIDERS, Generation, auth_id
from monitor.openclaw.usage import EXEMPT


class ExitCodeInput:
    """All that a code depends on; `now` in ms."""

    def __init__(
        self,
        view: View,
        config: Config,
        environment: Environment,
        models: tuple[Model, ...],
        healths: tuple[ProfileStatus, ...],
        rollups: tuple[Rollup, ...],
        now: float,
    ) -> None:
        self.view, self.config, self.environment, self.models = view, config, environment, models
        self.healths, self.rollups, self.now = healths, rollups, now
        self._states: dict[str, Status] = {one.profile.id: one.status for one in healths}
        self._answers: dict[tuple[str, str | None], ProviderAnswer] = {}
        self._apart = {name for usage in view.usage.values() for name in (usage.cooldown_model, usage.blocked_model)}

    def answer(self, model: Model) -> ProviderAnswer:
        """What would serve a model, found once for all models of a provider that no profile treats differently."""
        which = (model.provider, model.name if model.name in self._apart or not model.name else None)
        if which not in self._answers:
            self._answers[which] = evaluate(self, model)
        return self._answers[which]

    def order(self, provider: str, model: str | None = None) -> Order:
        return order(self.view, self.config, provider, self.now, model)

    def config_key(self, provider: str) -> ConfigKey:
        return config_key(self.config, self.environment, provider, self.view.generation)

    def variable(self, provider: str) -> str | None:
        return self.environment.key_of(provider, self.view.generation)

    def status_of(self, name: str) -> Status | None:
        return self._states.get(name)


class ProviderAnswer(NamedTuple):
    """Whether a provider can be used: `ready` None means OpenClaw could not confirm it without asking."""

    ready: bool | None
    profile: str | None = None


def code(statuses: Iterable[Status]) -> int:
    """1 for anything expired or missing, else 2 for anything expiring, else 0."""
    seen = set(statuses)
    if seen & {Status.EXPIRED, Status.MISSING}:
        return 1
    return 2 if Status.EXPIRING in seen else 0


def missing(ask: ExitCodeInput) -> tuple[str, ...]:
    """The providers in use that have nothing to log in with, as the release in charge sees it."""
    providers = dict.fromkeys(one.provider for one in ask.models if one.provider not in CLI_PROVIDERS)
    if ask.view.generation is Generation.SHARED:
        lost = {one.provider for one in ask.models if ask.answer(one).ready is False}
        return tuple(sorted(name for name in providers if name in lost))
    has = _has_usable if ask.view.generation is Generation.AGENT else has_any
    return tuple(sorted(name for name in providers if not has(ask, name)))


def plain_code(ask: ExitCodeInput) -> int:
    """The code of `--check`: on databases that of the release in charge, on JSON the newest release's idea of it."""
    if ask.view.generation is Generation.AGENT:
        return _agent_code(ask)
    if ask.view.generation is Generation.SHARED:
        return code(_served(ask, ask.answer(one)) for one in ask.models if one.provider not in CLI_PROVIDERS)
    return code(_walk(ask, name) for name in {one.provider for one in ask.models} - CLI_PROVIDERS)


def strict_code(ask: ExitCodeInput) -> int:
    """The code up to 2026.5.7: any stored login or token counts, used or not."""
    lost = any(not has_any(ask, one.provider) for one in ask.models if one.provider not in CLI_PROVIDERS)
    return 1 if lost else code(one.status for one in ask.healths if one.expirable)


def has_any(ask: ExitCodeInput, provider: str) -> bool:
    """Whether a provider has any profile, variable or config key at all, resolved or not."""
    stored = bool(ask.view.serving(provider))
    return stored or bool(ask.variable(provider)) or ask.config_key(provider) is not ConfigKey.NONE


# -- one database per agent: 2026.6.11 ------------------------------------------------------------------------


def _spare(ask: ExitCodeInput, provider: str) -> bool:
    return bool(ask.variable(provider)) or ask.config_key(provider) in (ConfigKey.LITERAL, ConfigKey.SET)


def _has_usable(ask: ExitCodeInput, provider: str) -> bool:
    good = (Status.OK, Status.EXPIRING, Status.STATIC)
    return any(ask.status_of(name) in good for name in ask.order(provider).ids) or _spare(ask, provider)


def _agent_code(ask: ExitCodeInput) -> int:
    used = {auth_id(one.provider) for one in ask.models}
    judged = (one.status for one in ask.rollups if auth_id(one.provider) in used and not _spare(ask, one.provider))
    return 1 if missing(ask) else code(judged)


# -- the shared database: 2026.9.6 ----------------------------------------------------------------------------


def _served(ask: ExitCodeInput, answer: ProviderAnswer) -> Status:
    if not answer.ready:
        return Status.MISSING
    return (ask.status_of(answer.profile) if answer.profile else None) or Status.OK


def evaluate(ask: ExitCodeInput, model: Model) -> ProviderAnswer:
    """What would serve a model: a config reference first, then profiles in order, then a config key or variable."""
    provider = model.provider
    if provider in CLI_PROVIDERS or provider == "amazon-bedrock":
        return ProviderAnswer(ready=True)
    key = ask.config_key(provider)
    if key in (ConfigKey.SET, ConfigKey.UNRESOLVED):
        return ProviderAnswer(ready=True if key is ConfigKey.SET else None)
    tried = ask.order(provider, model.name)
    states = {name: _ready(ask, ask.view.profiles[name]) for name in tried.ids}
    hopeful = [name for name in tried.ids if states[name] is not False]
    free = [name for name in hopeful if not cooling(ask.view, name, ask.now, model.name)]
    if free:
        best = next((name for name in free if states[name]), free[0])
        return ProviderAnswer(states[best], best)
    if hopeful or tried.explicit:
        return ProviderAnswer(ready=False)
    return _without_profile(ask, provider, key, tried)


def _without_profile(ask: ExitCodeInput, provider: str, key: ConfigKey, tried: Order) -> ProviderAnswer:
    inline = ask.view.usage.get(f"inline-api-key:{provider}")
    if key is ConfigKey.LITERAL:
        return ProviderAnswer(ready=provider in EXEMPT or not (inline and inline.active(ask.now)))
    if not tried.ids and ask.variable(provider):
        return ProviderAnswer(ready=True)
    evidence = tried.ids or ask.view.serving(provider)
    declared = auth_id(provider) in ask.config.names(Generation.SHARED).declared
    return ProviderAnswer(ready=False if evidence or declared else None)


def _ready(ask: ExitCodeInput, one: Profile) -> bool | None:
    """True: it can be used as it is; False: it cannot; None: only resolving or refreshing it would tell."""
    if one.kind is Kind.OAUTH:
        if fresh(one, ask.now):
            return True
        if one.fence:
            return False
        if one.refresh:
            return True if one.provider == "openai" else None
        return None if one.oauth_ref and not one.access else False
    if one.ref:
        return True if one.ref.source == "env" and ask.environment.get(one.ref.id) else None
    return one.secret is not None and not one.secret.reveal().startswith("$")


# -- JSON files, judged as the newest release would -----------------------------------------------------------


def _walk(ask: ExitCodeInput, provider: str) -> Status:
    for name in ask.order(provider).ids:
        if cooling(ask.view, name, ask.now) or not _ready(ask, ask.view.profiles[name]):
            continue
        return ask.status_of(name) or Status.OK
    return Status.OK if _spare(ask, provider) else Status.MISSING
