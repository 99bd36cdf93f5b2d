"""A made-up machine on which every command says the same each time: its clock, zone, host, home and programs are fixed."""

from __future__ import annotations

import json
import os
import pty
import re
import secrets
import shutil
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from monitor.setup.demo_home import furnish
from tests.command import ROOT, configure, environment, state
from tests.inbox import Received
from tests.receivers import web
from tests.warm import BOOTED, warm

NOW = datetime(2026, 11, 26, 14, 6, tzinfo=UTC)
ZONE = "Europe/Stockholm"
HOME = "/home/alice"
#: The usual config; `{url}` is the address of the phone.
CONFIG = 'host: vps-1\nchannels:\n  phone: {url: "%s"}\n'

ESCAPE = re.compile(r"\033\[([\d;]*)m")
_STYLES = {
    **{"1": "bold", "2": "dim", "4": "underlined"},
    **{"31": "red", "32": "green", "33": "yellow", "34": "blue", "35": "magenta", "36": "cyan"},
}
_PYTHON = re.escape(sys.executable)
#: What differs from run to run or from machine to machine, and what stands for it.
_VARYING = (
    (re.compile(r"authwatch-[\w-]{22}\b"), "authwatch-b9K2s1YwQe7uR4xNfT0aZg"),
    (re.compile(r"(?<=after )\d+\.\d s"), "0.2 s"),
    (re.compile(rf'"{_PYTHON}" "-m" "monitor\.cli\.main"'), '"/usr/bin/authwatch"'),
    (re.compile(rf"{_PYTHON} -m monitor\.cli\.main"), "/usr/bin/authwatch"),
    (
        re.compile(rf"{_PYTHON}(</string>\s*<string>)-m\1monitor\.cli\.main"),
        "/usr/bin/authwatch",
    ),
    (re.compile(re.escape(str(Path(sys.executable).with_name("authwatch")))), "/usr/bin/authwatch"),
    (re.compile(rf"^ *(<string>|PYTHONPATH=){re.escape(str(ROOT))}.*\n", re.MULTILINE), ""),
    (re.compile(r"(?<=; digest )[0-9a-f]{16}"), "0123456789abcdef"),
    (re.compile(r"\bauthwatch-\d+/"), "authwatch-1000/"),
    (re.compile(r"\bgui/\d+"), "gui/1000"),
    (re.compile(r"Python \d+\.\d+\.\d+"), "Python 3.13.5"),
    (re.compile(rf"{re.escape(str(Path(sys.executable).parent))}\b"), "/usr/bin"),
    (re.compile(rf"\b{re.escape(os.uname().nodename)}\b"), "vps-1"),
)
#: Python 3.14 writes them without quotes.
_CHOICES = re.compile(r"\(choose from [^)]*\)")


class Stage:
    """A home, and the text of what was run in it so far; `now` moves on."""

    def __init__(self) -> None:
        # As long as the name that stands for it, so that lines break at the same place.
        while True:
            self.home = Path("/tmp") / secrets.token_hex(3)
            try:
                self.home.mkdir(mode=0o700)
                break
            except FileExistsError:
                continue
        assert len(str(self.home)) == len(HOME)
        self.now = NOW
        self.parts: list[str] = []
        self._web = web()
        self.phone = self._web.__enter__()
        self._heard = 0
        self._stamped: dict[Path, int] = {}

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._web.__exit__(kind, error, at)
        shutil.rmtree(self.home, ignore_errors=True)

    # -- the machine ----------------------------------------------------------------------------------------------

    def furnished(self, config: str | None = CONFIG) -> Stage:
        """An empty home becomes that of the demo, with this config in its usual place if there shall be one."""
        shutil.rmtree(self.home)
        self.home.mkdir(mode=0o700)
        furnish(self.home, self.now).unlink()
        if config is not None:
            configure(self.home, config.replace("%s", self.phone.url("json", "json/x")))
        return self

    def program(self, name: str, body: str = "exit 0") -> None:
        """A program on PATH; there are no others but these."""
        path = self.home / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        path.chmod(0o755)

    def file(self, path: str, document: object) -> None:
        """A JSON file of the home, written a minute ago."""
        where = self.home / path
        where.parent.mkdir(parents=True, exist_ok=True)
        fresh = where.with_name(f"{where.name}.new")
        fresh.write_text(json.dumps(document), "utf-8")
        fresh.chmod(0o600)
        fresh.replace(where)
        os.utime(where, (self.now.timestamp() - 60,) * 2)

    def wait(self, span: timedelta) -> None:
        """Time passes."""
        self.now += span

    # -- what is told ---------------------------------------------------------------------------------------------

    def title(self, text: str) -> None:
        """A heading within the page."""
        self.parts.append(f"## {text}\n")

    def run(
        self,
        *words: str,
        width: int = 80,
        color: bool = False,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        shown: bool = True,
        note: str = "",
    ) -> str:
        """One command, and what it says; both go on the page, unless it only prepares what comes."""
        (self.home / "tmp").mkdir(exist_ok=True)
        given = {
            "TZ": ZONE,
            "COLUMNS": str(width),
            "TERM": "xterm-256color",
            "LOGNAME": "alice",
            "USER": "alice",
            "PATH": str(self.home / "bin"),
            "TMPDIR": str(self.home / "tmp"),
            **(env or {}),
        }
        asked = {
            "env": environment(self.home, given),
            "cwd": self.home,
            "at": self.now.isoformat(),
            "boot": (self.now - BOOTED).total_seconds(),
            "points": "",
            "kill": "",
            "state": str(state(self.home)),
        }
        if color:
            code, text = _on_a_terminal(words, **asked)
        else:
            code, out, err = warm().run(*words, stdin=stdin.encode(), **asked)
            text = (out + err).decode()
        self._stamp()
        text = self._same(text)
        if shown:
            variables = [f"{name}={value}" for name, value in (env or {}).items()]
            line = " ".join([*variables, "authwatch", *map(_quoted, words)])
            told = [f"{width} columns"] if width != 80 else []
            told += ["a terminal with colours"] if color else []
            told += [note] if note else []
            told += [f"exit {code}"] if code else []
            head = self._same(f"$ {line}") + (f"    # {', '.join(told)}" if told else "")
            self.parts.append("\n".join([head, *(one.rstrip() for one in marked(text).rstrip().splitlines()), ""]))
        return text

    def unheard(self) -> list[Received]:
        """What the phone got since it was last looked at."""
        return self.phone.received[self._heard :]

    def messages(self, note: str) -> None:
        """What the phone got since the last time, title and text."""
        new = self.unheard()
        self._heard += len(new)
        assert new, f"{note}: nothing came"
        for one in new:
            text = self._same(f"{one.body['title']}\n\n{one.body['message']}").rstrip()
            self.parts.append(f"--- {note}\n{text}\n")

    def page(self, title: str) -> str:
        """Everything told so far."""
        return "\n".join([f"# {title}\n", *self.parts])

    def _stamp(self) -> None:
        """What a check wrote carries the time of its clock, as it would without the test."""
        for path in state(self.home).rglob("*"):
            with suppress(OSError):
                if path.stat().st_mtime_ns != self._stamped.get(path):
                    os.utime(path, (self.now.timestamp(),) * 2)
                    self._stamped[path] = path.stat().st_mtime_ns

    def _same(self, text: str) -> str:
        text = text.replace(str(self.home), HOME).replace(f"127.0.0.1:{self.phone.port}", "ntfy.example.org")
        for pattern, instead in _VARYING:
            text = pattern.sub(instead, text)
        return _CHOICES.sub(lambda found: found[0].replace("'", ""), text)


def marked(text: str) -> str:
    """Escape codes as marks that one can read: `‹bold red›NOW‹/›`."""
    return ESCAPE.sub(lambda found: f"‹{_style(found[1])}›", text)


def _style(codes: str) -> str:
    words = [_STYLES.get(code, code) for code in codes.split(";") if code not in ("", "0")]
    return " ".join(words) or "/"


def _quoted(word: str) -> str:
    from shlex import quote

    return quote(word) if re.search(r"[^\w,./:=@-]", word) or not word else word


def _on_a_terminal(words: Iterable[str], **asked: object) -> tuple[int, str]:
    hand, end = pty.openpty()
    running = warm().start(list(words), streams=(end, end, end), **asked)  # type: ignore[arg-type]
    os.close(end)
    seen: list[bytes] = []

    def read() -> None:
        while True:
            try:
                part = os.read(hand, 65536)
            except OSError:  # the other end is closed
                return
            if not part:
                return
            seen.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    code = running.wait(60)
    reader.join(10)
    os.close(hand)
    return code, b"".join(seen).decode().replace("\r\n", "\n")
