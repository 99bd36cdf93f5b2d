"""What is wrong with a login in one word, and what its remedy asks of a person: a command, a key, a browser (pure)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from alerts.model import Cause, How
from monitor.model import Kind, Need, Rule, Verdict, Weight
from monitor.openclaw.releases import BY_CODE

_CAUSES: Final = {
    Rule.UNREADABLE: Cause.UNREADABLE,
    Rule.REJECTED: Cause.REJECTED,
    Rule.BLANKED: Cause.LOGGED_OUT,
    Rule.REFUSED: Cause.UNUSABLE,
    Rule.ABSENT: Cause.MISSING,
    Rule.ENDED: Cause.EXPIRED,
    Rule.UNRENEWED: Cause.EXPIRED,
    Rule.IDLE: Cause.EXPIRES,
    Rule.LEAD: Cause.EXPIRES,
}
#: Programs whose log-in shows a code or an address for a browser anywhere, by how their commands begin, and options
#: that ask others to do so.
_ANYWHERE: Final = (("claude", "auth", "login"), ("claude", "setup-token"), ("gh", "auth", "login"))
_BY_OPTION: Final = frozenset(("--device-auth", "--use-device-code", "NO_BROWSER=true"))


def cause_of(verdict: Verdict) -> Cause:
    """What is wrong with it; OTHER where nothing is."""
    if verdict.needs_human is Need.NO:
        return Cause.OTHER
    if Weight.CREDIT in verdict.weights:
        return Cause.CREDIT
    if Weight.STALLED in verdict.weights:
        return Cause.STALLED
    if Weight.LAST_KNOWN in verdict.weights:
        return Cause.EXPIRED if verdict.needs_human is Need.NOW else Cause.EXPIRES
    return _CAUSES.get(verdict.rule, Cause.OTHER)


def how_of(verdict: Verdict, remedy: str) -> How:
    """What `remedy`, which the verdict has, asks of a person."""
    command, own = remedy.partition("\n")[0], verdict.seen.relogin
    try:
        words = shlex.split(command)
    except ValueError:
        return How.WORDS
    if own and command.startswith(own):
        return _of_login(words, verdict)
    if words[:1] == ["claude"] and "paste-token" in words:  # a token of its own, see `duplicates.separately`
        return How.PASTE
    ours = next((word for word in words if "=" not in word), "") == "authwatch"
    return How.COMMAND if ours else How.WORDS


def _of_login(words: list[str], verdict: Verdict) -> How:
    while words and "=" in words[0] and words[0] not in _BY_OPTION:
        words = words[1:]
    if any(word.startswith("paste-") for word in words):
        return How.PASTE
    who = verdict.seen.credential
    if words[:2] == ["authwatch", "relogin"]:  # Codex, with a code
        return How.BROWSER if who.kind is Kind.OAUTH else How.PASTE
    return browser_of(words, who.provider) or How.COMMAND


def browser_of(words: Sequence[str], provider: str) -> How | None:
    """Where the browser of a command that logs in to `provider` is; None where it has none, or nobody knows."""
    if not _BY_OPTION.isdisjoint(words) or any(tuple(words[: len(begin)]) == begin for begin in _ANYWHERE):
        return How.BROWSER
    if words and words[0] == "openclaw" and "login" in words:
        return How.BROWSER if provider in BY_CODE else How.BROWSER_THERE
    return None
