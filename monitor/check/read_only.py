"""What is true now, judged with what the history knows; records and tells nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from alerts.clock_trust import Trust
from alerts.memory import Memory, suppressed
from alerts.model import Condition, Delivery
from monitor.check import status
from monitor.check.assess import CheckContext, findings, found
from monitor.check.collect import EARLIEST
from monitor.config.settings import Settings
from monitor.model import Judgement, ProbeResult, Remembered

if TYPE_CHECKING:
    from monitor.metrics.definitions import ChannelFacts


class CheckResult(NamedTuple):
    """What a check found and did. `complaints` are for people on stderr; `until` is when the answer could first
    differ; `recorded` is False when the history could not be written, or must not be believed or touched; `mute`
    when no channel has delivered for long. `findings` are what no row of logins or problems shows, `ignored` the keys
    of those that are muted for good; `foreign` says that the history belongs to another watcher."""

    judgement: Judgement
    at: datetime
    known: Mapping[str, Remembered] = MappingProxyType({})
    suppressed: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    deliveries: tuple[Delivery, ...] = ()
    channels: tuple[ChannelFacts, ...] = ()
    complaints: tuple[str, ...] = ()
    until: datetime | None = None
    recorded: bool = False
    mute: bool = False
    clock: Trust = Trust(True)
    overview: Mapping[str, Any] | None = None
    evidence: Mapping[str, Any] | None = None
    findings: tuple[Condition, ...] = ()
    ignored: frozenset[str] = frozenset()
    foreign: str = ""

    @property
    def well(self) -> bool:
        """Whether the check did what it is for, as far as it may: what the heartbeat is told."""
        doubted = not self.clock.believed and self.at >= EARLIEST  # for a while; a clock that cannot be right stays so
        return (self.recorded or doubted) and not self.mute

    def document(self, settings: Settings) -> dict[str, Any]:
        """The status document of this check."""
        return status.document(
            self.judgement,
            at=self.at,
            host=settings.host,
            acknowledged=self.suppressed[0],
            silenced=self.suppressed[1],
            known=self.known,
            findings=self.findings,
            ignored=self.ignored,
            sources={entry.id: entry.type for entry in settings.sources},
            timezone=str(settings.timezone) if settings.timezone else None,
        )


class HistoryView(NamedTuple):
    """What the history says; nothing, and in `complaint` why, where it cannot be read (`blind`) or is another's."""

    known: Mapping[str, Remembered] = MappingProxyType({})
    memory: Memory = Memory()
    proofs: Mapping[str, ProbeResult] = MappingProxyType({})
    complaint: str = ""
    foreign: str = ""

    @property
    def blind(self) -> bool:
        return bool(self.complaint)


def read_only(this: CheckContext, told_of: Mapping[str, ProbeResult] | None = None, about: str = "") -> CheckResult:
    """What is true now, judged with what the history knows, all of it for the key `about`, and `told_of` if providers
    were just asked; records and tells nothing."""
    return judged_only(this, read(this, about), told_of)


def judged_only(this: CheckContext, read: HistoryView, told_of: Mapping[str, ProbeResult] | None = None) -> CheckResult:
    judgement = this.judged(read.known, {**read.proofs, **(told_of or {})})
    return CheckResult(
        judgement,
        this.now,
        read.known,
        suppressed(read.memory, this.now),
        complaints=(read.complaint,) if read.complaint else (),
        until=judgement.until,
        findings=findings(this, found(this, judgement, read.memory), read.memory),
        ignored=read.memory.ignored,
        foreign=read.foreign,
    )


def read(this: CheckContext, about: str = "") -> HistoryView:
    """What the history says, all of it about the key `about`; nothing of a database is loaded where there is none."""
    if not this.has_history:
        return HistoryView()
    from alerts import notify, store
    from monitor.check.record import remembered
    from monitor.history import engine, owner, probe_results

    try:
        with engine.reading(this.url) as db:
            if db is not None:
                owner.admit(db, this.url, this.state, this.home)
                past = notify.past(store.recall(db), this.now)
                return HistoryView(remembered(db, this, about), past, probe_results.recall(db, this.host.key_id))
    except owner.OtherWatcher as error:
        return HistoryView(complaint=str(error), foreign=str(error))
    except (engine.Broken, engine.HistoryError, OSError) as error:
        return HistoryView(complaint=engine.in_words(error))
    return HistoryView()
