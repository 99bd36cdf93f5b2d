"""Sending through Apprise, in the calling thread and without its retries: the only place that imports it."""

from __future__ import annotations

from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Final

from apprise import Apprise, AppriseAsset, NotificationManager, NotifyBase, NotifyFormat, OverflowMode

from alerts.channels import Report, known_schemes, scheme_of
from alerts.channels.listening import listening, silence
from alerts.escape import hypertext, markdown
from alerts.forms import Message
from alerts.model import Level, Outcome

#: Seconds a service gets to connect, and to answer, where its URL says neither `cto` nor `rto`. Apprise's own 4 are
#: short for a phone on a bad line.
PATIENCE: Final = 10.0

_TYPES: Final = {Level.NOW: "failure", Level.SOON: "warning", Level.INFO: "info", Level.FINE: "success"}

_manager: Any = NotificationManager  # without type hints of its own

silence()


def schemes() -> frozenset[str]:
    """Every scheme that Apprise knows, those included that want another package."""
    return frozenset(_manager().schemas())


def check(url: str) -> str | None:
    """Why Apprise can not load this URL, in our words; None if it can. A missing topic shows only in sending."""
    service = _load(url)
    return service if isinstance(service, str) else None


def send(url: str, message: Message, patience: timedelta) -> Report:
    """Sends one message; what came of it is taken from status codes and exceptions, see `listening`."""
    service = _load(url)
    if isinstance(service, str):
        return Report(Outcome.BAD_CONFIG, service)
    _hurry(service, patience.total_seconds())
    # Not Apprise.notify(): that sends from a pool whose stuck threads keep the process from ending.
    with listening() as ear:
        delivered = service.notify(notify_type=_TYPES[message.level], **_content(service, message))
    return ear.report(bool(delivered))


def _load(url: str) -> NotifyBase | str:
    """The service behind a URL, or why there is none."""
    try:
        service = Apprise.instantiate(url, asset=_asset())
    except Exception:  # noqa: BLE001 - parsers of two hundred services; what they raise may quote the URL
        service = None
    return _why_not(url) if service is None else service


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
    """The message in the form the service takes, cut (not split, not refused) where it is too long for it."""
    form = service.resolve_format()
    escape, body = {
        NotifyFormat.HTML: (hypertext, message.html),
        NotifyFormat.MARKDOWN: (markdown, message.markdown),
    }.get(form, (str, message.text))
    whole = service.overflow_mode == OverflowMode.UPSTREAM
    return {
        # Without a title of its own, a service puts ours into the body.
        "title": escape(message.subject) if service.title_maxlen <= 0 else message.subject,
        "body": body,
        "body_format": form,
        "overflow": OverflowMode.TRUNCATE if whole else service.overflow_mode,
    }
