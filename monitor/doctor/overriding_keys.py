"""The check for keys that get in a login's way: variables and config keys that are taken before what is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from monitor.doctor.model import Health, OpenClaw, Result, Subject, command
from monitor.model import Observation
from monitor.openclaw.endpoints import is_private
from monitor.openclaw.env import PROVIDERS, ConfigKey, config_key
from monitor.openclaw.releases import Generation, auth_id

NAME: Final = "shadows"

#: Source type: the variables that its program takes before its stored login, in its own order.
BEFORE: Final[Mapping[str, tuple[str, ...]]] = {
    "claude-code": ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"),
    "gh": ("GH_TOKEN", "GITHUB_TOKEN"),
    "github-copilot": ("COPILOT_GITHUB_TOKEN",),
    "huggingface": ("HF_TOKEN",),
    "aws": ("AWS_ACCESS_KEY_ID",),
    "gcloud": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "cursor": ("CURSOR_API_KEY",),
}
#: Programs whose login is a subscription, so that a key instead is billed by use.
_BILLED: Final = ("claude-code", "cursor")


def shadows(subject: Subject) -> Iterator[Result]:
    """Which variables and config keys are used instead of the logins that are watched?"""
    yield from _programs(subject)
    for claw in subject.openclaws:
        yield from _config_keys(claw)
        yield from _values(claw)
        yield from _variables(claw)


def _programs(subject: Subject) -> Iterator[Result]:
    stored = {one.credential.source for one in subject.findings if isinstance(one, Observation) and one.from_file}
    for entry in subject.settings.sources:
        name = next((one for one in BEFORE.get(entry.type, ()) if (subject.host.env(one) or "").strip()), None)
        if name and entry.id in stored and "home" not in entry.options:
            what = f"{name} is set in this shell and overrides the login of {entry.id}"
            base = subject.host.env("ANTHROPIC_BASE_URL") or ""
            billed = ", and may be billed by use" if entry.type in _BILLED and not is_private(base) else ""
            why = f"programs started from this shell do not use the login that is watched{billed}"
            yield Result(NAME, Health.WARNING, what, why, command("unset", name))


def _config_keys(claw: OpenClaw) -> Iterator[Result]:
    """The newest releases take a reference in `models.providers` before any profile."""
    found = claw.found
    if found.generation is not Generation.SHARED:
        return
    for written in found.config.table("models", "providers"):
        provider = written.strip().lower()
        key = config_key(found.config, found.environment, provider, found.generation)
        if key in (ConfigKey.SET, ConfigKey.UNRESOLVED) and _profiles(claw, provider):
            place = f"models.providers.{written}.apiKey"
            unset = " (the key itself is not set here)" if key is ConfigKey.UNRESOLVED else ""
            what = f"{place} refers to a key, which overrides the profiles of {provider}{unset}"
            why = "while the reference is there, OpenClaw does not use the logins that are watched"
            yield Result(NAME, Health.WARNING, what, why, claw.command("openclaw", "config", "unset", place))


def _values(claw: OpenClaw) -> Iterator[Result]:
    """A variable that has two values in this shell, in OpenClaw's files and in what its gateway is started with."""
    found, host, environment = claw.found, claw.host, claw.found.environment
    gateway = environment.gateway
    for name in dict.fromkeys((*environment.dotenv, *gateway.settings, *gateway.later, *gateway.copies)):
        if name not in PROVIDERS:
            continue
        serving, *others = found.settings(name)
        value, place = host.fingerprint(serving.value.reveal().strip()), host.show(serving.path)
        outer = (host.env(name) or "").strip() if environment.process else ""
        if outer and host.fingerprint(outer) != value:
            what = f"{name} has one value in this shell and another in {place}"
            why = "OpenClaw uses the one of its environment, not the one in the file, which is watched"
            if gateway.get(name):
                why = "the gateway uses the one in the file, programs started from this shell use the other"
            yield Result(NAME, Health.WARNING, what, why, command("unset", name))
        differing = [one.path for one in others if host.fingerprint(one.value.reveal().strip()) != value]
        if places := [host.show(path) for path in dict.fromkeys(differing) if path != found.places.config]:
            what = f"{name} has another value in {' and '.join(places)} than in {place}"
            why = f"the gateway uses the one in {place}; a new key elsewhere has no effect on it"
            yield Result(NAME, Health.WARNING, what, why, command("openclaw", "gateway", "install", "--force"))


def _variables(claw: OpenClaw) -> Iterator[Result]:
    """A key takes over silently when profiles fail."""
    found = claw.found
    environment = found.environment
    models = {
        auth_id(one.provider) for agent in found.agents for one in found.config.models_in_use(agent, found.generation)
    }
    for provider in sorted(models):
        variable = environment.key_of(provider, found.generation)
        if variable and (logins := _profiles(claw, provider)):
            what = f"{variable} is used for {provider} when {', '.join(logins[:3])} cannot be used"
            billed = "" if found.is_private(provider) else ", billed by use"
            why = f"OpenClaw then switches to it silently{billed}; you are still told when the login expires"
            yield Result(NAME, Health.FINE, what, why)


def _profiles(claw: OpenClaw, provider: str) -> list[str]:
    stores = (claw.found.base, *claw.found.stores.values())
    names = {
        one.id for store in stores for one in store.profiles.values() if auth_id(one.provider) == auth_id(provider)
    }
    return sorted(names)
