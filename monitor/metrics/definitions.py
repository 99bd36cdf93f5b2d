"""Which metrics there are, and their samples for one judgement."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import PurePath
from types import MappingProxyType
from typing import Final, NamedTuple

from alerts.model import Condition
from monitor import __version__
from monitor.model import Answer, Credential, Judgement, Need, Problem, State, Verdict

Mask = Callable[[str], str]
Sample = tuple[str, str, str]  # metric name, labels as written (`a="b",c="d"`), value as written

#: Every metric of a check with its help text, in the order of exposition; all are gauges.
FAMILIES: Final = {
    "authwatch_build_info": "Version of authwatch and Python; always 1.",
    "authwatch_check_last_success_timestamp_seconds": "Unix time of the last successful check.",
    "authwatch_check_duration_seconds": "Duration of the last full check, in seconds.",
    "authwatch_source_up": "1 if the last check could read every store of the source that is in use, else 0.",
    "authwatch_source_problems": "Stores of the source with a problem in the last check, by kind of problem.",
    "authwatch_source_last_success_timestamp_seconds": "Unix time at which every store in use was last read.",
    "authwatch_channel_last_success_timestamp_seconds": "Unix time of the last delivered message.",
    "authwatch_channel_pending": "Notifications that the channel still has to deliver.",
    "authwatch_canary_last_delivery_timestamp_seconds": "Unix time of the last delivered test message.",
    "authwatch_finding": "A finding that is not about a single login, such as a refresh token in two places; always 1.",
    "authwatch_provider_profiles": "Logins and keys that the agent has for the provider.",
    "authwatch_provider_usable_profiles": "Logins and keys of the agent for the provider that can be used now.",
    "authwatch_profile_info": "A login or key that authwatch knows; always 1.",
    "authwatch_profile_access_expiry_timestamp_seconds": "Unix time at which the access token expires.",
    "authwatch_profile_login_expiry_timestamp_seconds": "Unix time at which the login expires even if it is refreshed.",
    "authwatch_profile_deadline_timestamp_seconds": "Unix time by which you must log in again.",
    "authwatch_profile_last_rotation_timestamp_seconds": "Unix time of the last renewal that authwatch saw.",
    "authwatch_profile_state": "State of the login: 1 for the current state, 0 for the others.",
    "authwatch_profile_needs_human": "Whether the login needs you: 1 for the current answer, 0 for the others.",
    "authwatch_profile_probe_outcome": "Outcome of the last probe: 1 for the current outcome, 0 for the others.",
    "authwatch_profile_probe_timestamp_seconds": "Unix time of the last probe.",
    "authwatch_profile_acknowledged": "1 if its current alert is acknowledged, else 0.",
    "authwatch_profile_silenced": "1 if a silence mutes it, else 0.",
    "authwatch_profile_ignored": "1 if it is ignored (shown, never alerts), else 0.",
    "authwatch_profile_in_use": "1 if its program uses it, else 0. Logins that are not in use do not alert.",
}

_MOMENTS: Final[tuple[tuple[str, Callable[[Verdict], datetime | None]], ...]] = (
    ("authwatch_profile_access_expiry_timestamp_seconds", lambda v: v.seen.access_expires_at),
    ("authwatch_profile_login_expiry_timestamp_seconds", lambda v: v.seen.login_expires_at),
    ("authwatch_profile_deadline_timestamp_seconds", lambda v: v.deadline),
    ("authwatch_profile_last_rotation_timestamp_seconds", lambda v: v.rotated_at),
)


class ChannelFacts(NamedTuple):
    """What the memory knows of one channel; `pending` counts conditions it still has to hear of."""

    label: str
    last_success_at: datetime | None = None
    pending: int = 0
    canary_at: datetime | None = None


class Facts(NamedTuple):
    """What a body needs beside the judgement.

    `sources` has every configured source id with the moment when all of it was last read (None: never), so that its
    series exist from the first scrape. `acknowledged` and `silenced` are credential keys, `ignored` those of findings.
    """

    sources: Mapping[str, datetime | None] = MappingProxyType({})
    channels: tuple[ChannelFacts, ...] = ()
    acknowledged: frozenset[str] = frozenset()
    silenced: frozenset[str] = frozenset()
    succeeded_at: datetime | None = None
    duration: timedelta | None = None
    findings: tuple[Condition, ...] = ()
    ignored: frozenset[str] = frozenset()


def samples(judgement: Judgement, facts: Facts, mask: Mask) -> Iterator[Sample]:
    """Every sample of one judgement; `mask` is applied to profile ids and to nothing else."""
    taken: dict[str, int] = {}
    for verdict in sorted(judgement.verdicts, key=lambda v: v.key):
        yield from _profile(verdict, _naming(verdict.seen.credential, mask, taken), facts)
    for view in judgement.providers:
        where = labels(source=view.source, agent=view.agent, provider=view.provider)
        yield "authwatch_provider_profiles", where, str(view.total)
        yield "authwatch_provider_usable_profiles", where, str(view.usable)
    yield from _sources(judgement, facts)
    found = (_finding(one, mask) for one in facts.findings if one.key not in facts.ignored)
    for naming in dict.fromkeys(found):  # two that mask alike are one series: a double one is refused
        yield "authwatch_finding", naming, "1"
    for channel in facts.channels:
        yield from _channel(channel)
    if facts.succeeded_at:
        yield "authwatch_check_last_success_timestamp_seconds", "", seconds(facts.succeeded_at)
    if facts.duration is not None:
        yield "authwatch_check_duration_seconds", "", str(round(facts.duration.total_seconds(), 6))
    python = ".".join(map(str, sys.version_info[:3]))
    yield "authwatch_build_info", labels(version=__version__, python=python), "1"


def labels(**pairs: str) -> str:
    """Labels as both exposition formats write them, values escaped."""
    return ",".join(f'{name}="{_escape(value)}"' for name, value in pairs.items())


def seconds(moment: datetime) -> str:
    """A moment as Unix time in seconds, always with three decimals: a check that stops at the gate
    moves its last success within the file, in place (`monitor.check.gate.restamp`)."""
    return f"{moment.timestamp():.3f}"


def _profile(verdict: Verdict, naming: str, facts: Facts) -> Iterator[Sample]:
    kind = labels(kind=verdict.seen.credential.kind)
    yield "authwatch_profile_info", f"{naming},{kind}", "1"
    for name, of in _MOMENTS:
        if moment := of(verdict):
            yield name, naming, seconds(moment)
    state = State.UNKNOWN if verdict.held else verdict.state
    need = Need.UNKNOWN if verdict.held else verdict.needs_human
    for each in State:
        yield "authwatch_profile_state", f'{naming},state="{each}"', _flag(each is state)
    for answer in Need:
        yield "authwatch_profile_needs_human", f'{naming},needs_human="{answer}"', _flag(answer is need)
    if proof := verdict.proof:
        for said in Answer:
            yield "authwatch_profile_probe_outcome", f'{naming},probe_outcome="{said}"', _flag(said is proof.answer)
        yield "authwatch_profile_probe_timestamp_seconds", naming, seconds(proof.at)
    yield "authwatch_profile_acknowledged", naming, _flag(verdict.key in facts.acknowledged)
    yield "authwatch_profile_silenced", naming, _flag(verdict.key in facts.silenced)
    yield "authwatch_profile_ignored", naming, _flag(verdict.ignored)
    yield "authwatch_profile_in_use", naming, _flag(verdict.in_use)


def _finding(one: Condition, mask: Mask) -> str:
    given = {name: one.labels.get(name, "") for name in ("source", "agent", "provider")}
    return labels(key=_masked(one.key, given, mask), level=one.level.value, **given)


def _masked(key: str, given: Mapping[str, str], mask: Mask) -> str:
    """The key of a finding, `source/agent/provider or profile/about`, with a profile masked."""
    place = f"{given['source']}/{given['agent']}/"
    if not key.startswith(place):  # a channel's
        return key
    whose, slash, about = key.removeprefix(place).rpartition("/")
    return f"{place}{whose if whose == given['provider'] else mask(whose)}{slash}{about}"


def _sources(judgement: Judgement, facts: Facts) -> Iterator[Sample]:
    met, unread = _problems(judgement), judgement.unread
    names = dict.fromkeys([*facts.sources, *(source for source, _ in met)])
    for source in names:
        where = labels(source=source)
        success = facts.sources.get(source)
        # One that is not configured has no success on record, and is down only where it counts.
        up = source not in unread and (success is not None or source not in facts.sources)
        yield "authwatch_source_up", where, _flag(up)
        for problem in Problem:
            yield "authwatch_source_problems", f'{where},problem="{problem}"', str(met[source, problem])
        if success:
            yield "authwatch_source_last_success_timestamp_seconds", where, seconds(success)


def _problems(judgement: Judgement) -> Counter[tuple[str, Problem]]:
    """How often each source met each problem: every trouble, and every other store that has one, whether it hides a
    login or not. What lies beneath a trouble is counted with it."""
    met = Counter((one.source, one.problem) for one in judgement.troubles)
    places = {(one.source, one.problem, one.host_path) for one in judgement.troubles}
    for verdict in judgement.verdicts:
        seen, source = verdict.seen, verdict.seen.credential.source
        if seen.problem is None:
            continue
        place = seen.host_path or verdict.key
        above = map(str, PurePath(place).parents)
        if not any((source, seen.problem, path) in places for path in ("", place, *above)):
            places.add((source, seen.problem, place))
            met[source, seen.problem] += 1
    return met


def _channel(channel: ChannelFacts) -> Iterator[Sample]:
    where = labels(channel=channel.label)
    if channel.last_success_at:
        moment = seconds(channel.last_success_at)
        yield "authwatch_channel_last_success_timestamp_seconds", where, moment
    yield "authwatch_channel_pending", where, str(channel.pending)
    if channel.canary_at:
        yield "authwatch_canary_last_delivery_timestamp_seconds", where, seconds(channel.canary_at)


def _naming(credential: Credential, mask: Mask, taken: dict[str, int]) -> str:
    """The four labels of a profile. Two that mask or escape alike are numbered: one double series would make
    Prometheus refuse the whole scrape."""
    where = labels(source=credential.source, agent=credential.agent, provider=credential.provider)
    profile = mask(credential.profile)
    first = naming = f"{where},{labels(profile=profile)}"
    while naming in taken:
        taken[first] += 1
        naming = f"{where},{labels(profile=f'{profile} ({taken[first]})')}"
    taken[naming] = 1
    return naming


def _escape(value: str) -> str:
    # Ids come from other programs' JSON, which may hold lone surrogates; UTF-8 cannot.
    value = value.encode("utf-8", "replace").decode()
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _flag(so: bool) -> str:
    return "1" if so else "0"
