"""The next log-in: the known deadline, else the median of past ones; what lies within a span."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.judge.forecast import APART, coming, estimated, expected, unstated
from monitor.model import Evidence, ExpectedLogin, Need
from tests.judge.worlds import DAY, HOUR, NOW, at, known, login, looked_at, memory, oauth, only, token


def moments(*gaps, last=NOW):
    found = [last]
    for gap in reversed(gaps):
        found.insert(0, found[0] - gap)
    return tuple(found)


@pytest.mark.parametrize(
    ("gaps", "ahead", "spread"),
    [
        ((28 * DAY, 30 * DAY), 29 * DAY, DAY),
        ((10 * DAY, 30 * DAY, 28 * DAY), 28 * DAY, 2 * DAY),
        ((20 * DAY, 20 * DAY, 20 * DAY), 20 * DAY, 0 * DAY),
        ((20 * DAY, timedelta(minutes=5), 20 * DAY), 20 * DAY + timedelta(minutes=2, seconds=30), None),
    ],
)
def test_it_is_the_last_one_and_the_median_gap(gaps, ahead, spread):
    found = expected(moments(*gaps))
    assert found is not None
    assert found.at == NOW + ahead
    if spread is not None:
        assert (found.spread, found.logins) == (spread, len(gaps) + 1)
    else:
        assert found.logins == len(gaps), "two tries within the hour are one log-in"


@pytest.mark.parametrize("past", [(), moments(), moments(30 * DAY), moments(30 * DAY, timedelta(minutes=1))])
def test_one_gap_lets_nothing_be_expected(past):
    assert expected(past) is None


PAST = moments(28 * DAY, 30 * DAY, last=NOW - 20 * DAY)


@pytest.mark.parametrize(
    ("seen", "estimate"),
    [
        (oauth(end=None), NOW + 9 * DAY),
        (oauth(end=None, access=-30 * HOUR), NOW + 9 * DAY),
        (oauth(), None),
        (token(), None),
        (login(), None),
        (oauth(end=None, evidence=Evidence.REFUSED), None),
    ],
    ids=["works", "idle", "its end is known", "a token", "a key", "dead already"],
)
def test_only_a_login_that_works_and_states_no_deadline_has_an_estimate(seen, estimate):
    verdict = only(looked_at(seen, before=known(seen, logins=PAST)))
    assert (verdict.expected and verdict.expected.at) == estimate


def test_the_past_is_asked_for_only_where_no_deadline_is_known():
    seen, stated = oauth("a:x", end=None), oauth("b:x")
    past = known(seen) | known(stated, deadline=at(20 * DAY)) | known(login("c:x", kind=login().credential.kind))
    assert unstated(past) == {seen.credential.key}


def test_what_is_ahead_is_in_order_and_only_within_the_span():
    near, far, guessed = token("a:x", access=5 * DAY), token("b:x", access=60 * DAY), oauth("c:x", end=None)
    gone = token("d:x", access=-DAY)
    past = known(near, far, gone) | known(guessed, logins=PAST)
    judged = looked_at(near, far, guessed, gone, before=past)
    found = coming(judged.verdicts, NOW, 30 * DAY)
    assert [(one.at, one.verdict.seen.credential.profile, one.estimate is None) for one in found] == [
        (NOW + 5 * DAY, "a:x", True),
        (NOW + 9 * DAY, "c:x", False),
    ]
    assert len(coming(judged.verdicts, NOW, 90 * DAY)) == 3


def test_an_estimate_that_is_overdue_is_still_ahead_and_an_ignored_login_never():
    seen = oauth("a:x", end=None)
    past = known(seen, logins=moments(DAY, DAY, last=NOW - 9 * DAY))
    verdict = only(looked_at(seen, before=past))
    assert [one.at for one in coming([verdict], NOW, DAY)] == [NOW - 8 * DAY]
    assert coming([verdict._replace(ignored=True)], NOW, DAY) == []
    assert coming([verdict._replace(in_use=False)], NOW, DAY) == []
    assert estimated(verdict._replace(needs_human=Need.NOW), memory(seen, logins=PAST)) is None


@given(st.lists(st.timedeltas(min_value=APART, max_value=400 * DAY), min_size=2, max_size=12))
def test_the_forecast_lies_between_the_shortest_and_the_longest_gap(gaps):
    found = expected(moments(*gaps))
    assert found is not None
    assert NOW + min(gaps) <= found.at <= NOW + max(gaps)
    assert timedelta(0) <= found.spread <= max(gaps) - min(gaps)


@given(st.lists(st.timedeltas(min_value=APART, max_value=400 * DAY), min_size=12, max_size=12))
def test_only_the_last_dozen_counts(gaps):
    assert expected((NOW - 9000 * DAY, *moments(*gaps))) == expected(moments(*gaps)[-12:])


@given(
    st.lists(
        st.datetimes(min_value=NOW.replace(tzinfo=None), max_value=at(4000 * DAY).replace(tzinfo=None)), max_size=20
    )
)
def test_any_past_gives_an_answer_or_none(days):
    found = expected(sorted(day.replace(tzinfo=NOW.tzinfo) for day in days))
    assert found is None or isinstance(found, ExpectedLogin)
