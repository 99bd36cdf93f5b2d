"""What people are told about: levels, doubt, troubles that are over, masked names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import Level, Login
from monitor.judge.conditions import conditions
from monitor.model import Evidence, Problem, Trouble
from tests.judge.worlds import DAY, HOUR, NOW, STORE, at, known, login, looked_at, oauth, observations, token

TROUBLE = Trouble("openclaw", Problem.PARSE, "~/.openclaw/store", "line 1, column 2", host_path=STORE)


def notified(judgement, *, privacy="full", alert=()):
    return conditions(judgement, host="vps-1", privacy=privacy, now=NOW, open_troubles=alert)


LEVELS = {
    "nothing to do": (oauth(), Level.FINE, False),
    "soon": (oauth(end=DAY), Level.SOON, False),
    "now": (token(access=-HOUR), Level.NOW, False),
    "cannot tell": (oauth(problem=Problem.EXEC_FAILED), Level.SOON, True),
}


@pytest.mark.parametrize(("seen", "level", "doubt"), LEVELS.values(), ids=LEVELS)
def test_the_level_follows_what_a_person_has_to_do(seen, level, doubt):
    (condition,) = notified(looked_at(seen))
    assert (condition.key, condition.level, condition.doubt) == (seen.credential.key, level, doubt)
    assert condition.held is doubt


def test_a_condition_carries_its_labels_step_and_login():
    (condition,) = notified(looked_at(oauth(end=2 * DAY)))
    assert condition.labels == {
        "source": "openclaw",
        "agent": "main",
        "provider": "anthropic",
        "profile": "anthropic:work",
        "kind": "oauth",
    }
    assert condition.step == 3 * DAY
    assert condition.login == Login(at(2 * DAY), "fp-anthropic:work", at(2 * DAY))


def test_a_gone_login_is_a_doubtful_alarm():
    (condition,) = notified(looked_at(before=[oauth()]))
    assert (condition.level, condition.doubt, condition.held) == (Level.NOW, True, False)


def test_an_ignored_login_says_nothing():
    assert notified(looked_at(token(access=-HOUR), before=known(token(), ignored=True))) == ()


def test_an_unreadable_store_is_one_doubtful_condition_and_what_it_hides_is_held_in_silence():
    store, hidden = notified(looked_at(TROUBLE, before=[oauth()]))
    assert store.key == "openclaw/problem/~/.openclaw/store"
    assert (store.level, store.doubt, store.held) == (Level.SOON, True, False)
    assert store.labels == {"source": "openclaw", "problem": "parse", "store": "~/.openclaw/store"}
    assert (hidden.level, hidden.held) == (Level.FINE, True)


def test_a_held_deadline_that_comes_is_told():
    _, hidden = notified(looked_at(TROUBLE, before=[oauth(end=DAY)]))
    assert (hidden.level, hidden.held) == (Level.SOON, True)
    _, hidden = notified(looked_at(TROUBLE, before=[token(access=-HOUR)]))
    assert (hidden.level, hidden.held) == (Level.NOW, True)


STANDING = (
    "openclaw/problem/~/.openclaw/store",
    {"source": "openclaw", "problem": "parse", "store": "~/.openclaw/store"},
)


def test_a_trouble_that_is_not_met_again_is_seen_fine():
    (condition,) = notified(looked_at(), alert=[STANDING])
    assert (condition.key, condition.level, condition.labels) == (STANDING[0], Level.FINE, STANDING[1])


def test_a_trouble_that_is_met_again_stands_once():
    (condition,) = notified(looked_at(TROUBLE), alert=[STANDING])
    assert condition.level is Level.SOON


def test_a_source_that_crashed_does_not_mend_its_stores():
    crash = Trouble("openclaw", Problem.CRASHED, "", "it crashed")
    assert [condition.key for condition in notified(looked_at(crash), alert=[STANDING])] == ["openclaw/problem/"]


def test_a_trouble_of_an_unwatched_source_says_nothing():
    assert notified(looked_at(TROUBLE._replace(ignored=True))) == ()


def test_what_nobody_asks_for_any_more_is_seen_fine():
    asked = login("codex:default", evidence=Evidence.ABSENT)
    (condition,) = notified(looked_at(before=[asked]))
    assert (condition.key, condition.level) == (asked.credential.key, Level.FINE)


MAIL = "anthropic:anna.smith@example.org"


def test_masked_words_and_labels_show_no_address():
    seen = token(MAIL, access=-HOUR, relogin=f"openclaw models auth login --profile-id '{MAIL}'")
    judgement = looked_at(seen, before=[oauth("openai:anna.smith@example.org")])
    for condition in notified(judgement, privacy="masked"):
        shown = " ".join((*condition.labels.values(), condition.summary, condition.remedy))
        assert "anna" not in shown
        assert "example" not in shown
        assert condition.remedy == "authwatch status"
        assert condition.summary.count(condition.labels["profile"]) == 1
    assert MAIL in notified(judgement)[0].remedy


def test_masking_leaves_names_that_tell_nobody():
    seen = token("anthropic:default", access=-HOUR, relogin="claude")
    assert notified(looked_at(seen), privacy="masked") == notified(looked_at(seen))


@given(st.lists(observations, max_size=3), st.lists(observations, max_size=3), st.booleans())
def test_every_credential_gives_one_condition_and_only_now_is_now(seen, before, broken):
    judgement = looked_at(*seen, *([TROUBLE] if broken else []), before=before)
    found = {condition.key: condition for condition in notified(judgement, privacy="masked")}
    assert len(found) == len(notified(judgement))
    for verdict in judgement.verdicts:
        condition = found[verdict.key]
        assert (condition.level is Level.NOW) == (verdict.needs_human == "now")
        assert (condition.level is Level.FINE) <= (verdict.needs_human == "no" or condition.held)
