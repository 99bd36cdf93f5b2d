"""What cannot be read is held: the last known facts stay, and their deadline still runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from alerts.dataclass import replace
from monitor.config.settings import Policy
from monitor.ground import Ground, Weight
from monitor.judge.clock import Clock, deadline_of, steps_for
from monitor.judge.evaluate import BLINDING, blinded, ignored
from monitor.judge.words import extend, moment, sentence
from monitor.model import Confidence, Evidence, Need, Observation, Problem, Remembered, State, Trouble, Verdict


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


def covering(troubles: Iterable[Trouble], seen: Observation, paths: Collection[str]) -> Trouble | None:
    """The trouble that hides a credential: one with its store or a folder above it, else one with its whole source.

    `paths` are the stores of all known credentials of that source: a trouble that hides none of them (a crash, a
    configuration that cannot be read) hides the source. A pending migration or a stale copy hides no more than its
    own store.
    """
    mine = [trouble for trouble in troubles if trouble.source == seen.credential.source]
    near = (trouble for trouble in mine if _beneath(seen.host_path, trouble))
    wide = (t for t in mine if t.problem in BLINDING and not any(_beneath(path, t) for path in paths))
    return next(near, None) or next(wide, None)


def never_there(known: Remembered) -> bool:
    """Whether what is remembered was only asked for, or a mere name for what could not be read."""
    return known.observation.evidence is Evidence.ABSENT or blinded(known.observation)


def _beneath(path: str, trouble: Trouble) -> bool:
    above = trouble.host_path
    return bool(above) and (path == above or path.startswith(above.rstrip("/") + "/"))
