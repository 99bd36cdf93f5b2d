"""Who has a login and who still holds the one before: the sentence that closes the loop."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.judge.duplicates import share
from monitor.model import Credential, Kind, Lineup, Need, Observation, Remembered, State, Verdict

NOW = datetime(2026, 11, 22, 13, tzinfo=UTC)


def login(agent: str, fingerprint: str, need: Need = Need.NO, profile: str = "anthropic:default") -> Verdict:
    seen = Observation(Credential("openclaw", agent, "anthropic", profile, Kind.OAUTH), fingerprint=fingerprint)
    return Verdict(seen, State.OK if need is Need.NO else State.EXPIRED, need)


def line(agent: str, *keys: str) -> Lineup:
    return Lineup("openclaw", agent, "anthropic", keys)


def before(verdict: Verdict, fingerprint: str) -> dict[str, Remembered]:
    seen = verdict.seen._replace(fingerprint=fingerprint)
    return {verdict.key: Remembered(seen, State.EXPIRED, Need.NOW, None, NOW, NOW)}


def said(verdicts: list[Verdict], lineups: list[Lineup] = [], known: dict[str, Remembered] | None = None) -> str:  # noqa: B006
    return share(verdicts, lineups, known or {})[0].shared


MAIN = login("main", "new")


@pytest.mark.parametrize(
    ("verdicts", "lineups", "sentence"),
    [
        ([MAIN], [], ""),
        ([MAIN], [line("main", MAIN.key)], ""),
        ([MAIN], [line("main", MAIN.key), line("work", MAIN.key)], "Agents main and work have it."),
        ([MAIN, login("work", "new")], [], "Agents main and work have it."),
        ([MAIN, login("old", "former")], [], "Agent main has it; agent old still has the old one."),
        (
            [MAIN, login("work", "new"), login("old", "former"), login("older", "former")],
            [],
            "Agents main and work have it; agents old and older still have the old one.",
        ),
        ([MAIN, login("ill", "other", Need.NOW)], [], "Agent main has it; agent ill still has the old one."),
        ([MAIN, login("well", "other")], [], ""),
        ([MAIN, login("old", "former", profile="anthropic:else")], [], ""),
        ([login("main", "new", Need.NOW), login("old", "new", Need.NOW)], [], ""),
    ],
)
def test_the_sentence(verdicts, lineups, sentence):
    assert said(verdicts, lineups, before(MAIN, "former")) == sentence


def test_many_agents_are_counted():
    verdicts = [MAIN, *(login(f"a{n}", "new") for n in range(9))]
    assert said(verdicts) == "Agents a0, a1, a2, a3, a4 and 5 more have it."


def test_a_former_login_of_another_key_file_says_nothing():
    known = {key: one._replace(comparable=False) for key, one in before(MAIN, "former").items()}
    assert said([MAIN, login("old", "former")], [], known) == ""
