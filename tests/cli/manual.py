"""The manual page, made from the real parser: `python -m tests.cli.manual > contrib/man/authwatch.1`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from monitor import __version__
from monitor.cli.app import COMMANDS, DESCRIPTION, whole
from monitor.cli.context import COMMON, common

CODES = {
    "0": "nothing to do",
    "1": "something needs you now: expired, rejected or missing",
    "2": "something needs you soon",
    "3": "unknown: something could not be read",
    "64": "wrong usage",
    "70": "internal error",
    "78": "wrong configuration",
}

FILES = {
    "~/.config/authwatch/config.yaml": "the config file; every key is optional (authwatch config show --all explains each)",
    "~/.local/state/authwatch/": "the history, the metrics and the result of the last check",
}


def page() -> Iterator[str]:
    """The lines of the page, in the man macros. Source: man(7)."""
    yield f'.TH AUTHWATCH 1 "" "authwatch {__version__}" "User Commands"'
    yield from (".SH NAME", f"authwatch \\- {_plain(DESCRIPTION[0].lower() + DESCRIPTION[1:-1])}")
    yield from (".SH SYNOPSIS", ".B authwatch", ".I COMMAND", "[options]")
    yield ".SH OPTIONS OF EVERY COMMAND"
    yield "They may stand before or after the command; the last one holds. Commands without a result to print have no \\-\\-json."
    yield from _options(_shared(), ())
    shared = tuple(COMMON)
    yield ".SH COMMANDS"
    parsers = next(one for one in whole()._actions if isinstance(one, argparse._SubParsersAction))
    for name, (_, text) in COMMANDS.items():
        yield from (
            f'.SS "authwatch {name}"',
            _plain(text[0].upper() + text[1:].rstrip("?")) + ("?" if text.endswith("?") else "."),
        )
        yield from _options(parsers.choices[name], shared)
    yield ".SH EXIT STATUS"
    for code, meaning in CODES.items():
        yield from (".TP", f".B {code}", _plain(meaning))
    yield ".SH FILES"
    for path, meaning in FILES.items():
        yield from (".TP", f".I {_plain(path)}", _plain(meaning))


def _shared() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    common(parser)
    return parser


def _options(parser: argparse.ArgumentParser, without: tuple[str, ...]) -> Iterator[str]:
    """The options of a parser and those within, but for some."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from (".TP", f".B {name}", _plain(inner.description or name))
                yield from _options(inner, without)
        elif action.dest not in ("help", *without) and action.help not in (None, argparse.SUPPRESS):
            names = ", ".join(action.option_strings) or str(action.metavar or action.dest)
            value = f" {action.metavar or action.dest.upper()}" if action.option_strings and action.nargs != 0 else ""
            yield from (".TP", f".B {_plain(names + value)}", _plain(action.help or ""))


def _plain(text: str) -> str:
    text = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    print("\n".join(page()))
