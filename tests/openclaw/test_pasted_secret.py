"""What a pasted text can be, and how long a span of time is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.openclaw.write import pasted_secret
from monitor.openclaw.write.replace_file import WriteRefused

SETUP = "sk-ant-oat01-" + "Aa0-_" * 18


@pytest.mark.parametrize(
    ("written", "span"),
    [
        ("365d", timedelta(days=365)),
        ("12h", timedelta(hours=12)),
        ("90m", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("30", timedelta(days=30)),
        ("1.5d", timedelta(hours=36)),
        (" 2W ", timedelta(days=14)),
        ("500ms", timedelta(milliseconds=500)),
    ],
)
def test_a_span_is_read_as_openclaw_reads_it(written: str, span: timedelta) -> None:
    assert pasted_secret.span(written) == span


@pytest.mark.parametrize("written", ["", "d", "1x", "-1d", "1h 30m", "1h30", "1e3d", "0", "99999999d", "1..5d", "١d"])
def test_an_odd_span_is_refused(written: str) -> None:
    with pytest.raises(WriteRefused):
        pasted_secret.span(written)


def test_a_token_that_a_terminal_broke_is_made_whole() -> None:
    assert pasted_secret.token(f"  {SETUP[:40]}\n  {SETUP[40:]}\n", "anthropic") == SETUP


@pytest.mark.parametrize(
    ("secret", "owner"),
    [("sk-or-v1-FAKESECRET", "openrouter"), ("sk-FAKESECRET", "deepseek"), ("gsk_FAKESECRET", "groq")],
)
def test_a_key_is_taken_as_a_token_where_openclaw_takes_it(secret: str, owner: str) -> None:
    assert pasted_secret.token(secret, owner) == secret


@pytest.mark.parametrize(
    ("secret", "owner", "command"),
    [
        ("sk-proj-FAKESECRET", "openai", "paste-api-key --provider openai"),
        ("sk-FAKESECRET", "openai", "paste-api-key --provider openai"),
        ("sk-ant-api03-FAKESECRET", "openrouter", "paste-api-key --provider anthropic"),
        ("sk-ant-oat01-FAKESECRET", "openrouter", "paste-token --provider anthropic"),
    ],
)
def test_a_key_that_is_no_token_of_its_provider_is_refused_with_the_right_command(
    secret: str, owner: str, command: str
) -> None:
    with pytest.raises(WriteRefused, match=command):
        pasted_secret.token(secret, owner)


@given(st.text(max_size=80))
def test_whatever_is_pasted_is_taken_as_it_is_or_refused_without_being_shown(pasted: str) -> None:
    for check in (pasted_secret.token, pasted_secret.api_key):
        try:
            assert check(pasted, "somebody") == pasted.strip().strip("\ufeff")
        except WriteRefused as error:
            assert len(pasted) < 20 or pasted not in str(error)
