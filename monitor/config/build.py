"""From the values of a config file to frozen settings: what holds between keys is checked here."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, timedelta, tzinfo
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final, NamedTuple

from alerts.model import Level, QuietHours
from monitor.config.fields import zone
from monitor.config.secrets import clean, fill, place, read_secret
from monitor.config.settings import AlertSettings, ChannelSettings, Probing, Secret, Settings, SourceEntry, WebSettings
from monitor.config.shapes import ReadContext, Values
from monitor.config.yaml_nodes import Text
from monitor.model import Policy, PolicyRule
from monitor.sources import SOURCES, UNLISTED
from monitor.system.host import Unreadable

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+", re.ASCII)
_HISTORY: Final = re.compile(r"(sqlite|postgresql)(\+[a-z0-9]+)?://.*", re.ASCII)
_PING: Final = re.compile(r"https?://.+", re.ASCII)


class _Draft(NamedTuple):
    """The settings in the making: where we are, and what turned out broken."""

    site: ReadContext
    broken: dict[str, str]

    def secret(self, values: Values, name: str) -> tuple[Secret | None, str]:
        """The secret under `name` or in the file under `name_file`, and what is wrong with it."""
        given, twin = values.get(name), values.get(f"{name}_file")
        try:
            if isinstance(given, Text):
                return Secret(clean(fill(given.text, self.site.host), "the value")), ""
            if isinstance(twin, Text):
                path = place(fill(twin.text, self.site.host), self.site.host, self.site.folder)
                return Secret(read_secret(path, self.site.host)), ""
        except ValueError as error:
            return None, str(error)
        return None, ""

    def lenient(self, values: Values, name: str, looks: re.Pattern[str], words: str) -> tuple[Secret | None, str]:
        """Like `secret`, for an address; what is wrong with it is kept and stops nothing."""
        found, wrong = self.secret(values, name)
        if found and not looks.fullmatch(found.reveal()):
            found, wrong = None, f"expected {words}"
        if wrong:
            self.note(values, name, wrong)
        return found, wrong

    def note(self, values: Values, name: str, wrong: str) -> None:
        written = name if name in values.lines else f"{name}_file"
        line = self.site.report.line(values.line_of(written), f"{values.path}.{written}", wrong)
        self.broken[values.path] = line


def build(values: Values, site: ReadContext, file: Path) -> Settings:
    """The settings; what is wrong goes into the site's report, what is only broken now into `Settings.broken`."""
    draft = _Draft(site, {})
    default = Settings()
    history = values.nested("history")
    state = values.get("state")
    sources = _sources(values.get("sources"), draft) or default.sources
    return Settings(
        host=values.get("host", default.host),
        host_ssh=values.get("host_ssh", default.host_ssh),
        timezone=values.get("timezone"),
        state=Path(state) if state else None,
        interval=values.get("interval", default.interval),
        sources=sources,
        policy=_policy(values.nested("policy"), site, sources, asked="sources" in values.given),
        channels=tuple(_channel(label, found, draft) for label, found in values.get("channels", {}).items()),
        alerts=_alerts(values.nested("alerts"), site, values.get("timezone")),
        heartbeat=draft.lenient(
            values.nested("heartbeat"), "url", _PING, "an address such as https://hc-ping.com/YOUR-UUID"
        )[0],
        history_url=_history_url(history, draft),
        history_keep=history.get("keep", default.history_keep),
        web=_web(values.nested("web"), draft),
        privacy=values.get("privacy", default.privacy),
        probe=_probe(values.nested("probe"), draft),
        file=file,
        broken=draft.broken,
    )


def _changeable(site: ReadContext) -> str:
    return f"others can change {site.report.file}; make it yours, and run: chmod go-w {site.report.file}"


def _where(values: Values, site: ReadContext) -> str:
    return f"{site.report.file}:{values.line}"


def _sources(listed: tuple[Values, ...] | None, draft: _Draft) -> tuple[SourceEntry, ...]:
    entries: dict[str, SourceEntry] = {}
    for found in listed or ():
        entry = _source(found, draft)
        if entry.id in entries:
            text = "two sources have the same id; give one another id, such as {type: …, id: …}"
            draft.site.report.add(found.line_of("id"), found.path, text)
        entries[entry.id] = entry
    return tuple(entries.values())


def _source(found: Values, draft: _Draft) -> SourceEntry:
    kind = found.get("type", "")
    options = {name: _option(found, name, draft) for name in found.given if name not in ("type", "id")}
    row = SOURCES.get(kind)
    trusted = draft.site.trusted
    if row and row.runs and not trusted:
        text = f"not run: {_changeable(draft.site)}"
        draft.broken[f"sources.{found.get('id', kind)}"] = draft.site.report.line(found.line, found.path, text)
    return SourceEntry(kind, found.get("id", kind), options, _where(found, draft.site), trusted=trusted)


def _option(found: Values, name: str, draft: _Draft) -> Any:
    """An option as its source gets it; a secret one that cannot be had now is None."""
    value = found.get(name)
    if not isinstance(value, Text):
        return value
    secret, wrong = draft.secret(found, name)
    if wrong:
        draft.note(found, name, wrong)
    return secret


def _leads(found: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    return tuple(sorted(set(found), reverse=True))


def _policy(values: Values, site: ReadContext, sources: tuple[SourceEntry, ...], *, asked: bool) -> Policy:
    default = Policy()
    return Policy(
        lead=_leads(values.get("lead", default.lead)),
        rules=tuple(_rule(found, site) for found in values.get("rules", ())),
        expect=tuple(dict.fromkeys(values.get("expect", ()))),
        unlisted=frozenset() if asked else UNLISTED,
        remedies={
            entry.id: entry.options["remedy"]
            for entry in sources
            if entry.type in SOURCES and "remedy" in entry.options
        },
    )


def _rule(found: Values, site: ReadContext) -> PolicyRule:
    if "issued" in found.given and "lifetime" not in found.lines:
        text = "issued needs lifetime; add one such as lifetime: 365d"
        site.report.add(found.line_of("issued"), found.path, text)
    lead = found.get("lead")
    return PolicyRule(
        match=dict(found.nested("match").given),
        lead=None if lead is None else _leads(lead),
        lifetime=found.get("lifetime"),
        issued=found.get("issued"),
        watch=found.get("watch", True),
        remedy=found.get("remedy", ""),
    )


def _channel(label: str, found: Values, draft: _Draft) -> ChannelSettings:
    url, broken = draft.lenient(found, "url", _ADDRESS, "an Apprise URL such as ntfys://ntfy.sh/TOPIC, or termux://")
    return ChannelSettings(
        label=label,
        url=url,
        at_least=Level(found.get("at_least", Level.SOON)),
        match=dict(found.nested("match").given),
        canary=found.get("canary"),
        broken=broken,
        where=_where(found, draft.site),
    )


def _alerts(values: Values, site: ReadContext, zone: tzinfo | None) -> AlertSettings:
    default = AlertSettings()
    return AlertSettings(
        settle=values.get("settle", default.settle),
        deadline=values.get("deadline", default.deadline),
        remind=values.get("remind", default.remind),
        quiet=_quiet(values.nested("quiet"), site, zone) if "quiet" in values.given else None,
        digest=values.get("digest"),
    )


def _quiet(values: Values, site: ReadContext, zone: tzinfo | None) -> QuietHours | None:
    start, end = values.get("from"), values.get("to")
    if start is None or end is None:
        return None
    if start == end:
        site.report.add(values.line, values.path, "from and to are the same; expected two different times")
    return QuietHours(start, end, values.get("timezone") or zone or _local_zone(site))


def _local_zone(site: ReadContext) -> tzinfo:
    """The machine's zone where it says so by name ($TZ, /etc/timezone), else UTC."""
    names = [site.host.env("TZ") or ""]
    with suppress(Unreadable):
        names.append(site.host.text(Path("/etc/timezone"), 256) or "")
    for name in names:
        try:
            return zone(name.strip().removeprefix(":"))
        except ValueError:
            continue
    return UTC


def _history_url(values: Values, draft: _Draft) -> Secret | None:
    """The history's address. A broken one stops everything: another history would tell old news as new."""
    found, wrong = draft.secret(values, "url")
    if found and not _HISTORY.fullmatch(found.reveal()):
        wrong = "expected sqlite:///… or postgresql://…"
    if wrong:
        draft.site.report.add(values.line, f"{values.path}.url", wrong)
    return found


def _probe(values: Values, draft: _Draft) -> dict[str, Probing]:
    found = {}
    for name, given in values.given.items():
        table = given.given if isinstance(given, Values) else {"every": given}
        every, url, oauth = table.get("every"), table.get("url", ""), table.get("oauth", False)
        if url and not draft.site.trusted:
            text = f"not asked: {_changeable(draft.site)}"
            draft.broken[f"probe.{name}"] = draft.site.report.line(values.line_of(name), f"{values.path}.{name}", text)
        elif every:
            found[name] = Probing(every, url, oauth)
    return found


def _web(values: Values, draft: _Draft) -> WebSettings:
    password, wrong = draft.secret(values, "password")
    if wrong:  # nobody knows this word: a password that cannot be had must not open the door
        draft.note(values, "password", wrong)
        password = Secret(token_urlsafe())
    twin = values.get("password_file")
    named = twin.text if isinstance(twin, Text) else None
    where = f"{draft.site.report.file}:{values.line_of('listen')}" if "listen" in values.given else ""
    return WebSettings(values.get("listen", WebSettings().listen), password, named, wrong, where, values.get("url", ""))
