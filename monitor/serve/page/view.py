"""The status page: what the checks left, as what a person wants to see (pure but for the template)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from alerts.timefmt import moment, parse, relative
from monitor import __version__
from monitor.serve.page.axis import Stretch, Tick, stretches, ticks_ahead, ticks_behind
from monitor.serve.page.headline import Headline, Remedy, headline, name
from monitor.serve.page.rows import RANKS, STATES, groups

if TYPE_CHECKING:
    from jinja2 import Template

BACK: Final = timedelta(days=30)
LINES: Final = 40  # of the timeline

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One login on the timeline; `present` says what it is now."""

    name: str
    present: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Something that stands."""

    level: str
    summary: str
    since: str
    notified: str
    following: str


@dataclass(frozen=True, slots=True)
class PageInput:
    """What there is to show: the documents that checks left, when one last succeeded, whether that is too long ago."""

    status: Document
    overview: Document
    success: datetime | None
    late: bool


def render(seen: PageInput, host: str, now: datetime) -> str:
    """The page. Raises KeyError, TypeError or ValueError for documents that are not what a check leaves."""
    return _template().render(
        host=host,
        version=__version__,
        headline=_headline(seen, now),
        looked=f"looked {moment(seen.success, now)}, {relative(seen.success, now)}" if seen.success else "",
        groups=groups(seen.status, now) if seen.status else (),
        ticks=ticks_ahead(),
        **_past(seen, now),
        alerts=[_alert(one, now) for one in seen.overview.get("alerts", ())],
        channels=[_channel(one, now) for one in seen.overview.get("channels", ())],
        findings=_findings(seen),
        problems=seen.status.get("problems", ()),
    )


def _findings(seen: PageInput) -> list[dict[str, Any]]:
    """Those that are no open alert, such as ignored ones."""
    open_ones = {one["key"] for one in seen.overview.get("alerts", ())}
    return [
        {**one, "need": "no" if one["ignored"] or one["level"] == "info" else one["level"]}
        | {"remedy": Remedy(str(one["remedy"]))}
        for one in seen.status.get("findings", ())
        if one["key"] not in open_ones
    ]


def _headline(seen: PageInput, now: datetime) -> Headline:
    if not seen.status:
        return Headline("unknown", "The first look has not ended yet", "Ask again in a minute.")
    found = headline(seen.status, now)
    if not seen.late or not seen.success:
        return found
    since = f"authwatch has not looked since {moment(seen.success, now)}"
    return Headline("unknown", since, f"What it saw then: {found.sentence}.", found.steps, found.more)


def _past(seen: PageInput, now: datetime) -> dict[str, Any]:
    """The timeline: those that need somebody first, then those that changed, then the others; and how many are left."""
    changes: dict[str, list[Document]] = defaultdict(list)
    for change in seen.overview.get("changes", ()):
        changes[change["key"]].append(change)
    profiles = sorted(
        seen.status.get("profiles", ()),
        key=lambda one: (RANKS[one["needs_human"]], -len(changes.get(one["key"], ())), one["key"]),
    )
    lines = [_line(one, changes.get(one["key"], ()), now) for one in profiles[:LINES]]
    marks: tuple[Tick, ...] = ticks_behind(now, BACK)
    return {"lines": lines, "unshown": len(profiles) - len(lines), "marks": marks, "back": BACK.days}


def _line(one: Document, changes: Iterable[Document], now: datetime) -> Line:
    present = (one["state"], one["needs_human"])
    return Line(name(one), f"now it {STATES[one['state']]}", stretches(changes, present, now, BACK))


def _alert(one: Document, now: datetime) -> AlertRow:
    told = ", ".join(f"{label} {_ago(at, now)}" for label, at in one["told"].items())
    notified = [f"told {told}"] if told else []
    notified += [f"not yet delivered to {label}" for label in one["undelivered"] if label not in one["told"]]
    known = [word for word in ("acknowledged", "silenced") if one[word]]
    return AlertRow(
        one["level"],
        one["summary"],
        _ago(one["since"], now),
        ", ".join(notified) or "nobody was told",
        "; ".join([*known, _following(one["next"], now)]),
    )


def _following(message: Document | None, now: datetime) -> str:
    if not message:
        return "no further message is planned unless it changes"
    at = parse(message["at"])
    when = f"{moment(at, now)}, {relative(at, now)}" if at and at > now else "with the next look"
    return f"next message on {message['channel']}: {when} ({REASONS.get(message['reason'], message['reason'])})"


REASONS: Final = {
    "new": "not told yet",
    "worse": "closer to the end",
    "eased": "better, not over",
    "reminder": "a reminder",
    "resolved": "it is over",
}


def _channel(one: Document, now: datetime) -> dict[str, str]:
    success = _ago(one["last_success_at"], now) if one["last_success_at"] else "nothing yet"
    pending = f"{one['pending']} still to tell" if one["pending"] else "nothing to tell"
    return {"label": one["label"], "success": success, "pending": pending, "need": "now" if one["pending"] else "no"}


def _ago(text: str, now: datetime) -> str:
    at = parse(text)
    return f"{moment(at, now)}, {relative(at, now)}" if at else ""


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")
