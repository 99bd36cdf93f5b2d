"""The pure parts for any input: what an answer means, what is remembered of it, when it is asked again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.serialization import flatten, revive
from monitor.judge.probe_answers import HOUR, JITTER, due, learned
from monitor.model import Answer, AnswerMeaning, ProbeResult
from monitor.probes import PROBES, probe_of, providers_of
from monitor.probes.response import Reply
from tests.probes.documented import CASES, SECRETS, VALID

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

WORDS = st.sampled_from(
    ["data", "error", "code", "message", "expires_at", "limit_remaining", "limits", "percentage", "is_available", "models",
     "rate", "balance_infos", "api_key_blocked", "401", "expired", "invalid_api_key", "FAKESECRET"]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | WORDS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5))
BODIES = (
    VALUES.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=64)
    | st.sampled_from([json.dumps(body).encode() for body in VALID.values()])
    | st.sampled_from([json.dumps(case[3]).encode() for cases in CASES.values() for case in cases])
)
NAMES = ["content-type", "date", "retry-after", "x-ratelimit-remaining", "github-authentication-token-expiration"]
HEADERS = st.dictionaries(st.sampled_from(NAMES), st.text(max_size=30), max_size=4)
REPLIES = st.builds(Reply, st.integers(100, 599), HEADERS, BODIES, st.booleans())


@given(st.sampled_from(sorted(PROBES)), REPLIES)
def test_every_answer_means_something_and_shows_nothing(probe: str, reply: Reply) -> None:
    """Every answer means something, and what is kept of it holds no text of it but moments and numbers."""
    told = import_module(PROBES[probe].module).told(reply)
    assert isinstance(told, AnswerMeaning)
    assert isinstance(told.answer, Answer)
    assert "FAKESECRET" not in repr(told)
    assert "FAKESECRET" not in repr(reply)
    assert told.expires_at is None or told.expires_at.tzinfo
    if reply.status >= 500:
        assert told.answer is Answer.UNREACHABLE
    if told.answer is Answer.VALID:
        assert reply.status in (200, 400, 401, 403)


@given(st.sampled_from(sorted(PROBES)), st.integers(200, 499), st.binary(max_size=40).filter(lambda b: b"{" not in b))
def test_without_json_nobody_is_condemned(probe: str, status: int, body: bytes) -> None:
    """Without the provider's own JSON no login is condemned or praised."""
    told = import_module(PROBES[probe].module).told(Reply(status, {}, body))
    assert told.answer in (Answer.UNREACHABLE, Answer.RATE_LIMITED)


@pytest.mark.parametrize("probe", PROBES)
def test_every_row_of_the_table_is_whole(probe: str) -> None:
    """Every row has a module that asks with headers, an https address, a path, and providers of its own."""
    row = PROBES[probe]
    kind, secret = SECRETS[probe]
    headers = import_module(row.module).headers(secret, kind)
    assert secret in " ".join(headers.values())
    assert row.url.startswith("https://")
    assert row.path.startswith("/")
    assert row.providers[0] == probe
    assert [probe_of(name) for name in row.providers] == [probe] * len(row.providers)
    assert import_module(row.module).__doc__


def test_a_provider_belongs_to_one_probe() -> None:
    """A provider belongs to one probe; what nobody knows has none."""
    names = [name for row in PROBES.values() for name in row.providers]
    assert len(names) == len(set(names))
    assert providers_of(["github", "nonsense"]) == {"github", "github-copilot"}
    assert probe_of("nonsense") is None


ANSWERS = st.sampled_from(list(Answer))
TOLDS = st.builds(AnswerMeaning, ANSWERS, st.just("note"), st.none() | st.just(NOW + 30 * 24 * HOUR), st.just(""))
EVERY = st.timedeltas(HOUR, timedelta(days=3))


def lived(
    tolds: list[AnswerMeaning], every: timedelta, step: timedelta
) -> tuple[list[datetime], dict[str, ProbeResult]]:
    """A check every `step`, each answer when one is due: when it was asked."""
    proofs: dict[str, ProbeResult] = {}
    now, asked = NOW, []
    for told in tolds:
        while (at := due(proofs, "print", ("key",), None, every)) is not None and at > now:
            now += step
        asked.append(now)
        proofs["print"] = learned(
            proofs.get("print"), told, access_expires_at=None, every=every, now=now, keys=("key",)
        )
    return asked, proofs


@given(st.lists(TOLDS, min_size=2, max_size=6), EVERY, st.timedeltas(MINUTE, 2 * HOUR))
def test_nobody_is_asked_more_often_than_hourly(tolds: list[AnswerMeaning], every: timedelta, step: timedelta) -> None:
    """Whatever is answered, at least an hour lies between two questions, and at most the interval, its jitter, a check."""
    asked, _ = lived(tolds, every, step)
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert min(gaps) >= HOUR
    assert max(gaps) <= every * (1 + JITTER) + step


@given(st.lists(TOLDS, min_size=1, max_size=8))
def test_only_two_refusals_in_a_row_refuse(tolds: list[AnswerMeaning]) -> None:
    """A login is refused exactly while the last two answers that say something of it are refusals."""
    asked, proofs = lived(tolds, HOUR, MINUTE)
    telling = [one.answer for one in tolds if one.answer not in (Answer.UNREACHABLE, Answer.RATE_LIMITED)]
    last = telling[-2:]
    refused = len(last) == 2 and set(last) <= {Answer.INVALID, Answer.EXPIRED}
    assert proofs["print"].refused(asked[-1] + MINUTE) is refused
    assert not proofs["print"].refused(asked[-1] + 3 * HOUR), "it is believed for two intervals only"


@given(st.lists(TOLDS, min_size=1, max_size=8))
def test_what_is_remembered_survives_being_written(tolds: list[AnswerMeaning]) -> None:
    """What is remembered survives being written as JSON."""
    _, proofs = lived(tolds, HOUR, MINUTE)
    again = json.loads(json.dumps(flatten(proofs["print"])))
    assert revive(ProbeResult, again) == proofs["print"]


def test_the_refusals_of_another_access_token_do_not_count() -> None:
    """A renewed access token begins anew; that the login was accepted stays."""
    first = learned(None, AnswerMeaning(Answer.INVALID), access_expires_at=NOW, every=HOUR, now=NOW)
    second = learned(first, AnswerMeaning(Answer.INVALID), access_expires_at=NOW + HOUR, every=HOUR, now=NOW + HOUR)
    assert (first.refusals, second.refusals) == (1, 1)


def test_another_secret_under_the_same_key_waits_its_hour_unless_a_person_asks() -> None:
    """A program that renews its key every minute does not make us ask every minute."""
    proofs = {
        "old": learned(None, AnswerMeaning(Answer.VALID), access_expires_at=None, every=HOUR, now=NOW, keys=("k",))
    }
    assert due(proofs, "new", ("k",), None, HOUR) == NOW + HOUR
    assert due(proofs, "new", ("k",), None, HOUR, eager=True) is None
    assert due(proofs, "new", ("other",), None, HOUR) is None


def test_logins_are_asked_at_their_own_moment() -> None:
    """The jitter is a login's own, always the same, and spreads them over a tenth of the interval."""
    told = AnswerMeaning(Answer.VALID)
    proofs = {str(n): learned(None, told, access_expires_at=None, every=24 * HOUR, now=NOW) for n in range(200)}
    moments = [due(proofs, name, (), None, 24 * HOUR) for name in proofs]
    assert moments == [due(proofs, name, (), None, 24 * HOUR) for name in proofs]
    assert len({at for at in moments if at}) > 150
    assert all(at and 24 * HOUR <= at - NOW <= 26.4 * HOUR for at in moments)
