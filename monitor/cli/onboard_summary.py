"""The last screen of `authwatch onboard`: what is watched, who is told and when, what runs it, how to change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alerts.formats import visible
from alerts.timefmt import span, when
from monitor.cli.context import Context
from monitor.cli.layout import WIDEST, wrapped

if TYPE_CHECKING:
    from monitor.check.status import Document
    from monitor.cli.onboard_schedule import Schedule
    from monitor.config.settings import ChannelSettings, Settings

_DAY: Final = timedelta(days=1)


def counted(sources: Iterable[str]) -> str:
    """`4 logins: openclaw 3, codex 1`."""
    counts = Counter(sources)
    total = sum(counts.values())
    return f"{total} login{'s' if total != 1 else ''}: " + ", ".join(f"{name} {n}" for name, n in counts.most_common())


def screen(context: Context, schedule: Schedule) -> str:
    """At most 24 lines of 80 columns; a long path is not broken."""
    from monitor.check.read_only import read_only

    this_check = context.this_check()
    settings = this_check.settings
    document = read_only(this_check).document(settings)
    sources = [one["source"] for one in document["profiles"] if not one["ignored"]]
    facts = [
        ("Watching", counted(sources) if sources else "no logins yet; new ones are found by themselves"),
        *([("Now", _now(document))] if sources else []),
        ("Alerts", _alerts(settings.channels, settings.policy.lead)),
        *_checks(context, settings, schedule),
        ("Config", _shown(context, settings.file) if settings.file else "none yet"),
    ]
    commands = [
        ("See every login", "authwatch status"),
        *([("Send another test", "authwatch alerts test")] if settings.channels else []),
        ("Change it", "edit the config, then run: authwatch config check"),
        *([("Add a channel", "authwatch onboard --telegram CHAT, --mail ADDRESS …")] if settings.channels else []),
        *([("Remove it", schedule.remove)] if schedule.remove else []),
    ]
    lines = [
        f"authwatch is set up on {settings.host}{', but no checks run yet' if schedule.fix else ''}.",
        "",
        *_table(facts, 12),
        "",
        *_table(commands, 19),
    ]
    return "\n".join(map(visible, lines))


def _table(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    for name, said in rows:
        yield from wrapped(said, WIDEST, f"  {name:{width}}")


def _now(document: Document) -> str:
    from monitor.cli.status_text import sentence

    said = sentence(document)
    return f"{said[0].lower()}{said[1:]}"


def _alerts(channels: Sequence[ChannelSettings], lead: Sequence[timedelta]) -> str:
    if not channels:
        return "nowhere yet; to add a channel: authwatch onboard --ntfy"
    urgent = [one.label for one in channels if one.at_least.value == "now"]
    others = [one.label for one in channels if one.at_least.value != "now"]
    steps = f"{_steps(lead)} before a login expires, and " if lead else ""
    parts = [f"{', '.join(others)}: {steps}when one needs you now"] if others else []
    parts += [f"{', '.join(urgent)}: when a login needs you now"] if urgent else []
    return "; ".join(parts)


def _steps(lead: Sequence[timedelta]) -> str:
    """`7, 3 and 1 days`, or each with its unit where they differ."""
    if all(step % _DAY == timedelta() for step in lead):
        words, unit = [str(step // _DAY) for step in lead], " days" if lead != (_DAY,) else " day"
    else:
        words, unit = [span(step) for step in lead], ""
    return f"{', '.join(words[:-1])} and {words[-1]}{unit}" if len(words) > 1 else f"{words[0]}{unit}"


def _checks(context: Context, settings: Settings, schedule: Schedule) -> Iterator[tuple[str, str]]:
    if schedule.fix:
        yield (
            "Checks",
            f"{f'{schedule.name} is set up, but not running' if schedule.name else 'none'}. fix: {schedule.fix}",
        )
        return
    from monitor.setup.termux import LEAST, USUAL

    every = settings.interval
    if schedule.way == "termux" and every < LEAST:
        every = USUAL
    now = context.now()
    yield "Checks", f"every {span(every)}, by {schedule.name}"
    yield "Next check", f"at the latest {when(now + every, now, settings.timezone)}"


def _shown(context: Context, path: Path) -> str:
    return context.host().at(context.own_home).show(path)
