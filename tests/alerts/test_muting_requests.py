"""What people may ask not to hear about, and what they are told when it cannot be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import Level, Muting
from alerts.muting import CannotMute, acknowledgement, parse_match, silence, span, suppressed_until
from tests.alerts.examples import LABELS, NOW, alert

HOUR = timedelta(hours=1)
KEY = "openclaw/main/anthropic:default"
OTHER = alert(key="openclaw/old/zai:k", level=Level.FINE, labels={**LABELS, "agent": "old", "provider": "zai"})
KNOWN = {KEY: alert(), OTHER.key: OTHER}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected LABEL=VALUE"),
        ("anthropic", "expected LABEL=VALUE"),
        ("provider=", "expected LABEL=VALUE"),
        ("provider=a,,agent=b", "expected LABEL=VALUE"),
        ("provder=anthropic", "did you mean provider?"),
        ("level=now", 'unknown label "level"'),
        ("agent=a,agent=b", "given twice"),
    ],
)
def test_a_match_that_is_none_is_refused_in_words(text, words):
    with pytest.raises(CannotMute, match="(?s)" + words.replace("?", r"\?")):
        parse_match(text)


def test_a_match_may_have_spaces_and_a_value_an_equals_sign():
    assert parse_match(" provider = anthropic , profile=a=b ") == {"provider": "anthropic", "profile": "a=b"}


@pytest.mark.parametrize(
    ("match", "words"),
    [
        ({"provider": "antropic"}, "did you mean anthropic?"),
        ({"agent": "zzzzzz"}, "known: main, old"),
        ({"agent": "main", "provider": "zai"}, "nothing has all of agent=main, provider=zai"),
    ],
)
def test_a_silence_that_can_cover_nothing_is_refused(match, words):
    with pytest.raises(CannotMute) as refused:
        silence(match, tuple(KNOWN.values()), NOW, HOUR, "", "anna")
    assert words in str(refused.value)


def test_a_silence_before_anything_is_known_says_what_to_run_first():
    with pytest.raises(CannotMute, match="authwatch check"):
        silence({"agent": "main"}, (), NOW, HOUR, "", "anna")


def test_a_silence_hides_as_bad_as_it_is_now_and_no_worse():
    made = silence({"provider": "anthropic"}, tuple(KNOWN.values()), NOW, HOUR, "moving house", "anna")
    assert (made.level, made.until, made.author, made.note) == (Level.SOON, NOW + HOUR, "anna", "moving house")
    muting = Muting((made,))
    assert suppressed_until(muting, alert(), NOW) == NOW + HOUR
    assert suppressed_until(muting, alert(level=Level.NOW), NOW) == NOW


def test_an_acknowledgement_ends_when_the_standing_changes():
    made = acknowledgement(KEY, KNOWN, NOW, None, "", "anna")
    muting = Muting((), (made,))
    assert suppressed_until(muting, KNOWN[KEY], NOW) > NOW
    assert suppressed_until(muting, KNOWN[KEY]._replace(at=NOW + HOUR), NOW + HOUR) == NOW + HOUR


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("openclaw/main/anthropic:defalt", f"did you mean {KEY}?"),
        ("x", "authwatch alerts list"),
        (OTHER.key, "no active alert"),
    ],
)
def test_an_acknowledgement_of_nothing_is_refused(key, words):
    with pytest.raises(CannotMute) as refused:
        acknowledgement(key, KNOWN, NOW, None, "", "anna")
    assert words in str(refused.value)


@pytest.mark.parametrize("length", [timedelta(), -HOUR, timedelta(days=367), timedelta.max])
def test_a_span_is_more_than_nothing_and_at_most_a_year(length):
    with pytest.raises(CannotMute, match="authwatch ignore"):
        span(length)


def test_a_note_of_a_megabyte_is_refused():
    with pytest.raises(CannotMute, match="500 characters"):
        acknowledgement(KEY, KNOWN, NOW, None, "x" * 1_000_000, "anna")


@given(st.text())
def test_any_text_is_a_match_or_refused(text):
    try:
        assert all(name and value for name, value in parse_match(text).items())
    except CannotMute as refused:
        assert str(refused)
