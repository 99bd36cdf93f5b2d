"""Spans as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.spans import parse_span, show_span


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10s", timedelta(seconds=10)),
        ("90m", timedelta(minutes=90)),
        ("8h", timedelta(hours=8)),
        ("14d", timedelta(days=14)),
        ("2w", timedelta(days=14)),
        ("1h30m", timedelta(minutes=90)),
        ("1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("0s", timedelta()),
    ],
)
def test_a_span_means_what_it_says(text: str, meant: timedelta) -> None:
    assert parse_span(text) == meant


@pytest.mark.parametrize(
    "text", ["", "5", "d", "1.5h", "-1d", "1h 30m", "30m1h", "1d1d", "1D", "5m\n", "١d", "999999d", "1e3s"]
)
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a time span such as|expected at most 100 years"):
        parse_span(text)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=36_000)))
def test_a_shown_span_reads_back(span: timedelta) -> None:
    whole = timedelta(seconds=int(span.total_seconds()))
    assert parse_span(show_span(whole)) == whole
