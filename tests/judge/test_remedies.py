"""What is wrong with a login in a word, and what its remedy asks of a person."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.model import Cause, How
from monitor.judge.remedies import cause_of, how_of
from monitor.model import DAY, Evidence, Kind, Observation, Policy, Problem, Use
from tests.judge.worlds import HOUR, login, looked_at, oauth, only, token

CAUSES: list[tuple[Observation, Cause]] = [
    (token(access=-HOUR), Cause.EXPIRED),
    (token(access=2 * DAY), Cause.EXPIRES),
    (token(access=90 * DAY), Cause.OTHER),
    (login(evidence=Evidence.REFUSED), Cause.REJECTED),
    (login(evidence=Evidence.BLANKED), Cause.LOGGED_OUT),
    (login(evidence=Evidence.UNUSABLE), Cause.UNUSABLE),
    (login(evidence=Evidence.ABSENT), Cause.MISSING),
    (login(problem=Problem.PARSE), Cause.UNREADABLE),
    (login(use=Use(out_of_credit=True)), Cause.CREDIT),
    (token(access=-HOUR)._replace(use=Use(out_of_credit=True)), Cause.CREDIT),
]


@pytest.mark.parametrize(("seen", "cause"), CAUSES)
def test_the_cause_is_the_row_that_decided(seen: Observation, cause: Cause) -> None:
    assert cause_of(only(looked_at(seen))) is cause


OPENCLAW = "openclaw models auth"
COMMANDS: list[tuple[str, dict[str, Any], How]] = [
    (f"{OPENCLAW} paste-token --provider openai --profile-id openai:default", {}, How.PASTE),
    (f"{OPENCLAW} paste-api-key --provider groq", {"kind": Kind.API_KEY}, How.PASTE),
    (f"{OPENCLAW} login --provider github-copilot", {"provider": "github-copilot"}, How.BROWSER),
    (f"{OPENCLAW} login --provider openai-codex", {"provider": "openai-codex"}, How.BROWSER_THERE),
    (
        f"OPENCLAW_STATE_DIR=~/oc {OPENCLAW} login --provider minimax-portal",
        {"provider": "minimax-portal"},
        How.BROWSER,
    ),
    ("claude auth login", {}, How.BROWSER),
    ("CLAUDE_CONFIG_DIR='/a b' claude auth login", {}, How.BROWSER),
    ("gh auth login --web --hostname github.com --git-protocol https", {"kind": Kind.TOKEN}, How.BROWSER),
    ("grok login --device-auth", {}, How.BROWSER),
    ("aws sso login --profile p --no-browser --use-device-code", {}, How.BROWSER),
    ("NO_BROWSER=true gemini", {}, How.BROWSER),
    ("CODEX_HOME=~/c authwatch relogin codex/-/codex:default", {}, How.BROWSER),
    ("authwatch relogin codex/-/codex:key", {"kind": Kind.API_KEY}, How.PASTE),
    ("az login", {}, How.COMMAND),
]


@pytest.mark.parametrize(("command", "who", "how"), COMMANDS)
def test_a_command_that_logs_in_says_where_its_browser_is_or_that_it_takes_a_key(
    command: str, who: dict[str, Any], how: How
) -> None:
    seen = oauth(access=-HOUR, evidence=Evidence.REFUSED, relogin=command)
    seen = seen._replace(credential=seen.credential._replace(**who))
    verdict = only(looked_at(seen))
    assert verdict.remedy == command
    assert how_of(verdict, verdict.remedy) is how


@pytest.mark.parametrize(
    ("seen", "policy", "how"),
    [
        (login(problem=Problem.PARSE), Policy(), How.COMMAND),  # authwatch explain
        (login(evidence=Evidence.REFUSED), Policy(), How.WORDS),
        (login(use=Use(out_of_credit=True), relogin="x"), Policy(), How.WORDS),
        (login(evidence=Evidence.ABSENT, relogin="x"), Policy(remedies={"openclaw": "It's Anna's."}), How.WORDS),
        (token(access=90 * DAY), Policy(), How.WORDS),  # there is none
    ],
)
def test_words_are_words(seen: Observation, policy: Policy, how: How) -> None:
    verdict = only(looked_at(seen, policy=policy))
    assert how_of(verdict, verdict.remedy) is how
