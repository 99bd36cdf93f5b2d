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
        "the store cannot be read or understood, or is not looked at any more",
        "unknown",
        "unknown; what lies in it is held until its own deadline",
    ),
    Rule.REJECTED: RuleText(
        "its store says that it was rejected, or its provider said so twice in a row when asked", "refused", "now"
    ),
    Rule.BLANKED: RuleText("the login is there, its tokens are empty", "expired", "now"),
    Rule.REFUSED: RuleText("its own program would refuse to use it", "missing", "now"),
    Rule.ABSENT: RuleText("expected, or known from a file that was looked at, and not there", "missing", "now"),
    Rule.ENDED: RuleText("the deadline has come: nothing can refresh it, or the login is over", "expired", "now"),
    Rule.UNRENEWED: RuleText(
        "access ran out, and a use after that was seen an hour ago on the same login",
        "expired",
        "now",
    ),
    Rule.IDLE: RuleText(
        "access ran out, refreshable, idle",
        "expired",
        "no; soon where the login itself ends within a lead step",
    ),
    Rule.LEAD: RuleText("the deadline lies within a lead step", "expiring", "soon"),
    Rule.HIDDEN: RuleText("in a keychain, encrypted, or behind a reference", "opaque", "no, unverified"),
    Rule.ENDLESS: RuleText("no usable expiry", "static", "no, unverified"),
    Rule.FINE: RuleText("otherwise", "ok", "no"),
}

#: What each weight does, in words.
WEIGHTS: Final[dict[Weight, str]] = {
    Weight.LAST_KNOWN: "the deadline that was known before its store became unreadable runs on",
    Weight.STALLED: "refresh stalled: it was used well after its program usually renews it, and was not renewed",
    Weight.CREDIT: "out of credit: somebody has to top it up, and then it works again",
    Weight.REST: "it rests (cooldown or rate limit): unusable for a while, which needs nobody",
    Weight.UNUSED: "not in use: another place serves instead, or no model, fallback, pin or expectation asks for it",
    Weight.REDUNDANT: "redundant: another login or key of the same provider serves meanwhile",
}
