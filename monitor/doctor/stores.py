"""Checks of what is watched: can each store be read, and are there old copies of logins beside?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from monitor.doctor.model import Health, Result, Subject, command
from monitor.model import Evidence, Kind, Observation, Problem, Trouble
from monitor.openclaw.write.replace_file import BACKUP, FRESH
from monitor.system.host import stamp

COPIES: Final = (Problem.STALE_COPY, Problem.MIGRATION_PENDING)
#: So many stores of a source are named; of more agents only their number is told.
NAMED: Final = 8

#: What OpenClaw leaves when it takes a store over into a database, and what we leave when a write breaks off.
_ARCHIVES: Final = ("auth-profiles.json.migrated-*", "*.sqlite-import.*.bak", "auth-profiles.json.bak*")
_HALF: Final = (f"*{BACKUP}", f"*{FRESH}")


def sources(subject: Subject) -> Iterator[Result]:
    """What each source found, agent by agent, and what it could not read."""
    rules = subject.settings.policy.rules
    unwatched = {rule.match.get("source") for rule in rules if not rule.watch and set(rule.match) == {"source"}}
    troubles = [one for one in subject.findings if isinstance(one, Trouble) and one.problem not in COPIES]
    for trouble in troubles:
        if trouble.source not in unwatched and not trouble.ignored:
            what = f"{trouble.source}: {trouble.store}: {trouble.detail}"
            yield Result("sources", Health.BROKEN, what, "its credentials cannot be judged", _mend(trouble))
    seen = [one for one in subject.findings if isinstance(one, Observation)]
    found = [one for one in seen if one.evidence is not Evidence.ABSENT]
    for line in _counted(found):
        yield Result("sources", Health.FINE, line)
    if subject.beside:
        names = ", ".join(subject.beside)
        what = f"{names}: found as well, shown as ignored until listed under `sources:`"
        yield Result("sources", Health.FINE, what)
    if not seen and not troubles:
        why = f"there is nothing to watch in {subject.host.home}"
        yield Result("sources", Health.WARNING, "no credential was found", why, "authwatch status --home DIR")


def _counted(found: list[Observation]) -> Iterator[str]:
    """A line for each store with its logins; for many agents a line for each source."""
    by_source: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for one in found:
        by_source[one.credential.source][one.credential.agent, one.store] += 1
    for source, stores in sorted(by_source.items()):
        if len(stores) > NAMED:
            agents = {agent for agent, _ in stores}
            yield f"{source}: {_many(stores.total())} of {len(agents)} agents in {len(stores)} stores"
            continue
        for (agent, store), count in sorted(stores.items()):
            whose = "" if agent == "-" else f", agent {agent}"
            yield f"{source}{whose}: {_many(count)} in {store or 'the environment'}"


def _many(count: int) -> str:
    return f"{count} credential{'s' if count != 1 else ''}"


def _mend(trouble: Trouble) -> str:
    path = trouble.host_path
    if not path or trouble.problem in (Problem.CRASHED, Problem.EXEC_FAILED, Problem.TIMEOUT):
        return "authwatch status -v"
    if trouble.problem is Problem.LOCKED:
        return command("fuser", "-v", "--", path)
    return command("ls", "-ld", "--", path)


def copies(subject: Subject) -> Iterator[Result]:
    """Stores that nothing reads any more, or not yet; archives with live secrets; one login in two programs."""
    for one in subject.findings:
        if isinstance(one, Trouble) and one.problem is Problem.MIGRATION_PENDING:
            why = "OpenClaw does not see these logins, newer releases refuse to start; be online: it refreshes them too"
            yield Result("copies", Health.BROKEN, f"{one.store}: not taken over", why, "openclaw doctor --fix")
        elif isinstance(one, Trouble) and one.problem is Problem.STALE_COPY:
            why = "it holds secrets and misleads whoever reads it"
            mend = command("rm", "-i", "--", one.host_path or one.store)
            yield Result("copies", Health.WARNING, f"{one.store}: {one.detail}", why, mend)
    yield from _archives(subject)
    yield from _doubles(subject)


def _archives(subject: Subject) -> Iterator[Result]:
    for claw in subject.openclaws:
        for folder in dict.fromkeys((*claw.found.folders.values(), claw.found.places.database.parent)):
            for path in _matching(folder, _ARCHIVES):
                what, why = f"{claw.host.show(path)}: an archive", "it holds logins that may still be good"
                yield Result("copies", Health.FINE, what, why, command("rm", "-i", "--", path))
            for path in _matching(folder, _HALF):
                seen = stamp(path)
                if seen and subject.now.timestamp() - seen[3] / 1e9 > 3600:
                    what = f"{claw.host.show(path)} was left when a change of ours broke off"
                    why = "it holds the store as it was before; the store itself is whole"
                    yield Result("copies", Health.WARNING, what, why, command("rm", "-i", "--", path))


def _matching(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    try:
        return sorted(path for pattern in patterns for path in folder.glob(pattern))
    except OSError:
        return []


def _doubles(subject: Subject) -> Iterator[Result]:
    """A refresh token works once: of two programs that hold it, whichever comes second is refused."""
    same: dict[str, list[Observation]] = defaultdict(list)
    for one in subject.findings:
        if isinstance(one, Observation) and one.fingerprint and one.credential.kind is Kind.OAUTH and one.refreshable:
            same[one.fingerprint].append(one)
    for logins in same.values():
        if len({one.credential.source for one in logins}) > 1:
            first, *others = logins
            what = f"{first.credential.key} and {', '.join(one.credential.key for one in others)} are one login"
            why = "its refresh token works once: when one program renews it, the other is logged out"
            yield Result("copies", Health.WARNING, what, why, others[0].relogin or first.relogin or "authwatch relogin")
