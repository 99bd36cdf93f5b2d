"""The `.env` forms that OpenClaw's loader takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.openclaw.env import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1", {"A": "1"}),
        ("export A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("# comment\n\nA = 1 # why", {"A": "1"}),
        ("A='x # y'", {"A": "x # y"}),
        ('A="x\\ny" # z', {"A": "x\ny"}),
        ("A=\nB=   \nC=''", {}),
        ("A=1\nA=2", {"A": "2"}),
        ("\ufeffA=1", {"A": "1"}),
        ("not a line\n=1\n1A=2", {}),
        ("A='open", {"A": "'open"}),
        ("A='one\nB=2\n# three'\nC=4", {"A": "one\nB=2\n# three", "C": "4"}),
        ('A="one\r\nB=2"\r\nC=4', {"A": "one\nB=2", "C": "4"}),
        ("A=`one\nB='2'`\nB=3", {"A": "one\nB='2'", "B": "3"}),
        ("A='one\nB=2\n", {"A": "'one", "B": "2"}),
        ('A="it\'s\nB=\\"x"\nC=4', {"A": "it's\nB=\\\"x", "C": "4"}),
        ("# A='\nB=2\n# '", {"B": "2"}),
        ("A=\n  'x'", {"A": "x"}),
        ("A: 'x'", {"A": "x"}),
    ],
)
def test_a_line_means_what_openclaw_reads_there(text: str, expected: dict[str, str]) -> None:
    assert parse(text) == expected


@given(st.text())
def test_any_text_gives_values_and_never_an_error(text: str) -> None:
    assert all(value.strip() for value in parse(text).values())
