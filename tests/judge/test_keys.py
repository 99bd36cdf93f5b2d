"""Which key a short one means: any unique end, or source and profile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.judge.keys import Keys

MAIN, LAB, OPENAI = "openclaw/main/anthropic:default", "openclaw/lab/anthropic:default", "openclaw/main/openai:default"
CLAUDE, PAID, STORE = "claude-code/-/claude-code:default", "openclaw/main/anthropic/paid", "codex/problem/~/.codex/auth"
ALL = (MAIN, LAB, OPENAI, CLAUDE, PAID, STORE)


@pytest.mark.parametrize(
    ("word", "found"),
    [
        (MAIN, (MAIN,)),
        ("openai:default", (OPENAI,)),
        ("main/openai:default", (OPENAI,)),
        ("openclaw/openai:default", (OPENAI,)),
        ("main/anthropic:default", (MAIN,)),
        ("anthropic:default", (LAB, MAIN)),
        ("openclaw/anthropic:default", (LAB, MAIN)),
        ("claude-code:default", (CLAUDE,)),
        ("claude-code/claude-code:default", (CLAUDE,)),
        ("paid", (PAID,)),
        ("~/.codex/auth", (STORE,)),
        ("default", ()),
        ("thropic:default", ()),
        ("openclaw/main", ()),
        ("/openai:default", ()),
        ("", ()),
    ],
)
def test_which_keys_a_word_means(word, found):
    assert Keys(ALL).find(word) == found


def test_a_key_that_is_the_end_of_another_means_itself():
    assert Keys(("b/c", "a/b/c")).find("b/c") == ("b/c",)


@pytest.mark.parametrize(
    ("key", "short"),
    [
        (MAIN, "main/anthropic:default"),
        (OPENAI, "openai:default"),
        (PAID, "anthropic/paid"),
        (CLAUDE, "claude-code:default"),
    ],
)
def test_the_shortest_form_that_means_one_key(key, short):
    assert Keys(ALL).short(key) == short


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("openclaw/main/openai:defalt", OPENAI),
        ("opnai:default", "openai:default"),
        ("anthropic:defalt", "lab/anthropic:default"),
        ("zzzzzzzz", ""),
        ("", ""),
    ],
)
def test_the_nearest_of_a_word_that_means_none(word, near):
    assert Keys(ALL).nearest(word) == near


@given(st.sets(st.text("ab/:", max_size=8)))
def test_whatever_the_keys_the_short_form_finds_its_key(keys):
    known = Keys(keys)
    for key in keys:
        assert known.find(known.short(key)) == (key,)
