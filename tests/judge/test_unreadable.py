"""A login that was found through a variable, and where a check without it no longer looks: unknown, never silence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.history.changes import changes
from monitor.judge.conditions import conditions
from monitor.judge.judge import judge
from monitor.judge.unreadable import CheckedPlaces
from monitor.model import Evidence, Judgement, Lineup, Location, Need, Policy, Problem, Remembered, State, Trouble
from tests.judge.worlds import DAY, HOUR, NOW, POLICY, memory, oauth, only, token

A = Location("OPENCLAW_STATE_DIR", "~/a", "/home/me/a")
B = A._replace(value="~/b", path="/home/me/b")
WORK_PROFILE = Location("OPENCLAW_PROFILE", "work", "/home/me/.openclaw-work")
CONFIG = Location("OPENCLAW_CONFIG_PATH", "~/c/openclaw.json", "/home/me/c/openclaw.json")


def stored(*through: Location, folder: str = "/home/me/a", profile: str = "anthropic:work", **more):
    """A login in the store of a state folder."""
    return oauth(profile, host_path=f"{folder}/store", store="~/x/store", through=through, **more)


WORK = stored(A)
KEY = WORK.credential.key


class Story:
    """Checks one after another, an hour apart, and what the history made of them."""

    def __init__(self, policy: Policy = POLICY, there: bool = True) -> None:
        self.known: dict[str, Remembered] = {}
        self.now, self.policy, self.there = NOW - HOUR, policy, there

    def check(self, *seen, variables=(), looked=(), sources=("openclaw",), after: timedelta = HOUR) -> Judgement:
        """One check: it sees that, with these variables set, and touched what it saw and `looked`."""
        self.now += after
        touched = frozenset([*looked, *(one.host_path for one in seen if getattr(one, "host_path", ""))])
        left = {one.observation.host_path for one in self.known.values()} - touched if self.there else ()
        places = CheckedPlaces({source: tuple(variables) for source in sources}, touched, left)
        found = judge(seen, self.known, self.policy, self.now, touched, places=places)
        made = changes(found, self.known, self.now)
        self.known = {key: one for key, one in self.known.items() if key not in made.gone} | made.rows
        return found

    def established(self, *seen, variables=(A,)):
        for _ in range(2):
            self.check(*seen, variables=variables)
        return self


def summary(judgement: Judgement) -> str:
    verdict = only(judgement)
    assert (verdict.state, verdict.needs_human) == (State.UNKNOWN, Need.UNKNOWN)
    assert (verdict.seen.problem, verdict.held, verdict.usable) == (Problem.NOT_CHECKED, True, False)
    return verdict.summary


def test_a_login_whose_variable_is_not_set_any_more_is_unknown_and_says_what_to_do():
    found = Story().established(WORK).check()
    assert "was last found through OPENCLAW_STATE_DIR=~/a, which is not set for this check" in summary(found)
    remedy = only(found).remedy
    assert remedy.startswith("OPENCLAW_STATE_DIR=~/a authwatch install systemd\n")
    assert f"authwatch forget {KEY}" in remedy


#: What the check has set and touches, and what it then says; None: nothing, as ever.
LOST = {
    "unset": ((), (), "OPENCLAW_STATE_DIR=~/a, which is not set for this check"),
    "another value": ((B,), ("/home/me/b/store",), "~/a, but this check has OPENCLAW_STATE_DIR=~/b; last"),
    "another variable": ((CONFIG,), (), "which is not set for this check"),
    "the same, but another wins": (
        (A, CONFIG),
        ("/home/me/c/openclaw.json",),
        "which this check does not read any more",
    ),
    "the same, and its program does not name it": ((A,), ("/home/me/a/openclaw.json",), None),
}


@pytest.mark.parametrize(("variables", "looked", "said"), LOST.values(), ids=LOST)
def test_what_is_said_of_a_login_that_is_not_looked_at_any_more(variables, looked, said):
    found = Story().established(WORK).check(variables=variables, looked=looked)
    if said:
        assert said in summary(found)
    else:
        assert found.verdicts == ()


def test_a_profile_of_a_name_counts_as_a_place():
    work = stored(WORK_PROFILE, folder=WORK_PROFILE.path)
    found = Story().established(work, variables=(WORK_PROFILE,)).check()
    assert "OPENCLAW_PROFILE=work, which is not set" in summary(found)
    # OpenClaw takes the usual folder as soon as it is there, whatever the variable says.
    found = (
        Story()
        .established(work, variables=(WORK_PROFILE,))
        .check(variables=(WORK_PROFILE,), looked=("/home/me/.openclaw/openclaw.json",))
    )
    assert "OPENCLAW_PROFILE=work, which this check does not read any more" in summary(found)


def test_a_login_in_a_folder_that_the_config_names_hangs_on_the_config():
    far = stored(A, CONFIG, folder="/srv/agents/bob")
    assert "OPENCLAW_CONFIG_PATH" in summary(Story().established(far, variables=(A, CONFIG)).check(variables=(A,)))


def test_the_nearest_of_several_lost_variables_is_named():
    home = Location("OPENCLAW_HOME", "~/o", "/home/me/o")
    assert "OPENCLAW_STATE_DIR=~/a" in summary(Story().established(stored(home, A), variables=(home, A)).check())


def test_one_check_with_a_variable_establishes_nothing():
    story = Story()
    story.check(WORK, variables=(A,))
    for _ in range(3):
        assert story.check().verdicts == ()
    story.check(WORK, variables=(A,))  # it is the second one that found it there
    assert summary(story.check())


def test_a_value_that_changed_is_established_anew():
    story = Story().established(WORK)
    moved = stored(B, folder="/home/me/b")
    story.check(moved, variables=(B,))
    assert story.check().verdicts == ()
    story.check(moved, variables=(B,))
    assert "OPENCLAW_STATE_DIR=~/b" in summary(story.check())


def test_a_variable_that_is_set_where_there_was_none_says_nothing_of_the_usual_place():
    usual = stored(folder="/home/me/.openclaw")
    assert Story().established(usual, variables=()).check(variables=(A,)).verdicts == ()


SILENT = {
    "the source is not configured": ({}, {"sources": ("codex",)}),
    "the source looks in a home that somebody named": ({}, {"sources": ()}),
    "the place is gone": ({"there": False}, {}),
    "nobody listed the source": ({"policy": Policy(unlisted=frozenset({"openclaw"}))}, {}),
}


@pytest.mark.parametrize(("story", "check"), SILENT.values(), ids=SILENT)
def test_it_is_as_silent_as_ever_where(story, check):
    assert Story(**story).established(WORK).check(**check).verdicts == ()


def test_what_its_program_dropped_before_the_variable_went_stays_silent():
    story = Story().established(WORK)
    assert story.check(variables=(A,), looked=("/home/me/a/openclaw.json",)).verdicts == ()
    assert story.known[KEY].observation.through == ()
    assert story.check().verdicts == ()


def test_an_expected_login_is_missing_as_ever():
    found = only(Story(Policy(expect=(KEY,))).established(WORK).check())
    assert (found.state, found.needs_human) == (State.MISSING, Need.NOW)


def test_a_name_for_what_was_never_there_stays_silent():
    absent = WORK._replace(evidence=Evidence.ABSENT)
    assert Story().established(absent).check().verdicts == ()


def test_a_login_of_another_name_with_the_same_secret_is_the_same_that_has_moved():
    heir = stored(B, folder="/home/me/b", profile="anthropic:new", fingerprint=WORK.fingerprint)
    for variables in ((B,), ()):
        found = Story().established(WORK).check(heir, variables=variables)
        assert found.moved == ((KEY, heir.credential.key),)
        assert only(found).state is State.OK


def test_another_login_of_its_name_says_nothing_of_the_one_that_is_not_checked():
    story = Story().established(WORK)
    other = stored(folder="/home/me/.openclaw", fingerprint="other")
    assert "which is not set" in summary(story.check(other))
    assert story.known[KEY].observation == WORK, "the history still knows what it was"
    for seen in (other._replace(fingerprint=WORK.fingerprint), WORK):
        assert only(Story().established(WORK).check(seen, variables=seen.through)).state is State.OK
    absent = other._replace(evidence=Evidence.ABSENT, fingerprint=None)
    assert summary(Story().established(WORK).check(absent)), "a place without the login is another place"


def test_another_value_is_somebodys_choice_so_that_what_is_there_counts():
    other = stored(B, folder="/home/me/b", fingerprint="other")
    assert only(Story().established(WORK).check(other, variables=(B,))).state is State.OK


def test_its_last_known_deadline_runs_on():
    story = Story().established(token(access=30 * DAY, host_path="/home/me/a/store", through=(A,)))
    assert summary(story.check())
    steps = [(20 * DAY, Need.UNKNOWN), (4 * DAY, Need.SOON), (7 * DAY, Need.NOW)]
    for after, need in steps:
        verdict = only(story.check(after=after))
        assert (verdict.state, verdict.needs_human) == (State.UNKNOWN, need)
        assert "authwatch install" in verdict.remedy


def test_it_is_a_doubt_that_never_lowers_what_stands():
    found = Story().established(WORK).check()
    (condition,) = conditions(found, host="box", privacy="full", now=NOW)
    assert (condition.level.name, condition.doubt, condition.held) == ("SOON", True, True)


def test_it_is_noted_once_and_again_when_it_is_found_again():
    story = Story().established(WORK)
    before = story.known[KEY]
    for _ in range(3):
        story.check()
    after = story.known[KEY]
    assert after == before._replace(state=State.UNKNOWN, needs_human=Need.UNKNOWN)
    assert only(story.check(WORK, variables=(A,))).state is State.OK
    assert story.known[KEY].established


def test_an_unreadable_store_between_does_not_make_it_forgotten():
    story = Story().established(WORK)
    torn = Trouble("openclaw", Problem.PARSE, "~/a/store", "torn", host_path=WORK.host_path)
    assert only(story.check(torn, variables=(A,))).seen.problem is Problem.PARSE
    assert summary(story.check())


def test_what_another_place_uses_changes_nothing_of_it():
    story = Story().established(WORK)
    for line in (
        Lineup("openclaw", "main", "anthropic", (), in_use=False),
        Lineup("openclaw", "main", "anthropic", (), ("ANTHROPIC_API_KEY",)),
    ):
        assert summary(story.check(line))


def test_what_nothing_used_still_needs_nobody():
    idle = WORK._replace(use=WORK.use._replace(in_use=False))
    assert only(Story().established(idle).check()).needs_human is Need.NO


def test_a_digest_of_another_key_is_not_taken_for_todays():
    before = {KEY: memory(WORK, established=True, comparable=False)}
    places = CheckedPlaces({"openclaw": ()}, frozenset(), frozenset([WORK.host_path]))
    found = judge((), before, Policy(), NOW, (), places=places)
    row = changes(found, before, NOW).rows[KEY]
    assert (row.observation.fingerprint, row.state) == (None, State.UNKNOWN)


def test_ten_thousand_lost_logins_are_judged_in_linear_time():
    import time

    many = [stored(A, profile=f"anthropic:{n}") for n in range(10_000)]
    before = {one.credential.key: memory(one, established=True) for one in many}
    looked = frozenset(f"/home/me/.openclaw/{n}" for n in range(10_000))
    places = CheckedPlaces({"openclaw": (A,)}, looked, frozenset([WORK.host_path]))
    began = time.process_time()
    assert len(judge((), before, Policy(), NOW, looked, places=places).verdicts) == 10_000
    assert time.process_time() - began < 10


def test_what_is_told_of_it_settles_first():
    from alerts.model import Level
    from alerts.settle import settle

    (condition,) = conditions(Story().established(WORK).check(), host="b", privacy="full", now=NOW)
    alert, until = settle(None, condition, NOW, timedelta(minutes=10))
    assert (alert.level, until) == (Level.FINE, NOW + timedelta(minutes=10))
    assert settle(alert, condition, until, timedelta(minutes=10))[0].level is Level.SOON


def test_a_masked_name_is_masked_in_its_command_too():
    mine = stored(A, profile="anthropic:anna@example.org")
    (condition,) = conditions(Story().established(mine).check(), host="box", privacy="masked", now=NOW)
    assert "anna" not in condition.summary + condition.remedy
