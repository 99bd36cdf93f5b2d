"""What cannot be read is held: the last known facts stay, and their deadline still runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alerts.dataclass import replace
from monitor.config.settings import Policy
from monitor.ground import Ground, Weight
from monitor.judge.clock import Clock, deadline_of, steps_for
from monitor.judge.evaluate import BLINDING, blinded, ignored
from monitor.judge.words import extend, moment, sentence
from monitor.model import Confidence, Evidence, Need, Observation, Problem, Remembered, State, Trouble, Verdict, upwards


def hold(known: Remembered, problem: Problem, policy: Policy, now: datetime, why: str = "") -> Verdict:
    """The verdict on a credential whose store cannot be read: unknown, unless its last known deadline is near. `why`
    says so otherwise."""
    seen = replace(known.observation, problem=problem)
    clock = Clock(known.deadline or deadline_of(known.observation), steps=steps_for(seen, policy))
    why = why or f"cannot be looked at ({problem}), so these are the last known facts"
    verdict = Verdict(
        seen,
        State.UNKNOWN,
        Need.UNKNOWN,
        deadline=clock.deadline,
        usable=False,
        confidence=Confidence.PROVEN if known.proven else Confidence.ASSUMED,
        because=(why,),
        until=clock.until(now),
        in_use=seen.use.in_use is not False,
        held=True,
        ignored=ignored(seen, known, policy),
        rotated_at=known.rotated_at,
        summary=sentence(seen.credential, why),
        ground=Ground.UNREADABLE,
    )
    step = clock.step(now)
    if clock.deadline and clock.over(now):
        verdict = extend(verdict, f"by them it ended {moment(clock.deadline)}")
        return replace(verdict, needs_human=Need.NOW, weights=(Weight.LAST_KNOWN,))
    if clock.deadline and step:
        verdict = extend(verdict, f"by them it ends {moment(clock.deadline)}")
        return replace(verdict, needs_human=Need.SOON, step=step, weights=(Weight.LAST_KNOWN,))
    return verdict


class Cover:
    """Which trouble hides which credential: one with its store or a folder above it, else one with its whole source.

    `seen` are all known credentials: a trouble that hides the store of none (a crash, a configuration that cannot be
    read) hides its source. A pending migration or a stale copy hides no more than its own store.
    """

    def __init__(self, troubles: Iterable[Trouble], seen: Iterable[Observation]) -> None:
        listed = list(troubles)
        self._near: dict[tuple[str, str], int] = {}
        self._wide: dict[str, Trouble] = {}
        self._listed = listed
        sources = {one.source for one in listed}
        paths = {(one.credential.source, one.host_path) for one in seen if one.credential.source in sources}
        for at, one in enumerate(listed):
            if one.host_path:
                self._near.setdefault((one.source, one.host_path.rstrip("/")), at)
        hides = {
            place for source, path in paths for folder in upwards(path) if (place := (source, folder)) in self._near
        }
        for one in listed:
            if one.problem in BLINDING and not (one.host_path and (one.source, one.host_path.rstrip("/")) in hides):
                self._wide.setdefault(one.source, one)

    def hiding(self, seen: Observation) -> Trouble | None:
        """The trouble that hides a credential; the first where there are several."""
        if not self._listed:
            return None
        source = seen.credential.source
        near = [at for folder in upwards(seen.host_path) if (at := self._near.get((source, folder))) is not None]
        return self._listed[min(near)] if near else self._wide.get(source)


def never_there(known: Remembered) -> bool:
    """Whether what is remembered was only asked for, or a mere name for what could not be read."""
    return known.observation.evidence is Evidence.ABSENT or blinded(known.observation)
