"""Checks of what is watched: can each store be read, and are there old copies of logins beside?"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
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
    for alike in _by_cause(one for one in troubles if one.source not in unwatched and not one.ignored):
        yield _unreadable(alike)
    seen = [one for one in subject.findings if isinstance(one, Observation)]
    found = [one for one in seen if one.evidence is not Evidence.ABSENT]
    for line in _counted(found):
        yield Result("sources", Health.FINE, line)
    if subject.beside:
        names = ", ".join(subject.beside)
        what = f"{names}: also found; not watched until listed under `sources:` in the config"
        yield Result("sources", Health.FINE, what)
    if not seen and not troubles:
        why = f"no agent program keeps one in {subject.host.home}; `authwatch config show` lists where authwatch looks"
        yield Result("sources", Health.WARNING, "no logins found", why, "authwatch status --home DIR")


def _counted(found: list[Observation]) -> Iterator[str]:
    """A line for each store with its logins; for many agents a line for each source."""
    by_source: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for one in found:
        by_source[one.credential.source][one.credential.agent, one.store] += 1
    for source, stores in sorted(by_source.items()):
        if len(stores) > NAMED:
            agents = {agent for agent, _ in stores}
            yield f"{source}: {_many(stores.total())} of {len(agents)} agents in {len(stores)} places"
            continue
        for (agent, store), count in sorted(stores.items()):
            whose = "" if agent == "-" else f", agent {agent}"
            yield f"{source}{whose}: {_many(count)} in {store or 'the environment'}"


def _many(count: int) -> str:
    return f"{count} login{'s' if count != 1 else ''}"


#: Of several stores that one thing is in the way of, a line says so once.
_ACCESS: Final = (Problem.UNREADABLE, Problem.TIMEOUT, Problem.LOCKED)


def _by_cause(troubles: Iterable[Trouble]) -> Iterator[list[Trouble]]:
    """The troubles, those together that have one cause: a folder or volume that cannot be read hides many stores."""
    causes: dict[tuple[str, ...], list[Trouble]] = defaultdict(list)
    for one in troubles:
        alone = "" if one.problem in _ACCESS and one.host_path else one.store
        causes[one.source, one.problem, one.detail, alone].append(one)
    yield from causes.values()


def _unreadable(alike: list[Trouble]) -> Result:
    first = alike[0]
    why = "authwatch cannot tell whether these logins still work"
    if len(alike) == 1:
        return Result("sources", Health.BROKEN, f"{first.source}: {first.store}: {first.detail}", why, _mend(first))
    common = os.path.commonpath([one.host_path for one in alike])
    what = f"{first.source}: {first.detail}: {len(alike)} places in {common}"
    mend = _mend(first._replace(host_path=common))
    return Result("sources", Health.BROKEN, what, why, mend)


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
            why = (
                "OpenClaw does not use these logins, and newer releases refuse to start. Be online when you run the "
                "fix: it also refreshes them"
            )
            yield Result("copies", Health.BROKEN, f"{one.store}: not migrated yet", why, "openclaw doctor --fix")
        elif isinstance(one, Trouble) and one.problem is Problem.STALE_COPY:
            why = "it contains secrets that are no longer used"
            mend = command("rm", "-i", "--", one.host_path or one.store)
            yield Result("copies", Health.WARNING, f"{one.store}: {one.detail}", why, mend)
    yield from _archives(subject)
    yield from _doubles(subject)


def _archives(subject: Subject) -> Iterator[Result]:
    for claw in subject.openclaws:
        for folder in dict.fromkeys((*claw.found.folders.values(), claw.found.places.database.parent)):
            for path in _matching(folder, _ARCHIVES):
                what, why = f"{claw.host.show(path)}: an old backup", "it contains logins that may still work"
                yield Result("copies", Health.FINE, what, why, command("rm", "-i", "--", path))
            for path in _matching(folder, _HALF):
                seen = stamp(path)
                if seen and subject.now.timestamp() - seen[3] / 1e9 > 3600:
                    what = f"{claw.host.show(path)} was left by an interrupted `authwatch models` command"
                    why = "it contains the logins as they were before; the current file is complete"
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
            what = f"{first.credential.key} and {', '.join(one.credential.key for one in others)} are the same login"
            why = "the second program to refresh it is rejected, and both may be logged out; log in separately"
            yield Result("copies", Health.WARNING, what, why, others[0].relogin or first.relogin or "authwatch relogin")
