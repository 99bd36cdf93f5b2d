"""Checks of OpenClaw's logins: providers nobody can log in to, rests, profiles and orders that are out of date."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from alerts.timefmt import moment
from monitor.doctor.model import Health, OpenClaw, Result, Subject, command
from monitor.model import Evidence, Lineup, Observation
from monitor.openclaw.auth_profiles import Profile
from monitor.openclaw.releases import MAIN, Generation, auth_id, provider_id
from monitor.openclaw.stores import Store

#: Profiles that OpenClaw once copied from another program's login, and no longer renews.
RETIRED: Final[Mapping[str, str]] = {"anthropic:claude-cli": "Claude Code", "openai-codex:codex-cli": "Codex"}
NAMED: Final = 5  # so many agents are named
_LEGACY: Final = "openai-codex"
_MIGRATE: Final = ("openclaw", "doctor", "--fix")
_CAREFUL: Final = "Be online when you run the fix: it also renews logins, and one whose renewal fails is lost"


def providers(subject: Subject) -> Iterator[Result]:
    """Does every provider that a model names have something to log in with?"""
    claws = {claw.source: claw for claw in subject.openclaws}
    lacking: dict[tuple[str, str, bool], list[str]] = defaultdict(list)
    for source, agent, provider in _unserved(subject, claws):
        lacking[source, provider, _has(claws[source], agent, provider)].append(agent)
    for (source, provider, has), agents in lacking.items():
        using = _using(agents, claws[source])
        if hidden := None if has else claws[source].found.hidden(provider):
            what = f"{using} {provider}, and authwatch can see no login for it"
            place = claws[source].host.show(hidden.path)
            why = f"{place}: {hidden.why}; what the gateway gets there is unknown"
            yield Result("providers", Health.WARNING, what, why, "authwatch models status")
            continue
        if has:
            what = f"{using} {provider}, and none of its profiles is used"
            why = "the configured order leaves them out, or OpenClaw rejects them; there is no other login"
            mend = claws[source].command("authwatch", "models", "auth", "order", "get", "--provider", provider)
        else:
            what = f"{using} {provider}, but there is no login for it"
            why = "there is no profile, variable or config key; models of this provider cannot be used"
            mend = claws[source].command(*_paste(claws[source], agents), "--provider", provider)
        yield Result("providers", Health.BROKEN, what, why, mend)


def _unserved(subject: Subject, claws: Mapping[str, OpenClaw]) -> list[tuple[str, str, str]]:
    """Source, agent and provider of what is in use and has nothing: told as missing, or profiles that all are unfit."""
    seen = [one for one in subject.findings if isinstance(one, Observation) and one.evidence is Evidence.ABSENT]
    told = [one.credential for one in seen if one.credential.profile == f"{one.credential.provider}:-"]
    lines = [one for one in subject.findings if isinstance(one, Lineup) and one.in_use and not (one.keys or one.spare)]
    unfit = [one for one in lines if one.source in claws and _has(claws[one.source], one.agent, one.provider)]
    places = [(one.source, one.agent, one.provider) for one in told if one.source in claws]
    return list(dict.fromkeys([*places, *((one.source, one.agent, one.provider) for one in unfit)]))


def _has(claw: OpenClaw, agent: str, provider: str) -> bool:
    profiles = claw.found.view(agent).profiles.values()
    return any(auth_id(one.provider) == auth_id(provider) for one in profiles)


def cooldowns(subject: Subject) -> Iterator[Result]:
    """Which profiles rest after failures, and is anybody left for their provider?"""
    claws = {claw.source: claw for claw in subject.openclaws}
    resting: dict[str, Observation] = {}
    for one in subject.findings:
        if not isinstance(one, Observation) or one.credential.source not in claws:
            continue
        if one.use.out_of_credit:
            what, why = (
                f"{one.credential.key} is out of credit",
                "OpenClaw uses another profile, or stops working",
            )
            yield Result("cooldowns", Health.WARNING, what, why, _explain(one))
        elif one.use.unusable_until and one.use.unusable_until > subject.now:
            resting[one.credential.key] = one
    alone = _alone(subject, resting)
    for key, one in resting.items():
        until = one.use.unusable_until or subject.now
        what = f"{key} is in cooldown until {moment(until)} ({one.use.disabled_reason or 'after failures'})"
        if one.use.disabled_reason in ("auth", "auth_permanent"):
            why = "its provider rejected it; OpenClaw tries it again after the cooldown"
            yield Result("cooldowns", Health.WARNING, what, why, one.relogin or _explain(one))
        elif key in alone:
            why = f"there is no other login for {one.credential.provider} until then; it recovers by itself"
            yield Result("cooldowns", Health.WARNING, what, why, _explain(one))
        else:
            yield Result("cooldowns", Health.FINE, f"{what}; it recovers by itself")


def _alone(subject: Subject, resting: Mapping[str, Observation]) -> set[str]:
    """The resting ones of line-ups in use of which every member rests."""
    lines = [one for one in subject.findings if isinstance(one, Lineup) and one.in_use and one.keys and not one.spare]
    return {key for line in lines if all(key in resting for key in line.keys) for key in line.keys}


def _explain(one: Observation) -> str:
    return command("authwatch", "explain", one.credential.key)


def old_profiles(subject: Subject) -> Iterator[Result]:
    """Profiles that OpenClaw no longer renews, or keeps under another name by now."""
    for claw in subject.openclaws:
        newest = claw.found.generation is Generation.SHARED
        for agent, one in _profiles(claw):
            shown = f"{claw.source}/{agent}/{one.id}"
            if one.id in RETIRED:
                what = f"{shown} is a copy of {RETIRED[one.id]}'s own login"
                why = "OpenClaw no longer renews such profiles, and may choose it before a login that works"
                words = ["openclaw", "models", "auth", "logout", one.id] if newest else ["openclaw", "doctor"]
                flag = ["--agent", agent] if newest and agent != MAIN else []
                yield Result("old profiles", Health.WARNING, what, why, claw.command(*words, *flag))
            elif one.provider == _LEGACY and claw.found.generation is not Generation.JSON:
                what = f"{shown} is for {_LEGACY}, which is now called openai"
                why = f"requests for openai do not find it. {_CAREFUL}"
                yield Result("old profiles", Health.WARNING, what, why, claw.command(*_MIGRATE))


def orders(subject: Subject) -> Iterator[Result]:
    """Orders and declarations that name profiles which no store has."""
    for claw in subject.openclaws:
        if claw.found.faults:
            continue  # what cannot be read may hold them
        config, generation = claw.found.config, claw.found.generation
        known = {one.id for _, one in _profiles(claw)}
        for name in config.table("auth", "order"):
            ids = config.order(provider_id(name, generation), generation) or ()
            if gone := [one for one in ids if one not in known]:
                place = f"auth.order.{name}"
                what = (
                    f"{claw.host.show(claw.found.places.config)}: {place} names {', '.join(gone)}, which does not exist"
                )
                why = "OpenClaw skips it; if none of the order exists, it picks a profile itself or uses none"
                left = json.dumps([one for one in ids if one in known])
                words = ["unset", place] if left == "[]" else ["set", place, left]
                yield Result("orders", Health.WARNING, what, why, claw.command("openclaw", "config", *words))
        declared = [name for name, (_, mode) in config.names(generation).profiles.items() if mode != "aws-sdk"]
        for name in sorted(set(declared) - known):
            what = f"{claw.host.show(claw.found.places.config)} declares {name}, which does not exist"
            why = "the entry alone is not a login"
            provider = config.names(generation).profiles[name][0]
            mend = claw.command("openclaw", "models", "auth", "login", "--provider", provider)
            yield Result("orders", Health.WARNING, what, why, mend)


def _profiles(claw: OpenClaw) -> Iterator[tuple[str, Profile]]:
    """Every stored profile with the agent that owns its store, those that wait to be taken over included."""
    found = claw.found
    stores: list[tuple[str, Store]] = [(MAIN, found.base), *found.stores.items(), *found.stranded.items()]
    seen = set()
    for agent, store in stores:
        for one in store.profiles.values():
            if (agent, one.id) not in seen:
                seen.add((agent, one.id))
                yield agent, one


def _using(agents: list[str], claw: OpenClaw) -> str:
    of = "" if claw.source == "openclaw" else f" of {claw.source}"
    if len(agents) == 1:
        return f"agent {agents[0]}{of} uses"
    rest = f" and {len(agents) - NAMED} more" if len(agents) > NAMED else ""
    return f"agents {', '.join(agents[:NAMED])}{rest}{of} use"


def _paste(claw: OpenClaw, agents: list[str]) -> list[str]:
    """For the default agent where it is among them: the others inherit what it has."""
    own = claw.found.config.default_agent(claw.found.generation)
    flag = [] if own in agents else ["--agent", agents[0]]
    return ["authwatch", "models", "auth", "paste-api-key", *flag]
