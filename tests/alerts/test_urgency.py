"""How loud a message is on each service, where a tap leads, and that a URL's own words win; as it arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from apprise import NotificationManager

from alerts.channels import apprise, deliver
from alerts.channels.apprise import schemes
from alerts.model import Level, Outcome
from tests.alerts.examples import notification, say
from tests.inbox import Received, Receiver
from tests.receivers import mail, web

TIME = timedelta(seconds=5)
PAGE = "https://aw.example/"
MESSAGE = say(notification())._replace(link=PAGE)
TOKEN = "a" * 30

PUSHOVER, TELEGRAM = f"pover://{TOKEN}@{TOKEN}", "tgram://123456789:abcdefg_hijklmnop/1231554/"
DISCORD, PROWL = f"discord://{'1' * 18}/{'a' * 64}", f"prowl://{'a' * 40}"
NTFY, GOTIFY, BARK = "ntfy://127.0.0.1:{port}/topic", "gotify://127.0.0.1:{port}/token", "bark://127.0.0.1:{port}/key"
#: Where these services are, so that they are asked for at home.
HOMES = {"tgram": "json/", "pover": "json/x", "discord": "json/x", "prowl": "json/x"}


@pytest.fixture(scope="module")
def there() -> Iterator[Receiver]:
    known: Any = NotificationManager()
    usual = {scheme: known[scheme].notify_url for scheme in HOMES}
    with web() as receiver:
        for scheme, path in HOMES.items():
            known[scheme].notify_url = receiver.url("http", path)
        yield receiver
    for scheme, url in usual.items():
        known[scheme].notify_url = url


def header(name: str) -> Callable[[Received], Any]:
    return lambda one: {key.lower(): value for key, value in one.headers.items()}.get(name)


def field(name: str) -> Callable[[Received], Any]:
    return lambda one: one.body.get(name)


def form(name: str) -> Callable[[Received], Any]:
    return lambda one: parse_qs(one.body).get(name, [None])[0]


NOW, SOON, INFO, FINE = Level.NOW, Level.SOON, Level.INFO, Level.FINE
LOUD = {
    "ntfy": (NTFY, header("x-priority"), {NOW: "max", SOON: None, INFO: "low", FINE: "low"}),
    "ntfy tags": (
        NTFY,
        header("x-tags"),
        {NOW: "rotating_light", SOON: "warning", INFO: "information_source", FINE: "white_check_mark"},
    ),
    "pushover": (PUSHOVER, form("priority"), {NOW: "1", SOON: "0", INFO: "-1", FINE: "-1"}),
    "gotify": (GOTIFY, field("priority"), {NOW: 8, SOON: 5, INFO: 3, FINE: 3}),
    "telegram": (TELEGRAM, field("disable_notification"), {NOW: False, SOON: False, INFO: True, FINE: True}),
    "discord": (DISCORD, field("flags"), {NOW: None, SOON: None, INFO: 4096, FINE: 4096}),
    "prowl": (PROWL, form("priority"), {NOW: "1", SOON: "0", INFO: "-1", FINE: "-1"}),
    "bark": (BARK, field("level"), {NOW: "timeSensitive", SOON: "active", INFO: "passive", FINE: "passive"}),
}


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("case", LOUD)
def test_a_service_is_told_how_urgent_it_is(there: Receiver, case: str, level: Level) -> None:
    url, read, expected = LOUD[case]
    sent(there, url, level)
    assert read(there.received[-1]) == expected[level]


OWN = {
    "ntfy": (f"{NTFY}?priority=min", header("x-priority"), "min"),
    "ntfy tags": (f"{NTFY}?tags=skull", header("x-tags"), "skull"),
    "ntfy click": (f"{NTFY}?click=https://own.example/", header("x-click"), "https://own.example/"),
    "pushover": (f"{PUSHOVER}?priority=low", form("priority"), "-2"),
    "pushover link": (f"{PUSHOVER}?url=https://own.example/", form("url"), "https://own.example/"),
    "gotify": (f"{GOTIFY}?priority=low", field("priority"), 0),
    "telegram": (f"{TELEGRAM}?silent=yes", field("disable_notification"), True),
    "discord": (f"{DISCORD}?flags=4", field("flags"), 4),
    "bark": (f"{BARK}?level=critical", field("level"), "critical"),
}


@pytest.mark.parametrize("case", OWN)
def test_what_the_url_says_wins(there: Receiver, case: str) -> None:
    url, read, expected = OWN[case]
    sent(there, url, NOW if case == "telegram" else INFO if case == "discord" else NOW)
    assert read(there.received[-1]) == expected


def test_a_url_that_wants_sound_gets_it(there: Receiver) -> None:
    sent(there, f"{TELEGRAM}?silent=no", INFO)
    assert there.received[-1].body["disable_notification"] is False


CLICK = {"ntfy": (NTFY, header("x-click")), "pushover": (PUSHOVER, form("url")), "bark": (BARK, field("url"))}


@pytest.mark.parametrize("case", CLICK)
@pytest.mark.parametrize("link", [PAGE, ""])
def test_a_tap_opens_the_page_where_it_has_an_address(there: Receiver, case: str, link: str) -> None:
    url, read = CLICK[case]
    sent(there, url, NOW, link)
    assert read(there.received[-1]) == (link or None)


@pytest.mark.parametrize(
    ("more", "level", "expected"),
    [
        ("", NOW, ("1", "high")),
        ("", SOON, ("3", "normal")),
        ("", INFO, ("5", "low")),
        ("&%2BX-Priority=4", NOW, ("4", None)),
    ],
)
def test_a_mail_has_its_importance_in_its_headers(more: str, level: Level, expected: tuple[str, str | None]) -> None:
    with mail() as post:
        url = f"mailto://127.0.0.1:{post.port}?from=a@example.org&to=b@example.org{more.replace('%2B', '+')}"
        assert deliver(url, MESSAGE._replace(level=level), TIME).outcome is Outcome.DELIVERED
        (letter,) = post.received
    assert (letter.headers.get("X-Priority"), letter.headers.get("Importance")) == expected


def test_the_plugins_that_are_named_are_those_of_apprise() -> None:
    """A plugin that is renamed, or takes its words no more, would be as loud as ever."""
    known: Any = NotificationManager()
    plugins = {known[scheme].__name__: known[scheme] for scheme in schemes()}
    taken = {
        "priority": ("NotifyNtfy", "NotifyPushover", "NotifyGotify", "NotifyProwl", "NotifyJoin", "NotifyOpsgenie"),
        "urgency": ("NotifyGnome", "NotifyGLib", "NotifyDBus"),
        "silent": ("NotifyTelegram",),
        "flags": ("NotifyDiscord",),
        "level": ("NotifyBark",),
    }
    for argument, names in taken.items():
        for name in names:
            assert argument in plugins[name].template_args, (name, argument)
    assert set(apprise._CLICK) <= set(plugins)


def sent(there: Receiver, url: str, level: Level, link: str = PAGE) -> None:
    result = deliver(url.format(port=there.port), MESSAGE._replace(level=level, link=link), TIME)
    assert result.outcome is Outcome.DELIVERED, result
