"""Made-up judgements for the tests of metrics and daemon."""

from datetime import UTC, datetime, timedelta

from alerts.model import Condition, Level
from monitor.metrics.definitions import ChannelFacts, Facts
from monitor.model import (
    Answer,
    Credential,
    Judgement,
    Kind,
    Need,
    Observation,
    ProbeResult,
    Problem,
    ProviderView,
    State,
    Trouble,
    Verdict,
)

NOW = datetime(2026, 11, 22, 13, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)


def verdict(profile="anthropic:me@example.org", *, state=State.OK, need=Need.NO, held=False, ignored=False):
    seen = Observation(
        Credential("openclaw", "main", "anthropic", profile, Kind.OAUTH),
        access_expires_at=NOW + timedelta(hours=8),
        login_expires_at=NOW + 30 * DAY,
    )
    return Verdict(seen, state, need, deadline=NOW + 30 * DAY, rotated_at=NOW - DAY, held=held, ignored=ignored)


def judgement(*verdicts, troubles=(), providers=()):
    return Judgement(tuple(verdicts), tuple(providers), tuple(troubles), until=None)


PROOF = ProbeResult(Answer.VALID, NOW - timedelta(minutes=5), timedelta(hours=1), valid_at=NOW - timedelta(minutes=5))

WORLD = judgement(
    verdict()._replace(proof=PROOF),
    verdict("anthropic:gone", state=State.MISSING, need=Need.NOW),
    verdict("anthropic:held", held=True),
    troubles=[Trouble("codex", Problem.PARSE, "~/.codex/auth.json", "not JSON: line 1, column 1")],
    providers=[ProviderView("openclaw", "main", "anthropic", 1, 3, "anthropic:gone", True, Need.NO)],
)
FACTS = Facts(
    sources={"openclaw": NOW, "codex": NOW - DAY, "env": None},
    channels=(ChannelFacts("phone", NOW - DAY, 2, NOW - 2 * DAY), ChannelFacts("mail")),
    acknowledged=frozenset({"openclaw/main/anthropic:gone"}),
    silenced=frozenset({"openclaw/main/anthropic:held"}),
    succeeded_at=NOW,
    duration=timedelta(milliseconds=250),
    findings=(
        Condition(
            "openclaw/main/anthropic/last",
            Level.NOW,
            {"source": "openclaw", "agent": "main", "provider": "anthropic", "about": "last"},
        ),
    ),
)
