"""The effective settings as a config file, defaults included, secrets hidden."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from monitor.config.settings import ChannelSettings, Probing, Secret, Settings, SourceEntry
from monitor.config.spans import show_span
from monitor.model import PolicyRule

HIDDEN: Final = "(hidden)"
BROKEN: Final = "(not available)"


def show(settings: Settings) -> str:
    """The settings as YAML text, without a line end."""
    import yaml

    return yaml.safe_dump(effective(settings), sort_keys=False, allow_unicode=True, width=110).rstrip()


def effective(settings: Settings) -> dict[str, Any]:
    """The settings as plain values in the layout of the config file; what is not set is left out."""
    return _given(whole(settings))


def whole(settings: Settings) -> dict[str, Any]:
    """The same, what is not set included: None, or empty."""
    history = {"url": _secret(settings.history_url), "keep": show_span(settings.history_keep)}
    web = {"listen": settings.web.listen, "url": settings.web.url or None, **_password(settings)}
    heartbeat = BROKEN if "heartbeat" in settings.broken else _secret(settings.heartbeat)
    return {
        "state": _plain(settings.state),
        "host": settings.host or None,
        "host_ssh": settings.host_ssh or None,
        "timezone": str(settings.timezone) if settings.timezone else None,
        "interval": show_span(settings.interval),
        "sources": [_source(entry) for entry in settings.sources],
        "policy": {
            "lead": _plain(settings.policy.lead),
            "rules": [_rule(rule) for rule in settings.policy.rules],
            "expect": list(settings.policy.expect),
        },
        "channels": {channel.label: _channel(channel) for channel in settings.channels},
        "alerts": _alerts(settings),
        "heartbeat": {"url": heartbeat},
        "history": history,
        "web": web,
        "privacy": settings.privacy,
        "probe": {name: _probing(one) for name, one in settings.probe.items()},
    }


def _source(entry: SourceEntry) -> str | dict[str, Any]:
    if entry.id == entry.type and not entry.options:
        return entry.type
    return {"type": entry.type, "id": entry.id, **_plain(entry.options)}


def _rule(rule: PolicyRule) -> dict[str, Any]:
    return {
        "match": dict(rule.match),
        **({} if rule.lead is None else {"lead": _plain(rule.lead)}),
        **_given({"lifetime": _plain(rule.lifetime), "issued": _plain(rule.issued)}),
        "watch": rule.watch,
        **_given({"remedy": rule.remedy}),
    }


def _channel(channel: ChannelSettings) -> dict[str, Any]:
    shown = {
        "url": BROKEN if channel.broken else HIDDEN,
        "at_least": channel.at_least.value,
        "match": dict(channel.match),
        "canary": _plain(channel.canary),
    }
    return _given(shown)


def _probing(one: Probing) -> str | dict[str, Any]:
    more: dict[str, Any] = {**({"oauth": True} if one.oauth else {}), **({"url": one.url} if one.url else {})}
    return {"every": show_span(one.every), **more} if more else show_span(one.every)


def _alerts(settings: Settings) -> dict[str, Any]:
    alerts, quiet = settings.alerts, settings.alerts.quiet
    hours = quiet and {
        "from": f"{quiet.start:%H:%M}",
        "to": f"{quiet.end:%H:%M}",
        "timezone": str(quiet.zone),
    }
    return {
        "settle": show_span(alerts.settle),
        "deadline": show_span(alerts.deadline),
        "remind": _plain(alerts.remind),
        "digest": alerts.digest,
        "quiet": hours,
    }


def _password(settings: Settings) -> dict[str, Any]:
    web = settings.web
    if web.password_file is not None:
        return {"password_file": HIDDEN}
    return {"password": BROKEN if web.broken else _secret(web.password)}


def _secret(secret: Secret | None) -> str | None:
    return HIDDEN if secret else None


def _plain(value: Any) -> Any:
    """A value as YAML would hold it."""
    if isinstance(value, timedelta):
        return show_span(value)
    if isinstance(value, date | Path):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return HIDDEN if isinstance(value, Secret) else value


def _given(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not set, at every depth; `lead: []` says something and stays in a rule."""
    rows = {key: _given(value) if isinstance(value, dict) else value for key, value in shown.items()}
    return {key: value for key, value in rows.items() if value not in (None, "", {}, [])}
