"""Sentences, next steps and masked names."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.judge.wording import mask, name
from monitor.model import Evidence, Kind, Policy, Problem, Use
from tests.judge.worlds import DAY, HOUR, login, looked_at, oauth, only, ruled, token


@pytest.mark.parametrize(
    ("profile", "source", "agent", "words"),
    [
        ("anthropic:work", "openclaw", "main", "OpenClaw login anthropic:work (agent main)"),
        ("claude-code:default", "claude-code", "-", "Claude Code login"),
        ("GROQ_API_KEY", "env", "-", "GROQ_API_KEY"),
        ("pat", "pat", "-", "pat login"),
        ("openai:-", "openclaw", "main", "OpenClaw login openai (agent main)"),
    ],
)
def test_a_name_says_what_it_is_once(profile, source, agent, words):
    assert name(login(profile, source=source, agent=agent).credential) == words


CLAUDE = {"profile": "claude-code:default", "source": "claude-code", "agent": "-"}
SENTENCES = [
    (oauth(end=2 * DAY, **CLAUDE), "Claude Code login expires Tue 24 Nov 2026, 13:00 UTC."),
    (token(access=-HOUR, **CLAUDE), "Claude Code token expired Sun 22 Nov 2026, 12:00 UTC and does not renew itself."),
    (
        oauth(access=-2 * HOUR, end=-HOUR, **CLAUDE),
        "Claude Code login expired Sun 22 Nov 2026, 12:00 UTC; it cannot be refreshed, log in again.",
    ),
    (
        oauth(access=-HOUR, end=None, **CLAUDE),
        "Claude Code login is idle: renews itself at the next use.",
    ),
    (login(**CLAUDE, evidence=Evidence.BLANKED), "Claude Code login is logged out (tokens are empty)."),
    (
        login(**CLAUDE, use=Use(out_of_credit=True)),
        "Claude Code login has no expiry date; out of credit.",
    ),
]


@pytest.mark.parametrize(("seen", "summary"), SENTENCES)
def test_the_summary_is_one_sentence_with_the_moment(seen, summary):
    assert only(looked_at(seen)).summary == summary


REMEDIES = [
    (oauth(relogin="claude"), ""),
    (oauth(end=DAY, relogin="claude"), "claude"),
    (token(access=-HOUR), "Replace it with a new token."),
    (oauth(evidence=Evidence.REFUSED), "Log in again in its program."),
    (login(evidence=Evidence.ABSENT, relogin="npm login"), "npm login"),
    (
        login(evidence=Evidence.ABSENT),
        "Log in again in its program. Or remove it from the settings that ask for it.",
    ),
    (login(use=Use(out_of_credit=True), relogin="x"), "Top up your credit with anthropic."),
    (login(problem=Problem.PARSE), "authwatch explain openclaw/main/anthropic:work"),
    (token(access=-DAY)._replace(use=Use(out_of_credit=True)), "Replace it with a new token."),
]


@pytest.mark.parametrize(("seen", "remedy"), REMEDIES)
def test_the_remedy_is_the_next_step(seen, remedy):
    assert only(looked_at(seen)).remedy == remedy


@pytest.mark.parametrize(
    ("seen", "remedy"),
    [
        (oauth(relogin="claude"), ""),
        (oauth(end=DAY, relogin="claude"), "Ask Anna."),
        (login(evidence=Evidence.ABSENT), "Ask Anna."),
        (login(use=Use(out_of_credit=True), relogin="x"), "Ask Anna."),
        (login(problem=Problem.PARSE), "authwatch explain openclaw/main/anthropic:work"),
    ],
)
def test_what_the_config_states_takes_the_place_of_our_words(seen, remedy):
    assert only(looked_at(seen, policy=ruled(remedy="Ask Anna."))).remedy == remedy
    assert only(looked_at(seen, policy=Policy(remedies={"openclaw": "Ask Anna."}))).remedy == remedy
    both = ruled(remedy="Ask Ben.")._replace(remedies={"openclaw": "Ask Anna."})
    assert only(looked_at(seen, policy=both)).remedy == remedy.replace("Anna", "Ben")


@given(st.text())
def test_a_key_in_a_remedy_is_one_shell_word(profile):
    seen = login(profile, problem=Problem.PARSE)
    assert shlex.split(only(looked_at(seen)).remedy) == ["authwatch", "explain", seen.credential.key]


@pytest.mark.parametrize(
    "plain", ["anthropic:default", "anthropic:-", "codex:chatgpt", "OPENROUTER_API_KEY", "openclaw:claude-cli"]
)
def test_names_that_programs_give_are_not_masked(plain):
    assert mask(plain) == plain


def test_a_masked_name_keeps_its_issuer_and_first_letter():
    shown = mask("anthropic:anna@example.org")
    assert shown.startswith("anthropic:a…@…#")
    assert shown == mask("anthropic:anna@example.org")
    assert shown != mask("anthropic:alice@example.com")


@given(st.emails())
def test_no_address_survives_masking(mail):
    for profile in (mail, f"openai:{mail}", f"{mail}:default", f"x:{mail}:y"):
        shown = mask(profile)
        assert mail not in shown
        assert mail.split("@")[1] not in shown


def test_a_kind_has_its_own_next_step():
    cert = token(access=-HOUR)._replace(credential=token().credential._replace(kind=Kind.CERT))
    assert only(looked_at(cert)).remedy == "Renew the certificate."
