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

from monitor.cli.context import NOT_DONE, USAGE, Context, Failure, common
from monitor.cli.prompts import agreed, ask
from monitor.system.files import why

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


def run(given: argparse.Namespace, context: Context) -> int:
    """Runs the program, watches the store, says who has the new login; 0 once it is seen."""
    from monitor.setup.login_process import LoginImpossible

    if given.home:
        raise Failure(USAGE, "log in as the user whose login it is; --home only looks")
    try:
        return _remote(given, context) if given.ssh is not None else _here(given, context)
    except LoginImpossible as error:
        raise Failure(NOT_DONE, str(error)) from None


def _remote(given: argparse.Namespace, context: Context) -> int:
    from monitor.setup.login_process import LoginImpossible
    from monitor.setup.relogin import Call, run, ssh_words

    try:
        words = ssh_words(given.ssh, given.key)
    except LoginImpossible as error:
        raise Failure(USAGE, str(error)) from None
    call = Call(tuple(words), {})
    if given.dry_run:
        return _shown(context, call)
    _at_terminal("authwatch relogin")
    _installed(context, call)
    with _theirs():
        code = run(call, context.environ)
    if code == 255:
        raise Failure(NOT_DONE, f"ssh could not log in to {given.ssh}")
    if code == 127:
        raise Failure(NOT_DONE, f"there is no authwatch on {given.ssh}, or not where its programs are looked for")
    return code


def _here(given: argparse.Namespace, context: Context) -> int:
    from monitor.setup import relogin
    from monitor.setup.login_process import ended_in_order
    from monitor.setup.user import User

    key = _key(context)
    verdicts = _verdicts(context, key)
    wanted = relogin.choose(verdicts, given.key)
    if not wanted:
        context.say("Nobody has to log in again.")
        return 0
    verdict = _one_of(context, wanted)
    _say(context, verdict.summary)
    host = context.host()
    call = relogin.command_of(verdict, host)
    relogin.ready(verdict, call, context.environ, context.settings(host).sources, host)
    if relogin.tempting(verdict, verdicts):
        context.say(relogin.NO_COPY)
    if given.dry_run:
        return _shown(context, call)
    _at_terminal(verdict.seen.relogin)
    if relogin.works(verdict) and not _goes_on(context, verdict, call):
        return NOT_DONE
    user = User(context.own_home, context.environ, context.say)
    units = relogin.active_gateways(user) if verdict.seen.credential.agent != "-" and not given.no_restart else ()
    with ended_in_order():
        if call.store is not None:
            code = _apart(context, call, call.store)
        else:
            code = 0 if _token_made(context, verdict) else _run(_in_its_place(context, verdict), call)
    after = _awaited(context, key, verdict, given.wait if code == 0 else min(given.wait, 2.0))
    return _ended(context, verdict, after, code, user, units)


def _key(context: Context) -> bytes:
    """The key of the fingerprints, so that the look before and the look after compare; one of its own if none is."""
    return context.state(context.settings(context.host())).key(create=False) or os.urandom(32)


def _verdicts(context: Context, key: bytes) -> tuple[Verdict, ...]:
    from monitor.check.assess import CheckContext
    from monitor.check.collect import CheckOptions, look, watched
    from monitor.check.read_only import read_only

    host = context.host().keyed(key)
    settings = context.settings(host)
    now = context.now()
    asked = CheckOptions(watched(settings, host, now))
    outcome = read_only(CheckContext(asked, host, context.state(settings), look(asked, host, now), now))
    return tuple(outcome.judgement.verdicts)


def _one_of(context: Context, wanted: tuple[Verdict, ...]) -> Verdict:
    if len(wanted) == 1 or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return wanted[0]
    for number, one in enumerate(wanted, 1):
        _say(context, f"{number}  {one.summary}")
    while True:
        word = ask(context, "Which one?", "1")
        if word.isdecimal() and 1 <= int(word) <= len(wanted):
            return wanted[int(word) - 1]


def _goes_on(context: Context, verdict: Verdict, call: Call) -> bool:
    """Says that the login works, and what that means; whether to go on."""
    from monitor.model import Need
    from monitor.setup.relogin import KEPT, NOT_KNOWN

    if call.safe:
        context.say(KEPT)
        return True
    return agreed(context, NOT_KNOWN, default=verdict.needs_human is not Need.NO)


def _at_terminal(command: str) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failure(
            NOT_DONE,
            f"logging in needs a terminal, and this is none. In one, run: {command}\n"
            "or from another machine: authwatch relogin --ssh HOST",
        )


def _installed(context: Context, call: Call) -> None:
    if shutil.which(call.argv[0], path=context.environ.get("PATH")) is None:
        raise Failure(NOT_DONE, f"{call.argv[0]} is not on PATH here; install it, or log in where it is: --ssh HOST")


def _token_made(context: Context, verdict: Verdict) -> bool:
    """Whether the token that the login is was made here and saved, so that nobody has to paste it."""
    from monitor.cli.models_auth import save_setup_token
    from monitor.cli.prompts import NoToken
    from monitor.openclaw.write.replace_file import WriteRefused
    from monitor.setup.login_process import LoginImpossible
    from monitor.setup.relogin import needs_token

    if not needs_token(verdict):
        return False
    if shutil.which("claude", path=context.environ.get("PATH")) is None:
        context.say("It will ask for a token. On any machine with a browser and Claude Code: claude setup-token")
        return False
    if not agreed(context, "It will ask for a token. Make one now with `claude setup-token`?"):
        return False
    who = verdict.seen.credential
    try:
        profile = None if who.profile.endswith(":-") else who.profile
        save_setup_token(_in_its_place(context, verdict), provider=who.provider, profile=profile, agent=who.agent)
    except NoToken as error:
        context.say(str(error))
        return False
    except WriteRefused as error:
        raise LoginImpossible(str(error)) from None
    return True


def _in_its_place(context: Context, verdict: Verdict) -> Context:
    """The context in which OpenClaw's own folder is that of the login."""
    from monitor.openclaw.profiles import environ_of

    return context._replace(environ=environ_of(context.environ, verdict.seen.credential.source))


def _apart(context: Context, call: Call, store: Path) -> int:
    """Runs what would destroy the login in a home of its own; 0, for otherwise there is an end in words."""
    from shlex import join

    from monitor.cli.prompts import asked
    from monitor.setup.codex_login import log_in
    from monitor.setup.login_process import LoginImpossible

    _installed(context, call)
    secret = asked(context, "The new key or token").strip() if call.secret else None
    if secret == "":
        raise LoginImpossible("nothing was given; the login is as it was")
    host = context.host()
    context.say(f"running in an empty CODEX_HOME: {join(call.argv)}")
    context.flush()
    try:
        environ = {**context.environ, **call.variables}
        log_in(host, store, call.argv, environ, secret.encode() if secret else None)
    except OSError as error:
        raise LoginImpossible(f"{call.argv[0]} cannot be started ({why(error)})") from None
    except KeyboardInterrupt:
        raise LoginImpossible(f"cancelled; {host.show(store)} is as it was") from None
    return 0


def _run(context: Context, call: Call) -> int:
    from shlex import join

    from monitor.setup.login_process import LoginImpossible
    from monitor.setup.relogin import run

    _installed(context, call)
    context.say(f"running: {join(call.argv)}")
    context.flush()
    try:
        with _theirs():
            return run(call, context.environ)
    except OSError as error:
        raise LoginImpossible(f"{call.argv[0]} cannot be started ({why(error)})") from None


@contextmanager
def _theirs() -> Iterator[None]:
    """Ctrl-C ends the program that somebody is looking at, not us, who tell what came of it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # a handler, unlike SIG_IGN, is not inherited
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _awaited(context: Context, key: bytes, before: Verdict, seconds: float) -> Verdict | None:
    """The new login, looked for until it is there or the time is up; None then."""
    from monitor.setup.relogin import is_new, successor

    end = time.monotonic() + seconds
    while True:
        after = successor(before, _verdicts(context, key))
        if is_new(before, after):
            return after
        if time.monotonic() >= end:
            return None
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _ended(
    context: Context, before: Verdict, after: Verdict | None, code: int, user: User, units: tuple[str, ...]
) -> int:
    from monitor.setup.relogin import restart

    if after is None:
        ended = f"its program ended with {code}, and " if code else ""
        where = before.seen.store or "its store"
        if not before.seen.from_file:
            where = f"{before.seen.store}: put the new one there, for a variable cannot be watched"
        raise Failure(
            NOT_DONE, f"{ended}no new login is seen yet in {where}\nsee later: authwatch explain {before.key}"
        )
    _say(context, f"The new login is there. {after.summary}")
    if after.shared or after.seen.credential.agent != "-":
        _say(context, after.shared or f"Agent {after.seen.credential.agent} has it.")
    for line in restart(user, units):
        context.say(line)
    return 0


def _shown(context: Context, call: Call) -> int:
    from shlex import join, quote

    given = [f"{name}={quote(value)}" for name, value in call.variables.items()]
    apart = f" in an empty CODEX_HOME, then put its login into {context.host().show(call.store)}" if call.store else ""
    _say(context, f"would run{apart}: {' '.join([*given, join(call.argv)])}")
    return 0


def _say(context: Context, text: str) -> None:
    from alerts.formats import visible

    for line in text.splitlines():
        context.say(visible(line))
