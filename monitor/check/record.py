"""One turn of the wheel on an open history: what a look means, recorded, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from alerts import notify, store
from alerts.dataclass import dataclass, replace
from alerts.formats import Message, PhoneNote
from alerts.message import compose
from alerts.model import Alert, Channel, Condition, Notification
from alerts.offline import loads
from monitor.check.collect import CheckOptions
from monitor.check.phone_buttons import pin_of
from monitor.config.settings import Settings
from monitor.history import changes, probe_results, queries
from monitor.history import known as known_rows
from monitor.history.engine import URL, Connection, hold, url_of
from monitor.judge.conditions import conditions, unshown
from monitor.judge.duplicates import COPIES
from monitor.judge.fallbacks import ABOUT
from monitor.judge.forecast import unstated
from monitor.judge.judge import judge
from monitor.judge.refresh import in_question
from monitor.judge.unreadable import CheckedPlaces
from monitor.judge.wording import mask
from monitor.model import Finding, Judgement, Remembered
from monitor.proof import Proof
from monitor.sources.location_variables import in_force
from monitor.system.host import Host
from monitor.system.state_dir import StateDir, real

#: The id of the last `Offline` that was brought home.
OFFLINE = "offline"
PRUNE_EVERY = timedelta(days=1)
DIGESTS = {"daily": timedelta(days=1), "weekly": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was known before, what the look means, what is to be said, what no row of logins or problems shows."""

    known: dict[str, Remembered]
    judgement: Judgement
    plan: notify.Plan
    findings: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class CheckContext:
    """The fixed facts of one check."""

    asked: CheckOptions
    host: Host
    state: StateDir
    findings: tuple[Finding, ...]
    now: datetime

    @property
    def settings(self) -> Settings:
        return self.asked.settings

    @property
    def url(self) -> URL:
        given = self.settings.history_url
        return url_of(given.reveal() if given else None, self.state.folder)

    @property
    def home(self) -> str:
        """The home that is looked at, as an owner names it."""
        return real(self.host.home)

    @property
    def channels(self) -> tuple[Channel, ...]:
        return channels(self.settings, self.host)

    @property
    def rules(self) -> notify.Rules:
        given = self.settings.alerts
        return notify.Rules(given.settle, given.remind, given.quiet, DIGESTS.get(given.digest or ""))

    def judged(self, known: Mapping[str, Remembered], told_of: Mapping[str, Proof] | None = None) -> Judgement:
        """What the look means, given the history and what providers told."""
        files = {path: found and found[:2] for path, found in self.host.touches.items()}
        places = _places(self, known, frozenset(files))
        return judge(
            self.findings, known, self.settings.policy, self.now, frozenset(files), files, told_of or {}, places
        )


def _places(this: CheckContext, known: Mapping[str, Remembered], looked: frozenset[str]) -> CheckedPlaces:
    """Where this check looked, and what is left of known logins where it did not."""
    left = {one.observation.host_path for one in known.values() if one.established} - looked
    there = frozenset(path for path in left if this.host.present(Path(path)))
    return CheckedPlaces(in_force(this.host, this.settings.sources), looked, there)


def said(this: CheckContext, notification: Notification, *, pinned: bool) -> Message:
    """The message for a notification; `pinned`: the channel shows each condition by itself, with buttons."""

    def pin(alert: Alert) -> PhoneNote:
        return pin_of(this.host, alert, this.asked.caller)

    return compose(notification, this.settings.host, this.now, pin if pinned else None)


def channels(settings: Settings, host: Host) -> tuple[Channel, ...]:
    """The configured channels; a broken one takes part, so that its silence is noticed.

    The address is the whole URL: with another password in it, what stands is said once more rather than never. Of
    several channels with one URL, the others are told apart by their labels.
    """
    by_id: dict[str, Channel] = {}
    for one in settings.channels:
        address = _address(one.url.reveal(), host) if one.url else ""
        if address in by_id:
            address = _address(f"{one.label} {address}", host)
        made = Channel(one.label, one.at_least, _as_labelled(one.match, settings.privacy), address, one.canary)
        by_id[made.id] = made
    return tuple(by_id.values())


def _address(url: str, host: Host) -> str:
    return f"{host.key_id}:{host.fingerprint(url)}"


def _as_labelled(match: Mapping[str, str], privacy: str) -> Mapping[str, str]:
    """A match as conditions are labelled: with masked profiles, if that is asked for."""
    if privacy != "masked" or "profile" not in match:
        return match
    return {**match, "profile": mask(match["profile"])}


def remembered(db: Connection, this: CheckContext, about: str = "") -> dict[str, Remembered]:
    """What the history knows, with past renewals and log-ins of those for which they count, and those of `about`."""
    known = known_rows.read(db, this.host.key_id, this.state.found_again())
    renewals = queries.rotations(db, in_question(this.findings, known) | ({about} & {*known}))
    logins = queries.logins(db, unstated(known))
    for key in {*renewals, *logins}:
        known[key] = replace(known[key], rotations=renewals.get(key, ()), logins=logins.get(key, ()))
    return known


def recorded(db: Connection, this: CheckContext) -> Recorded:
    """One transaction: everything that follows from the look, up to the attempts that are about to be made."""
    hold(db)
    kept = loads(this.state.kept_offline())
    if kept.id and kept.id != known_rows.get_meta(db, OFFLINE):
        notify.bring_home(db, kept)
        known_rows.put_meta(db, OFFLINE, kept.id)
    known = remembered(db, this)
    judgement = this.judged(known, probe_results.recall(db, this.host.key_id))
    known_rows.establish(db, known, this.state.found_again())
    changes.write(db, changes.changes(judgement, known, this.now), this.host.key_id)
    probe_results.note(db, judgement.verdicts, this.host.key_id, this.now)
    seen = found(this, judgement, notify.recall(db))
    labels = {condition.key: condition.labels for condition in seen}
    for old, new in judgement.moved:
        notify.move(db, old, new, labels.get(new, {}))
    before = notify.recall(db)
    plan = notify.plan(notify.past(before, this.now), seen, this.channels, this.rules, this.now)
    ignored = [verdict.key for verdict in judgement.verdicts if verdict.ignored and verdict.key in before.alerts]
    notify.commit(db, before, plan, ignored)
    _prune(db, this)
    return Recorded(known, judgement, plan, findings(this, seen, plan.memory))


def findings(this: CheckContext, seen: Iterable[Condition], memory: notify.Memory) -> tuple[Condition, ...]:
    """What the status document shows beside logins and problems, of the sources and channels that are configured."""
    configured = {entry.id for entry in this.settings.sources} | {channel.label for channel in this.settings.channels}
    return unshown(seen, memory.alerts.values(), configured)


def found(this: CheckContext, judgement: Judgement, before: notify.Memory) -> tuple[Condition, ...]:
    """The conditions of this look, those of troubles that are over included."""
    looked = {entry.id for entry in this.settings.sources}
    troubles = [
        (key, alert.labels)
        for key, alert in before.alerts.items()
        if "problem" in alert.labels and alert.labels.get("source") in looked
    ]
    about = [
        (key, alert)
        for key, alert in before.alerts.items()
        if ABOUT in alert.labels and alert.labels.get("source") in looked
    ]
    return conditions(
        judgement,
        host=this.settings.host,
        privacy=this.settings.privacy,
        now=this.now,
        standing_troubles=troubles,
        standing_reserves=[(key, one.labels) for key, one in about if one.labels[ABOUT] != COPIES],
        standing_copies=[
            (key, one.labels, one.login.fingerprint if one.login else None)
            for key, one in about
            if one.labels[ABOUT] == COPIES
        ],
    )


def _prune(db: Connection, this: CheckContext) -> None:
    last = known_rows.get_moment(db, "pruned_at")
    if last and last > this.now - PRUNE_EVERY:
        return
    changes.prune(db, this.now, this.settings.history_keep)
    store.prune(db, this.now, this.settings.history_keep)
    known_rows.put_meta(db, "pruned_at", this.now.isoformat())
