"""What a person hears of in one message, by its words: urgency (`now`, `soon`, `over`) and name of each condition."""

from __future__ import annotations

import re

_NAMED = re.compile(r"(?:.*?: )?(?P<name>[^ ]+)(?: \(.*\))?")
_PHRASE = re.compile(r"(?P<name>[^ ]+?):?(?: \([^)]*\))? (?P<state>.+)")


def heard_in(title: str, body: str) -> list[tuple[str, str]]:
    """Of the first condition and those behind "Also:"; names must hold no space."""
    lines = body.splitlines()
    if not lines:
        return []
    over = lines[0].startswith("Back to normal")
    urgency = "over" if over else "soon" if title.startswith("Expires") or " need you soon" in title else "now"
    first = _NAMED.fullmatch(lines[1] if over else lines[0])
    also = next((line.removeprefix("Also: ") for line in lines if line.startswith("Also: ")), "")
    phrases = [_PHRASE.fullmatch(one) for one in also.rstrip(".").split("; ") if one and not one.startswith("and ")]
    found = [(urgency, first["name"])] if first else []
    return found + [(_urgency(one["state"]), one["name"]) for one in phrases if one]


def _urgency(state: str) -> str:
    if state == "back to normal":
        return "over"
    return "soon" if state.startswith("expires") else "now"
