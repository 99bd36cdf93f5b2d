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
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING, NoReturn

from alerts.timefmt import span
from monitor.cli.context import NOT_DONE, USAGE, Context, Failure, common
from monitor.cli.prompts import agreed, ask
from monitor.system.files import why

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import Verdict
    from monitor.setup.relogin import Call

SECONDS_BETWEEN_LOOKS = 0.5


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser, json=False)
    parser.add_argument(
        "key", nargs="?", metavar="KEY", help="from `authwatch status`; default: the login that needs you most"
    )
    parser.add_argument("--ssh", metavar="HOST", help="log in on that machine, over ssh")
    parser.add_argument(
        "--wait", type=float, default=60, metavar="SECONDS", help="how long to wait for the new login; default: 60"
    )
    parser.add_argument("--no-restart", action="store_true", help="do not restart OpenClaw's gateway")
    parser.add_argument("--dry-run", action="store_true", help="show the command, run nothing")


def run(given: argparse.Namespace, context: Context) -> int:
    """Runs the program, watches the store, says who has the new login; 0 once it is seen."""
    from monitor.setup.login_process import LoginImpossible

    if given.home:
        raise Failure(USAGE, "--home cannot be used here; run this as the user whose login it is")
    try:
        return _remote(given, context) if given.ssh is not None else _here(given, context)
    except LoginImpossible as error:
        raise Failure(NOT_DONE, str(error)) from None


def _whole(word: str | None, keys: list[str]) -> str | None:
    """The key that a unique end of it means; a Failure where it means several."""
    from monitor.cli.filtering import key_of
    from monitor.judge.keys import Keys

    return key_of(word, keys) if word and Keys(keys).find(word) else word


def _remote(given: argparse.Namespace, context: Context) -> int:
    from monitor.setup.login_process import LoginImpossible
    from monitor.setup.relogin import Call, run, ssh_words

    try:
        words = ssh_words(given.ssh, given.key)
    except LoginImpossible as error:
        raise Failure(USAGE, str(error)) from None
    call = Call(tuple(words), {})
    if given.dry_run:
        return _shown(context, call, "this machine")
    _at_terminal("authwatch relogin")
    _installed(context, call)
    with _theirs():
        code = run(call, context.environ)
    if code == 255:
        raise Failure(NOT_DONE, f"ssh could not log in to {given.ssh}")
    if code == 127:
        raise Failure(NOT_DONE, f"authwatch is not installed on {given.ssh}, or not on PATH there")
    return code


def _here(given: argparse.Namespace, context: Context) -> int:
    from monitor.setup import relogin
    from monitor.setup.login_process import ended_in_order
    from monitor.setup.user import User

    key = _key(context)
    verdicts = _verdicts(context, key)
    wanted = relogin.choose(verdicts, _whole(given.key, [one.key for one in verdicts]))
    if not wanted:
        context.say("No login needs to be renewed.")
        return 0
    host = context.host()
    settings = context.settings(host)
    verdict = _one_of(context, wanted, settings.timezone)
    _say(context, _told(context, verdict.summary, settings.timezone))
    call = relogin.command_of(verdict, host)
    relogin.ready(verdict, call, context.environ, settings.sources, host)
    if relogin.tempting(verdict, verdicts):
        context.say(relogin.NO_COPY)
    if given.dry_run:
        return _shown(context, call, settings.host)
    _at_terminal(verdict.seen.relogin, settings.host_ssh)
    if relogin.works(verdict) and not _goes_on(context, verdict, call):
        return NOT_DONE
    user = User(context.own_home, context.environ, context.say)
    units = relogin.active_gateways(user) if verdict.seen.credential.agent != "-" and not given.no_restart else ()
    with ended_in_order():
        if call.store is not None:
            code = _apart(context, verdict, call, call.store, settings.host)
        else:
            code = (
                0
                if _token_made(context, verdict)
                else _run(_in_its_place(context, verdict), verdict, call, settings.host)
            )
    after = _awaited(context, key, verdict, given.wait if code == 0 else min(given.wait, 2.0))
    if after is None:
        _not_seen(verdict, call, code)
    _ended(context, verdict, after, settings.timezone)
    for line in relogin.restart(user, units):
        context.say(line)
    return 0


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


def _told(context: Context, text: str, zone: tzinfo | None) -> str:
    """A kept sentence on the reader's clock."""
    from alerts.timefmt import for_reader

    return for_reader(text, context.now(), zone)


def _one_of(context: Context, wanted: tuple[Verdict, ...], zone: tzinfo | None) -> Verdict:
    if len(wanted) == 1 or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return wanted[0]
    for number, one in enumerate(wanted, 1):
        _say(context, f"{number}  {_told(context, one.summary, zone)}")
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
    question = NOT_KNOWN.format(program=call.argv[0])
    return agreed(context, question, default=verdict.needs_human is not Need.NO)


def _at_terminal(command: str, reached: str = "") -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failure(
            NOT_DONE,
            f"logging in needs a terminal. In a terminal, run:\n    {command}\n"
            f"or on another machine:\n    authwatch relogin --ssh {reached or 'HOST'}",
        )


def _installed(context: Context, call: Call) -> None:
    if shutil.which(call.argv[0], path=context.environ.get("PATH")) is None:
        raise Failure(
            NOT_DONE, f"{call.argv[0]} is not on PATH here; install it, or use --ssh HOST where it is installed"
        )


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
        context.say("You need a token. On any machine with a browser and Claude Code, run: claude setup-token")
        return False
    if not agreed(context, "You need a token. Create one now with `claude setup-token`?"):
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


def _apart(context: Context, verdict: Verdict, call: Call, store: Path, machine: str) -> int:
    """Runs what would destroy the login in a home of its own; 0, for otherwise there is an end in words."""
    from monitor.cli.prompts import asked
    from monitor.setup.codex_login import log_in
    from monitor.setup.login_process import LoginImpossible

    _installed(context, call)
    secret = asked(context, "The new key or token").strip() if call.secret else None
    if secret == "":
        raise LoginImpossible("no key or token given; the login is unchanged")
    host = context.host()
    _announced(context, verdict, call, f"{machine}, in an empty CODEX_HOME")
    try:
        environ = {**context.environ, **call.variables}
        log_in(host, store, call.argv, environ, secret.encode() if secret else None)
    except OSError as error:
        raise LoginImpossible(f"cannot start {call.argv[0]}: {why(error)}") from None
    except KeyboardInterrupt:
        raise LoginImpossible(f"cancelled; {host.show(store)} is unchanged") from None
    return 0


def _announced(context: Context, verdict: Verdict, call: Call, where: str) -> None:
    """Says what is run and where, where its browser is, and what a cancelled log-in does to the login."""
    from shlex import join

    from monitor.setup.relogin import UNCHANGED, works

    _say(context, f"Running on {where}: {join(call.argv)}")
    if call.browser:
        context.say(call.browser)
    if call.safe and not works(verdict):
        context.say(UNCHANGED)
    context.flush()


def _run(context: Context, verdict: Verdict, call: Call, machine: str) -> int:
    from monitor.setup.login_process import LoginImpossible
    from monitor.setup.relogin import run

    _installed(context, call)
    _announced(context, verdict, call, machine)
    try:
        with _theirs():
            return run(call, context.environ)
    except OSError as error:
        raise LoginImpossible(f"cannot start {call.argv[0]}: {why(error)}") from None


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

    end, waited = time.monotonic() + seconds, False
    while True:
        after = successor(before, _verdicts(context, key))
        if is_new(before, after):
            return after
        if time.monotonic() >= end:
            return None
        if not waited and seconds > 2:
            _say(context, f"Waiting up to {span(timedelta(seconds=seconds))} for the new login in {_store(before)} …")
            context.flush()
            waited = True
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _store(verdict: Verdict) -> str:
    return verdict.seen.store or "its store"


def _not_seen(verdict: Verdict, call: Call, code: int) -> NoReturn:
    """What to do where no new login came."""
    ended = f"{call.argv[0]} exited with code {code}, and " if code else ""
    said = f"{ended}there is no new login in {_store(verdict)} yet"
    if not verdict.seen.from_file:
        said += "; save it there yourself, authwatch cannot see when a variable changes"
    raise Failure(NOT_DONE, f"{said}\nTo check it later: authwatch explain {verdict.key}")


def _ended(context: Context, before: Verdict, after: Verdict, zone: tzinfo | None) -> None:
    """Says what the new login is, and who has it."""
    from monitor.model import Evidence
    from monitor.setup.relogin import works

    again = "Logged in" if before.seen.evidence is Evidence.ABSENT else "Works again"
    _say(context, f"{'Renewed' if works(before) else again}: {_told(context, after.summary, zone)}")
    if after.shared or after.seen.credential.agent != "-":
        _say(context, after.shared or f"Agent {after.seen.credential.agent} has it.")


def _shown(context: Context, call: Call, machine: str) -> int:
    from shlex import join, quote

    given = [f"{name}={quote(value)}" for name, value in call.variables.items()]
    apart = f", in an empty CODEX_HOME, and then replace {context.host().show(call.store)}" if call.store else ""
    _say(context, f"Would run on {machine}{apart}: {' '.join([*given, join(call.argv)])}")
    return 0


def _say(context: Context, text: str) -> None:
    from alerts.formats import visible

    for line in text.splitlines():
        context.say(visible(line))
