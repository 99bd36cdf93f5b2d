"""`authwatch explain`: every fact with its place, moment and sureness, the row that decided, and what lies ahead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.judge.rules import ROWS, WEIGHTS
from monitor.model import Rule, Weight
from tests.command import authwatch, configure
from tests.openclaw_home import DAY, HOUR, ms, oauth, openclaw, put, store, token
from tests.warm import Line

A = "openclaw/main/anthropic:a"
PROFILES = store(Path()).as_posix()


def profiles(home: Path, *given: dict[str, object], **state: object) -> None:
    openclaw(home, {})
    named = {f"{one['provider']}:{name}": one for name, one in zip("abc", given, strict=False)}
    put(store(home), json.dumps({"version": 1, "profiles": named, **state}))


def redundant(home: Path) -> None:
    profiles(home, token(ends_in=-HOUR), token(ends_in=90 * DAY, secret="2"))


def unused(home: Path) -> None:
    profiles(home, token(ends_in=-HOUR), token("openai", ends_in=-HOUR))


def no_credit(home: Path) -> None:
    out = {"disabledUntil": ms(5 * HOUR), "disabledReason": "billing"}
    profiles(home, token(), usageStats={"anthropic:a": out})


def resting(home: Path) -> None:
    profiles(home, token(), usageStats={"anthropic:a": {"cooldownUntil": ms(HOUR)}})


def held(home: Path) -> None:
    profiles(home, token(ends_in=2 * DAY))
    authwatch(home, "check")
    put(store(home), "{")


def gone(home: Path) -> None:
    profiles(home, token())
    authwatch(home, "check")
    openclaw(home, {"openai:x": token("openai", secret="another")})


def reused(home: Path) -> None:
    profiles(home, oauth(-HOUR), usageStats={"anthropic:a": {"lastUsed": ms(-60)}})


def pasted(home: Path) -> None:
    profiles(home, {"type": "token", "provider": "anthropic", "token": "sk-ant-oat01-FAKESECRET" + "A" * 90})


def expected(home: Path) -> None:
    configure(home, f"policy: {{expect: ['{A}']}}\n")
    openclaw(home, {})


def referred(home: Path) -> None:
    profiles(home, {"type": "token", "provider": "anthropic", "tokenRef": {"source": "file", "id": "x"}})


def key(home: Path) -> None:
    profiles(home, {"type": "api_key", "provider": "anthropic", "key": "sk-FAKESECRET"})


def just(profile: Callable[[], dict[str, object]]) -> Callable[[Path], None]:
    return lambda home: profiles(home, profile())


#: what is there, key, the row that decides, what is laid on it, what the page has to say
PAGES: dict[str, tuple[Callable[[Path], None], str, Rule, tuple[Weight, ...], tuple[str, ...]]] = {
    "held": (held, A, Rule.UNREADABLE, (Weight.LAST_KNOWN,), ("parse: not JSON", "last seen", "last known")),
    "rejected": (
        lambda home: profiles(
            home, token(), usageStats={"anthropic:a": {"disabledUntil": ms(HOUR), "disabledReason": "auth_permanent"}}
        ),
        A,
        Rule.REJECTED,
        (),
        ("auth_permanent", "needs you now"),
    ),
    "blanked": (just(lambda: token(secret="")), A, Rule.BLANKED, (), ("tokens are empty",)),
    "refused": (just(lambda: {**token(), "expires": "x"}), A, Rule.REFUSED, (), ("its own program",)),
    "gone": (gone, A, Rule.ABSENT, (), ("no login any more", "last seen")),
    "expected": (expected, A, Rule.ABSENT, (), ("where openclaw keeps its logins", "policy.expect")),
    "ended": (just(lambda: token(ends_in=-HOUR)), A, Rule.ENDED, (), ("min ago (", "renews itself no", "nothing but a change")),
    "redundant": (redundant, A, Rule.ENDED, (Weight.REDUNDANT,), ("1 of 2 for anthropic, beside anthropic:b", "soon")),
    "unused": (unused, "openclaw/main/openai:b", Rule.ENDED, (Weight.UNUSED,), ("no action needed", "in use        no")),
    "used": (reused, A, Rule.IDLE, (), ("last used", "rule 7: access expired, was used")),
    "idle": (just(lambda: oauth(-HOUR)), A, Rule.IDLE, (), ("not yet seen at work", "no action needed")),
    "lead": (just(lambda: token(ends_in=2 * DAY)), A, Rule.LEAD, (), ("lead steps    7 days, 3 days, 24 h", "the last 24 h")),
    "hidden": (referred, A, Rule.HIDDEN, (), ("how sure      unverified", "behind a reference")),
    "setup-token": (pasted, A, Rule.ENDLESS, (), ("at the latest", "unverified: its expiry is assumed")),
    "key": (key, A, Rule.ENDLESS, (), ("`lifetime:`", "no expiry date")),
    "credit": (no_credit, A, Rule.FINE, (Weight.CREDIT,), ("credit        none left", "topped up", "Top up your credit")),
    "resting": (resting, A, Rule.FINE, (Weight.REST,), ("cooldown until", "unusable for now", "no action needed")),
    "fine": (just(lambda: oauth(8 * HOUR)), A, Rule.FINE, (), ("in 8 h", "rule 8: access expired, refreshable, idle")),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_the_row_that_the_judge_used_and_each_fact_with_its_place(tmp_path: Path, name: str) -> None:
    make, asked, ground, weights, phrases = PAGES[name]
    make(tmp_path)
    page, found = authwatch(tmp_path, "explain", asked), authwatch(tmp_path, "explain", asked, "--json").json
    assert page.code == 0, page.err
    flat = " ".join(page.out.split())
    assert [one for one in phrases if " ".join(one.split()) not in flat] == []
    assert (found["rule"]["name"], [one["name"] for one in found["weights"]]) == (ground, list(weights))
    assert f"rule {found['rule']['row']} {ROWS[ground].evidence}" in flat
    assert [WEIGHTS[one] for one in weights if WEIGHTS[one] not in flat] == []
    assert [one["name"] for one in found["not"]] == list(Rule)[: list(Rule).index(ground)]
    for fact in found["evidence"]:
        assert fact["where"], fact
        assert fact["why"], fact
        assert fact["sure"] in ("proven", "assumed", "unverified")
        assert datetime.fromisoformat(fact["at"]).tzinfo
        assert fact["value"] in flat or fact["at"], fact
    assert "FAKESECRET" not in page.out + json.dumps(found)
    text, _, deeds = page.out.partition("\nfix:")
    assert max(map(len, text.splitlines())) <= 80
    assert deeds or "No action needed." in text


def test_every_row_and_every_weight_has_a_page() -> None:
    assert {page[2] for page in PAGES.values()} | {Rule.UNRENEWED} == set(Rule)  # that one needs an hour, see below
    # Stalling takes weeks: tests/alerts/test_renewal_rhythm.py.
    assert {weight for page in PAGES.values() for weight in page[3]} | {Weight.STALLED} == set(Weight)


def test_v_shows_the_rows_above_that_did_not_hold(tmp_path: Path) -> None:
    profiles(tmp_path, token(ends_in=-HOUR))
    page = authwatch(tmp_path, "explain", A, "-v").out
    assert re.findall(r"^  (not )?rule (\d+)", page, re.MULTILINE) == [
        *(("not ", str(at)) for at in range(1, 6)),
        ("", "6"),
    ]


def test_facts_by_name_stay_as_scripts_know_them(tmp_path: Path) -> None:
    profiles(tmp_path, oauth(8 * HOUR))
    facts = authwatch(tmp_path, "explain", A, "--json").json["facts"]
    assert {"state", "needs somebody", "because", "read from", "found there", "access ends", "could change"} <= set(
        facts
    )
    assert (facts["state"], facts["read from"]) == ("ok (assumed)", f"~/{PROFILES}")


def test_an_unknown_key_is_answered_with_the_one_that_was_meant(tmp_path: Path) -> None:
    profiles(tmp_path, oauth(8 * HOUR))
    done = authwatch(tmp_path, "explain", "openclaw/main/anthropic:b")
    assert (done.code, f"did you mean {A}?" in done.err) == (1, True)


def test_what_people_hushed_is_on_the_page(tmp_path: Path) -> None:
    profiles(tmp_path, token(ends_in=-HOUR))
    authwatch(tmp_path, "check")
    assert authwatch(tmp_path, "alerts", "silence", "provider=anthropic", "--for", "4h").code == 0
    assert "Muted: it is silenced." in authwatch(tmp_path, "explain", A).out
    assert authwatch(tmp_path, "ignore", A).code == 0
    page = authwatch(tmp_path, "explain", A).out
    assert "it is ignored" in page
    assert "shown, never alerts" in " ".join(page.split())


# -- what lies ahead is what comes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["redundant", "used", "lead", "setup-token", "credit", "resting", "held", "fine"])
def test_what_is_said_to_lie_ahead_is_what_a_look_at_that_moment_says(tmp_path: Path, line: Line, name: str) -> None:
    make, asked, *_ = PAGES[name]
    make(tmp_path)
    now = datetime.now(UTC)
    line.run(tmp_path, "check", at=now)
    ahead = json.loads(line.run(tmp_path, "explain", asked, "--json", at=now).out)["ahead"]
    assert ahead
    before = now
    for one in ahead:
        at = datetime.fromisoformat(one["at"]) + timedelta(seconds=1)  # it is told to the second
        assert at > before
        before = at
        document = json.loads(line.run(tmp_path, "status", "--json", at=at).out)
        (then,) = (profile for profile in document["profiles"] if profile["key"] == asked)
        said = (one["state"], one["needs_human"], one["usable"], one["summary"])
        assert (then["state"], then["needs_human"], then["usable"], then["summary"]) == said


def test_a_use_without_a_renewal_is_explained_by_its_own_row(tmp_path: Path, line: Line) -> None:
    reused(tmp_path)
    now = datetime.now(UTC)
    line.run(tmp_path, "check", at=now)
    page = line.run(tmp_path, "explain", A, at=now + timedelta(hours=1, minutes=1)).out
    assert "Rule 7 applies:" in page
    assert "overused" in page
