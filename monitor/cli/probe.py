"""`--probe`: asks the providers because a person wants to know, and shows what they said."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from monitor.check import gate
from monitor.cli.check import offered_keys_for
from monitor.cli.context import Context
from monitor.cli.progress import progress

if TYPE_CHECKING:
    from datetime import tzinfo

    from monitor.check.assess import CheckContext
    from monitor.config.settings import Settings
    from monitor.model import Judgement, ProbeResult
    from monitor.system.host import Host
    from monitor.system.state_dir import StateDir

#: How long a person waits for a check that is running.
LOCK_SECONDS = 15.0


def asking(settings: Settings) -> Settings:
    """The settings with the providers that the config asks; all of them, hourly, where it names none."""
    from monitor.check.probe import EVERY

    return settings if settings.probe else settings._replace(probe=EVERY)


def windowed(host: Host, state: StateDir, settings: Settings, context: Context) -> Host:
    """The window that keeps offered keys, and the fingerprint key by which answers are remembered: without it nobody
    could be asked at most hourly."""
    from monitor.system.state_dir import StateError

    try:
        state.create()
        key = state.key(create=True)
    except StateError as error:
        context.warn(f"{error}; these answers are not saved")
        key = None
    return host.keyed(key, offered_keys_for(settings))


def this_check(context: Context, settings: Settings) -> CheckContext:
    """A look now at which sources leave the keys of the providers that the settings ask."""
    from monitor.check.assess import CheckContext
    from monitor.check.collect import CheckOptions, look, watched

    state = context.state(settings)
    host = windowed(context.host(), state, settings, context)
    now = context.now()
    asked = CheckOptions(watched(settings, host, now))
    return CheckContext(asked, host, state, look(asked, host, now), now)


def told(
    this: CheckContext, before: Mapping[str, ProbeResult], context: Context, filters: Mapping[str, str]
) -> Mapping[str, ProbeResult]:
    """Asks whom it may of those that are meant; the next check then looks fully and takes it in."""
    from monitor.check.probe import at_once

    with this.state.lock(LOCK_SECONDS) as held:
        if not held:
            context.complain("authwatch: another check is running; providers were not probed")
            return before
        with progress(context, "Asking providers…"):
            found, why = at_once(this, before, filters)
        gate.remove(str(this.state.gate))
    if why:
        context.warn(f"{why}; these answers are not saved")
    return found


def openclaw(given: argparse.Namespace, context: Context) -> tuple[Settings, Judgement]:
    """The logins of OpenClaw alone, asked about, and as which settings say."""
    from monitor.check.read_only import read_only
    from monitor.config.settings import SourceEntry
    from monitor.openclaw.profiles import chosen

    host = context.host()
    settings = asking(context.settings(host))
    listed = tuple(entry for entry in settings.sources if entry.type == "openclaw")
    settings = settings._replace(sources=listed or (SourceEntry("openclaw", "openclaw"),))
    first = settings.sources[0]
    profile = None if "home" in first.options else chosen(host)
    this = this_check(context, settings)
    told_of = told(this, {}, context, {"source": f"{first.id}@{profile}" if profile else first.id})
    return settings, read_only(this, told_of).judgement


def lines(settings: Settings, judgement: Judgement, wide: int = 80) -> Iterator[str]:
    """What the providers said, a line each, and who was not asked for want of a permission; at most `wide` columns."""
    from alerts.formats import visible
    from monitor.cli.layout import table, wrapped
    from monitor.judge.keys import Keys

    short = Keys(one.key for one in judgement.verdicts).short
    rows = [
        (visible(short(one.key)), one.proof.answer.replace("_", " "), visible(_rest(one.proof, settings.timezone)))
        for one in judgement.verdicts
        if one.proof
    ]
    yield "Providers' answers:" if rows else "No login here has a provider that can be asked; see docs/probes.md."
    yield from (f"  {line}" for line in table(rows, wide - 2))
    for name in sorted(_unasked(settings, judgement)):
        yield from wrapped(f"{name}: logins were not probed. To send their access tokens, add to the config:", wide)
        yield f"  probe: {{{name}: {{every: 1h, oauth: true}}}}"


def _unasked(settings: Settings, judgement: Judgement) -> set[str]:
    """The probes that are not made for log-ins that are here."""
    from monitor.model import Kind
    from monitor.probes import PROBES, probe_of

    found = {
        probe_of(one.seen.credential.provider)
        for one in judgement.verdicts
        if one.proof is None and one.seen.credential.kind in (Kind.OAUTH, Kind.TOKEN, Kind.SESSION)
    }
    takes = {name for name in found if name and Kind.API_KEY not in PROBES[name].kinds}
    return {name for name in takes if (wish := settings.probe.get(name)) and not wish.oauth}


def _rest(proof: ProbeResult, zone: tzinfo | None) -> str:
    from alerts.timefmt import moment

    expires = f"expires {moment(proof.expires_at, zone=zone)}" if proof.expires_at else ""
    return "; ".join(part for part in (moment(proof.at, zone=zone), proof.credit, expires, proof.note) if part)


def plain(judgement: Judgement) -> list[dict[str, Any]]:
    """The same for JSON, with the key of each login."""
    from monitor.check.status import probed

    return [{"key": one.key, **probed(one.proof)} for one in judgement.verdicts if one.proof]
