"""The manual page, made from the real parser: `python -m tests.cli.manual > contrib/man/authwatch.1`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from monitor import __version__
from monitor.cli.app import COMMANDS, DESCRIPTION, whole

CODES = {
    "0": "nobody has to do anything",
    "1": "a person must act now: expired, refused, missing",
    "2": "a person must act soon",
    "3": "could not determine",
    "64": "wrong usage",
    "70": "our bug",
    "78": "wrong configuration",
}

FILES = {
    "~/.config/authwatch/config.yaml": "the configuration; every key is optional",
    "~/.local/state/authwatch/": "the history, the metrics and the status of the last check",
}


def page() -> Iterator[str]:
    """The lines of the page, in the man macros. Source: man(7)."""
    yield f'.TH AUTHWATCH 1 "" "authwatch {__version__}" "User Commands"'
    yield from (".SH NAME", f"authwatch \\- {_plain(DESCRIPTION[0].lower() + DESCRIPTION[1:-1])}")
    yield from (".SH SYNOPSIS", ".B authwatch", ".I COMMAND", "[options]")
    yield ".SH COMMANDS"
    parsers = next(one for one in whole()._actions if isinstance(one, argparse._SubParsersAction))
    for name, (_, text) in COMMANDS.items():
        yield from (
            f'.SS "authwatch {name}"',
            _plain(text[0].upper() + text[1:].rstrip("?")) + ("?" if text.endswith("?") else "."),
        )
        yield from _options(parsers.choices[name])
    yield ".SH EXIT STATUS"
    for code, meaning in CODES.items():
        yield from (".TP", f".B {code}", _plain(meaning))
    yield ".SH FILES"
    for path, meaning in FILES.items():
        yield from (".TP", f".I {_plain(path)}", _plain(meaning))


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from (".TP", f".B {name}", _plain(inner.description or name))
                yield from _options(inner)
        elif action.dest != "help" and action.help not in (None, argparse.SUPPRESS):
            names = ", ".join(action.option_strings) or str(action.metavar or action.dest)
            value = f" {action.metavar or action.dest.upper()}" if action.option_strings and action.nargs != 0 else ""
            yield from (".TP", f".B {_plain(names + value)}", _plain(action.help or ""))


def _plain(text: str) -> str:
    text = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    print("\n".join(page()))
