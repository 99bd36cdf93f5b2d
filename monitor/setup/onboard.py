"""What the first set-up writes: an address in a file of its own, a channel in the config, keys for OpenClaw."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from monitor.config.settings import Secret
from monitor.openclaw.write import dotenv
from monitor.openclaw.write.replace_file import WriteRefused, content, replace, target

HEAD: Final = "# Written by `authwatch onboard`. Every other key has a default: authwatch config show\n"

_TOPIC: Final = re.compile(r"[-_A-Za-z0-9]{1,64}")  # what ntfy takes
_SERVER: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?")
_ADDRESS: Final = re.compile(r"[^@\s<>,;\"]+@[A-Za-z0-9.-]+\.?[A-Za-z0-9-]+")
_CHANNELS: Final = re.compile(r"^channels:[ \t]*(#.*)?\n(?:[ \t]*(?:#.*)?\n)*(?P<indent>[ \t]+)(?=\S)", re.MULTILINE)
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
    name = server.removeprefix("http://").removeprefix("https://").rstrip("/")
    if not _SERVER.fullmatch(name):
        raise ValueError("a server of ntfy is written ntfy.sh, or http://192.168.1.5:8080 where it has no TLS")
    if not _TOPIC.fullmatch(topic):
        raise ValueError("a topic of ntfy has at most 64 letters, digits, - and _")
    return f"{'ntfy' if plain else 'ntfys'}://{name}/{topic}"


def mail(address: str, server: str, user: str, password: str) -> str:
    """The address of a mailbox, sent to through `server`, with STARTTLS unless that is this machine."""
    if not _ADDRESS.fullmatch(address):
        raise ValueError("a mail address is written name@example.org")
    if not _SERVER.fullmatch(server):
        raise ValueError("a mail server is written smtp.example.org or smtp.example.org:587")
    scheme = "mailto" if server.partition(":")[0] in _LOCAL else "mailtos"
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    who = quote(address, safe="")
    return f"{scheme}://{login}{server}/?from={who}&to={who}"


def with_channel(text: str | None, label: str, file: str) -> str:
    """The config with one more channel, comments and all else as they are; ValueError where that is not plain."""
    line = f"{label}: {{url_file: {file}, at_least: soon}}\n"
    if text is None or not text.strip():
        return f"{HEAD}channels:\n  {line}"
    if not re.search(r"^channels\b", text, re.MULTILINE):
        return f"{text.rstrip()}\n\nchannels:\n  {line}"
    found = _CHANNELS.search(text)
    if found is None:
        raise ValueError(f"add this beneath `channels:` yourself:\n  {line}")
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
