"""What a condition settles to: rises at once, falls and doubts when they last, flapping held back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.model import Alert, Condition, Level, Login
from alerts.settle import absent, renewed, settle
from tests.alerts.world import DAY, HOUR, MINUTE, SETTLE, START, fine, login, now, soon

OLD, NEW = login(0), login(1)


def run(*looks: tuple[int, Condition]) -> list[Level]:
    """The level after each look; looks are (minute, condition)."""
    return [one.level for one in stand(*looks)]


def stand(*looks: tuple[int, Condition]) -> list[Alert]:
    alert, found = None, []
    for minute, condition in looks:
        alert, _ = settle(alert, condition, START + minute * MINUTE, SETTLE)
        found.append(alert)
    return found


F, I, S, N = Level.FINE, Level.INFO, Level.SOON, Level.NOW  # noqa: E741
DOUBT = now(doubt=True)
UNKNOWN = soon(days=None, doubt=True)

CASES = {
    "a first look at something bad counts at once": ([(0, now())], [N]),
    "a first look at something fine is fine": ([(0, fine())], [F]),
    "a rise counts at once": ([(0, fine()), (1, soon()), (2, now())], [F, S, N]),
    "an expiry ten minutes after the warning counts at once": ([(0, soon()), (10, now())], [S, N]),
    "a fall waits": ([(0, now()), (1, fine()), (10, fine())], [N, N, N]),
    "a fall that lasted counts": ([(0, now()), (1, fine()), (11, fine())], [N, N, F]),
    "lasting is a moment and not a count of checks": ([(0, now()), (1, fine()), (9000, fine())], [N, N, F]),
    "a fall that is interrupted starts over": (
        [(0, now()), (1, fine()), (9, now()), (12, fine()), (21, fine()), (22, fine())],
        [N, N, N, N, N, F],
    ),
    "a fall takes the worst seen meanwhile": (
        [(0, now()), (1, fine()), (5, soon()), (9, fine()), (11, fine()), (20, fine()), (21, fine())],
        [N, N, N, N, S, S, F],
    ),
    "a new login counts at once": ([(0, now(login=OLD)), (1, fine(login=NEW))], [N, F]),
    "a rotation without a later deadline waits": (
        [(0, now(login=OLD)), (1, fine(login=Login(None, "other", OLD.deadline)))],
        [N, N],
    ),
    "a new login that is again soon counts at once": (
        [(0, now(login=OLD)), (1, soon(login=NEW))],
        [N, S],
    ),
    "a new login ends a fall that was waiting": (
        [(0, now(login=OLD)), (1, soon(login=OLD)), (2, fine(login=NEW))],
        [N, N, F],
    ),
    "a login that vanished and came back is not new": (
        [(0, fine(login=OLD)), (1, DOUBT), (11, DOUBT), (12, fine(login=OLD)), (22, fine(login=OLD))],
        [F, F, N, N, F],
    ),
    "a login after one that vanished is new": (
        [(0, fine(login=OLD)), (1, DOUBT), (11, DOUBT), (12, fine(login=NEW))],
        [F, F, N, F],
    ),
    "a doubtful rise waits": ([(0, fine()), (1, DOUBT), (10, DOUBT), (11, DOUBT)], [F, F, F, N]),
    "a doubtful first look waits": ([(0, UNKNOWN), (9, UNKNOWN), (10, UNKNOWN)], [F, F, S]),
    "a doubt that checks says nothing": ([(0, fine()), (1, DOUBT), (6, fine()), (11, DOUBT)], [F, F, F, F]),
    "the third doubt of a day needs no settling": (
        [(0, fine()), (1, DOUBT), (6, fine()), (11, DOUBT), (16, fine()), (21, DOUBT)],
        [F, F, F, F, F, N],
    ),
    "a doubtful rise takes the least seen meanwhile": (
        [(0, fine()), (1, UNKNOWN), (6, DOUBT), (11, DOUBT), (20, DOUBT), (21, DOUBT)],
        [F, F, F, S, S, N],
    ),
    "what is certain does not wait for the doubt": ([(0, fine()), (1, DOUBT), (2, soon())], [F, F, S]),
    "a doubtful fall waits too": ([(0, now()), (1, UNKNOWN), (10, UNKNOWN), (11, UNKNOWN)], [N, N, N, S]),
    "a held key is never lowered": ([(0, now()), (1, fine(held=True)), (99, fine(held=True))], [N, N, N]),
    "a held key's deadline still runs": ([(0, soon()), (1, soon(held=True)), (2, now(held=True))], [S, S, N]),
    "a held look does not end a fall, the next good look does": (
        [(0, now()), (1, fine()), (12, fine(held=True)), (13, fine())],
        [N, N, N, F],
    ),
    "a held look does not end a doubt": (
        [(0, fine()), (1, DOUBT), (6, fine(held=True)), (11, DOUBT)],
        [F, F, F, N],
    ),
    "a shorter lead step is a rise": ([(0, soon(days=7)), (1, soon(days=3))], [S, S]),
    "info is between": (
        [(0, Condition("a", I)), (1, soon()), (2, Condition("a", I)), (12, Condition("a", I))],
        [I, S, S, I],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_levels_follow_the_rules(name: str) -> None:
    """Each name is the rule."""
    looks, levels = CASES[name]
    assert run(*looks) == levels


def test_a_step_is_part_of_the_rank_by_its_span() -> None:
    """Seven days to three is worse at once, back again waits, none at all is the worst of its level."""
    first, worse, back, none = stand((0, soon(days=7)), (1, soon(days=3)), (2, soon(days=7)), (3, soon(days=None)))
    assert (first.step, worse.step, back.step, none.step) == (7 * DAY, 3 * DAY, 3 * DAY, None)
    assert (worse.at, none.at) == (START + MINUTE, START + 3 * MINUTE)
    assert worse.since == first.since == START


def test_an_episode_begins_when_a_doubt_began_and_ends_when_it_is_fine() -> None:
    """`since` is honest about the beginning, `at` about the moment it counted."""
    *_, bad = stand((0, fine()), (5, DOUBT), (15, DOUBT))
    assert (bad.since, bad.at, bad.doubt) == (START + 5 * MINUTE, START + 15 * MINUTE, True)
    over, _ = settle(bad, fine(), START + HOUR, timedelta())
    assert (over.level, over.since, over.doubt) == (Level.FINE, START + HOUR, False)


def test_a_certain_look_ends_the_doubt_of_the_same_level() -> None:
    """What was vanished and is now known to be expired is no longer doubtful; nothing else changes."""
    *_, doubtful, certain = stand((0, DOUBT), (10, DOUBT), (11, now()))
    assert doubtful.doubt and not certain.doubt
    assert certain.at == doubtful.at


def test_absence_says_nothing() -> None:
    """A key that is not in the look keeps its alert and is not seen; a fall that began goes on."""
    bad, falling = stand((0, now()), (1, fine()))
    assert absent(bad).seen is False
    assert absent(bad).level is Level.NOW
    over, _ = settle(absent(falling), fine(), START + 11 * MINUTE, SETTLE)
    assert over.level is Level.FINE


def test_a_standing_is_seen_only_while_the_look_is_as_bad() -> None:
    """Waiting falls and held keys that look better are not seen; at least as bad is."""
    looks = stand((0, now()), (1, fine()), (2, now()), (3, soon(held=True)), (4, now(doubt=True)))
    assert [one.seen for one in looks] == [True, False, True, False, True]


def test_words_and_labels_are_those_of_the_last_look_that_agreed() -> None:
    """A waiting change does not put its words beside the old level."""
    looks = stand((0, now(summary="dead")), (1, fine(summary="well")), (11, fine(summary="well")))
    assert [one.summary for one in looks] == ["dead", "dead", "well"]


def test_until_is_when_a_waiting_change_counts() -> None:
    """And nothing when nothing waits, or when only another look could end the waiting."""
    alert, until = settle(None, now(), START, SETTLE)
    assert until is None
    alert, until = settle(alert, fine(), START + MINUTE, SETTLE)
    assert until == START + MINUTE + SETTLE
    _, until = settle(alert, fine(held=True), START + 2 * MINUTE, SETTLE)
    assert until is None


def test_what_remains_to_fall_waits_from_the_moment_the_first_part_fell() -> None:
    """The look that lowers to the worst seen meanwhile also starts the clock of the rest."""
    looks = [(0, now()), (1, fine()), (5, soon()), (11, fine())]
    alert = stand(*looks)[-1]
    _, until = settle(alert, fine(), START + 11 * MINUTE, SETTLE)
    assert (alert.level, until) == (Level.SOON, START + 21 * MINUTE)


def test_from_the_third_rise_of_a_day_on_a_fall_waits_until_one_is_a_day_old() -> None:
    """Even a new login waits then: something that renews itself all day is no news."""
    looks = [(0, now()), (20, fine()), (30, fine()), (40, now()), (60, fine()), (70, fine()), (80, now())]
    alert = stand(*looks)[-1]
    for minute in (90, 200, 24 * 60 - 1):
        alert, until = settle(alert, fine(login=NEW), START + minute * MINUTE, SETTLE)
        assert (alert.level, until) == (Level.NOW, START + DAY)
    alert, _ = settle(alert, fine(), START + DAY, SETTLE)
    assert alert.level is Level.FINE


def test_walking_down_the_lead_steps_in_one_day_is_not_flapping() -> None:
    """Short steps are ranks of their own, so a renewal after three of them counts at once."""
    steps = [Condition("a", Level.SOON, step=hours * HOUR, login=OLD) for hours in (3, 2, 1)]
    looks = [(60 * nth, one) for nth, one in enumerate(steps)]
    assert run(*looks, (170, now(login=OLD)), (171, fine(login=NEW)))[-1] is Level.FINE


LOGINS = [
    (None, NEW, False),
    (OLD, None, False),
    (OLD, OLD, False),
    (OLD, NEW, True),
    (NEW, OLD, False),
    (OLD, Login(None, "other", None), True),
    (Login(None, "x", None), Login(None, "y", None), False),
    (Login(None, "x", None), Login(None, "y", START), False),
    (Login(START, "x", START), Login(START, "y", START + DAY), False),
    (Login(START, "x", START), Login(START + DAY, "x", START), True),
    (Login(START, "x", START), Login(None, "y", START + DAY), True),
]


@pytest.mark.parametrize(("old", "new", "later"), LOGINS)
def test_a_login_is_new_by_its_own_end_else_by_fingerprint_and_deadline(
    old: Login | None, new: Login | None, later: bool
) -> None:
    """A rotated refresh token alone is no new login."""
    assert renewed(old, new) is later
