"""`authwatch doctor`: can everything that must work, work? `--fix` mends what is safe, and looks again."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from alerts.formats import visible
from alerts.timefmt import moment
from monitor.cli.context import PATIENCE, Context, Failure, common

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from monitor.doctor.fix import Done
    from monitor.doctor.model import Fix, Result, Subject


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    parser.add_argument(
        "--fix", action="store_true", help="mend what is safe: modes of your own files, the state folder, leftovers"
    )


def run(given: argparse.Namespace, context: Context) -> int:
    """Runs every check; 0 fine, 2 warnings, 1 broken. After `--fix` the second look decides."""
    from monitor.doctor import examine
    from monitor.doctor.fix import mend
    from monitor.doctor.model import worst

    tried: Sequence[Done] = ()
    with context.ending(PATIENCE * 3):  # it asks many programs
        subject = _subject(context)
        results = list(examine(subject))
        if given.fix and (tried := mend(results, subject)):
            subject = _subject(context)
            results = list(examine(subject))
    left = {one.fix for one in results if one.fix}
    if given.json:
        context.say(json.dumps(_document(results, tried, left, fixing=given.fix), indent=1))
    else:
        context.say(text(results, tried, left, subject, context.width(), color=context.color, fixing=given.fix))
    return worst(results)


def _subject(context: Context) -> Subject:
    """A fresh look; a wrong config is a finding, and the defaults are looked at."""
    from monitor.config.settings import Settings
    from monitor.doctor import meet

    host, complaint = context.host(), ""
    own = host.at(context.own_home).alone()
    try:
        settings = context.settings(own)
    except Failure as failure:
        settings, complaint = Settings(file=None), failure.message
    return meet(settings, host, own, context.state(settings), context.now(), context.environ, complaint)


def _document(
    results: Sequence[Result], tried: Sequence[Done], left: Collection[Fix], *, fixing: bool
) -> dict[str, Any]:
    document: dict[str, Any] = {"schema": 1, "results": [_entry(result) for result in results]}
    if fixing:
        document["fixes"] = [{"said": one.said, "fixed": one.tried and one.fix not in left} for one in tried]
    return document


def _entry(result: Result) -> dict[str, Any]:
    return {
        "check": result.check,
        "health": str(result.health),
        "what": result.what,
        "why": result.why,
        "mend": result.mend,
        "fixable": result.fix is not None,
    }


_SIGNS: Final = {"broken": "XX", "warning": "!!", "fine": "ok"}
_COLOR: Final = {"broken": "\033[31;1m", "warning": "\033[33m", "fine": "\033[32m", "dim": "\033[2m", "bold": "\033[1m"}
_MOST: Final = 8  # of a check; an OpenClaw may have hundreds of agents
_INDENT: Final = " " * 4
_WIDEST: Final = 100  # longer lines are hard to read, however wide the terminal


def text(
    results: Sequence[Result],
    tried: Sequence[Done],
    left: Collection[Fix],
    subject: Subject,
    width: int,
    *,
    color: bool,
    fixing: bool = False,
) -> str:
    """The whole report. Commands stand in a line of their own, to be copied, and are never broken."""
    paint = _Paint(min(width, _WIDEST), color)
    lines = [paint("bold", _sentence(results)), *_tried(tried, left, paint)]
    for health in ("broken", "warning"):
        for one, more in _few([one for one in results if one.health == health]):
            lines += ["", *_wrong(one, paint)]
            lines += [f"{_INDENT}… and {more} more of {one.check}; --json has them all"] if more else []
    safe = sum(one.fix is not None for one in results)
    if safe and not fixing:
        lines += ["", f"{safe} of these can be mended without risk: authwatch doctor --fix"]
    elif fixing and not tried and any(one.health != "fine" for one in results):
        lines += ["", "None of these can be mended without you; nothing was changed."]
    lines += _fine(results, paint)
    head = f"authwatch doctor on {subject.settings.host}, " if subject.settings.host else "authwatch doctor, "
    return "\n".join([visible(f"{head}{moment(subject.now)}"), "", *lines])


class _Paint:
    """Width and colours of the terminal."""

    def __init__(self, width: int, color: bool) -> None:
        self.width, self._color = max(width, 40), color

    def __call__(self, style: str, words: str) -> str:
        return f"{_COLOR[style]}{words}\033[0m" if self._color else words

    def wrapped(self, words: str, indent: str = _INDENT, beneath: str = "") -> list[str]:
        """Lines of the terminal's width; a long path is left whole."""
        return textwrap.wrap(
            visible(words),
            self.width,
            initial_indent=indent,
            subsequent_indent=beneath or indent,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _sentence(results: Sequence[Result]) -> str:
    broken = sum(one.health == "broken" for one in results)
    warnings = sum(one.health == "warning" for one in results)
    if not (broken or warnings):
        return "Everything that must work can work."
    parts = [f"{broken} broken"] if broken else []
    parts += [f"{warnings} warning{'s' if warnings != 1 else ''}"] if warnings else []
    return f"{', '.join(parts)}; the rest is fine."


def _tried(tried: Sequence[Done], left: Collection[Fix], paint: _Paint) -> Iterator[str]:
    """What `--fix` did; a finding that the second look still has was not mended."""
    if tried:
        yield ""
    for one in tried:
        if one.tried and one.fix not in left:
            yield paint("fine", visible(f"mended: {one.said}"))
        else:
            again = "; a second look still finds it" if one.tried else ""
            yield paint("broken", visible(f"not mended: {one.said}{again}"))


def _wrong(one: Result, paint: _Paint) -> Iterator[str]:
    first, *rest = paint.wrapped(f"{one.check}: {one.what}", "    ") or [""]
    yield f"{paint(one.health, _SIGNS[one.health])}  {first.strip()}"
    yield from rest
    if one.why:
        yield from paint.wrapped(_sentenced(one.why))
    if one.mend:
        yield visible(f"{_INDENT}do: {one.mend}")


def _few(results: Sequence[Result]) -> Iterator[tuple[Result, int]]:
    """The first ones of each check; with the last of them, how many of that check are left out."""
    counts = Counter(one.check for one in results)
    seen: Counter[str] = Counter()
    for one in results:
        seen[one.check] += 1
        if seen[one.check] <= _MOST:
            yield one, counts[one.check] - _MOST if seen[one.check] == _MOST else 0


def _sentenced(why: str) -> str:
    return f"{why[:1].upper()}{why[1:].rstrip('.')}."


def _fine(results: Sequence[Result], paint: _Paint) -> Iterator[str]:
    """What is fine, by theme; what is worth knowing has its reason beneath."""
    from monitor.doctor import THEMES

    for theme, checks in THEMES.items():
        fine = [one for one in results if one.check in checks and one.health == "fine"]
        if not fine:
            continue
        yield ""
        yield paint("dim", theme)
        column = max(len(one.check) for one in fine) + 6
        for one, more in _few(fine):
            first, *rest = paint.wrapped(f"{one.check.ljust(column - 6)}  {one.what}", "    ", " " * column)
            yield f"{paint('fine', _SIGNS['fine'])}  {first.lstrip()}"
            yield from rest
            if one.why:
                yield from paint.wrapped(_sentenced(one.why), " " * column)
            if one.why and one.mend:
                yield visible(f"{' ' * column}do: {one.mend}")
            if more:
                yield f"{' ' * column}… and {more} more; --json has them all"
