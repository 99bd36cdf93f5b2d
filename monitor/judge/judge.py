"""Judges a whole check: what was seen, what should have been, what could not be, and what each means for the others."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from types import MappingProxyType

from monitor.judge.deadlines import earliest, remedy_for
from monitor.judge.duplicates import Files, advised, copied, family, in_place, share
from monitor.judge.evaluate import BLINDING, blinded, evaluate
from monitor.judge.forecast import estimated
from monitor.judge.probe_answers import proof_of
from monitor.judge.redundancy import roll_up, weigh
from monitor.judge.unreadable import CheckedPlaces, Hidden, hold, never_there, plain
from monitor.judge.wording import EXPECTED, extend, remedy, sentence
from monitor.model import (
    MCP,
    Credential,
    Evidence,
    Finding,
    Judgement,
    Kind,
    Lineup,
    Location,
    Need,
    Observation,
    Policy,
    ProbeResult,
    Problem,
    Remembered,
    Standing,
    State,
    Trouble,
    Use,
    Verdict,
)


class _Look:
    """The findings of one check, sorted by what they are, beside what was known before it.

    `blind` says what ails the stores that could not be read, by path; `empty` whose login a store is said not to have;
    `wanting` which MCP servers are in use without any login; `served` where a place of a ladder serves.
    """

    def __init__(self, known: Mapping[str, Remembered], policy: Policy, now: datetime, looked: Collection[str]) -> None:
        self.known, self.policy, self.now, self.looked = known, policy, now, looked
        self.seen: dict[str, Observation] = {}
        self.lineups: list[Lineup] = []
        self.troubles: list[Trouble] = []
        self.sources: set[str] = set()
        self.proofs: Mapping[str, ProbeResult] = {}
        self.cover = Hidden((), ())
        self.blind: dict[str, Problem] = {}
        self.empty: set[tuple[str, str, str, str]] = set()
        self.wanting: set[tuple[str, str, str]] = set()
        self.served: set[tuple[str, str, str]] = set()
        self.places = CheckedPlaces()

    def hidden(self, seen: Observation) -> Trouble | None:
        """The trouble that hides a credential which was not seen."""
        return self.cover.hiding(seen)

    def dropped(self, seen: Observation) -> bool:
        """Whether it was a login to an MCP server that its program does not miss: who takes a server out of a config
        takes its login away."""
        who = seen.credential
        return who.provider.startswith(MCP) and (who.source, who.agent, who.provider) not in self.wanting

    def replaced(self, seen: Observation) -> bool:
        """Whether another place of its program's ladder serves now: who takes a helper or a variable away, or logs out
        of what does not serve, loses nothing."""
        who = seen.credential
        return (who.source, who.agent, who.provider) in self.served and self.was_looked_at(seen)

    def was_looked_at(self, seen: Observation) -> bool:
        """Whether this check looked where the credential was last seen, so that its absence says something."""
        return seen.host_path in self.looked if seen.host_path else seen.credential.source in self.sources

    def lost(self, key: str, memory: Remembered) -> Location | None:
        """The variable without which this check does not look where a login was last found; an expected one that
        nobody saw is missing."""
        return None if key in self.policy.expect else self.places.lost(memory)


def judge(
    findings: Iterable[Finding],
    known: Mapping[str, Remembered],
    policy: Policy,
    now: datetime,
    looked: Collection[str] = (),
    files: Files = MappingProxyType({}),
    proofs: Mapping[str, ProbeResult] = MappingProxyType({}),
    places: CheckedPlaces | None = None,
) -> Judgement:
    """Everything one look means.

    `known` is the history by key, `looked` the absolute paths that this check touched: a key that is known from a file
    counts as gone only if its path is among them and no trouble hides it, so that filters, removed sources and
    another home say nothing. `files` tells by device and inode which of those are one file. `proofs` are what
    providers told, by fingerprint. `places` tell which logins are not checked since a variable is lost.
    """
    look = _sorted(findings, known, policy, now, frozenset(looked))
    look.proofs, look.places = proofs, places or CheckedPlaces()
    moved = dict(_moved(look))
    came_from = {new: old for old, new in moved.items()}
    verdicts = {key: _judged(look, seen, came_from.get(key)) for key, seen in look.seen.items()}
    expect = frozenset(policy.expect)
    released, unnamed = [], []
    for key, memory in known.items():
        if key in look.seen or key in moved:
            continue
        if verdict := _unseen(look, memory):
            verdicts[key] = verdict
        elif key not in expect and _over(look, memory):
            released.append(memory.observation)
        elif look.places.unnamed(memory):
            unnamed.append(key)
    for key in policy.expect:
        if key not in verdicts and key not in moved:
            verdicts[key] = _expected(look, key)
    weighed = weigh(in_place(verdicts), look.lineups, expect)
    shared = _without_echoes(look, share(weighed, look.lineups, known))
    groups = copied(shared, known, files)
    final = advised([_finished(one, known.get(one.key), policy) for one in shared], groups)
    return Judgement(
        verdicts=tuple(sorted(final, key=lambda verdict: verdict.key)),
        providers=roll_up(final, look.lineups),
        troubles=tuple(look.troubles),
        until=earliest(verdict.until for verdict in final),
        moved=tuple(sorted(moved.items())),
        released=tuple(released),
        lineups=tuple(look.lineups),
        copied=groups,
        unnamed=tuple(unnamed),
    )


def _finished(verdict: Verdict, known: Remembered | None, policy: Policy) -> Verdict:
    stated = remedy_for(verdict.seen.credential, policy)
    return verdict._replace(remedy=remedy(verdict, stated), expected=estimated(verdict, known))


def _sorted(
    findings: Iterable[Finding],
    known: Mapping[str, Remembered],
    policy: Policy,
    now: datetime,
    looked: Collection[str],
) -> _Look:
    look = _Look(known, policy, now, looked)
    unwatched = {rule.match.get("source") for rule in policy.rules if not rule.watch and set(rule.match) == {"source"}}
    unwatched |= policy.unlisted
    for finding in findings:
        match finding:
            case Observation():
                look.seen.setdefault(finding.credential.key, finding)
                look.sources.add(finding.credential.source)
            case Lineup() if finding.provider.startswith(MCP) and not finding.keys:
                look.wanting.add((finding.source, finding.agent, finding.provider))
            case Lineup():
                look.lineups.append(finding)
                look.sources.add(finding.source)
                if finding.ordered and any(rung.standing is Standing.SERVES for rung in finding.ladder):
                    look.served.add((finding.source, finding.agent, finding.provider))
            case Trouble():
                idle = finding.problem is Problem.STALE_COPY  # its program does not read it, so nobody need act
                look.troubles.append(finding._replace(ignored=finding.ignored or idle or finding.source in unwatched))
    look.cover = Hidden(look.troubles, chain(look.seen.values(), (memory.observation for memory in known.values())))
    for seen in look.seen.values():
        if seen.problem and blinded(seen):
            look.blind.setdefault(seen.host_path, seen.problem)
        if seen.evidence is Evidence.ABSENT:
            look.empty.add(_whose(seen))
    return look


def _whose(seen: Observation) -> tuple[str, str, str, str]:
    who = seen.credential
    return who.source, who.agent, who.provider, seen.host_path


def _judged(look: _Look, seen: Observation, old_key: str | None) -> Verdict:
    """What was seen; where the look at a known login failed, its last known facts."""
    memory = look.known.get(seen.credential.key) or look.known.get(old_key or "")
    if memory and seen.problem and blinded(seen) and not never_there(memory):
        return hold(memory, seen.problem, look.policy, look.now)
    if memory and not old_key and (lost := _another(look, seen, memory)):
        return look.places.verdict(memory, lost, look.policy, look.now)
    verdict = evaluate(seen, memory, look.policy, look.now, proof_of(seen, look.proofs))
    return verdict._replace(because=(*verdict.because, f"moved from {old_key}")) if old_key else verdict


def _another(look: _Look, seen: Observation, memory: Remembered) -> Location | None:
    """The variable that is lost where another login, of another place, answers to the key of a known one: that it is
    fine says nothing of the one that is not checked."""
    before = memory.observation.fingerprint
    same = not memory.comparable or (before is not None and seen.fingerprint == before)
    lost = None if same else look.lost(seen.credential.key, memory)
    return lost if lost and look.places.unset(lost, memory) else None


def _unseen(look: _Look, memory: Remembered) -> Verdict | None:
    """What a known key that was not seen means: held, gone, or (None) nothing."""
    seen = memory.observation
    if seen.credential.source in look.policy.unlisted and seen.credential.key not in look.policy.expect:
        return None  # what nobody asked for is shown while it is there
    if trouble := look.hidden(seen):
        return hold(memory, trouble.problem, look.policy, look.now)
    if lost := look.lost(seen.credential.key, memory):
        return look.places.verdict(memory, lost, look.policy, look.now)
    if seen.host_path and (problem := look.blind.get(seen.host_path)):
        return hold(memory, problem, look.policy, look.now)
    if seen.host_path and _whose(seen) in look.empty:
        return None  # its source says already that this store has no login; that is one loss, not two
    if look.dropped(seen) or (look.replaced(seen) and seen.credential.key not in look.policy.expect):
        return None
    if seen.from_file and not never_there(memory) and look.was_looked_at(seen) and seen.host_path:
        return _gone(look, memory)
    return None


def _over(look: _Look, memory: Remembered) -> bool:
    """Whether a known key that was not seen, and is no loss, need not be remembered: nothing asks for it any more."""
    seen = memory.observation
    return look.replaced(seen) or (never_there(memory) and look.was_looked_at(seen))


def _gone(look: _Look, memory: Remembered) -> Verdict:
    """A login that was there; what it was stays on record, so that its coming back is recognised."""
    seen = memory.observation
    absent = seen._replace(evidence=Evidence.ABSENT, problem=None, notes=())
    why = f"is missing: it is gone from {seen.store or 'its store'}"
    verdict = evaluate(absent, memory, look.policy, look.now)
    return verdict._replace(
        seen=seen, vanished=True, because=(why,), summary=sentence(seen.credential, why), until=None
    )


def _without_echoes(look: _Look, verdicts: list[Verdict]) -> list[Verdict]:
    """One death is one finding: where a login is gone, that its provider or store now has none is no news of its own,
    and must not be said sooner than the loss itself."""
    lost = [one for one in verdicts if one.vanished and one.needs_human is Need.NOW]
    gone = {_issuer(one) for one in lost}
    emptied = {(one.seen.credential.source, folder) for one in lost for folder in _above(one.seen.host_path)}

    def echo(one: Verdict) -> bool:
        return _issuer(one) in gone or (one.seen.credential.source, one.seen.host_path) in emptied

    return [one for one in verdicts if not echo(one) or not _only_asked_for(look, one)]


def _above(path: str) -> Iterator[str]:
    """The folders above a path, the nearest first."""
    while path := path.rpartition("/")[0]:
        yield path


def _issuer(verdict: Verdict) -> tuple[str, str]:
    return verdict.seen.credential.source, verdict.seen.credential.provider


def _only_asked_for(look: _Look, verdict: Verdict) -> bool:
    memory = look.known.get(verdict.key)
    absent = verdict.seen.evidence is Evidence.ABSENT and not verdict.vanished
    return absent and verdict.key not in look.policy.expect and (memory is None or never_there(memory))


def _expected(look: _Look, key: str) -> Verdict:
    """A key that the policy expects and nobody saw: missing, or unknown where its source could not be read."""
    memory = look.known.get(key)
    credential = memory.observation.credential if memory else _named(key)
    seen = Observation(credential, Evidence.ABSENT, use=Use(in_use=True), from_file=False)
    blind = (t.problem for t in look.troubles if t.source == credential.source and t.problem in BLINDING)
    seen = seen._replace(problem=next(blind, None))
    verdict = evaluate(seen, memory, look.policy, look.now)
    return verdict if verdict.state is State.UNKNOWN else extend(verdict, EXPECTED)


def _named(key: str) -> Credential:
    """The credential that a person named in the policy: the only place where a key is taken apart."""
    source, agent, profile = (*key.split("/", 2), "-", "-")[:3]
    return Credential(source, agent, profile.partition(":")[0], profile, Kind.OAUTH)


def _moved(look: _Look) -> Iterator[tuple[str, str]]:
    """Old key and new key where a login lives on under another name in the same source, or in the same place, which is
    a profile's by now."""
    fresh: dict[tuple[str, str], Successors] = defaultdict(Successors)
    for key, seen in look.seen.items():
        if key not in look.known and seen.fingerprint and not blinded(seen):
            fresh[seen.credential.source, seen.fingerprint].add(key, seen.credential.agent)
    lost = []
    owners = {(seen.host_path, plain(seen.credential.source)): seen.credential.source for seen in look.seen.values()}
    for key, memory in look.known.items():
        seen = memory.observation
        if key in look.seen or not memory.comparable or look.hidden(seen):
            continue
        if seen.host_path not in look.looked and not look.places.lost(memory):
            continue
        print_of = seen.fingerprint or ""
        sources = dict.fromkeys((seen.credential.source, owners.get((seen.host_path, seen.credential.source), "")))
        heirs = (
            fresh[source, print_of].take(seen.credential.agent) for source in sources if (source, print_of) in fresh
        )
        heir = next(filter(None, heirs), None)
        if heir is None:
            lost.append(key)
        else:
            yield key, heir
    if lost:
        yield from _renewed_too(look, lost, [key for heirs in fresh.values() for key in heirs.left])


class Successors:
    """New keys of one login, each of which can take the place of one that is gone."""

    def __init__(self) -> None:
        self.left: dict[str, None] = {}
        self._queues: dict[str | None, deque[str]] = defaultdict(deque)

    def add(self, key: str, agent: str) -> None:
        """Adds a key of an agent."""
        self.left[key] = None
        self._queues[agent].append(key)
        self._queues[None].append(key)

    def take(self, agent: str) -> str | None:
        """Takes the first that is left, one of the same agent where there is any."""
        for queue in (self._queues[agent], self._queues[None]):
            while queue:
                key = queue.popleft()
                if key in self.left:
                    del self.left[key]
                    return key
        return None


def _renewed_too(look: _Look, lost: Iterable[str], fresh: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The same where it was renewed between the two looks as well, so that its fingerprint is another: one login that
    renews itself went and one came, in the same store, for the same agent and provider, in the same look."""
    gone: dict[tuple[str, ...], list[str]] = defaultdict(list)
    come: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for key in lost:
        gone[_stead(look.known[key].observation)].append(key)
    for key in fresh:
        come[_stead(look.seen[key])].append(key)
    for stead, keys in gone.items():
        heirs = come.get(stead, [])
        both = [look.known[keys[0]].observation, *(look.seen[heir] for heir in heirs)]
        if len(keys) == len(heirs) == 1 and all(one.refreshable and one.evidence is Evidence.PRESENT for one in both):
            yield keys[0], heirs[0]


def _stead(seen: Observation) -> tuple[str, ...]:
    who = seen.credential
    return who.source, who.agent, family(who.provider), seen.host_path
