"""Checks of OpenClaw's logins: providers nobody can log in to, rests, profiles and orders that are out of date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from monitor.doctor.model import Health, OpenClaw, Patient, Result, command
from monitor.model import Evidence, Lineup, Observation
from monitor.openclaw.credentials import Profile
from monitor.openclaw.releases import MAIN, Generation
from monitor.openclaw.stores import Store

#: Profiles that OpenClaw once copied from another program's login, and no longer renews.
RETIRED: Final[Mapping[str, str]] = {"anthropic:claude-cli": "Claude Code", "openai-codex:codex-cli": "Codex"}
NAMED: Final = 5  # so many agents are named
_LEGACY: Final = "openai-codex"
_MIGRATE: Final = "openclaw doctor --fix"
_CAREFUL: Final = "be online for the command: it renews logins as well, and one that fails to is lost"


def providers(patient: Patient) -> Iterator[Result]:
    """Does every provider that a model names have something to log in with?"""
    claws = {claw.source: claw for claw in patient.openclaws}
    seen = [one for one in patient.findings if isinstance(one, Observation) and one.credential.source in claws]
    lacking: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in seen:
        who = one.credential
        if one.evidence is Evidence.ABSENT and who.profile == f"{who.provider}:-":
            lacking[who.source, who.provider].append(who.agent)
    for (source, provider), agents in lacking.items():
        what = f"{_using(agents, claws[source])} {provider}, and nothing can log in to it"
        why = "no profile, variable or config key is there; the models named for it cannot answer"
        mend = command(*_paste(claws[source], agents), "--provider", provider)
        yield Result("providers", Health.BROKEN, what, why, mend)
    stored = {(one.credential.source, one.credential.provider) for one in seen}
    left_out: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in patient.findings:
        if isinstance(line, Lineup) and line.in_use and not (line.keys or line.spare):
            place = (line.source, line.provider)
            if place in stored and line.agent not in lacking.get(place, ()):
                left_out[place].append(line.agent)
    for (source, provider), agents in left_out.items():
        what = f"{_using(agents, claws[source])} {provider}, and none of its profiles counts"
        why = "the stated order leaves them out, or OpenClaw refuses them; nothing else is there"
        mend = command("authwatch", "models", "auth", "order", "get", "--provider", provider)
        yield Result("providers", Health.BROKEN, what, why, mend)


def cooldowns(patient: Patient) -> Iterator[Result]:
    """Which profiles rest after failures, and is anybody left for their provider?"""
    claws = {claw.source: claw for claw in patient.openclaws}
    resting: dict[str, Observation] = {}
    for one in patient.findings:
        if not isinstance(one, Observation) or one.credential.source not in claws:
            continue
        if one.use.out_of_credit:
            what, why = (
                f"{one.credential.key} is out of credit",
                "OpenClaw goes on with another profile, or stands still",
            )
            yield Result("cooldowns", Health.WARNING, what, why, _explain(one))
        elif one.use.unusable_until and one.use.unusable_until > patient.now:
            resting[one.credential.key] = one
    alone = _alone(patient, resting)
    for key, one in resting.items():
        until = one.use.unusable_until
        what = f"{key} rests until {until:%Y-%m-%d %H:%M} UTC ({one.use.disabled_reason or 'after failures'})"
        if one.use.disabled_reason in ("auth", "auth_permanent"):
            why = "its provider refused it; after the rest it is tried again"
            yield Result("cooldowns", Health.WARNING, what, why, one.relogin or _explain(one))
        elif key in alone:
            why = f"nobody else serves {one.credential.provider} until then; it comes back by itself"
            yield Result("cooldowns", Health.WARNING, what, why, _explain(one))
        else:
            yield Result("cooldowns", Health.FINE, f"{what}; it comes back by itself")


def _alone(patient: Patient, resting: Mapping[str, Observation]) -> set[str]:
    """The resting ones of line-ups in use of which every member rests."""
    lines = [one for one in patient.findings if isinstance(one, Lineup) and one.in_use and one.keys and not one.spare]
    return {key for line in lines if all(key in resting for key in line.keys) for key in line.keys}


def _explain(one: Observation) -> str:
    return command("authwatch", "explain", one.credential.key)


def old_profiles(patient: Patient) -> Iterator[Result]:
    """Profiles that OpenClaw no longer renews, or keeps under another name by now."""
    for claw in patient.openclaws:
        newest = claw.found.generation is Generation.SHARED
        for agent, one in _profiles(claw):
            shown = f"{claw.source}/{agent}/{one.id}"
            if one.id in RETIRED:
                what = f"{shown} is a copy of {RETIRED[one.id]}'s own login"
                why = (
                    "OpenClaw gave such profiles up: nothing renews it, and it can be chosen before a login that works"
                )
                words = ["openclaw", "models", "auth", "logout", one.id] if newest else ["openclaw", "doctor"]
                flag = ["--agent", agent] if newest and agent != MAIN else []
                yield Result("old profiles", Health.WARNING, what, why, command(*words, *flag))
            elif one.provider == _LEGACY and claw.found.generation is not Generation.JSON:
                what = f"{shown} is for {_LEGACY}, which is called openai by now"
                why = f"requests for openai do not find it; {_CAREFUL}"
                yield Result("old profiles", Health.WARNING, what, why, _MIGRATE)


def orders(patient: Patient) -> Iterator[Result]:
    """Orders and declarations that name profiles which no store has."""
    for claw in patient.openclaws:
        if claw.found.faults:
            continue  # what cannot be read may hold them
        config, generation = claw.found.config, claw.found.generation
        known = {one.id for _, one in _profiles(claw)}
        lost: dict[str, list[str]] = defaultdict(list)
        for name in config.table("auth", "order"):
            ids = config.order(name.strip().lower(), generation) or ()
            if gone := [one for one in ids if one not in known]:
                lost[f"auth.order.{name}"] += gone
        for name, names in lost.items():
            what = f"{claw.host.show(claw.found.places.config)}: {name} names {', '.join(names)}, which no store has"
            why = "the order means less than it says; where all are gone, OpenClaw chooses by itself or not at all"
            yield Result("orders", Health.WARNING, what, why, command("openclaw", "config", "unset", name))
        declared = [name for name, (_, mode) in config.declared(generation).items() if mode != "aws-sdk"]
        for name in sorted(set(declared) - known):
            what = f"{claw.host.show(claw.found.places.config)} declares {name}, and no store has it"
            why = "a declaration is no login: nothing can be done with it"
            provider = config.declared(generation)[name][0]
            mend = command("openclaw", "models", "auth", "login", "--provider", provider)
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
