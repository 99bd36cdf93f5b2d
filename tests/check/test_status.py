"""The document of `status --json` and the exit code."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import Condition, Level
from monitor.check.status import document, exit_code, iso, narrowed, needs, values
from monitor.model import Need, Problem, Trouble
from tests.judge.worlds import DAY, HOUR, NOW, at, known, login, looked_at, memory, oauth, observations, token

TROUBLE = Trouble("codex", Problem.PARSE, "~/.codex/auth.json", "not JSON: line 1, column 1")
OK, SOON, DEAD = oauth(), oauth("openai:b", end=DAY), token("google:c", access=-HOUR)

CODES = {
    "nothing": ((), 0),
    "fine": ((OK,), 0),
    "static": ((login(),), 0),
    "soon": ((OK, SOON), 2),
    "a problem": ((OK, TROUBLE), 3),
    "an unknown login": ((SOON, oauth(problem=Problem.TIMEOUT)), 3),
    "a problem wins over soon": ((SOON, TROUBLE), 3),
    "now wins over all": ((SOON, DEAD, TROUBLE), 1),
    "an unwatched problem": ((TROUBLE._replace(ignored=True),), 0),
}


@pytest.mark.parametrize(("findings", "code"), CODES.values(), ids=CODES)
def test_the_exit_code_is_the_worst_that_is_not_ignored(findings, code):
    assert document(looked_at(*findings), at=NOW, host="")["exit_code"] == code


def test_an_ignored_login_has_no_exit_code():
    assert document(looked_at(DEAD, before=known(DEAD, ignored=True)), at=NOW, host="")["exit_code"] == 0


def finding(level, ignored=False, **labels):
    one = Condition("openclaw/main/anthropic/last", Level(level), {"source": "openclaw", **labels}, summary="s")
    return document(looked_at(), at=NOW, host="", findings=[one], ignored=[one.key] if ignored else [])


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (finding("info"), 0),
        (finding("soon"), 2),
        (finding("now"), 1),
        (finding("now", ignored=True), 0),
        (finding("now", channel="phone"), 0),
    ],
)
def test_a_finding_counts_by_its_level_unless_it_is_ignored_or_about_a_channel(shown, code):
    assert shown["exit_code"] == code


@given(st.lists(observations, max_size=5), st.sampled_from(["source", "agent", "provider", "profile"]), st.data())
def test_a_filter_keeps_what_it_means_and_nothing_of_it_is_lost(findings, name, data):
    whole = document(looked_at(*findings), at=NOW, host="")
    have = sorted(values(whole, name))
    if not have:
        return
    value = data.draw(st.sampled_from(have))
    part = narrowed(whole, {name: value})
    assert part["profiles"] == [one for one in whole["profiles"] if one[name] == value]
    assert part["exit_code"] == exit_code(part)
    assert sorted(needs(part)) == sorted(
        Need(one["needs_human"]) for one in whole["profiles"] if one[name] == value and not one["ignored"]
    )


def test_the_document_is_the_contract_s():
    seen = oauth(end=2 * DAY, relogin="claude")
    key = seen.credential.key
    judgement = looked_at(seen, TROUBLE, before={key: memory(seen, rotated_at=at(-HOUR), proven=True)})
    last = Condition("openclaw/main/anthropic/last", Level.INFO, {"source": "openclaw", "about": "last"}, summary="s")
    assert document(
        judgement,
        at=NOW,
        host="vps-1",
        acknowledged=[key],
        silenced=[],
        findings=[last],
        ignored=[last.key],
        sources={"work": "openclaw", "codex": "codex"},
    ) == {
        "schema": 1,
        "at": "2026-11-22T13:00:00Z",
        "host": "vps-1",
        "exit_code": 3,
        "profiles": [
            {
                "key": "openclaw/main/anthropic:work",
                "source": "openclaw",
                "agent": "main",
                "provider": "anthropic",
                "profile": "anthropic:work",
                "kind": "oauth",
                "state": "expiring",
                "needs_human": "soon",
                "confidence": "proven",
                "access_expires_at": "2026-11-22T19:00:00Z",
                "login_expires_at": "2026-11-24T13:00:00Z",
                "deadline": "2026-11-24T13:00:00Z",
                "refreshable": True,
                "usable": True,
                "in_use": True,
                "last_used_at": None,
                "last_rotated_at": "2026-11-22T12:00:00Z",
                "problem": None,
                "because": ["expires Tue 24 Nov 2026, 13:00 UTC"],
                "summary": "OpenClaw login anthropic:work (agent main) expires Tue 24 Nov 2026, 13:00 UTC.",
                "remedy": "claude",
                "store": "~/.openclaw/store",
                "ignored": False,
                "acknowledged": True,
                "silenced": False,
            }
        ],
        "providers": [
            {
                "source": "openclaw",
                "agent": "main",
                "provider": "anthropic",
                "usable": 1,
                "total": 1,
                "next": "anthropic:work",
                "in_use": True,
                "needs_human": "soon",
            }
        ],
        "problems": [
            {
                "source": "codex",
                "problem": "parse",
                "store": "~/.codex/auth.json",
                "detail": "not JSON: line 1, column 1",
                "ignored": False,
            }
        ],
        "findings": [
            {
                "key": "openclaw/main/anthropic/last",
                "level": "info",
                "labels": {"source": "openclaw", "about": "last"},
                "summary": "s",
                "remedy": "",
                "ignored": True,
            }
        ],
        "sources": [
            {"id": "codex", "type": "codex", "up": False},
            {"id": "work", "type": "openclaw", "up": True},
        ],
        "verified_at": "2026-11-22T13:00:00Z",
    }


@pytest.mark.parametrize(
    ("end", "refreshable", "shown"),
    [(DAY, True, True), (-HOUR, True, False), (None, True, True), (-HOUR, None, None), (DAY, False, False)],
)
def test_nothing_is_refreshable_after_its_login_s_end(end, refreshable, shown):
    judgement = looked_at(oauth(end=end, refreshable=refreshable))
    assert document(judgement, at=NOW, host="")["profiles"][0]["refreshable"] is shown


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, None),
        (NOW, "2026-11-22T13:00:00Z"),
        (NOW + timedelta(milliseconds=5), "2026-11-22T13:00:00.005Z"),
        (datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2025-12-31T23:00:00Z"),
    ],
)
def test_moments_are_iso_8601_in_utc(moment, text):
    assert iso(moment) == text


@given(st.lists(observations, max_size=5), st.lists(observations, max_size=3))
def test_every_judgement_is_plain_json_sorted_by_key(seen, before):
    found = document(looked_at(*seen, before=before), at=NOW, host="vps-1")
    assert json.loads(json.dumps(found)) == found
    keys = [profile["key"] for profile in found["profiles"]]
    assert keys == sorted(keys)
    assert found["exit_code"] in (0, 1, 2, 3)
