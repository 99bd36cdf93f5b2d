"""A model of OpenClaw's ops scripts (auth-monitor.sh, claude-auth-status.sh, early 2026): what they would say of a home.

Written from what they do, so that the table can show it beside ours; their other defects are in tests/test_ops_scripts.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

CREDENTIALS = Path(".claude", ".credentials.json")
WARN, SOON = timedelta(hours=2), timedelta(hours=1)
NOTHING = timedelta.min


def timer(home: Path, now: datetime) -> str:
    """The script that the timer runs: it knows Claude Code's file and in it the end of the access token."""
    try:
        text = (home / CREDENTIALS).read_text("utf-8")
    except FileNotFoundError:
        return "now"
    try:
        ends = (json.loads(text).get("claudeAiOauth") or {}).get("expiresAt") or 0  # no end counts as 1970
        left = timedelta(milliseconds=float(ends)) - timedelta(seconds=now.timestamp())
    except (ValueError, AttributeError, TypeError):
        return "dies"  # jq fails, and with it the script; nothing is sent
    return "now" if left < timedelta() else "soon" if left < WARN else "ok"


def status(said: Any) -> str:
    """The script that the widgets ask. `said`: what `openclaw models status --json` gave, as the recorder keeps it.

    It takes the latest end of Anthropic's logins, once of oauth and token, once of oauth alone; where there is none of
    the latter, an API key makes up for it.
    """
    logins = [one for one in said["profiles"] if one[0] == "anthropic"]
    claude = _latest(left for _, kind, left in logins if kind in ("oauth", "token"))
    own = _latest(left for _, kind, left in logins if kind == "oauth")
    parts = (_of(claude), "ok" if own == NOTHING and said["keys"] else _of(own))
    return next((word for word in ("now", "soon") if word in parts), "ok")


def _latest(minutes: Iterable[float | None]) -> timedelta:
    return max((timedelta(minutes=one) for one in minutes if one is not None), default=NOTHING)


def _of(left: timedelta) -> str:
    return "now" if left < timedelta() else "soon" if left < SOON else "ok"
