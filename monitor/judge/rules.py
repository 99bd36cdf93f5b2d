"""The rows of the truth table and what changes their answer afterwards, in words."""

from __future__ import annotations

from typing import Final, NamedTuple

from monitor.model import Rule, Weight


class RuleText(NamedTuple):
    """What holds, and the state and need that follow from it, as docs/truth.md has them."""

    evidence: str
    state: str
    need: str


ROWS: Final[dict[Rule, RuleText]] = {
    Rule.UNREADABLE: RuleText(
        "the store could not be read, or is not checked any more",
        "unknown",
        "unknown; the last known facts hold until the last known deadline",
    ),
    Rule.REJECTED: RuleText(
        "its store says it was rejected, or its provider rejected it twice in a row", "refused", "now"
    ),
    Rule.BLANKED: RuleText("logged out: the tokens are empty", "expired", "now"),
    Rule.REFUSED: RuleText("its own program would refuse to use it", "missing", "now"),
    Rule.ABSENT: RuleText("expected, or known from a file that was read, and missing", "missing", "now"),
    Rule.ENDED: RuleText("expired: it cannot be refreshed, or the login itself is over", "expired", "now"),
    Rule.UNRENEWED: RuleText(
        "access expired, was used for an hour since, and was not refreshed",
        "expired",
        "now",
    ),
    Rule.IDLE: RuleText(
        "access expired, refreshable, idle",
        "expired",
        "no; soon where the login itself expires within a lead step",
    ),
    Rule.LEAD: RuleText("the deadline lies within a lead step", "expiring", "soon"),
    Rule.HIDDEN: RuleText("stored in a keychain, encrypted, or behind a reference", "opaque", "no, unverified"),
    Rule.ENDLESS: RuleText("no expiry date", "static", "no, unverified"),
    Rule.FINE: RuleText("otherwise", "ok", "no"),
}

#: What each weight does, in words.
WEIGHTS: Final[dict[Weight, str]] = {
    Weight.LAST_KNOWN: "last known: the deadline known before its store became unreadable still counts",
    Weight.STALLED: "refresh stalled: it was used well after its usual renewal, and was not renewed",
    Weight.CREDIT: "out of credit: it works again once it is topped up",
    Weight.REST: "in cooldown or rate limited: unusable for a while, no action needed",
    Weight.UNUSED: "not in use: another place serves instead, or no model, fallback, pin or expectation asks for it",
    Weight.REDUNDANT: "redundant: another login or key of the same provider still works",
}
