"""Questions to the person at the terminal; without one, a question is an error that names the option."""

from __future__ import annotations

import sys
from getpass import getpass

from monitor.cli.context import NOT_DONE, USAGE, Context, Failure


def at_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(context: Context, question: str, default: str = "") -> str:
    """One line of a person; the default where it is empty."""
    _prompt(context, f"{question}{f' [{default}]' if default else ''} ")
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise Failure(NOT_DONE, "that was no text in UTF-8; nothing was changed") from None
    if not line:
        raise Failure(NOT_DONE, "the input ended; nothing was changed")
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
        raise Failure(NOT_DONE, "the input ended; nothing was changed") from None


def needed(option: str) -> Failure:
    """What to say where nobody can be asked."""
    return Failure(USAGE, f"there is no terminal to ask in; say {option}")


def _prompt(context: Context, text: str) -> None:
    context.flush()
    print(text, end="", file=context.err, flush=True)
