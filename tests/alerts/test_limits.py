"""No message is cut by anybody but us, and we never cut within a command: as it arrives, by each service's own count."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from apprise import Apprise, NotificationManager
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.channels import apprise, deliver
from alerts.formats import HTML, MARKDOWN, TEXT, Message
from alerts.message import compose
from alerts.model import Item, Level, Notification, Reason
from tests.alerts.examples import NOW, RECIPIENT, item, notification, say
from tests.inbox import Receiver
from tests.receivers import mail, web

TIME = timedelta(seconds=5)


def plain(text: str) -> str:
    return text


def of_html(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def of_telegram(text: str) -> str:
    """Its Markdown: within code a backslash stands before a backslash and a backtick only."""
    return re.sub(r"\\([\\`])", r"\1", text)


@dataclass(frozen=True)
class Service:
    """An address, what of a request is shown to people, how that reads without its markup, and how much may be shown."""

    url: str
    shown: Callable[[Any], str]
    read: Callable[[str], str]
    most: int
    count: Callable[[str], int] = len


def size(text: str) -> int:
    return len(text.encode())


def form(name: str) -> Callable[[Any], str]:
    return lambda body: parse_qs(body)[name][0]


TOKEN = "a" * 30
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
SERVICES = {
    "telegram": Service("tgram://123456789:abcdefg_hijklmnop/1231554/", lambda b: b["text"], of_html, 4096),
    "telegram markdown": Service(
        "tgram://123456789:abcdefg_hijklmnop/1231554/?format=markdown", lambda b: b["text"], of_telegram, 4096
    ),
    "ntfy": Service("ntfy://127.0.0.1:{port}/topic", lambda b: b["message"], plain, 4096, size),
    "ntfy split": Service("ntfy://127.0.0.1:{port}/t?overflow=split", lambda b: b["message"], plain, 4096, size),
    "pushover": Service(f"pover://{TOKEN}@{TOKEN}", form("message"), plain, 1024),
    "pushover html": Service(f"pover://{TOKEN}@{TOKEN}?format=html", form("message"), of_html, 1024),
    "discord": Service(f"discord://{'1' * 18}/{'a' * 64}", lambda b: b["content"], plain, 2000),
    "discord markdown": Service(
        f"discord://{'1' * 18}/{'a' * 64}?format=markdown", lambda b: b["embeds"][0]["description"], plain, 4096
    ),
    "slack": Service(SLACK, lambda b: b["attachments"][0]["text"], html.unescape, 4000),
    "slack blocks": Service(
        f"{SLACK}?blocks=yes", lambda b: b["attachments"][0]["blocks"][1]["text"]["text"], html.unescape, 3000
    ),
    "gotify": Service("gotify://127.0.0.1:{port}/token", lambda b: b["message"], plain, 32768),
    "mattermost": Service(f"mmost://127.0.0.1:{{port}}/{'a' * 24}", lambda b: b["text"], plain, 4000),
    "sms": Service("46elks://user:password@46700000000", form("message"), plain, 160),
}
#: Where these services are, so that they are asked for at home.
HOMES = {"tgram": "json/", "pover": "json/x", "discord": "json/x", "slack": "json/x", "46elks": "json/x"}


@pytest.fixture(scope="module")
def there() -> Iterator[Receiver]:
    known: Any = NotificationManager()
    usual = {}
    with web() as receiver:
        for scheme, path in HOMES.items():
            name = "webhook_url" if scheme == "slack" else "notify_url"
            usual[scheme, name] = getattr(known[scheme], name)
            setattr(known[scheme], name, receiver.url("http", path))
        yield receiver
    for (scheme, name), url in usual.items():
        setattr(known[scheme], name, url)


JUNK = st.text(st.sampled_from("ab 'x&<>\"\\`*_~|[]()!#-.:;{}$漢é😀/=@"), max_size=120)
IDS = st.text(st.sampled_from("ab1.:@-_*`[]()<>&\\~|#漢😀 \n\u202e"), max_size=60)
LONG = st.integers(0, 450)


@st.composite
def many_items(draw: Callable[..., Any]) -> tuple[Item, ...]:
    found = []
    for number in range(draw(st.integers(1, 40))):
        command = f"tool-{number}- {draw(JUNK)}{'y' * draw(LONG)} {draw(JUNK)}-end".replace("  ", " ")
        labels = {"source": "openclaw", "profile": draw(IDS), "agent": draw(IDS)}
        level = draw(st.sampled_from([Level.SOON, Level.NOW]))
        found.append(
            item(Reason.NEW, level=level, key=f"k{number:02}", labels=labels, summary=draw(JUNK), remedy=command)
        )
    return tuple(found)


@pytest.mark.parametrize("name", SERVICES)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(about=many_items())
def test_what_arrives_fits_and_holds_each_command_as_it_is_or_not_at_all(
    there: Receiver, name: str, about: tuple[Item, ...]
) -> None:
    service, before = SERVICES[name], len(there.received)
    deliver(service.url.format(port=there.port), compose(Notification("phone", about), RECIPIENT, NOW), TIME)
    (received,) = there.received[before:]
    shown = service.shown(received.body)
    assert service.count(shown) <= service.most
    check_commands(service.read(shown), about)


def check_commands(shown: str, about: tuple[Item, ...]) -> None:
    """The command of one condition, or none; the others are named or counted."""
    for one in about:
        command = one.alert.remedy.strip()
        if re.search(rf"\b{command.split(' ')[0]}", shown):
            assert command in shown, "a command was cut"
            assert len(about) == 1 or "Also: " in shown or "more: authwatch status" in shown, "the others are not said"
            return
    assert "authwatch status" in shown, "what is missing is not said to be"


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(about=many_items())
def test_a_mail_holds_each_command_as_it_is_or_not_at_all(about: tuple[Item, ...]) -> None:
    with mail() as post:
        url = f"mailto://127.0.0.1:{post.port}?from=a@example.org&to=b@example.org"
        deliver(url, compose(Notification("mail", about), RECIPIENT, NOW), TIME)
        (received,) = post.received
    check_commands(of_html(received.html), about)


def services() -> list[str]:
    """One scheme of each service that Apprise knows and that can be used here."""
    known: Any = NotificationManager()
    found = {known[scheme].__name__: scheme for scheme in sorted(known.schemas()) if known[scheme].enabled}
    return sorted(found.values())


def test_for_the_limits_of_every_service_the_longest_message_is_made_to_fit() -> None:
    """By the limits alone: few of them can be given an address here."""
    known: Any = NotificationManager()
    message = compose(
        Notification("phone", tuple(item(key=f"k{n}", remedy=f"fix-{n} {'x' * 99}") for n in range(99))), RECIPIENT, NOW
    )
    for scheme in services():
        plugin = known[scheme]
        most, lines = plugin.body_maxlen, plugin.body_max_line_count
        if not isinstance(most, int):
            continue  # it depends on the address
        for form in (TEXT, MARKDOWN, HTML):
            body = message.body(form, lambda body: len(body) <= most and (not lines or len(body.splitlines()) < lines))  # noqa: B023
            assert len(body) <= max(most, 32), scheme
            assert "authwatch status" in body


def test_the_least_urgent_go_first_and_are_counted() -> None:
    about = (item(key="b"), item(key="a", level=Level.NOW, labels={"profile": "dead"}), item(key="c"))
    whole = say(notification(*about))
    some = whole.body(TEXT, lambda body: len(body) < len(whole.text))
    assert some.startswith("Log in again: dead")
    assert some.endswith("; and 1 more: authwatch status")
    one = whole.body(TEXT, lambda body: body.count("anthropic") < 2)
    assert one.endswith("\nAnd 2 more: authwatch status")


def test_what_is_short_keeps_the_command_rather_than_the_sentences() -> None:
    one, two = "one " * 12, "two " * 12
    message = Message(
        "s", ("Do it: x", one, two), Level.NOW, "Run:", "fix it", "(or leave it for now)", link="https://aw.example/"
    )
    sizes = range(300, 0, -1)
    bodies = dict.fromkeys(message.body(TEXT, lambda body, most=most: len(body) <= most) for most in sizes)
    assert list(bodies) == [
        f"Do it: x\n{one}\n{two}\nRun:\nfix it\n(or leave it for now)\nhttps://aw.example/",
        f"Do it: x\n{one}\n{two}\nRun:\nfix it\n… all of it: authwatch status",
        f"Do it: x\n{one}\nRun:\nfix it\n… all of it: authwatch status",
        "Do it: x\nRun:\nfix it\n… all of it: authwatch status",
        "Run:\nfix it\n… all of it: authwatch status",
        "Do it: x\n… all of it: authwatch status",
        "authwatch status",
    ]


def test_a_title_is_shortened_by_us_as_well() -> None:
    service = Apprise.instantiate(SERVICES["discord"].url)
    content = apprise._content(service, say(notification(item(labels={"profile": "p" * 300, "agent": "é" * 300}))))
    assert len(content["title"].encode()) <= 250
