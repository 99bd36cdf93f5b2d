"""Which profiles serve a provider, and in which order, in all three generations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.openclaw.auth_profiles import profile
from monitor.openclaw.config import Config
from monitor.openclaw.inheritance import View, view
from monitor.openclaw.order import order
from monitor.openclaw.releases import Generation
from monitor.openclaw.stores import Store
from monitor.openclaw.usage import store_state
from tests.openclaw.homes import DAY, HOUR, KEY, NOW_MS, login, token

JSON, AGENT, SHARED = Generation.JSON, Generation.AGENT, Generation.SHARED
HERE = Path("/store")


def store(profiles: dict[str, Any], generation: Generation, agent: str = "main", **state: Any) -> Store:
    read = {name: profile(name, raw, generation, agent=agent, store=HERE) for name, raw in profiles.items()}
    return Store(HERE, {name: one for name, one in read.items() if one}, store_state(state, generation))


def ids(seen: View, provider: str = "anthropic", now: float | None = NOW_MS, **auth: Any) -> str:
    return " ".join(order(seen, Config({"auth": auth}), provider, now).ids)


POOL = {
    "k": KEY,
    "t": token(DAY),
    "o": login(DAY),
    "old": login(-HOUR),
    "dead": token(-HOUR),
    "blank": {**KEY, "key": ""},
}


@pytest.mark.parametrize(
    ("generation", "state", "auth", "expected"),
    [
        (JSON, {}, {}, "o old t k"),
        (SHARED, {}, {}, "o old t k"),
        (SHARED, {"usageStats": {"o": {"lastUsed": 5}}}, {}, "o old t k"),
        (AGENT, {"usageStats": {"o": {"lastUsed": 5}}}, {}, "old o t k"),
        (SHARED, {"usageStats": {"o": {"cooldownUntil": NOW_MS + 1}}}, {}, "old t k o"),
        (SHARED, {"usageStats": {"o": {"cooldownUntil": NOW_MS}}}, {}, "o old t k"),
        (SHARED, {"order": {"anthropic": ["k", "dead", "o"]}}, {"order": {"anthropic": ["t"]}}, "k o"),
        (SHARED, {}, {"order": {"Anthropic": ["t", "t", "k"]}}, "t k"),
        (SHARED, {}, {"order": {"anthropic": []}}, ""),
        (SHARED, {"order": {"anthropic": []}}, {}, "o old t k"),
        (SHARED, {"order": {"anthropic": ["ghost"]}}, {}, "o old t k"),
        (JSON, {"order": {"anthropic": ["ghost"]}}, {}, ""),
        (SHARED, {}, {"order": {"anthropic": ["ghost"]}}, ""),
        (SHARED, {}, {"profiles": {"ghost": {"provider": "anthropic", "mode": "token"}}}, "o old t k"),
        (SHARED, {}, {"profiles": {"t": {"provider": "anthropic", "mode": "oauth"}}}, "t"),
        (SHARED, {}, {"profiles": {"t": {"provider": "anthropic", "mode": "api_key"}}}, ""),
        (SHARED, {}, {"profiles": {"t": {"provider": "openrouter", "mode": "token"}}}, "o old k"),
        (
            SHARED,
            {"order": {"anthropic": ["k", "t"]}, "usageStats": {"k": {"blockedUntil": NOW_MS + 1}}},
            {},
            "t k",
        ),
    ],
)
def test_the_order_is_that_of_the_release(generation: Generation, state: Any, auth: Any, expected: str) -> None:
    seen = view("main", store(POOL, generation, **state), None, generation)
    assert ids(seen, **auth) == expected


def test_without_a_moment_nothing_is_expired_or_resting() -> None:
    base = store(POOL, SHARED, usageStats={"o": {"cooldownUntil": 9e14}})
    assert ids(view("main", base, None, SHARED), now=None) == "o old t dead k"


def test_exempt_providers_never_rest() -> None:
    pool = {name: {**KEY, "provider": "openrouter"} for name in "ab"}
    base = store(pool, SHARED, usageStats={"a": {"cooldownUntil": NOW_MS + 1}})
    assert ids(view("main", base, None, SHARED), "openrouter") == "a b"


@pytest.mark.parametrize(("generation", "expected"), [(JSON, "main"), (AGENT, "lab main"), (SHARED, "lab main")])
def test_an_inherited_order_gets_the_agents_own_profiles_in_front(generation: Generation, expected: str) -> None:
    base = store({"main": token(DAY)}, generation, order={"anthropic": ["main"]})
    own = store({"lab": token(DAY)}, generation, "lab")
    assert ids(view("lab", base, own, generation)) == expected


def test_what_an_agent_has_of_its_own_wins() -> None:
    base = store({"x": token(-HOUR), "y": KEY}, SHARED, usageStats={"x": {"lastUsed": 1}})
    own = store({"x": token(DAY)}, SHARED, "lab", usageStats={"x": {"lastUsed": 2}})
    seen = view("lab", base, own, SHARED)
    assert (seen.profiles["x"].agent, seen.profiles["y"].agent, seen.usage["x"].last_used) == ("lab", "main", 2)


@pytest.mark.parametrize(
    ("local", "kept"),
    [
        (login(-HOUR, email="me@x.y"), False),
        (login(-HOUR), False),
        (login(-HOUR, email="you@x.y"), True),
        (login(30 * DAY, email="me@x.y"), True),
        (login(HOUR, email="me@x.y"), False),
    ],
)
def test_a_local_login_that_the_inherited_store_holds_fresher_is_dropped(local: dict[str, Any], kept: bool) -> None:
    base = store({"anthropic:me": login(DAY, email="me@x.y")}, SHARED)
    own = store({"anthropic:default": local}, SHARED, "lab")
    assert ("anthropic:default" in view("lab", base, own, SHARED, NOW_MS).profiles) is kept


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(list(POOL.values()))),
    st.lists(st.sampled_from("abcdefg"), max_size=7),
    st.dictionaries(st.sampled_from("abcdef"), st.builds(dict, cooldownUntil=st.integers(NOW_MS - 5, NOW_MS + 5))),
    st.sampled_from(Generation),
    st.booleans(),
)
def test_an_order_never_repeats_nor_invents_and_rests_last(
    pool: Any, stated: list[str], stats: Any, generation: Generation, explicit: bool
) -> None:
    state = {"usageStats": stats, **({"order": {"anthropic": stated}} if explicit else {})}
    seen = view("main", store(pool, generation, **state), None, generation)
    found = ids(seen).split()
    assert len(found) == len(set(found))
    assert set(found) <= set(pool)
    resting = [name in stats and stats[name]["cooldownUntil"] > NOW_MS for name in found]
    assert resting == sorted(resting)
