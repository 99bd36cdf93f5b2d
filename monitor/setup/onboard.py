"""What the first set-up decides and writes: what runs the checks, an address in a file of its own, a channel in the
config, keys for OpenClaw."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from monitor.config.settings import Secret
from monitor.openclaw.write import dotenv
from monitor.openclaw.write.replace_file import WriteRefused, content, replace, target

HEAD: Final = "# Written by `authwatch onboard`. Every other key has a default: `authwatch config show`\n"

_TOPIC: Final = re.compile(r"[-_A-Za-z0-9]{1,64}")  # what ntfy takes
_SERVER: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?")
_TOKEN: Final = re.compile(r"[0-9]{5,20}:[A-Za-z0-9_-]{20,100}")  # of a Telegram bot
_CHAT: Final = re.compile(r"-?[0-9]{3,20}")
_ADDRESS: Final = re.compile(r"[^@\s<>,;\"]+@[A-Za-z0-9.-]+\.?[A-Za-z0-9-]+")
_CHANNELS: Final = re.compile(r"^channels:[ \t]*(#.*)?\n(?:[ \t]*(?:#.*)?\n)*(?P<indent>[ \t]+)(?=\S)", re.MULTILINE)
_LABELS: Final = {
    **dict.fromkeys(("ntfy", "ntfys", "termux"), "phone"),
    **dict.fromkeys(("mailto", "mailtos"), "mail"),
    "tgram": "telegram",
}
_LOCAL: Final = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """What is to be written: `config` is the whole text of the config, None where it stays; `keys` go to `env_file`."""

    place: Path
    config: str | None = None
    address_file: Path | None = None
    address: Secret = field(default_factory=lambda: Secret(""))
    env_file: Path | None = None
    keys: Mapping[str, Secret] = field(default_factory=dict)


def new_topic() -> str:
    """A topic that nobody guesses: whoever knows it can read along. 128 bits."""
    return f"authwatch-{secrets.token_urlsafe(16)}"


def ntfy(server: str, topic: str) -> str:
    """The address of a topic; `http://` before the server means no TLS. ValueError says what is wrong."""
    plain = server.startswith("http://")
    name = _host(server)
    if not _SERVER.fullmatch(name):
        raise ValueError(
            f"expected an ntfy server such as ntfy.sh, or http://192.168.1.5:8080 without TLS, got {server!r}"
        )
    if not _TOPIC.fullmatch(topic):
        raise ValueError("expected an ntfy topic of at most 64 letters, digits, - and _")
    return f"{'ntfy' if plain else 'ntfys'}://{name}/{topic}"


def subscribe_links(server: str, topic: str) -> tuple[str, str]:
    """What subscribes to a topic: the link that ntfy's Android app opens, and the page for a browser.

    Source: https://docs.ntfy.sh/subscribe/phone/#ntfy-links. The iPhone's app has no such link.
    """
    plain, name = server.startswith("http://"), _host(server)
    deep = f"ntfy://{name}/{topic}{'?secure=false' if plain else ''}"
    return deep, f"{'http' if plain else 'https'}://{name}/{topic}"


def telegram(token: str, chat: str) -> str:
    """The address of a Telegram chat, written to by a bot. ValueError says what is wrong, without the token."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("expected a bot token such as 123456789:AAE…, as @BotFather sent it")
    if not _CHAT.fullmatch(chat):
        raise ValueError(f"expected a chat id such as 123456789 or -1001234567890, got {chat!r}")
    return f"tgram://{token}/{chat}/"


def mail(address: str, server: str, user: str, password: str) -> str:
    """The address of a mailbox, sent to through `server`, with STARTTLS unless that is this machine."""
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"expected a mail address such as name@example.org, got {address!r}")
    if not _SERVER.fullmatch(server):
        raise ValueError(f"expected a mail server such as smtp.example.org or smtp.example.org:587, got {server!r}")
    scheme = "mailto" if server.partition(":")[0] in _LOCAL else "mailtos"
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    who = quote(address, safe="")
    return f"{scheme}://{login}{server}/?from={who}&to={who}"


def label_for(scheme: str, taken: Collection[str]) -> str:
    """What a new channel is called in the config: by its kind, with a number where that is taken."""
    label = _LABELS.get(scheme, scheme)
    names = (label, *(f"{label}{number}" for number in range(2, 99)))
    return next(name for name in names if name not in taken)


class Machine(NamedTuple):
    """What this machine has that could run checks. `systemd`: a session of the user's own that answers; `lingers`: it
    goes on after a logout; `cron`: a cron is running, `crontab`: its command is there."""

    termux: bool = False
    macos: bool = False
    systemd: bool = False
    lingers: bool = False
    crontab: bool = False
    cron: bool = False


def proposal(machine: Machine) -> tuple[str, str]:
    """What should run the checks (`systemd`, `launchd`, `termux`, `cron` or `none`), and why in a few words."""
    if machine.termux:
        return "termux", "this is Termux; Android's job scheduler starts the checks"
    if machine.macos:
        return "launchd", "this is macOS"
    if machine.systemd and machine.lingers:
        return "systemd", "your systemd session keeps running when you log out"
    if machine.crontab and machine.cron:
        why = "your systemd session ends when you log out" if machine.systemd else "you have no systemd session"
        return "cron", f"it is running, and {why}"
    if machine.systemd:
        return "systemd", "stops at logout; `loginctl enable-linger` prevents that"
    if machine.crontab:
        return "cron", "crontab is installed, but cron must still be started"
    return "none", "no systemd session, no cron; `authwatch serve` is left"


def possible(machine: Machine) -> list[str]:
    """What could run the checks on a machine of this kind; a systemd session may still have to be started."""
    if machine.termux:
        return ["termux"]
    return ["launchd", "cron"] if machine.macos else ["systemd", "cron"]


def with_channel(text: str | None, label: str, file: str) -> str:
    """The config with one more channel, comments and all else as they are; ValueError where that is not plain."""
    line = f"{label}: {{url_file: {file}, at_least: soon}}\n"
    if text is None or not text.strip():
        return f"{HEAD}channels:\n  {line}"
    if not re.search(r"^channels\b", text, re.MULTILINE):
        return f"{text.rstrip()}\n\nchannels:\n  {line}"
    found = _CHANNELS.search(text)
    if found is None:
        raise ValueError(f"`channels:` is not written as a block, so add this to it yourself:\n  {line}")
    at = found.start("indent")
    return f"{text[:at]}{found['indent']}{line}{text[at:]}"


def write(plan: SetupPlan) -> list[Path]:
    """Writes it all, or raises WriteRefused and leaves all as it was; what it wrote."""
    with _undone_on_failure() as done:
        if plan.address_file:
            done.append((plan.address_file, content(target(plan.address_file))))
            _put(plan.address_file, f"{plan.address.reveal()}\n")
        if plan.env_file and plan.keys:
            done.append((plan.env_file, content(target(plan.env_file))))
            for name, value in plan.keys.items():
                dotenv.put(plan.env_file, name, value.reveal())
        if plan.config is not None:
            _put(plan.place, plan.config)
    return [path for path, _ in done] + ([plan.place] if plan.config is not None else [])


def _host(server: str) -> str:
    return server.removeprefix("http://").removeprefix("https://").rstrip("/")


def _put(path: Path, text: str) -> None:
    real = target(path)
    replace(real, content(real), text.encode())


@contextmanager
def _undone_on_failure() -> Iterator[list[tuple[Path, bytes | None]]]:
    done: list[tuple[Path, bytes | None]] = []
    try:
        yield done
    except BaseException:
        for path, before in reversed(done):
            with suppress(OSError, WriteRefused):
                if before is None:
                    path.unlink(missing_ok=True)
                elif content(target(path)) != before:
                    replace(target(path), content(target(path)), before)
        raise
