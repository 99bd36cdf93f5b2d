"""The pages: what the checks left, as what a person wants to see (pure but for the templates)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from alerts.timefmt import moment, parse
from monitor import __version__
from monitor.check.status import zone
from monitor.serve.page.axis import Stretch, Tick, stretches, ticks_ahead, ticks_behind
from monitor.serve.page.headline import Headline, headline
from monitor.serve.page.login import BACK, login_page
from monitor.serve.page.rows import RANKS, groups
from monitor.serve.page.words import ALOUD, STATES, STATUS, ReaderClock, Remedy, link, name

if TYPE_CHECKING:
    from jinja2 import Environment

LINES: Final = 40  # of the timeline

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One login on the timeline; `present` says what it is now."""

    name: str
    link: str
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
    clock = ReaderClock(now, zone(seen.status))
    estimates = {one["key"]: one for one in seen.overview.get("estimates", ())}
    return _drawn(
        "page.html",
        _frame(seen, host, clock, ""),
        headline=_headline(seen, clock),
        groups=groups(seen.status, estimates, clock) if seen.status else (),
        **_past(seen, clock),
        alerts=[_alert(one, clock) for one in seen.overview.get("alerts", ())],
        channels=[_channel(one, clock) for one in seen.overview.get("channels", ())],
        findings=_findings(seen, clock),
        problems=[
            {**one, "detail": clock.told(one["detail"]), "need": "no" if one["ignored"] else "unknown"}
            for one in seen.status.get("problems", ())
        ],
    )


def render_login(key: str, seen: PageInput, evidence: Document, host: str, now: datetime) -> str | None:
    """The page of one login; None where the last check found none with this key. Raises as `render` does."""
    clock = ReaderClock(now, zone(seen.status))
    one = login_page(key, seen.status, seen.overview, evidence, clock) if seen.status else None
    if one is None:
        return None
    late = f"No check since {clock.checked(seen.success)}." if seen.late and seen.success else ""
    return _drawn("login.html", _frame(seen, host, clock, _root(key)), one=one, late=late, marks=_weeks(clock))


def render_unknown(key: str, seen: PageInput, host: str, now: datetime) -> str:
    """The page in place of a login that nobody knows."""
    frame = _frame(seen, host, ReaderClock(now, zone(seen.status)), _root(key))
    return _drawn("unknown.html", frame, key=key, known=bool(seen.status))


def _root(key: str) -> str:
    """The way from the page of a login to the front page, whatever a proxy puts before both."""
    return "../" * (key.count("/") + 1)


def _frame(seen: PageInput, host: str, clock: ReaderClock, root: str) -> dict[str, Any]:
    """What every page has: its top and its foot."""
    return {
        "root": root,
        "host": host,
        "version": __version__,
        "zone": clock.now.astimezone(clock.zone).tzname(),
        "checked": f"last checked {clock.checked(seen.success)}" if seen.success else "",
        "ticks": ticks_ahead(),
    }


def _findings(seen: PageInput, clock: ReaderClock) -> list[dict[str, Any]]:
    """Those that are no open alert, such as ignored ones."""
    open_ones = {one["key"] for one in seen.overview.get("alerts", ())}
    return [
        {**one, "need": "no" if one["ignored"] or one["level"] == "info" else one["level"]}
        | {"summary": clock.told(str(one["summary"])), "remedy": Remedy(str(one["remedy"]))}
        for one in seen.status.get("findings", ())
        if one["key"] not in open_ones
    ]


def _headline(seen: PageInput, clock: ReaderClock) -> Headline:
    if not seen.status:
        return Headline("unknown", "The first check has not finished yet", "Reload this page in a minute.")
    estimates = seen.overview.get("estimates", ())
    if not seen.late or not seen.success:
        return headline(seen.status, estimates, clock)
    found = headline(seen.status, estimates, clock)
    since = f"No check since {clock.checked(seen.success)}"
    return Headline("unknown", since, f"As far as known: {found.sentence}.", found.steps, found.more)


def _weeks(clock: ReaderClock) -> tuple[Tick, ...]:
    return ticks_behind(clock.now, BACK, clock.zone)


def _past(seen: PageInput, clock: ReaderClock) -> dict[str, Any]:
    """The timeline: those that need somebody first, then those that changed, then the others; and how many are left."""
    changes: dict[str, list[Document]] = defaultdict(list)
    for change in seen.overview.get("changes", ()):
        changes[change["key"]].append(change)
    profiles = sorted(
        seen.status.get("profiles", ()),
        key=lambda one: (RANKS[one["needs_human"]], -len(changes.get(one["key"], ())), one["key"]),
    )
    lines = [_line(one, changes.get(one["key"], ()), clock) for one in profiles[:LINES]]
    return {"lines": lines, "unshown": len(profiles) - len(lines), "marks": _weeks(clock), "back": BACK.days}


def _line(one: Document, changes: Iterable[Document], clock: ReaderClock) -> Line:
    present = (one["state"], one["needs_human"])
    parts = stretches(changes, present, clock.now, BACK, clock.zone)
    return Line(name(one), link(one["key"]), f"now {STATES[one['state']]}", parts)


def _alert(one: Document, clock: ReaderClock) -> AlertRow:
    told = ", ".join(f"{label} {clock.when(at)}" for label, at in one["told"].items())
    notified = [f"notified {told}"] if told else []
    notified += [f"not yet delivered to {label}" for label in one["undelivered"] if label not in one["told"]]
    known = [word for word in ("acknowledged", "silenced") if one[word]]
    return AlertRow(
        one["level"],
        clock.told(one["summary"]),
        clock.told(f"since {moment(since)}") if (since := parse(one["since"])) else "",
        "; ".join(notified) or "nobody was notified",
        "; ".join([*known, _following(one["next"], clock)]),
    )


def _following(message: Document | None, clock: ReaderClock) -> str:
    if not message:
        return "no further message is planned unless it changes"
    at = parse(message["at"])
    when = clock.when(message["at"]) if at and at > clock.now else "with the next check"
    return f"next message on {message['channel']}: {when}, {REASONS.get(message['reason'], message['reason'])}"


REASONS: Final = {
    "new": "new",
    "worse": "closer to expiry",
    "eased": "better, not resolved",
    "reminder": "reminder",
    "resolved": "resolved",
}


def _channel(one: Document, clock: ReaderClock) -> dict[str, str]:
    delivered = clock.when(one["last_success_at"]) or "never"
    pending = f"{one['pending']} pending" if one["pending"] else "nothing pending"
    need = "now" if one["pending"] else "no"
    return {"label": one["label"], "delivered": delivered, "pending": pending, "need": need}


def _drawn(template: str, frame: Mapping[str, Any], **more: Any) -> str:
    return _environment().get_template(template).render(**frame, **more)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"STATUS": STATUS, "ALOUD": ALOUD}
    return made
