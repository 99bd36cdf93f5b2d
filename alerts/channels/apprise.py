"""Sending through Apprise, in the calling thread and without its retries: the only place that imports it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Final

from apprise import Apprise, AppriseAsset, NotificationManager, NotifyBase, NotifyFormat, OverflowMode
from apprise import plugins as _plugins

from alerts.channels import SendResult, known_schemes, scheme_of
from alerts.channels.apprise_log import listening, silence
from alerts.formats import HTML, LIMIT, MARKDOWN, TEXT, Message, hypertext, line, markdown
from alerts.model import Level, Outcome

#: Seconds a service gets to connect, and to answer, where its URL says neither `cto` nor `rto`. Apprise's own 4 are
#: short for a phone on a bad line.
PATIENCE: Final = 10.0

_TYPES: Final = {Level.NOW: "failure", Level.SOON: "warning", Level.INFO: "info", Level.FINE: "success"}

_FORMS: Final = {NotifyFormat.HTML: (HTML, hypertext), NotifyFormat.MARKDOWN: (MARKDOWN, markdown)}

#: Where a service takes less than Apprise believes. Slack: https://docs.slack.dev/reference/block-kit/blocks/section-block
_TIGHTER: Final = {"Slack": 3000}

_LOUD: Final = {Level.NOW: "high", Level.SOON: "normal"}
_TAGS: Final = {Level.NOW: "rotating_light", Level.SOON: "warning", Level.FINE: "white_check_mark"}
_MAIL: Final = {Level.NOW: ("1", "high"), Level.SOON: ("3", "normal")}
#: Discord's flag of a message that makes no sound: https://docs.discord.com/developers/resources/message
_SILENT: Final = "4096"
#: What the plugins of Apprise call the address that a tap opens.
_CLICK: Final = {"NotifyNtfy": "click", "NotifyBark": "click", "NotifyPushover": "supplemental_url"}

_manager: Any = NotificationManager  # without type hints of its own
_parse: Any = _plugins.url_to_dict

silence()


def schemes() -> frozenset[str]:
    """Every scheme that Apprise knows, those included that want another package."""
    return frozenset(_manager().schemas())


def check(url: str) -> str | None:
    """Why Apprise can not load this URL, in our words; None if it can. A missing topic shows only in sending."""
    service = _load(url)
    return service if isinstance(service, str) else None


def send(url: str, message: Message, patience: timedelta) -> SendResult:
    """Sends one message; what came of it is taken from status codes and exceptions, see `listening`."""
    service = _load(url, message)
    if isinstance(service, str):
        return SendResult(Outcome.BAD_CONFIG, service)
    _hurry(service, patience.total_seconds())
    # Not Apprise.notify(): that sends from a pool whose stuck threads keep the process from ending.
    with listening() as capture:
        delivered = service.notify(notify_type=_TYPES[message.level], **_content(service, message))
    return capture.report(bool(delivered))


def _load(url: str, message: Message | None = None) -> NotifyBase | str:
    """The service behind a URL, or why there is none; for a message, as loud as that is."""
    try:
        parsed = _parse(url)
        for name, value in _stressed(parsed, message).items() if parsed and message else ():
            parsed[name] = value
        service = Apprise.instantiate(parsed, asset=_asset()) if parsed else None
    except Exception:  # noqa: BLE001 - parsers of two hundred services; what they raise may quote the URL
        service = None
    return _why_not(url) if service is None else service


def _stressed(parsed: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """Arguments of the service's plugin that say how urgent a message is and where a tap leads; what the URL itself
    says of either stays as it is."""
    name, level = _manager()[parsed["schema"]].__name__, message.level
    found: dict[str, Any] = {}
    match name:
        case "NotifyNtfy":
            found["priority"] = {"high": "max", "normal": "default"}.get(_LOUD.get(level, ""), "low")
            found["xtags"] = _TAGS.get(level, "information_source")
        case "NotifyPushover" | "NotifyGotify" | "NotifyProwl" | "NotifyJoin" | "NotifyOpsgenie":
            found["priority"] = _LOUD.get(level, "moderate")
        case "NotifyGnome" | "NotifyGLib" | "NotifyDBus":
            found["urgency"] = _LOUD.get(level, "low")
        case "NotifyBark":
            found["level"] = {Level.NOW: "timeSensitive", Level.SOON: "active"}.get(level, "passive")
        case "NotifyTelegram":  # parsed as False where the URL has none
            return {} if "silent" in parsed.get("qsd", {}) else {"silent": level not in _LOUD}
        case "NotifyDiscord" if level not in _LOUD:
            found["flags"] = _SILENT
        case "NotifyEmail":
            return {"headers": _mail_headers(parsed.get("headers") or {}, level)}
    if message.link and name in _CLICK:
        found[_CLICK[name]] = message.link
    return {key: value for key, value in found.items() if not parsed.get(key)}


def _mail_headers(own: Mapping[str, str], level: Level) -> dict[str, str]:
    """The headers of a mail with its importance, unless its URL sets that itself."""
    if {"x-priority", "importance"} & {name.lower() for name in own}:
        return dict(own)
    priority, importance = _MAIL.get(level, ("5", "low"))
    return {**own, "X-Priority": priority, "Importance": importance}


def _asset() -> AppriseAsset:
    """Our name, no pictures from the web, nothing generated on disk, and no redirects.

    A POST that follows a redirect becomes a GET; the page it meets answers 200, and nobody was told.
    """
    return AppriseAsset(
        app_id="authwatch",
        app_desc="authwatch",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
    )


def _why_not(url: str) -> str:
    scheme, known = scheme_of(url) or "", _manager()
    if scheme in ("http", "https"):
        return "no service knows this web address; a plain webhook is written jsons://…"
    if scheme not in known:
        # The scheme is not repeated: people paste tokens into the wrong place.
        near = get_close_matches(scheme, known_schemes(), n=1)
        return f"its scheme is not known{f'; did you mean {near[0]}:// ?' if near else ''}"
    plugin = known[scheme]
    if not plugin.enabled:
        needs = plugin.requirements.get("packages_required") or "something this machine lacks"
        return f"{scheme}:// needs {needs if isinstance(needs, str) else ', '.join(needs)}"
    return f"what follows {scheme}:// is not what {plugin.service_name} needs; see {plugin.setup_url}"


def _hurry(service: NotifyBase, patience: float) -> None:
    """Ends a silent server before our own deadline does, so that the reason is known; a URL's `cto`, `rto` count."""
    for name in ("socket_connect_timeout", "socket_read_timeout"):
        own = float(getattr(service, name))
        usual = own == getattr(type(service), name)
        setattr(service, name, min(max(own, PATIENCE) if usual else own, patience))


def _content(service: NotifyBase, message: Message) -> dict[str, Any]:
    """The message in the form the service takes, shortened by us until all of it fits: whoever cuts at a number of
    characters, as Apprise and the services do, cuts in the middle of a command."""
    resolved = service.resolve_format()
    form, escape = _FORMS.get(resolved, (TEXT, str))
    limit = _limit(service)
    if service.title_maxlen <= 0:  # it is put into the body
        title = escape(line(message.subject, limit // 2))
    else:
        title = line(message.subject, service.title_maxlen)
    content = {"title": title, "body_format": resolved, "overflow": OverflowMode.UPSTREAM}

    def fits(body: str) -> bool:
        lines = len(body.splitlines()) + (service.title_maxlen <= 0)
        few = not service.body_max_line_count or lines <= service.body_max_line_count
        return few and _size(service, {**content, "body": body}) <= limit

    return {**content, "body": message.body(form, fits)}


def _limit(service: NotifyBase) -> int:
    """Bytes that may arrive: a little less than the characters that the service takes, for what its URL may add."""
    known = min(int(service.body_maxlen), _TIGHTER.get(str(service.service_name), LIMIT), LIMIT)
    return known - known // 50


def _size(service: NotifyBase, content: Mapping[str, Any]) -> int:
    """The bytes that Apprise would hand to the service, with its own escapes, and the title where that counts.

    Characters are counted as bytes, which are never fewer. JSON of ASCII alone, in which ntfy is sent, may be twice as
    long before Apprise makes a file of it.
    """
    pieces: list[Mapping[str, Any]] = []

    def note(**piece: Any) -> bool:
        pieces.append(piece)
        return False  # what was accepted is not sent again

    shadows = ("send", f"send_{content['body_format'].value}")
    own = [name for name in shadows if hasattr(service, name)]
    for name in own:
        setattr(service, name, note)
    try:
        service.notify(**content)
    finally:
        for name in own:
            delattr(service, name)
    whole = "".join(piece["body"] + (piece["title"] if service.overflow_amalgamate_title else "") for piece in pieces)
    return max(len(whole.encode()), len(json.dumps(whole)) // 2)
