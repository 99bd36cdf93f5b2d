"""One refresh token in several places, agents that disagree, a working login elsewhere; and what people are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import Level
from monitor.judge.conditions import conditions
from monitor.judge.duplicates import copied, separately
from monitor.judge.judge import judge
from monitor.model import Evidence, Kind, Lineup, Need, Problem, State, Trouble, Use
from tests.judge.worlds import DAY, HOUR, NOW, POLICY, at, known, login, memory, oauth, token

CLAUDE = oauth(
    "claude-code:default",
    source="claude-code",
    agent="-",
    fingerprint="one",
    host_path="/h/.claude/x",
    store="~/.claude/x",
)
CLAUDE = CLAUDE._replace(credential=CLAUDE.credential._replace(provider="anthropic"), relogin="claude auth login")
CLAW = oauth(
    "anthropic:default",
    fingerprint="one",
    end=None,
    host_path="/h/main.json",
    store="~/main.json",
    relogin="openclaw models auth login --provider anthropic --profile-id anthropic:default",
)
WORK = CLAW._replace(
    credential=CLAW.credential._replace(agent="work"),
    host_path="/h/work.json",
    store="~/work.json",
    relogin=f"{CLAW.relogin} --agent work",
)
OTHER = {"fingerprint": "two"}


def look(*seen, past=None, now=NOW, files=None):
    paths = [one.host_path for one in seen if hasattr(one, "host_path")]
    return judge(seen, past or {}, POLICY, now, paths, files or {})


def keys(*seen):
    return tuple(one.credential.key for one in seen)


def told(judgement, alert=(), privacy="full"):
    found = conditions(judgement, host="vps-1", privacy=privacy, now=NOW, open_copies=alert)
    return [one for one in found if one.key.endswith("/copies")]


#: what is seen, the groups: the one to keep first
GROUPS = [
    ("a login copied from Claude Code", (CLAW, CLAUDE), (keys(CLAUDE, CLAW),)),
    ("a login copied from agent to agent", (WORK, CLAW), (keys(CLAW, WORK),)),
    ("three places", (WORK, CLAW, CLAUDE), (keys(CLAUDE, CLAW, WORK),)),
    ("logins of their own", (CLAW, WORK._replace(**OTHER)), ()),
    ("an API key in two places", tuple(login(kind=Kind.API_KEY, fingerprint="k")._replace(host_path=p) for p in "ab"), ()),
    ("a token in two places", (token(fingerprint="t")._replace(host_path="a"), WORK._replace(refreshable=False)), ()),
    ("two entries that read one file", (CLAW, WORK._replace(host_path=CLAW.host_path)), ()),
    ("one that is gone", (CLAW, WORK._replace(evidence=Evidence.BLANKED)), ()),
    (
        "what OpenClaw reads in Claude's own store",
        (CLAUDE, CLAW._replace(credential=CLAW.credential._replace(provider="claude-cli"))),
        (),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "groups"), [row[1:] for row in GROUPS], ids=[row[0] for row in GROUPS])
def test_only_a_refresh_token_in_different_stores_is_a_copy(seen, groups):
    assert look(*seen).copied == groups


def test_two_names_of_one_file_are_one_place():
    inodes = {"/h/main.json": (1, 7), "/h/work.json": (1, 7)}
    assert look(CLAW, WORK, files=inodes).copied == ()
    assert look(CLAW, WORK, files={**inodes, "/h/work.json": (2, 7)}).copied


def test_inheritance_within_openclaw_is_one_login_of_one_store():
    lines = (Lineup("openclaw", agent, "anthropic", keys(CLAW)) for agent in ("main", "work"))
    assert look(CLAW, *lines).copied == ()


def test_the_place_that_had_it_first_keeps_it_among_equals():
    past = known(CLAW, fingerprint_since=NOW - DAY) | known(WORK, fingerprint_since=NOW - 9 * DAY)
    assert look(CLAW, WORK, past=past).copied == (keys(WORK, CLAW),)
    proven = known(CLAW, fingerprint_since=NOW - DAY, proven=True) | known(WORK, fingerprint_since=NOW - 9 * DAY)
    assert look(CLAW, WORK, past=proven).copied == (keys(CLAW, WORK),)


def test_the_one_that_was_used_last_keeps_it_where_nothing_else_tells():
    used = WORK._replace(use=Use(last_used_at=at(-HOUR)))
    assert look(CLAW, used).copied == (keys(used, CLAW),)


def test_the_condition_names_both_places_the_one_to_keep_and_the_command_for_the_other():
    (found,) = told(look(CLAW, CLAUDE))
    assert found.level is Level.SOON
    assert "~/.claude/x (claude-code) and ~/main.json (openclaw, agent main)" in found.summary
    assert "refresh_token_reused" in found.summary
    assert "Keep it in ~/.claude/x (claude-code)" in found.summary
    assert found.remedy == (
        "claude setup-token && openclaw models auth paste-token --provider anthropic --profile-id anthropic:default"
    )


def test_the_verdicts_say_it_too_and_the_copy_has_the_remedy():
    verdicts = {one.key: one for one in look(CLAW, CLAUDE).verdicts}
    kept, copy = verdicts[CLAUDE.credential.key], verdicts[CLAW.credential.key]
    assert "the same refresh token is also in ~/main.json (openclaw, agent main)" in kept.summary
    assert "the same refresh token is also in ~/.claude/x (claude-code)" in copy.summary
    assert (kept.remedy, copy.remedy) == ("", separately(CLAW))
    assert (kept.needs_human, copy.needs_human) == (Need.NO, Need.NO), "the condition tells, not the clock"


def test_a_copy_that_nothing_uses_is_for_information():
    (found,) = told(look(CLAW._replace(use=Use(in_use=False)), CLAUDE))
    assert found.level is Level.INFO


def test_masked_words_name_no_profile():
    mail = CLAW._replace(credential=CLAW.credential._replace(profile="anthropic:anna@example.org"))
    (found,) = told(look(mail, CLAUDE), privacy="masked")
    assert "anna" not in found.summary + found.remedy + "".join(found.labels.values())


def alert(*seen):
    (found,) = told(look(*seen))
    return [(found.key, found.labels, found.login.fingerprint)]


@pytest.mark.parametrize(
    ("now_seen", "level"),
    [
        ((CLAUDE, CLAW._replace(**OTHER)), Level.FINE),
        ((CLAUDE,), Level.FINE),
        ((CLAW,), Level.FINE),
        ((CLAUDE._replace(**OTHER), CLAW), Level.SOON),
        ((CLAUDE._replace(**OTHER), CLAW._replace(fingerprint="three")), Level.FINE),
        ((CLAUDE._replace(**OTHER), CLAW._replace(evidence=Evidence.REFUSED)), Level.FINE),
    ],
    ids=["logged in there", "copy removed", "original removed", "original renewed", "both anew", "copy died"],
)
def test_it_ends_when_the_copy_has_a_login_of_its_own_and_not_when_the_original_used_it_up(now_seen, level):
    (found,) = told(look(*now_seen), alert(CLAUDE, CLAW))
    assert found.level is level
    if level is Level.SOON:
        assert "~/main.json (openclaw, agent main) holds a refresh token of anthropic that was used up" in found.summary
        assert found.remedy == separately(CLAW)


def test_a_place_that_cannot_be_read_ends_nothing():
    past = known(CLAW, CLAUDE)
    blind = Trouble("openclaw", Problem.UNREADABLE, "~/main.json", "permission denied", "/h/main.json")
    judgement = judge([CLAUDE, blind], past, POLICY, NOW, ["/h/main.json", "/h/.claude/x"])
    (found,) = told(judgement, alert(CLAUDE, CLAW))
    assert (found.level, found.held) == (Level.SOON, True)


def test_the_key_stays_whichever_place_is_to_keep_it():
    past = known(CLAW, fingerprint_since=NOW - DAY) | known(WORK, fingerprint_since=NOW - 9 * DAY)
    (one,), (other,) = told(look(CLAW, WORK)), told(look(CLAW, WORK, past=past))
    assert one.key == other.key
    assert one.labels != other.labels


# -- agents that disagree, other programs --------------------------------------------------------------------------------


def words_of(verdict):
    return "; ".join(verdict.because)


def test_a_dead_login_says_which_agent_has_a_working_one_of_its_name():
    dead = WORK._replace(**OTHER, evidence=Evidence.REFUSED)
    verdicts = {one.key: one for one in look(CLAW, dead).verdicts}
    found = verdicts[dead.credential.key]
    assert "agent main has a working login of that name (do not copy it)" in found.summary
    assert (found.needs_human, found.remedy) == (Need.NOW, dead.relogin)
    assert "agent" not in words_of(verdicts[CLAW.credential.key])


def test_a_dead_login_says_which_program_has_a_working_one_and_the_safe_way():
    dead = CLAW._replace(**OTHER, evidence=Evidence.REFUSED)
    (found,) = (one for one in look(dead, CLAUDE).verdicts if one.key == dead.credential.key)
    assert "claude-code has a working anthropic login (do not copy it" in found.summary
    assert "claude setup-token" in found.summary


@pytest.mark.parametrize(
    "beside",
    [
        CLAUDE._replace(access_expires_at=at(-HOUR), login_expires_at=at(-HOUR)),
        CLAUDE._replace(evidence=Evidence.BLANKED),
        oauth("codex:chatgpt", source="codex", agent="-", host_path="/h/codex"),
        login("ANTHROPIC_API_KEY", kind=Kind.API_KEY, source="env")._replace(host_path=""),
    ],
    ids=["dead as well", "blanked", "another issuer", "a key"],
)
def test_what_does_not_work_is_no_comfort(beside):
    dead = CLAW._replace(**OTHER, evidence=Evidence.REFUSED)
    (found,) = (one for one in look(dead, beside).verdicts if one.key == dead.credential.key)
    assert "must not be copied" not in found.summary


def test_what_openclaw_keeps_of_claudes_login_needs_nobody_while_claude_is_logged_in():
    """OpenClaw's own copy runs out and is never renewed: the program uses Claude Code's store."""
    stale = CLAW._replace(**OTHER, access_expires_at=at(-5 * HOUR), use=Use(last_used_at=at(-HOUR)))
    stale = stale._replace(credential=stale.credential._replace(provider="claude-cli", profile="anthropic:claude-cli"))
    past = known(stale, overused_at=at(-3 * HOUR), state=State.EXPIRED)
    alone = judge([stale], past, POLICY, NOW, ["/h/main.json"]).verdicts[0]
    assert alone.needs_human is Need.NOW
    beside = {one.key: one for one in judge([stale, CLAUDE], past, POLICY, NOW, ["/h/main.json"]).verdicts}
    found = beside[stale.credential.key]
    assert (found.needs_human, found.state, found.usable) == (Need.NO, State.EXPIRED, True)
    assert "claude-code has a working login" in found.summary


# -- whatever is seen ----------------------------------------------------------------------------------------------------

places = st.sampled_from(["/a", "/b", "/c"])
seen = st.builds(
    lambda path, agent, print_of, refreshable, evidence: CLAW._replace(
        credential=CLAW.credential._replace(agent=agent),
        host_path=path,
        fingerprint=print_of,
        refreshable=refreshable,
        evidence=evidence,
    ),
    places,
    st.sampled_from(["main", "work", "home", "old"]),
    st.sampled_from([None, "one", "two"]),
    st.sampled_from([True, True, False, None]),
    st.sampled_from([Evidence.PRESENT, Evidence.PRESENT, Evidence.BLANKED, Evidence.HIDDEN]),
)


@given(st.lists(seen, max_size=6, unique_by=lambda one: one.credential.key))
def test_a_group_is_of_one_token_in_places_that_differ(found):
    judgement = look(*found)
    verdicts = {one.key: one.seen for one in judgement.verdicts}
    for group in judgement.copied:
        members = [verdicts[key] for key in group]
        assert len({one.host_path for one in members}) == len(members) > 1
        assert len({one.fingerprint for one in members}) == 1
        assert all(one.refreshable and one.evidence is Evidence.PRESENT for one in members)
    wanted = {(one.fingerprint, one.host_path) for one in found if one.refreshable and one.evidence is Evidence.PRESENT}
    shared = {print_of for print_of, _ in wanted if print_of and len([1 for one, _ in wanted if one == print_of]) > 1}
    assert len(judgement.copied) == len(shared), "and none is left out"


@given(st.lists(seen, max_size=6, unique_by=lambda one: one.credential.key))
def test_one_file_is_never_a_copy_of_itself(found):
    same = [one._replace(host_path="/a") for one in found]
    assert look(*same).copied == ()


@given(st.permutations([CLAUDE, CLAW, WORK]))
def test_the_order_of_looking_decides_nothing(found):
    assert look(*found).copied == (keys(CLAUDE, CLAW, WORK),)


def test_nothing_known_is_nothing_shared():
    assert copied([], {}, {}) == ()
    assert memory(CLAW).comparable
