"""Phrases that nobody shall meet in the product again, each with what is said instead; and where one may stand, with
the reason. A phrase is a regular expression; in a text of the code, `…` stands for a value that is filled in."""

from __future__ import annotations

from typing import NamedTuple


class Banned(NamedTuple):
    """A phrase, and what to write instead."""

    phrase: str
    instead: str


_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|today|tomorrow|now)\b"

BANNED = [
    # logins and keys: they expire, are renewed, are missing, rejected or not in use
    Banned(r"\b(?:ran|runs?|running) out\b", "expired, expires"),
    Banned(rf"\bend(?:s|ed) (?:…|in |on |then\b|\d|{_DAY})", "expires …, expired …"),
    Banned(r"\bstates? (?:no|an|its) end\b", "no expiry date"),
    Banned(r"\b(?:login|key|token|credential)s? (?:that )?(?:ends?|ended)\b", "expires, expired"),
    Banned(r"\blogin's own end\b|\bits own end\b", "the login's expiry"),
    Banned(r"\bits end cannot be seen\b|\bwhose end\b", "stored where authwatch cannot read it"),
    Banned(r"\bno refresh extends\b", "it cannot be refreshed, log in again"),
    Banned(r"\bnothing renews (?:it|one)\b", "does not renew itself"),
    Banned(r"\bfine (?:again|until)\b|\b(?:is|are) fine\b|^[Ff]ine[.:]", "OK"),
    Banned(r"\bnothing here uses\b", "not in use"),
    Banned(r"\bexpected, but not there\b", "missing"),
    Banned(r"\bonly a new login helps\b", "log in again"),
    Banned(r"\bwas logged out: its tokens\b", "logged out (tokens are empty)"),
    Banned(r"\brests (?:until|for|till)\b", "in cooldown until …"),
    Banned(r"\b(?:\d+|…) could not be read(?:\.|$|,)", "… unreadable"),
    # what a person does, and what is done for a person
    Banned(r"(?:^|(?<!not)\s)do: ", "fix: COMMAND"),
    Banned(r"\bmend(?:s|ed|ing)?\b", "fix"),
    Banned(r"(?<!false )(?<!False )\balarm(?:s|ed|ing)?\b", "alert"),
    Banned(
        r"\b(?:tells?|told|asks?|helps?|wakes?|needs?|reaches|so that) nobody\b",
        "say what does not happen: no alerts are sent",
    ),
    Banned(
        r"\bnobody (?:is (?!notified)|was (?!notified)|has|will (?!notice)|knows|notices|hears|learns|renews|must|can|here)\b",
        "say what does not happen",
    ),
    Banned(r"\bsomebody (?:must|has to|have to)\b|\bneeds? somebody\b", "log in again, act now, act soon"),
    Banned(r"\bto anybody\b", "no notifications expected"),
    Banned(r"\bwas told\b", "notified"),
    Banned(r"\btold (?:phone|…) ", "notified … "),
    Banned(r"\bhides what matches\b", "mutes matching alerts"),
    Banned(r"\btake (?:that|it) back\b|\btakes? back\b", "remove what install set up; undo"),
    Banned(r"\bsilence \S+ is ended\b|\bSilence … is ended\b", "Silence … removed"),
    # checks
    Banned(
        r"\b(?:a|an|one|the|each|every|next|last|first|second|full|this|another|other) (?:pass|look)(?:es)?\b", "check"
    ),
    Banned(r"\blooked\b|\blook(?:s|ing)? again\b|\bis looked (?:for|at)\b", "checked"),
    Banned(r"\bNo login was found\b", "No logins found"),
    Banned(r"\bNothing stands\b|\bwhat stands (?:and|was)\b", "No active alerts; active alerts"),
    Banned(r"\bmust work\b|\bcan work\b", "check the installation; All checks passed"),
    Banned(r"\bwhat is (?:true|so)\b", "show every login"),
    Banned(r"\bbehind a verdict\b", "why a login is judged the way it is"),
    Banned(r"\brow of the truth table\b|\brow …: (?:yes|no)\b|\brow \d+: (?:yes|no)\b", "Rule 9 applies:"),
    Banned(r"\bnot heard\b|\bwas heard\b", "failed, received"),
    Banned(r"\bevery \d+:\d\d:\d\d\b", "every 5 min"),
    Banned(r"\b(?:would|will) be said\b|\bwould say nothing\b", "no notifications expected"),
    # errors
    Banned(r"\bstands here\b", "expected …, got …"),
    Banned(r"\b(?:this|that|it|which|name|day|folder|file) is (?:no|none)\b(?! longer)", "is not a …"),
    Banned(
        r"\bno day of the calendar\b|^no (?:time zone|text|list|number) of\b", "not a valid date; unknown time zone"
    ),
    Banned(r"\byou said so\b|\bas it comes\b", "from your config, or the default"),
    Banned(r"\bnothing to go on\b", "Enter to continue"),
    Banned(r"\b(?:this is )?our bug\b", "internal error"),
    Banned(r"\broot's to\b", "needs root (sudo)"),
    Banned(r"\bone of my names\b|\bcall me\b|\bpassword is wanted\b", "unknown host name; password required"),
    Banned(r"\bwhoever uses it second\b|\ba refresh token works once\b", "do not copy logins: …"),
    Banned(r"\bas it should be\b|\b(?:it|that|this) is so\b|\bwhere (?:it|that) is so\b", "say it plainly"),
]


class Allowed(NamedTuple):
    """Where a phrase may stand: the beginning of the path, a regular expression for the text or line, and why."""

    path: str
    text: str
    reason: str


ALLOWED = [
    Allowed("monitor/judge/unreadable.py", r"^looked$", "the name of an attribute"),
    Allowed("monitor/cli/doctor.py", r"^mend$", "a key of doctor's JSON, which scripts read"),
    Allowed("docs/doctor.md", r'"mend": |`mend` ', "the same"),
    Allowed(
        "monitor/cli/explain.py", r"^(login|access) ends$|^needs somebody$", "keys of its JSON since the first release"
    ),
]
