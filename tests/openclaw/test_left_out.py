"""Profiles that the stated order leaves out: unused where another is named, a missing login where none is."""

from __future__ import annotations

import pytest

from tests.command import authwatch
from tests.openclaw import homes

HOUR, DAY = homes.HOUR, homes.DAY
DEAD, GOOD = homes.token(-HOUR), homes.token(None)
A, B = "anthropic:a", "anthropic:b"


def using(home, profiles, order, stored=None, agents=None):
    agents = {"list": agents} if agents else {}
    model = {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-6"}}, **agents}
    homes.config(home, {"agents": model, **({} if order is None else {"auth": {"order": {"anthropic": order}}})})
    homes.json_store(home, profiles, **({"order": {"anthropic": stored}} if stored is not None else {}))
    return {key: one.use.in_use for key, one in homes.observations(homes.look(home)).items() if ":-" not in key}


@pytest.mark.parametrize(
    ("order", "stored", "a"),
    [
        (None, None, True),  # no order: everything counts
        ([B], None, False),
        ([A, B], None, True),
        (None, [B], False),
        ([A], [B], False),  # the stored order comes before the config's
        (["anthropic:nobody"], None, True),  # an order of none that is there is void
    ],
)
def test_a_profile_is_used_if_the_order_has_it(tmp_path, order, stored, a):
    found = using(tmp_path, {A: DEAD, B: GOOD}, order, stored)
    assert found == {f"openclaw/main/{A}": a, f"openclaw/main/{B}": True if order != [A] or stored else False}


def test_an_order_of_nobody_leaves_the_provider_without_a_login(tmp_path):
    found = using(tmp_path, {A: GOOD}, [])
    assert found == {f"openclaw/main/{A}": False}
    assert "openclaw/main/anthropic:-" in homes.observations(homes.look(tmp_path))


def test_an_inherited_profile_is_used_if_one_of_its_agents_has_it_in_its_order(tmp_path):
    homes.json_store(tmp_path, {"openai:x": GOOD | {"provider": "openai"}}, agent="lab", order={"anthropic": [A]})
    found = using(tmp_path, {A: DEAD, B: GOOD}, [B], agents=[{"id": "main"}, {"id": "lab"}])
    assert found[f"openclaw/main/{A}"] is True


def test_a_file_that_openclaw_does_not_read_any_more_is_shown_and_alarms_nobody(tmp_path):
    homes.config(tmp_path)
    homes.agent_store(tmp_path, {A: GOOD})
    homes.json_store(tmp_path, {A: DEAD})
    done = authwatch(tmp_path, "status", "--check", "--json")
    assert (done.code, [one["problem"] for one in done.json["problems"]]) == (0, ["stale_copy"])
    shown = authwatch(tmp_path, "status").out
    assert "–     openclaw: ~/.openclaw/agents/main/agent/auth-profiles.json" in shown
    assert "could not be read" not in shown
    body = tmp_path / "aw.prom"
    assert authwatch(tmp_path, "check", "--textfile", body).code == 0
    assert 'authwatch_source_up{source="openclaw"} 1' in body.read_text()
    assert 'authwatch_source_problems{source="openclaw",problem="stale_copy"} 1' in body.read_text()
    assert authwatch(tmp_path, "check", "--nagios").code == 0
