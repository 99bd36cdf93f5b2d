"""A whole look: gone, held, expected, moved, released."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Evidence, Kind, Lineup, Need, Policy, PolicyRule, Problem, State, Trouble
from tests.judge.worlds import (
    DAY,
    HOUR,
    NOW,
    STORE,
    at,
    known,
    login,
    looked_at,
    memories,
    memory,
    oauth,
    observations,
    only,
    policies,
    token,
)

WORK, HOME = oauth(), oauth("anthropic:home")
KEY = WORK.credential.key


def trouble(path=STORE, problem=Problem.PARSE, source="openclaw"):
    return Trouble(source, problem, "~/.openclaw/store", "not JSON", host_path=path)


def test_a_login_that_was_in_a_file_and_is_not_there_any_more_is_missing():
    verdict = only(looked_at(before=[WORK]))
    assert (verdict.state, verdict.needs_human, verdict.vanished) == (State.MISSING, Need.NOW, True)
    assert verdict.seen == WORK
    assert not verdict.usable
    assert "authwatch forget openclaw/main/anthropic:work" in verdict.remedy
    assert "~/.openclaw/store" in verdict.summary


SILENT = {
    "nobody looked there": (WORK, {"looked": ("/another/home",)}),
    "a prompt had it in its environment": (WORK._replace(from_file=False), {}),
    "it has no place": (WORK._replace(host_path=""), {}),
    "it was never there": (WORK._replace(evidence=Evidence.ABSENT), {}),
    "it was a name for what could not be read": (WORK._replace(problem=Problem.PARSE), {}),
}


@pytest.mark.parametrize(("seen", "look"), SILENT.values(), ids=SILENT)
def test_absence_says_nothing_when(seen, look):
    assert looked_at(Lineup("openclaw", "main", "x"), before=[seen], **look).verdicts == ()


HIDING = {
    "its store": trouble(),
    "a folder above it": trouble("/home/me/.openclaw"),
    "its whole source": trouble("", Problem.CRASHED),
    "a file that everything hangs on": trouble("/home/me/.openclaw/openclaw.json"),
    "its store, not migrated": trouble(STORE, Problem.MIGRATION_PENDING),
}


@pytest.mark.parametrize("why", HIDING.values(), ids=HIDING)
def test_a_login_is_held_when_this_cannot_be_read(why):
    verdict = only(looked_at(why, before=[WORK]))
    assert (verdict.state, verdict.needs_human, verdict.held) == (State.UNKNOWN, Need.UNKNOWN, True)
    assert verdict.seen == WORK._replace(problem=why.problem)
    assert verdict.deadline == at(20 * DAY)
    assert not verdict.vanished


ELSEWHERE = oauth("anthropic:other", host_path="/other")
BESIDE = oauth("anthropic:z", host_path=f"{STORE[:-2]}/x")
NOT_HIDING = {
    "another source": trouble(source="codex"),
    "the store of others": trouble("/other"),
    "a file of a longer name": trouble(STORE[:-2]),
    "a stale copy elsewhere": trouble("/old.json", Problem.STALE_COPY),
}


@pytest.mark.parametrize("why", NOT_HIDING.values(), ids=NOT_HIDING)
def test_a_login_is_not_held_by_trouble_with(why):
    judgement = looked_at(why, ELSEWHERE, BESIDE, before=[WORK, ELSEWHERE])
    assert [verdict.vanished for verdict in judgement.verdicts] == [False, True, False]


def test_the_last_known_deadline_of_what_is_held_still_runs():
    before = {KEY: memory(WORK, deadline=at(10 * DAY))}
    steps = [(NOW, Need.UNKNOWN, None), (at(4 * DAY), Need.SOON, 7 * DAY), (at(10 * DAY), Need.NOW, None)]
    for now, need, step in steps:
        verdict = only(looked_at(trouble(), before=before, now=now))
        assert (verdict.state, verdict.needs_human, verdict.step) == (State.UNKNOWN, need, step)
    assert only(looked_at(trouble(), before=before)).until == at(3 * DAY)


def test_a_known_login_that_its_source_sees_but_cannot_read_keeps_its_moments():
    blind = WORK._replace(access_expires_at=None, login_expires_at=None, problem=Problem.LOCKED)
    verdict = only(looked_at(blind, before=[WORK]))
    assert verdict.held
    assert verdict.seen.login_expires_at == WORK.login_expires_at
    assert verdict.seen.problem is Problem.LOCKED


def test_what_is_held_may_be_ignored_too():
    assert only(looked_at(trouble(), before={KEY: memory(WORK, ignored=True)})).ignored


def test_an_expected_key_that_nobody_saw_is_missing():
    verdict = only(looked_at(policy=Policy(expect=("openclaw/main/anthropic:a/b",))))
    credential = verdict.seen.credential
    assert verdict.key == "openclaw/main/anthropic:a/b"
    assert (credential.provider, credential.profile) == ("anthropic", "anthropic:a/b")
    assert (verdict.state, verdict.needs_human, verdict.in_use) == (State.MISSING, Need.NOW, True)
    assert "policy.expect" in verdict.remedy


def test_an_expected_key_is_unknown_where_its_source_could_not_be_read():
    expect = Policy(expect=(KEY,))
    assert only(looked_at(trouble(), policy=expect)).state is State.UNKNOWN
    assert only(looked_at(trouble(source="codex"), policy=expect)).state is State.MISSING


def test_an_expected_key_of_a_prompt_is_missing_where_a_timer_does_not_have_it():
    env = login("env:KEY", kind=Kind.API_KEY, from_file=False, host_path="")
    judgement = looked_at(before=[env], policy=Policy(expect=(env.credential.key,)))
    assert only(judgement).seen.credential == env.credential
    assert only(judgement).state is State.MISSING


@pytest.mark.parametrize("text", ["", "claude-code", "claude-code/-", "a/b/c/d", "/"])
def test_any_text_may_be_expected(text):
    assert only(looked_at(policy=Policy(expect=(text,)))).state is State.MISSING


def test_a_login_under_a_new_name_has_moved_with_its_history():
    old = token("openai-codex:me")._replace(fingerprint="same")
    new = token("openai:me")._replace(fingerprint="same")
    judgement = looked_at(new, before={old.credential.key: memory(old, ignored=True, proven=True)})
    assert judgement.moved == ((old.credential.key, new.credential.key),)
    assert only(judgement).ignored
    assert only(judgement).key == new.credential.key
    assert f"moved from {old.credential.key}" in only(judgement).because


def test_a_place_that_has_a_profiles_name_by_now_keeps_its_history():
    old = token("anthropic:me")._replace(fingerprint="same")
    new = old._replace(credential=old.credential._replace(source="openclaw@work"))
    assert looked_at(new, before=[old]).moved == ((old.credential.key, new.credential.key),)
    elsewhere = new._replace(host_path="/home/me/.openclaw-old/store")
    assert looked_at(elsewhere, before=[old], looked=(old.host_path, elsewhere.host_path)).moved == ()


def test_two_that_leave_and_one_that_comes_are_one_move():
    olds = [token(name)._replace(fingerprint="same") for name in ("old:a", "old:b")]
    judgement = looked_at(token("new:c")._replace(fingerprint="same"), before=olds)
    assert len(judgement.moved) == 1
    assert sum(verdict.vanished for verdict in judgement.verdicts) == 1


OLD, NEW = token("old:a")._replace(fingerprint="same"), token("new:a")._replace(fingerprint="same")
NOT_MOVED = {
    "the old one is still there": ([OLD, NEW], [OLD], {}),
    "the new one was known": ([NEW], [OLD, NEW], {}),
    "it is another source's": ([NEW._replace(credential=NEW.credential._replace(source="codex"))], [OLD], {}),
    "there is no fingerprint": ([NEW._replace(fingerprint=None)], [OLD._replace(fingerprint=None)], {}),
    "the fingerprints cannot be compared": ([NEW], known(OLD, comparable=False), {}),
    "the old place cannot be read": ([NEW, trouble()], [OLD], {}),
    "the new one cannot be read": ([NEW._replace(problem=Problem.LOCKED)], [OLD], {}),
    "nobody looked at the old place": ([NEW], [OLD], {"looked": ()}),
}


@pytest.mark.parametrize(("seen", "before", "look"), NOT_MOVED.values(), ids=NOT_MOVED)
def test_nothing_has_moved_when(seen, before, look):
    assert looked_at(*seen, before=before, **look).moved == ()


def test_what_was_asked_for_in_vain_is_released_when_nobody_asks_any_more():
    asked = login("codex:default")._replace(evidence=Evidence.ABSENT)
    assert looked_at(before=[asked]).released == (asked,)
    assert looked_at(asked, before=[asked]).released == ()
    assert looked_at(before=[asked], looked=()).released == ()
    assert looked_at(trouble(), before=[asked]).released == ()
    assert looked_at(before=[asked], policy=Policy(expect=(asked.credential.key,))).released == ()


def test_a_demand_without_a_place_is_released_once_its_source_was_looked_at():
    asked = login("x:y", evidence=Evidence.ABSENT)._replace(host_path="")
    assert looked_at(before=[asked]).released == ()
    assert looked_at(Lineup("openclaw", "main", "x"), before=[asked]).released == (asked,)


def test_a_source_that_nobody_watches_gives_trouble_that_nobody_hears():
    policy = Policy(rules=(PolicyRule({"source": "openclaw"}, watch=False),))
    assert looked_at(trouble(), policy=policy).troubles[0].ignored
    assert not looked_at(trouble(source="codex"), policy=policy).troubles[0].ignored


def test_until_is_the_least_of_all():
    judgement = looked_at(oauth(access=2 * HOUR), oauth("anthropic:home", access=HOUR))
    assert judgement.until == at(HOUR)
    assert looked_at().until is None


def test_a_month_of_rotation_is_quiet_until_the_lead_time():
    end = NOW + 28 * DAY
    seen, past, needs = oauth(end=28 * DAY), {}, []
    for hour in range(0, 28 * 24, 4):
        now = NOW + timedelta(hours=hour)
        if hour % 12 == 0:  # idle for four hours in twelve
            seen = seen._replace(access_expires_at=now + 8 * HOUR, fingerprint=f"fp-{hour}")
        verdict = only(looked_at(seen, before=past, now=now))
        past = known(seen)
        needs.append((end - now <= 7 * DAY, verdict.needs_human))
    assert {need for near, need in needs if not near} == {Need.NO}
    assert {need for near, need in needs if near} == {Need.SOON}


@given(
    st.lists(observations, max_size=4),
    st.lists(memories, max_size=4),
    st.lists(st.builds(trouble, st.sampled_from(["", STORE]), st.sampled_from(Problem)), max_size=2),
    policies,
    st.data(),
)
def test_every_look_answers_once_a_key_and_stays_true_until_it_says(seen, past, troubles, policy, data):
    before = {one.observation.credential.key: one for one in past}
    findings = (*seen, *troubles)
    first = looked_at(*findings, before=before, policy=policy)
    keys = [verdict.key for verdict in first.verdicts]
    assert keys == sorted(set(keys))
    assert {one.credential.key for one in seen} <= set(keys)
    assert not {one.credential.key for one in first.released} & set(keys)
    assert all(bool(verdict.remedy) == (verdict.needs_human is not Need.NO) for verdict in first.verdicts)
    span = first.until - NOW if first.until else 1000 * DAY
    later = NOW + span * data.draw(st.floats(0, 0.999))
    second = looked_at(*findings, before=before, policy=policy, now=later)
    assert [answers(verdict) for verdict in second.verdicts] == [answers(verdict) for verdict in first.verdicts]
    assert second.providers == first.providers


def answers(verdict):
    return verdict.key, verdict.state, verdict.needs_human, verdict.step, verdict.usable, verdict.held


def test_that_a_provider_has_no_login_left_is_no_second_loss_beside_the_login_that_is_gone():
    """And it is not said sooner: a look that cannot be sure of the one cannot be sure of the other."""
    none_left = login("anthropic:-", evidence=Evidence.ABSENT, fingerprint=None, host_path="/home/me/.openclaw/config")
    found = looked_at(none_left, before=[token()])
    assert {one.key: one.vanished for one in found.verdicts} == {"openclaw/main/anthropic:work": True}
    unknown = looked_at(none_left)
    assert [one.key for one in unknown.verdicts] == ["openclaw/main/anthropic:-"]
    elsewhere = looked_at(none_left, before=[token("openai:work")])
    assert len(elsewhere.verdicts) == 2
