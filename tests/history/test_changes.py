"""What the history remembers of each look: transitions, renewals, what is gone, what has moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.serialization import flatten, revive
from monitor.history.changes import HistoryChanges, changes
from monitor.judge.judge import judge
from monitor.model import Credential, Evidence, Kind, Observation, Policy, Remembered, State, Trouble, Use
from monitor.model import Problem as P

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def login(fingerprint: str = "a", ends_in: timedelta = HOUR, **more: object) -> Observation:
    one = Credential("openclaw", "main", "anthropic", "anthropic:default", Kind.OAUTH)
    made = Observation(
        one,
        access_expires_at=NOW + ends_in,
        refreshable=True,
        fingerprint=fingerprint,
        store="~/store.json",
        host_path="/h/store.json",
    )
    return made._replace(**more)


class Story:
    """Looks one after another, each an hour later unless said otherwise, and what the history made of them."""

    def __init__(self) -> None:
        self.known: dict[str, Remembered] = {}
        self.now = NOW - HOUR

    def look(self, *seen: Observation | Trouble, after: timedelta = HOUR) -> HistoryChanges:
        self.now += after
        verdicts = judge(seen, self.known, Policy(), self.now, ["/h/store.json"])
        found = changes(verdicts, self.known, self.now)
        self.known = {key: one for key, one in self.known.items() if key not in found.gone} | found.rows
        return found

    @property
    def one(self) -> Remembered:
        (only,) = self.known.values()
        return only


def test_the_first_look_is_a_transition_from_nothing():
    """The first look is a transition from nothing."""
    (first,) = Story().look(login()).transitions
    assert (first.before, first.after) == (None, State.OK)


def test_a_look_without_a_change_writes_nothing():
    """A look without a change writes nothing, also when it was merely used."""
    story = Story()
    story.look(login(ends_in=DAY))
    used = login(ends_in=DAY, use=Use(last_used_at=NOW))
    assert story.look(login(ends_in=DAY)) == HistoryChanges()
    assert story.look(used) == HistoryChanges()


def test_another_secret_of_a_login_that_renews_itself_is_a_rotation_and_proof():
    """Another secret of a login that renews itself is a rotation, and proof that it does."""
    story = Story()
    story.look(login("a", HOUR))
    found = story.look(login("b", 9 * HOUR))
    (rotation,) = found.rotations
    assert not rotation.new_login
    assert story.one.proven
    assert story.one.rotated_at == story.one.fingerprint_since == story.now


def test_the_same_secret_with_a_later_access_expiry_is_a_rotation_too():
    """The same refresh token with a later access expiry was used to renew: Google keeps refresh tokens."""
    story = Story()
    story.look(login("a", HOUR))
    assert story.look(login("a", 9 * HOUR)).rotations
    assert story.one.fingerprint_since == NOW


def test_a_later_end_of_the_login_is_a_new_login_and_no_proof():
    """A later end of the login is a person's work, and no proof that anything renews itself."""
    story = Story()
    story.look(login("a", login_expires_at=NOW + DAY))
    (rotation,) = story.look(login("b", login_expires_at=NOW + 30 * DAY)).rotations
    assert rotation.new_login
    assert not story.one.proven


def test_a_use_after_the_access_ran_out_is_remembered_once_and_forgotten_with_a_renewal():
    """A use after the access ran out is remembered from its first sight, and forgotten with a renewal."""
    story = Story()
    story.look(login("a", HOUR))
    used = login("a", HOUR, use=Use(last_used_at=NOW + HOUR + timedelta(minutes=5)))
    story.look(used, after=2 * HOUR)
    first = story.one.overused_at
    assert first == story.now
    story.look(used)
    assert story.one.overused_at == first
    story.look(login("b", 9 * HOUR))
    assert story.one.overused_at is None


def test_fingerprints_of_another_key_are_compared_with_nothing():
    """After the fingerprint key was lost, nothing counts as rotated; the next look compares again."""
    story = Story()
    story.look(login("a", DAY))
    (key,) = story.known
    story.known[key] = story.one._replace(comparable=False)
    found = story.look(login("b", DAY))
    assert not found.rotations
    assert story.one.comparable
    assert story.look(login("b", DAY)) == HistoryChanges()


def test_what_vanished_stays_known_so_that_its_return_is_recognised():
    """What vanished is missing, and what it was stays known."""
    story = Story()
    story.look(login("a", DAY))
    (gone,) = story.look(Observation(Credential("openclaw", "main", "x", "x:y", Kind.TOKEN))).transitions[-1:]
    assert story.known["openclaw/main/anthropic:default"].state is State.MISSING
    assert story.known["openclaw/main/anthropic:default"].observation.fingerprint == "a"
    assert gone


def test_what_could_not_be_read_is_left_as_it_was():
    """A store that could not be read changes nothing that is known."""
    story = Story()
    story.look(login("a", DAY))
    before = dict(story.known)
    story.look(Trouble("openclaw", P.PARSE, "~/store.json", "torn", "/h/store.json"))
    assert story.known == before


def test_a_renamed_profile_keeps_its_history():
    """OpenClaw renames `openai-codex:*` to `openai:*`: the row goes on under the new key."""
    story = Story()
    story.look(login("a", DAY))
    story.now += HOUR
    first = story.one.first_seen_at
    new = login("a", DAY)._replace(credential=Credential("openclaw", "main", "anthropic", "anthropic:new", Kind.OAUTH))
    found = story.look(new)
    assert found.gone == ("openclaw/main/anthropic:default",)
    assert story.one.first_seen_at == first
    assert "moved from" in found.transitions[0].note


def test_an_ignored_key_stays_ignored_over_every_change():
    """What a person decided survives renewals."""
    story = Story()
    story.look(login("a", DAY))
    (key,) = story.known
    story.known[key] = story.one._replace(ignored=True)
    story.look(login("b", -HOUR, refreshable=False))
    assert story.one.ignored


@pytest.mark.parametrize(
    "seen",
    [
        login(),
        login(evidence=Evidence.BLANKED, problem=P.EMPTY, lifetime=DAY, notes=("a", "b")),
        login(use=Use(True, 3, NOW, "billing", True, NOW, "session"), login_expires_at=NOW),
    ],
)
def test_an_observation_survives_the_database(seen):
    """An observation comes back from its JSON as it was."""
    assert revive(Observation, flatten(seen)) == seen


def test_a_login_that_was_blanked_and_is_back_is_a_persons_work():
    """A login that was blanked lost its secret with it; the one that takes its place was made by a person."""
    story = Story()
    story.look(login("a", 8 * HOUR))
    blank = login("a", 20 * HOUR)._replace(evidence=Evidence.BLANKED, fingerprint=None, refreshable=False)
    assert not story.look(blank).rotations, "to be logged out is no renewal, whatever end the empty login states"
    (rotation,) = story.look(login("b", 30 * HOUR)).rotations
    assert rotation.new_login
    assert story.one.fingerprint_since == story.now
    assert not story.one.proven


def test_a_rejection_that_checks_is_no_login():
    """A mark of rejection that its program takes back leaves the same secret: nobody did anything."""
    story = Story()
    story.look(login("a", DAY))
    story.look(login("a", DAY, evidence=Evidence.REFUSED))
    assert not story.look(login("a", DAY)).rotations


def test_a_login_that_died_of_its_clock_and_is_back_is_a_persons_work():
    """A session that ended does not come back by itself, one that waits for its next use does."""
    story = Story()
    over = login("a", HOUR, use=Use(last_used_at=NOW + 2 * HOUR))
    story.look(over)
    for _ in range(4):
        story.look(over)
    assert story.one.needs_human == "now"
    (rotation,) = story.look(login("b", 30 * HOUR)).rotations
    assert rotation.new_login
    story.look(login("b", 30 * HOUR), after=30 * HOUR)
    (rotation,) = story.look(login("c", 60 * HOUR)).rotations
    assert not rotation.new_login
