"""Config files in every form, places that variables move, model references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.openclaw.auth_profiles import SecretRef, reference
from monitor.openclaw.config import Config, deep, expand
from monitor.openclaw.installation import read
from monitor.openclaw.releases import Generation, number, provider_id, release, text
from tests.openclaw.homes import KEY, config, host, json_store, look, observations, shared_store, write


@pytest.mark.parametrize(
    ("environ", "state"),
    [
        ({}, ".openclaw"),
        ({"OPENCLAW_STATE_DIR": "~/moved"}, "moved"),
        ({"OPENCLAW_STATE_DIR": "  "}, ".openclaw"),
        ({"CLAWDBOT_STATE_DIR": "~/early"}, "early"),
        ({"OPENCLAW_HOME": "~/other"}, "other/.openclaw"),
        ({"OPENCLAW_HOME": "undefined"}, ".openclaw"),
        ({"OPENCLAW_PROFILE": "dev"}, ".openclaw-dev"),
        ({"OPENCLAW_PROFILE": "default"}, ".openclaw"),
    ],
)
def test_variables_move_the_state_folder(tmp_path: Path, environ: dict[str, str], state: str) -> None:
    assert read(host(tmp_path, **environ)).places.state == tmp_path / state


@pytest.mark.parametrize("old", [".clawdbot", ".moltbot", ".moldbot"])
def test_old_folder_and_config_names_count_until_the_new_one_exists(tmp_path: Path, old: str) -> None:
    write(tmp_path / old / f"{old[1:]}.json", {})
    assert read(host(tmp_path)).places.config == tmp_path / old / f"{old[1:]}.json"
    config(tmp_path)
    assert read(host(tmp_path)).places.config == tmp_path / ".openclaw" / "openclaw.json"


def test_the_agent_folder_variable_moves_the_main_store(tmp_path: Path) -> None:
    write(tmp_path / "custom" / "auth-profiles.json", {"profiles": {"anthropic:x": KEY}})
    assert "openclaw/main/anthropic:x" in observations(look(tmp_path, OPENCLAW_AGENT_DIR="~/custom"))


def test_a_config_may_be_json5_with_includes_and_a_configured_agent_folder(tmp_path: Path) -> None:
    write(tmp_path / ".openclaw" / "agents.json5", "{agents: {list: [{id: 'Lab', agentDir: '~/lab'}]}, // x\n}")
    config(tmp_path, "{ $include: ['./agents.json5'], agents: {defaults: {model: 'anthropic/x',},}, }")
    write(tmp_path / "lab" / "auth-profiles.json", {"profiles": {"anthropic:x": KEY}})
    found = read(host(tmp_path))
    assert found.config.models_in_use("lab", Generation.JSON)[0].provider == "anthropic"
    assert found.folders["lab"] == tmp_path / "lab"
    assert "openclaw/lab/anthropic:x" in observations(look(tmp_path))


@pytest.mark.parametrize(
    ("agents", "json", "agent", "shared"),
    [
        ({}, "main", "main", "main"),
        ({"list": [{"id": "a"}, {"id": "b", "default": True}]}, "main", "b", "b"),
        ({"list": [{"id": "a"}, {"id": "b"}]}, "main", "a", None),
        ({"entries": {"a": {}}}, "main", "a", "a"),
        ({"entries": {"a": {}, "b": {}}, "defaults": {"systemAgent": {"agentId": "B"}}}, "main", "a", "b"),
        ({"list": "nonsense"}, "main", "main", "main"),
    ],
)
def test_the_default_agent_depends_on_the_release(agents: Any, json: str, agent: str, shared: str | None) -> None:
    found = Config({"agents": agents})
    assert [found.default_agent(one) for one in Generation] == [json, agent, shared]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("anthropic/claude", "anthropic/claude"),
        ("Anthropic/claude@anthropic:work", "anthropic/claude"),
        ("anthropic/claude@20250929", "anthropic/claude@20250929"),
        ("ollama/q@q4_0", "ollama/q@q4_0"),
        ("fast", "groq/llama"),
        ("FAST", "groq/llama"),
        ("gpt", "openai/gpt"),
        ("openrouter/meta/llama", "openrouter/meta/llama"),
    ],
)
def test_a_model_reference_is_followed_to_its_provider(written: str, expected: str) -> None:
    found = Config({"agents": {"defaults": {"models": {"groq/llama": {"alias": "fast"}}}}})
    assert str(found.model(written, Generation.SHARED)) == expected


def test_an_agent_with_a_model_of_its_own_does_not_inherit_fallbacks() -> None:
    defaults = {"model": {"primary": "a/1", "fallbacks": ["b/2"]}, "imageModel": "c/3"}
    agents = [{"id": "own", "model": "d/4"}, {"id": "plain"}, {"id": "both", "model": {"fallbacks": ["e/5"]}}]
    found = Config({"agents": {"defaults": defaults, "list": agents}})
    used = {name: " ".join(map(str, found.models_in_use(name, Generation.JSON))) for name in found.agents}
    assert used == {"own": "d/4 c/3", "plain": "a/1 b/2 c/3", "both": "a/1 e/5 c/3"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${NAME}", SecretRef("env", "default", "NAME")),
        (" $NAME ", SecretRef("env", "default", "NAME")),
        ("${name}", None),
        ("sk-x", None),
        ({"source": "file", "provider": "v", "id": "/x"}, SecretRef("file", "v", "/x")),
        ({"source": "env", "id": "X"}, SecretRef("env", "default", "X")),
        ({"source": "web", "id": "X"}, None),
        ({"source": "env"}, None),
        (None, None),
    ],
)
def test_a_reference_is_recognised_in_all_its_forms(value: Any, expected: SecretRef | None) -> None:
    assert reference(value) == expected


def test_variables_are_filled_in_only_where_they_are_set() -> None:
    assert expand("${A}/${B} $${A}", {"A": "x"}.get) == "x/${B} ${A}"


def test_main_wins_over_nothing_when_the_shared_store_says_so(tmp_path: Path) -> None:
    shared_store(tmp_path, {"anthropic:x": KEY})
    json_store(tmp_path, {}, "other")
    assert read(host(tmp_path)).generation is Generation.SHARED


@pytest.mark.parametrize(
    ("written", "expected"), [("2026.9.6", (2026, 9)), ("v2026.10.1-beta", (2026, 10)), ("x", None), (7, None)]
)
def test_a_release_is_year_and_month(written: Any, expected: Any) -> None:
    assert release(written) == expected


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text())
def test_numbers_and_texts_are_only_what_javascript_would_take(value: Any) -> None:
    found = number(value)
    assert found is None or float(found) == value
    cleaned = text(value)
    assert cleaned is None or cleaned.encode("utf-8")


@given(st.text(max_size=12), st.sampled_from(Generation))
def test_a_provider_id_is_its_own_id(name: str, generation: Generation) -> None:
    once = provider_id(name, generation)
    assert provider_id(once, generation) == once


NESTED = st.recursive(st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=6)


@given(NESTED, NESTED, NESTED)
def test_merging_configs_can_be_grouped_either_way(a: Any, b: Any, c: Any) -> None:
    if all(isinstance(one, dict) for one in (a, b, c)):
        assert deep({}, a) == a
        assert deep(a, a) == a
