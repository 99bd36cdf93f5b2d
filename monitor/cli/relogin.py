"""`authwatch relogin [KEY] [--ssh HOST]`: the right command for that login, and waiting until the new one is seen."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.cli.context import NOT_DONE, USAGE, Failure, Shell, common
from monitor.cli.prompts import agreed, ask

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import Verdict
    from monitor.setup.relogin import Call
    from monitor.setup.user import User

SECONDS_BETWEEN_LOOKS = 0.5


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser, json=False)
    parser.add_argument("key", nargs="?", metavar="KEY", help="as `authwatch status` shows it; without, the worst")
    parser.add_argument("--ssh", metavar="HOST", help="log in there, in a terminal over ssh")
    parser.add_argument("--wait", type=float, default=60, metavar="SECONDS", help="how long to look for the new login")
    parser.add_argument("--no-restart", action="store_true", help="leave OpenClaw's gateway alone")
    parser.add_argument("--dry-run", action="store_true", help="show the command")


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Runs the program, watches the store, says who has the new login; 0 once it is seen."""
    from monitor.setup.login_process import Unable

    if given.home:
        raise Failure(USAGE, "log in as the user whose login it is; --home only looks")
    try:
        return _remote(given, shell) if given.ssh is not None else _here(given, shell)
    except Unable as error:
        raise Failure(NOT_DONE, str(error)) from None


def _remote(given: argparse.Namespace, shell: Shell) -> int:
    from monitor.setup.login_process import Unable
    from monitor.setup.relogin import Call, run, ssh_words

    try:
        words = ssh_words(given.ssh, given.key)
    except Unable as error:
        raise Failure(USAGE, str(error)) from None
    call = Call(tuple(words), {})
    if given.dry_run:
        return _shown(shell, call)
    _at_terminal("authwatch relogin")
    _installed(shell, call)
    with _theirs():
        code = run(call, shell.environ)
    if code == 255:
        raise Failure(NOT_DONE, f"ssh could not log in to {given.ssh}")
    if code == 127:
        raise Failure(NOT_DONE, f"there is no authwatch on {given.ssh}, or not where its programs are looked for")
    return code


def _here(given: argparse.Namespace, shell: Shell) -> int:
    from monitor.setup import relogin
    from monitor.setup.login_process import ended_in_order
    from monitor.setup.user import User

    key = _key(shell)
    verdicts = _verdicts(shell, key)
    wanted = relogin.choose(verdicts, given.key)
    if not wanted:
        shell.say("Nobody has to log in again.")
        return 0
    verdict = _one_of(shell, wanted)
    _say(shell, verdict.summary)
    host = shell.host()
    call = relogin.command_of(verdict, host)
    relogin.ready(verdict, call, shell.environ, shell.settings(host).sources, host)
    if relogin.tempting(verdict, verdicts):
        shell.say(relogin.NO_COPY)
    if given.dry_run:
        return _shown(shell, call)
    _at_terminal(verdict.seen.relogin)
    if relogin.works(verdict) and not _goes_on(shell, verdict, call):
        return NOT_DONE
    user = User(shell.own_home, shell.environ, shell.say)
    units = relogin.active_gateways(user) if verdict.seen.credential.agent != "-" and not given.no_restart else ()
    with ended_in_order():
        if call.store is not None:
            code = _apart(shell, call, call.store)
        else:
            code = 0 if _token_made(shell, verdict) else _run(shell, call)
    after = _awaited(shell, key, verdict, given.wait if code == 0 else min(given.wait, 2.0))
    return _ended(shell, verdict, after, code, user, units)


def _key(shell: Shell) -> bytes:
    """The key of the fingerprints, so that the look before and the look after compare; one of its own if none is."""
    return shell.state(shell.settings(shell.host())).key(create=False) or os.urandom(32)


def _verdicts(shell: Shell, key: bytes) -> tuple[Verdict, ...]:
    from monitor.check import run as full_check
    from monitor.check.collect import Asked, look
    from monitor.check.record import Turn

    host = shell.host().keyed(key)
    settings = shell.settings(host)
    now = shell.now()
    asked = Asked(settings)
    outcome = full_check.glance(Turn(asked, host, shell.state(settings), look(asked, host, now), now))
    return tuple(outcome.judgement.verdicts)


def _one_of(shell: Shell, wanted: tuple[Verdict, ...]) -> Verdict:
    if len(wanted) == 1 or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return wanted[0]
    for number, one in enumerate(wanted, 1):
        _say(shell, f"{number}  {one.summary}")
    while True:
        word = ask(shell, "Which one?", "1")
        if word.isdecimal() and 1 <= int(word) <= len(wanted):
            return wanted[int(word) - 1]


def _goes_on(shell: Shell, verdict: Verdict, call: Call) -> bool:
    """Says that the login works, and what that means; whether to go on."""
    from monitor.model import Need
    from monitor.setup.relogin import KEPT, NOT_KNOWN

    if call.safe:
        shell.say(KEPT)
        return True
    return agreed(shell, NOT_KNOWN, default=verdict.needs_human is not Need.NO)


def _at_terminal(command: str) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failure(
            NOT_DONE,
            f"logging in needs a terminal, and this is none. In one, run: {command}\n"
            "or from another machine: authwatch relogin --ssh HOST",
        )


def _installed(shell: Shell, call: Call) -> None:
    if shutil.which(call.argv[0], path=shell.environ.get("PATH")) is None:
        raise Failure(NOT_DONE, f"{call.argv[0]} is not on PATH here; install it, or log in where it is: --ssh HOST")


def _token_made(shell: Shell, verdict: Verdict) -> bool:
    """Whether the token that the login is was made here and saved, so that nobody has to paste it."""
    from monitor.cli.models_auth import save_setup_token
    from monitor.cli.secret_input import NoToken
    from monitor.openclaw.write.replace_file import Refused
    from monitor.setup.login_process import Unable
    from monitor.setup.relogin import needs_token

    if not needs_token(verdict):
        return False
    if shutil.which("claude", path=shell.environ.get("PATH")) is None:
        shell.say("It will ask for a token. On any machine with a browser and Claude Code: claude setup-token")
        return False
    if not agreed(shell, "It will ask for a token. Make one now with `claude setup-token`?"):
        return False
    who = verdict.seen.credential
    try:
        save_setup_token(shell, provider=who.provider, profile=who.profile, agent=who.agent)
    except NoToken as error:
        shell.say(str(error))
        return False
    except Refused as error:
        raise Unable(str(error)) from None
    return True


def _apart(shell: Shell, call: Call, store: Path) -> int:
    """Runs what would destroy the login in a home of its own; 0, for otherwise there is an end in words."""
    from shlex import join

    from monitor.cli.secret_input import asked
    from monitor.setup.codex_login import log_in
    from monitor.setup.login_process import Unable

    _installed(shell, call)
    secret = asked(shell, "The new key or token").strip() if call.secret else None
    if secret == "":
        raise Unable("nothing was given; the login is as it was")
    host = shell.host()
    shell.say(f"running in an empty CODEX_HOME: {join(call.argv)}")
    shell.flush()
    try:
        environ = {**shell.environ, **call.variables}
        log_in(host, store, call.argv, environ, secret.encode() if secret else None)
    except OSError as error:
        raise Unable(f"{call.argv[0]} cannot be started ({(error.strerror or 'failed').lower()})") from None
    except KeyboardInterrupt:
        raise Unable(f"cancelled; {host.show(store)} is as it was") from None
    return 0


def _run(shell: Shell, call: Call) -> int:
    from shlex import join

    from monitor.setup.login_process import Unable
    from monitor.setup.relogin import run

    _installed(shell, call)
    shell.say(f"running: {join(call.argv)}")
    shell.flush()
    try:
        with _theirs():
            return run(call, shell.environ)
    except OSError as error:
        raise Unable(f"{call.argv[0]} cannot be started ({(error.strerror or 'failed').lower()})") from None


@contextmanager
def _theirs() -> Iterator[None]:
    """Ctrl-C ends the program that somebody is looking at, not us, who tell what came of it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # a handler, unlike SIG_IGN, is not inherited
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _awaited(shell: Shell, key: bytes, before: Verdict, seconds: float) -> Verdict | None:
    """The new login, looked for until it is there or the time is up; None then."""
    from monitor.setup.relogin import is_new, successor

    end = time.monotonic() + seconds
    while True:
        after = successor(before, _verdicts(shell, key))
        if is_new(before, after):
            return after
        if time.monotonic() >= end:
            return None
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _ended(shell: Shell, before: Verdict, after: Verdict | None, code: int, user: User, units: tuple[str, ...]) -> int:
    from monitor.setup.relogin import restart

    if after is None:
        ended = f"its program ended with {code}, and " if code else ""
        where = before.seen.store or "its store"
        if not before.seen.from_file:
            where = f"{before.seen.store}: put the new one there, for a variable cannot be watched"
        raise Failure(
            NOT_DONE, f"{ended}no new login is seen yet in {where}\nsee later: authwatch explain {before.key}"
        )
    _say(shell, f"The new login is there. {after.summary}")
    if after.shared or after.seen.credential.agent != "-":
        _say(shell, after.shared or f"Agent {after.seen.credential.agent} has it.")
    for line in restart(user, units):
        shell.say(line)
    return 0


def _shown(shell: Shell, call: Call) -> int:
    from shlex import join, quote

    given = [f"{name}={quote(value)}" for name, value in call.variables.items()]
    apart = f" in an empty CODEX_HOME, then put its login into {shell.host().show(call.store)}" if call.store else ""
    _say(shell, f"would run{apart}: {' '.join([*given, join(call.argv)])}")
    return 0


def _say(shell: Shell, text: str) -> None:
    from monitor.cli.terminal_text import visible

    for line in text.splitlines():
        shell.say(visible(line))
