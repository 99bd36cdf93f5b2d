"""Text and tables at the width of the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.layout import table, wrapped

ROWS = [("Sat 28 Nov", "phone", "Expires in 1 day: anthropic:default"), ("Sun 29 Nov", "mail", "Expired")]


@pytest.mark.parametrize(
    ("wide", "lines"),
    [
        (
            80,
            [
                "Sat 28 Nov  phone  Expires in 1 day: anthropic:default",
                "Sun 29 Nov  mail   Expired",
            ],
        ),
        (
            50,
            [
                "Sat 28 Nov  phone  Expires in 1 day:",
                "                   anthropic:default",
                "Sun 29 Nov  mail   Expired",
            ],
        ),
        (
            40,
            [
                "Sat 28 Nov  phone",
                "    Expires in 1 day: anthropic:default",
                "Sun 29 Nov  mail   Expired",
            ],
        ),
        (
            15,
            [
                "Sat 28 Nov",
                "    phone",
                "    Expires in",
                "    1 day:",
                "    anthropic:default",
                "Sun 29 Nov",
                "    mail",
                "    Expired",
            ],
        ),
    ],
)
def test_a_table_gives_way_from_its_last_column(wide, lines):
    assert table(ROWS, wide) == lines


def test_a_table_of_nothing_is_nothing():
    assert table([], 80) == []


def test_a_text_begins_where_it_is_told_and_its_words_stay_whole():
    assert wrapped("one openclaw/main/anthropic:default", 20, "note: ") == [
        "note: one",
        "      openclaw/main/anthropic:default",
    ]


@given(st.lists(st.tuples(*[st.text("ab ", max_size=30)] * 3), max_size=5), st.integers(64, 80))
def test_no_line_is_too_wide(rows, wide):
    assert all(len(line) <= wide for line in table(rows, wide))
