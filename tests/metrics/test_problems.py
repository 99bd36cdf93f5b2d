"""Every problem of the closed list, wherever it is met: what the metrics say of its source, and what the exit code."""

from datetime import timedelta

import pytest

from monitor.check.status import document
from monitor.judge.judge import judge
from monitor.metrics.definitions import Facts
from monitor.metrics.exposition import body
from monitor.model import Credential, Evidence, Kind, Observation, Policy, Problem, Trouble
from tests.judge.worlds import memory as remember
from tests.metrics.test_exposition import read_text, value
from tests.metrics.worlds import NOW

#: Met by a source as a whole or one of its stores: only what its program does not read at all counts for nothing.
OF_A_STORE = dict.fromkeys(Problem, 0) | {Problem.STALE_COPY: 1}

#: Met beside a credential: these leave something to judge, or say only that its end cannot be seen.
SEEN = (Problem.NOT_FOUND, Problem.KEYCHAIN, Problem.ENCRYPTED, Problem.MIGRATION_PENDING, Problem.STALE_COPY)
OF_A_LOGIN = dict.fromkeys(Problem, 0) | dict.fromkeys(SEEN, 1)

STORE = "/home/x/.codex/auth.json"


def login(problem=None, *, profile="default", store=STORE, evidence=Evidence.PRESENT):
    return Observation(
        Credential("codex", "-", "openai", profile, Kind.OAUTH),
        evidence,
        access_expires_at=None if problem else NOW + timedelta(hours=8),
        refreshable=None if problem else True,
        fingerprint=None if problem else "f",
        store="~/.codex/auth.json",
        problem=problem,
        host_path=store,
    )


def trouble(problem, *, store=STORE, ignored=False):
    return Trouble("codex", problem, "~/.codex", "because", store, ignored)


def told(*findings, known=(), policy=None):
    """Whether the source is up, its problems, and the exit code."""
    found = judge(findings, {one.observation.credential.key: one for one in known}, policy or Policy(), NOW, [STORE])
    samples = read_text(body(found, Facts(sources={"codex": NOW})))
    counts = {each: value(samples, "source_problems", source="codex", problem=each) for each in Problem}
    up, shown = (
        value(samples, "source_up", source="codex"),
        document(found, at=NOW, host="x", sources={"codex": "codex"}),
    )
    assert shown["sources"] == [{"id": "codex", "type": "codex", "up": bool(up)}]
    return up, {each: n for each, n in counts.items() if n}, shown["exit_code"]


@pytest.mark.parametrize(("problem", "up"), OF_A_STORE.items())
def test_a_problem_of_a_store_counts(problem, up):
    """A problem of a store counts; the source is down where the exit code says that something is not known."""
    assert told(trouble(problem)) == (up, {problem: 1}, 0 if up else 3)
    assert told(login(), trouble(problem, store="/home/x/.codex/other")) == (up, {problem: 1}, 0 if up else 3)


@pytest.mark.parametrize(("problem", "up"), OF_A_LOGIN.items())
def test_a_problem_of_a_login_that_was_never_read_counts(problem, up):
    """A problem beside a login counts, even if nothing was ever read there: a torn file of a source that is watched."""
    hidden = Evidence.HIDDEN if problem in (Problem.KEYCHAIN, Problem.ENCRYPTED) else Evidence.PRESENT
    assert told(login(problem, evidence=hidden)) == (up, {problem: 1}, 0 if up else 3)


@pytest.mark.parametrize(("problem", "up"), OF_A_LOGIN.items())
def test_a_problem_of_a_login_that_was_read_before_counts(problem, up):
    """A problem beside a login that is known counts: it is held, and its source is down."""
    assert told(login(problem), known=[remember(login())])[:2] == (up, {problem: 1})


@pytest.mark.parametrize("problem", [one for one, up in OF_A_STORE.items() if not up])
def test_a_store_is_counted_once_whatever_it_holds(problem):
    """A store is counted once, however many logins lie in it or beneath the folder that could not be read."""
    known = [remember(login(profile=f"p{n}")) for n in range(5)]
    assert told(trouble(problem), known=known)[1] == {problem: 1}
    assert told(trouble(problem, store="/home/x/.codex"), known=known)[1] == {problem: 1}
    several = [login(Problem.PARSE, profile=f"p{n}", store=f"/home/x/{n // 2}") for n in range(6)]
    assert told(*several)[:2] == (0, {Problem.PARSE: 3})


def test_a_store_that_holds_no_login_was_read():
    """A store that holds no login was read: its login is missing, which is another alert's."""
    assert told(login(Problem.EMPTY, evidence=Evidence.ABSENT)) == (1, {Problem.EMPTY: 1}, 1)


def test_what_is_ignored_is_counted_but_puts_no_source_down():
    """What a person or the config ignores is counted, but puts no source down."""
    assert told(trouble(Problem.PARSE, ignored=True)) == (1, {Problem.PARSE: 1}, 0)
    unlisted = Policy(unlisted=frozenset({"codex"}))
    assert told(login(Problem.PARSE), policy=unlisted) == (1, {Problem.PARSE: 1}, 0)


def test_a_source_that_nobody_configured_is_not_down_for_never_having_been_read():
    """A source that is shown but not configured is not down for never having been read."""
    found = judge([login(Problem.PARSE)], {}, Policy(unlisted=frozenset({"codex"})), NOW)
    samples = read_text(body(found, Facts()))
    assert value(samples, "source_up", source="codex") == 1
    assert value(samples, "source_problems", source="codex", problem="parse") == 1


def test_a_held_login_whose_last_known_deadline_passed_still_puts_its_source_down():
    """A held login whose last known deadline has passed needs somebody now, and its source is down all the same."""
    known = remember(login(), deadline=NOW - timedelta(hours=1))
    assert told(login(Problem.LOCKED), known=[known]) == (0, {Problem.LOCKED: 1}, 1)
