"""A login that was renamed and renewed between two looks is moved, not lost; anything less certain is a loss."""

from __future__ import annotations

import pytest

from monitor.model import Evidence, Need, State
from tests.judge.worlds import looked_at, oauth, token

OLD = oauth("openai-codex:me", fingerprint="one")
NEW = oauth("openai:me", fingerprint="two")


def test_one_gone_and_one_come_in_its_stead_is_one_login_under_another_name() -> None:
    judgement = looked_at(NEW, before=(OLD,))
    assert judgement.moved == ((OLD.credential.key, NEW.credential.key),)
    (verdict,) = judgement.verdicts
    assert (verdict.state, verdict.needs_human) == (State.OK, Need.NO)
    assert f"moved from {OLD.credential.key}" in verdict.because


@pytest.mark.parametrize(
    "now",
    [
        (oauth("anthropic:me", fingerprint="two"),),  # of another provider
        (oauth("openai:me", fingerprint="two", agent="lab"),),
        (oauth("openai:me", fingerprint="two", host_path="/elsewhere"),),
        (oauth("openai:me", fingerprint="two", evidence=Evidence.REFUSED),),
        (token("openai:me", fingerprint="two"),),  # nothing renews it, so a renewal did not change it
        (NEW, oauth("openai:you", fingerprint="three")),  # which of them?
    ],
)
def test_otherwise_it_is_gone(now) -> None:
    judgement = looked_at(*now, before=(OLD,))
    assert judgement.moved == ()
    gone = next(verdict for verdict in judgement.verdicts if verdict.key == OLD.credential.key)
    assert (gone.vanished, gone.needs_human) == (True, Need.NOW)


def test_of_two_that_are_gone_neither_is_the_one_that_came() -> None:
    other = oauth("openai-codex:you", fingerprint="three")
    judgement = looked_at(NEW, before=(OLD, other))
    assert judgement.moved == ()
    assert sum(verdict.vanished for verdict in judgement.verdicts) == 2


def test_what_was_there_before_is_no_heir() -> None:
    assert looked_at(NEW, before=(OLD, NEW)).moved == ()


def test_the_same_fingerprint_comes_first() -> None:
    same = oauth("openai:same", fingerprint="one")
    assert looked_at(same, NEW, before=(OLD,)).moved == ((OLD.credential.key, same.credential.key),)
