"""The check for Claude subscriptions in other programs: “only authorized for use with Claude Code”, and the ways out.

Anthropic answers HTTP 400 with that sentence; the token is alive, and a new one changes nothing. OpenClaw keeps of it
no more than that a use failed. Source: OpenClaw's docs/gateway/authentication and docs/providers/anthropic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from monitor.doctor.model import Health, OpenClaw, Result, Subject
from monitor.model import Kind
from monitor.openclaw.auth_profiles import SETUP_TOKEN, Profile
from monitor.openclaw.inheritance import View
from monitor.openclaw.order import order
from monitor.openclaw.releases import MAIN, auth_id
from monitor.openclaw.usage import Usage

NAME: Final = "Claude Code only"
PROVIDER: Final = "anthropic"
#: How OpenClaw files such an answer, by release.
_SIGNS: Final = frozenset({"format", "auth", "auth_permanent", "unknown", "unclassified"})

_RUNTIME: Final = "claude-cli"
_SAYS: Final = "“This credential is only authorized for use with Claude Code”"
_OUT: Final = (
    "A new token does not help. Use an Anthropic API key, tried first, or use Claude Code as the runtime "
    f"(agentRuntime {_RUNTIME}; in `openclaw onboard`: Claude CLI)"
)


def claude_code_only(subject: Subject) -> Iterator[Result]:
    """Is what serves Anthropic a subscription's token, which Anthropic may refuse to OpenClaw?"""
    for claw in subject.openclaws:
        said: dict[Result, None] = {}  # agents that inherit a profile say the same of it
        for agent in claw.found.agents:
            if _direct(claw, agent):
                said |= dict.fromkeys(_agent(claw, agent))
        yield from said


def _agent(claw: OpenClaw, agent: str) -> Iterator[Result]:
    view = claw.found.view(agent)
    ids = order(view, claw.found.config, PROVIDER, None).ids  # a rest after failures is what is looked for
    for name in ids:
        one = view.profiles[name]
        if one.kind is Kind.API_KEY and one.of_subscription:
            what = f"{_shown(claw, one)} is a subscription token saved as an API key"
            why = "sent as an API key it is always rejected; save it as a token"
            words = ["authwatch", "models", "auth", "paste-token", "--provider", PROVIDER, "--profile-id", name]
            yield Result(NAME, Health.WARNING, what, why, claw.command(*words, *_flag(claw, one.agent)))
    if ids and _subscription(view.profiles[ids[0]]):
        yield _first(claw, view, ids)
    variable = claw.found.environment.key_of(PROVIDER, claw.found.generation)
    if not ids and variable and (claw.found.environment.get(variable) or "").startswith(SETUP_TOKEN):
        what = f"{variable} contains a subscription token and is used for {PROVIDER}"
        yield Result(NAME, Health.FINE, what, f"Anthropic may answer {_SAYS}. {_OUT}", _key(claw, MAIN))


def _first(claw: OpenClaw, view: View, ids: tuple[str, ...]) -> Result:
    one = view.profiles[ids[0]]
    usage = view.usage.get(one.id, Usage())
    reasons = _SIGNS & {*usage.failures, usage.cooldown_reason, usage.disabled_reason}
    failed = reasons and (usage.last_failure or 0) >= (usage.last_used or 0)
    keys = [name for name in ids if view.profiles[name].kind is Kind.API_KEY]
    mend = _key(claw, one.agent)
    if keys:
        words = ["authwatch", "models", "auth", "order", "set", "--provider", PROVIDER, *_flag(claw, one.agent)]
        mend = claw.command(*words, *keys, *(name for name in ids if name not in keys))
    what = f"{_shown(claw, one)} is a Claude subscription login, and tried first"
    if failed:
        said = ", ".join(sorted(map(str, reasons)))
        why = f"Anthropic may have answered {_SAYS}. {_OUT}"
        return Result(NAME, Health.WARNING, f"{what}; its last use failed ({said})", why, mend)
    return Result(NAME, Health.FINE, what, f"Anthropic may answer {_SAYS}; so far nothing failed. {_OUT}", mend)


def _subscription(one: Profile) -> bool:
    return one.kind is Kind.OAUTH or (one.kind is Kind.TOKEN and one.of_subscription)


def _direct(claw: OpenClaw, agent: str) -> bool:
    """Whether the agent calls Anthropic itself: no model of it names Anthropic, or Claude Code runs the turns."""
    config = claw.found.config
    models = config.models_in_use(agent, claw.found.generation)
    if models and not any(auth_id(one.provider) == PROVIDER for one in models):
        return False
    own = config.agents.get(agent, {})
    spots = [own.get("agentRuntime"), config.at("agents", "defaults", "agentRuntime")]
    written = config.primary(agent)
    entries = [own.get("models"), config.at("agents", "defaults", "models")]
    for entry in (one.get(written) for one in entries if isinstance(one, dict) and written):
        spots.append(entry.get("agentRuntime") if isinstance(entry, dict) else None)
    return not any(isinstance(spot, dict) and spot.get("id") == _RUNTIME for spot in spots)


def _shown(claw: OpenClaw, one: Profile) -> str:
    return f"{claw.source}/{one.agent}/{one.id}"


def _key(claw: OpenClaw, agent: str) -> str:
    words = ["authwatch", "models", "auth", "paste-api-key", "--provider", PROVIDER]
    return claw.command(*words, *_flag(claw, agent))


def _flag(claw: OpenClaw, agent: str) -> list[str]:
    own = claw.found.config.default_agent(claw.found.generation)
    return [] if agent == own else ["--agent", agent]
