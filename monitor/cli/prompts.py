"""Questions to the person at the terminal, and how a secret comes in: without echo, by a pipe, never as an argument.

Without a terminal a question is an error that names the option."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from getpass import getpass

from monitor.cli.context import NOT_DONE, USAGE, Context, Failure
from monitor.openclaw.write.replace_file import WriteRefused


def at_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(context: Context, question: str, default: str = "") -> str:
    """One line of a person; the default where it is empty."""
    _prompt(context, f"{question}{f' [{default}]' if default else ''} ")
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise Failure(NOT_DONE, "the answer is not UTF-8 text; nothing was changed") from None
    if not line:
        raise Failure(NOT_DONE, "end of input; nothing was changed")
    return line.strip() or default


def agreed(context: Context, question: str, *, default: bool = True) -> bool:
    """Yes or no."""
    while True:
        word = ask(context, f"{question} {'[Y/n]' if default else '[y/N]'}").lower()
        if word in ("", "y", "yes", "n", "no"):
            return default if not word else word.startswith("y")


def secret(context: Context, question: str) -> str:
    """What is pasted without echo; from a pipe, its next line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    try:
        return getpass(f"{question} (not shown): ").strip()
    except EOFError:
        raise Failure(NOT_DONE, "end of input; nothing was changed") from None


def needed(option: str) -> Failure:
    """What to say where nobody can be asked; `option` answers the question instead."""
    return Failure(USAGE, f"no terminal to ask at: use {option}")


def _prompt(context: Context, text: str) -> None:
    context.flush()
    print(text, end="", file=context.err, flush=True)


def announced(context: Context, doing: str, name: str) -> Callable[[str], None]:
    """Says at a terminal what takes a while, and how it went on the same line (`Sending a test message … delivered`);
    elsewhere only how it went, behind its `name`."""
    shown = context.out.isatty()
    if shown:
        context.write(f"{doing} … ")
        context.flush()

    def done(result: str) -> None:
        context.say(result if shown else f"{name}: {result}")
        context.flush()

    return done


REVOKE = """\
The token that was created is valid for a year, and it is not saved anywhere. Revoke it:
    https://claude.ai/settings/claude-code"""

_LIMIT = 1 << 16
_ELSEWHERE = """\
`claude setup-token` needs a terminal, a browser and Claude Code. On a machine that has them, run:
    claude setup-token
Then run this here and paste what it printed:
    authwatch models auth paste-token --provider anthropic"""


def asked(context: Context, prompt: str) -> str:
    """What a person pastes at a prompt without echo, or what a pipe brings; "" where there is nothing."""
    if sys.stdin.isatty():
        from getpass import getpass

        try:
            return getpass(f"{prompt} (not shown): ")
        except EOFError:
            return ""
    return sys.stdin.buffer.read(_LIMIT + 1).decode("utf-8", "replace")


class NoToken(WriteRefused):
    """`claude setup-token` ended, and no token came of it that could be taken over."""


def setup_token(context: Context) -> str:
    """Runs `claude setup-token` on a terminal of its own and takes its token from there: it is never shown.

    Raises WriteRefused where it cannot be run, NoToken where it gave none.
    """
    claude = shutil.which("claude", path=context.environ.get("PATH"))
    if claude is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise WriteRefused(_ELSEWHERE)
    from alerts.formats import visible
    from monitor.setup.login_process import OnScreen, ended_in_order
    from monitor.setup.terminal_screen import readable, token_begun, token_on

    program = OnScreen((claude, "setup-token"), context.environ)
    token: str | None = None
    begun, before = False, list[str]()

    def drawn() -> None:
        nonlocal token, begun, before
        lines = program.screen.lines()
        token = token_on(lines) or token
        for line in () if begun else readable(lines, before):
            context.complain(visible(line))
        before = readable(lines, ())
        begun = begun or token_begun(lines)

    def typed(keys: bytes) -> None:
        text = keys.decode("utf-8", "replace")
        stars = ("\n" if one in "\r\n" else "*" if one.isprintable() else "" for one in text)
        print("".join(stars), end="", file=context.err, flush=True)

    context.complain("Your input is not shown.")
    try:
        with ended_in_order(), _by_key():
            code = program.run(sys.stdin.fileno(), drawn, typed)
    except (KeyboardInterrupt, SystemExit):
        if token_begun(program.screen.lines()):
            raise WriteRefused(f"cancelled; nothing was saved\n{REVOKE}") from None
        raise
    if token is not None:
        return token
    if begun or code == 0:
        raise NoToken(f"could not read the token from the output of `claude setup-token`; nothing was saved\n{REVOKE}")
    raise NoToken(f"`claude setup-token` exited with code {code} and no token; nothing was saved")


@contextmanager
def _by_key() -> Iterator[None]:
    """The terminal hands over each key at once and shows none; Ctrl-C stays ours."""
    import termios

    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    quiet = termios.tcgetattr(handle)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(handle, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(handle, termios.TCSAFLUSH, before)


def restart(context: Context) -> str:
    """Restarts OpenClaw's gateway; what became of it, in words."""
    program = shutil.which("openclaw", path=context.environ.get("PATH"))
    if program is None:
        return "openclaw is not on PATH here. Restart its gateway yourself: openclaw gateway restart"
    # What it starts is to outlive it, so nothing of it is read or killed with a group.
    words, void = [program, "gateway", "restart"], subprocess.DEVNULL
    try:
        done = subprocess.run(words, stdin=void, stdout=void, stderr=void, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "The gateway could not be restarted. fix: openclaw gateway restart"
    if done.returncode:
        return "The gateway could not be restarted. fix: openclaw gateway restart"
    return "The gateway was restarted."
