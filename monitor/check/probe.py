"""The probes of a check: whom to ask now, asking them, and remembering what they told before anything is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from alerts import store
from monitor.check.assess import CheckContext
from monitor.config.settings import Probing, Settings
from monitor.history import known
from monitor.history import probe_results as kept
from monitor.history.engine import Broken, Engine, HistoryError, disposed, in_words, opened
from monitor.history.owner import admit
from monitor.history.tables import METADATA
from monitor.judge.deadlines import labels_of
from monitor.judge.evaluate import ignored
from monitor.judge.probe_answers import HOUR, due, learned
from monitor.model import Answer, AnswerMeaning, Evidence, Finding, Kind, Observation, Policy, ProbeResult
from monitor.probes import PROBES, probe_of
from monitor.system.host import Host
from monitor.system.key_offer import OfferedKey

#: How many logins one check asks about; the next one goes on.
MOST: Final = 32
#: An access token that runs out this soon is not asked about: it could run out on the way.
MARGIN: Final = timedelta(minutes=1)

#: What is remembered of a question whose answer never came: the check died on the way.
UNHEARD: Final = AnswerMeaning(Answer.UNREACHABLE, "the check ended before the answer arrived")

#: What `status --probe` means where the config says nothing: every provider, hourly.
EVERY: Final[Mapping[str, Probing]] = {name: Probing(HOUR) for name in PROBES}


@dataclass(frozen=True, slots=True)
class Target:
    """A login that can be asked about: the credentials that carry its fingerprint, and how it is asked."""

    fingerprint: str
    keys: tuple[str, ...]
    probe: str
    kind: Kind
    every: timedelta
    base: str
    access_expires_at: datetime | None = None

    def due(self, proofs: Mapping[str, ProbeResult], *, eager: bool = False) -> datetime | None:
        """When it is to be asked about; None: at once."""
        return due(proofs, self.fingerprint, self.keys, self.access_expires_at, self.every, eager=eager)


def targets(
    findings: Iterable[Finding], host: Host, probes: Mapping[str, Probing], policy: Policy, now: datetime
) -> list[Target]:
    """Whom a check could ask, one for each fingerprint: what is there, has not run out, is watched, and is sent nowhere
    that its own program does not send it."""
    held = host.offered_keys.held() if host.offered_keys else {}
    found: dict[str, Target] = {}
    for seen in findings:
        if not isinstance(seen, Observation) or seen.credential.key not in held or ignored(seen, None, policy):
            continue
        target = _target(seen, held[seen.credential.key], probes, now)
        if target and (same := found.get(target.fingerprint)):
            found[target.fingerprint] = replace(same, keys=(*same.keys, *target.keys))
        elif target:
            found[target.fingerprint] = target
    return list(found.values())


def asked(
    engine: Engine, host: Host, findings: Iterable[Finding], settings: Settings, now: datetime, *, eager: bool = False
) -> datetime | None:
    """Asks those that are due and remembers what they told; returns when the next is due. `eager`: see `proof.due`.

    That they are asked is committed first: a check that dies on the way must not make the next one ask again. Raises
    what the history raises; nothing of the network.
    """
    found = targets(findings, host, settings.probe, settings.policy, now)
    late: list[Target] = []
    if not found:
        return None
    with engine.begin() as db:
        proofs = kept.recall(db, host.key_id)
        if _late(found, proofs, now, eager):
            unwatched = {key for key, one in known.read(db, host.key_id).items() if one.ignored}
            found = [one for one in found if not unwatched.issuperset(one.keys)]
            late = _late(found, proofs, now, eager)
            unheard = dict.fromkeys((one.fingerprint for one in late), UNHEARD)
            kept.remember(db, _learned(late, proofs, unheard, now), host.key_id, now)
    if late:
        answers = _answers(late, host)
        with engine.begin() as db:
            proofs = kept.remember(db, _learned(late, proofs, answers, now), host.key_id, now)
    return min((one.due(proofs) or now for one in found), default=None)


def at_once(
    this_check: CheckContext, before: Mapping[str, ProbeResult], filters: Mapping[str, str]
) -> tuple[dict[str, ProbeResult], str]:
    """Asks those that are due and meant because a person wants to know, and remembers what they told.

    Returns all that is known, and in words why it could not be remembered; then what was known `before` counts.
    """
    host, now, settings = this_check.host, this_check.now, this_check.settings
    findings = [one for one in this_check.findings if isinstance(one, Observation) and _meant(one, filters)]
    try:
        with disposed(opened(this_check.url, (METADATA, store.METADATA))) as engine:
            with engine.connect() as db:
                admit(db, this_check.url, this_check.state, this_check.home)
            asked(engine, host, findings, settings, now, eager=True)
            with engine.connect() as db:
                return kept.recall(db, host.key_id), ""
    except (Broken, HistoryError, OSError) as error:
        late = _late(targets(findings, host, settings.probe, settings.policy, now), before, now, eager=True)
        return {**before, **_learned(late, before, _answers(late, host), now)}, in_words(error)


def _answers(late: Iterable[Target], host: Host) -> Mapping[str, AnswerMeaning]:
    """What their providers say now, by fingerprint. Never raises."""
    from monitor.probes.ask import ProbeRequest, ask

    held = host.offered_keys.held() if host.offered_keys else {}
    return ask(
        (ProbeRequest(one.fingerprint, one.probe, one.base, one.kind, held[one.keys[0]].secret) for one in late),
        host.env("REQUESTS_CA_BUNDLE") or None,
    )


def _learned(
    late: Iterable[Target], proofs: Mapping[str, ProbeResult], answers: Mapping[str, AnswerMeaning], now: datetime
) -> dict[str, ProbeResult]:
    return {
        one.fingerprint: learned(
            proofs.get(one.fingerprint),
            answers[one.fingerprint],
            access_expires_at=one.access_expires_at,
            every=one.every,
            now=now,
            keys=one.keys,
            providers=PROBES[one.probe].providers,
        )
        for one in late
    }


def _meant(seen: Observation, filters: Mapping[str, str]) -> bool:
    return filters.items() <= labels_of(seen.credential).items()


def _late(found: Iterable[Target], proofs: Mapping[str, ProbeResult], now: datetime, eager: bool) -> list[Target]:
    """Those that are due, at most `MOST` of them."""
    ends = ((one, one.due(proofs, eager=eager)) for one in found)
    return [one for one, at in ends if at is None or at <= now][:MOST]


def _target(seen: Observation, held: OfferedKey, probes: Mapping[str, Probing], now: datetime) -> Target | None:
    name = probe_of(seen.credential.provider)
    wish = probes.get(name) if name else None
    over = [end for end in (seen.access_expires_at, seen.login_expires_at) if end and end <= now + MARGIN]
    there = seen.evidence is Evidence.PRESENT and seen.problem is None and seen.fingerprint
    if name is None or wish is None or over or not there or not seen.fingerprint:
        return None
    row, kind = PROBES[name], seen.credential.kind
    elsewhere = held.at and _host(held.at) != _host(row.url)
    if (elsewhere and not wish.url) or not row.fits(kind, held.secret.reveal()):
        return None
    if not (wish.oauth or row.is_key(kind, held.secret.reveal())):
        return None
    base = (wish.url or row.url).rstrip("/")
    return Target(seen.fingerprint, (seen.credential.key,), name, kind, wish.every, base, seen.access_expires_at)


def _host(url: str) -> str | None:
    """The host of an address; None where it has none that can be told."""
    try:
        return urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return None
