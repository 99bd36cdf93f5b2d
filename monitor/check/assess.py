"""What a look means, given what is known: judged, as conditions, and as messages; knows no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alerts.memory import Memory, Rules
from alerts.model import Alert, Channel, Condition, Notification
from monitor.check.collect import CheckOptions
from monitor.config.settings import Settings
from monitor.judge.conditions import conditions, unshown
from monitor.judge.duplicates import COPIES
from monitor.judge.judge import judge
from monitor.judge.redundancy import ABOUT
from monitor.judge.unreadable import CheckedPlaces
from monitor.judge.wording import mask
from monitor.model import Finding, Judgement, ProbeResult, Remembered
from monitor.sources.location_variables import in_force
from monitor.system.host import Host, present
from monitor.system.state_dir import HISTORY, StateDir, real

if TYPE_CHECKING:
    from alerts.formats import Message, PhoneNote
    from alerts.message import Recipient
    from monitor.history.engine import URL

DIGESTS = {"daily": timedelta(days=1), "weekly": timedelta(weeks=1)}


class CheckContext(NamedTuple):
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
        from monitor.history.engine import url_of

        given = self.settings.history_url
        return url_of(given.reveal() if given else None, self.state.folder)

    @property
    def has_history(self) -> bool:
        """Whether there may be one: a server is only known to have none when it is asked."""
        return self.settings.history_url is not None or present(self.state.folder / HISTORY)

    @property
    def home(self) -> str:
        """The home that is looked at, as an owner names it."""
        return real(self.host.home)

    @property
    def channels(self) -> tuple[Channel, ...]:
        return channels(self.settings, self.host)

    @property
    def rules(self) -> Rules:
        given = self.settings.alerts
        return Rules(given.settle, given.remind, given.quiet, DIGESTS.get(given.digest or ""))

    def judged(self, known: Mapping[str, Remembered], told_of: Mapping[str, ProbeResult] | None = None) -> Judgement:
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
    from alerts.message import compose
    from monitor.check.phone_buttons import pin_of

    def pin(alert: Alert) -> PhoneNote:
        return pin_of(this.host, alert, this.asked.caller)

    return compose(notification, recipient_of(this.settings), this.now, pin if pinned else None)


def recipient_of(settings: Settings) -> Recipient:
    """Who reads the messages of these settings."""
    from alerts.message import Recipient

    return Recipient(settings.host, settings.host_ssh, settings.timezone, settings.web.url)


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


def findings(this: CheckContext, seen: Iterable[Condition], memory: Memory) -> tuple[Condition, ...]:
    """What the status document shows beside logins and problems, of the sources and channels that are configured."""
    configured = {entry.id for entry in this.settings.sources} | {channel.label for channel in this.settings.channels}
    return unshown(seen, memory.alerts.values(), configured)


def found(this: CheckContext, judgement: Judgement, before: Memory) -> tuple[Condition, ...]:
    """The conditions of this check, those of troubles that are over included."""
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
        open_troubles=troubles,
        open_fallbacks=[(key, one.labels) for key, one in about if one.labels[ABOUT] != COPIES],
        open_copies=[
            (key, one.labels, one.login.fingerprint if one.login else None)
            for key, one in about
            if one.labels[ABOUT] == COPIES
        ],
    )
