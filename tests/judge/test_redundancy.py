"""What the other logins of a provider change, and the roll-up."""

import pytest

from monitor.model import Evidence, Lineup, Need, Policy, Problem, ProviderView, State, Trouble, Use
from tests.judge.worlds import DAY, HOUR, at, known, login, looked_at, oauth, token

DEAD = token("anthropic:dead", access=-HOUR)
GOOD = oauth("anthropic:good")
OTHER = oauth("anthropic:good", use=Use(out_of_credit=True))


def line(*seen, agent="main", provider="anthropic", **more):
    return Lineup("openclaw", agent, provider, keys=tuple(one.credential.key for one in seen), **more)


def verdict_of(seen, *findings, **look):
    judgement = looked_at(seen, *findings, **look)
    return next(verdict for verdict in judgement.verdicts if verdict.key == seen.credential.key)


RESTING = oauth("anthropic:good", use=Use(unusable_until=at(HOUR)))
REPLACED = {
    "another works": (GOOD, line(DEAD, GOOD)),
    "another works and the program already dropped the dead one": (GOOD, line(GOOD)),
    "another rests": (RESTING, line(DEAD, RESTING)),
    "another idles": (oauth("anthropic:good", access=-HOUR), line(DEAD, GOOD)),
    "a key remains": (line(DEAD, spare=("ANTHROPIC_API_KEY",)),),
    "every agent that uses it has another": (GOOD, line(DEAD, GOOD), line(DEAD, GOOD, agent="lab")),
    "an agent without another does not use the provider": (
        GOOD,
        line(DEAD, GOOD),
        line(DEAD, agent="lab", in_use=False),
    ),
}


@pytest.mark.parametrize("others", REPLACED.values(), ids=REPLACED)
def test_a_dead_login_can_wait_when(others):
    verdict = verdict_of(DEAD, *others)
    assert (verdict.state, verdict.needs_human) == (State.EXPIRED, Need.SOON)
    assert any(phrase.startswith("redundant") for phrase in verdict.because)
    assert "redundant" in verdict.summary


NOT_REPLACED = {
    "it is alone": (line(DEAD),),
    "the program states no order": (GOOD, line(DEAD, GOOD, ordered=False)),
    "there is no line-up": (GOOD,),
    "the other is out of credit": (OTHER, line(DEAD, OTHER)),
    "the other is dead too": (token("anthropic:good", access=-DAY), line(DEAD, GOOD)),
    "the other is of another provider": (
        oauth("openai:good"),
        line(DEAD),
        line(oauth("openai:good"), provider="openai"),
    ),
    "one agent that uses it has no other": (GOOD, line(DEAD, GOOD), line(DEAD, agent="lab")),
    "the other was not seen": (line(DEAD, GOOD),),
}


@pytest.mark.parametrize("others", NOT_REPLACED.values(), ids=NOT_REPLACED)
def test_a_dead_login_is_urgent_when(others):
    assert verdict_of(DEAD, *others).needs_human is Need.NOW


def test_a_login_that_is_held_replaces_nobody():
    store = Trouble("openclaw", Problem.LOCKED, "~/other", "locked", host_path="/other")
    held = oauth("anthropic:good", end=DAY, host_path="/other")
    judgement = looked_at(DEAD, line(DEAD, held), store, before=[held])
    assert [verdict.needs_human for verdict in judgement.verdicts] == [Need.NOW, Need.SOON]


def test_out_of_credit_can_wait_where_another_works():
    assert verdict_of(OTHER, oauth("anthropic:b"), line(OTHER, oauth("anthropic:b"))).needs_human is Need.SOON


def test_a_gone_login_can_wait_where_another_works():
    judgement = looked_at(GOOD, line(GOOD), before=[DEAD])
    gone = next(verdict for verdict in judgement.verdicts if verdict.vanished)
    assert (gone.state, gone.needs_human) == (State.MISSING, Need.SOON)


def test_soon_stays_soon_where_another_works():
    soon = token("anthropic:dead", access=2 * DAY)
    verdict = verdict_of(soon, GOOD, line(soon, GOOD))
    assert (verdict.needs_human, verdict.step) == (Need.SOON, 3 * DAY)


UNUSED = [
    # the use that the source states, the line-ups, used
    (None, (), True),
    (True, (), True),
    (False, (), False),
    (False, (line(DEAD, in_use=False),), False),
    (None, (line(DEAD, in_use=False),), False),
    (True, (line(DEAD, in_use=False),), True),
    (False, (line(DEAD, in_use=False), line(DEAD, agent="lab")), True),
    (None, (line(DEAD),), True),
]


@pytest.mark.parametrize(("in_use", "lineups", "used"), UNUSED)
def test_what_nothing_uses_needs_nobody(in_use, lineups, used):
    verdict = verdict_of(DEAD._replace(use=Use(in_use=in_use)), *lineups)
    assert verdict.in_use is used
    assert verdict.needs_human is (Need.NOW if used else Need.NO)
    assert verdict.state is State.EXPIRED
    assert any(phrase.startswith("not in use") for phrase in verdict.because) is not used


def test_a_pin_or_an_expectation_is_a_use():
    unused = DEAD._replace(use=Use(in_use=False))
    assert verdict_of(unused._replace(use=Use(in_use=False, pinned_by="session x"))).needs_human is Need.NOW
    assert verdict_of(unused, policy=Policy(expect=(DEAD.credential.key,))).needs_human is Need.NOW


def test_a_provider_without_any_login_is_missing_as_a_whole():
    wanted = login("openai:-", evidence=Evidence.ABSENT)
    judgement = looked_at(wanted, Lineup("openclaw", "main", "openai"))
    assert judgement.verdicts[0].needs_human is Need.NOW
    assert judgement.providers == (
        ProviderView("openclaw", "main", "openai", 0, 0, None, in_use=True, needs_human=Need.NOW),
    )


def test_the_roll_up_counts_who_serves_and_names_the_next():
    judgement = looked_at(DEAD, RESTING, oauth("anthropic:work"), line(RESTING, oauth("anthropic:work")))
    assert judgement.providers == (
        ProviderView("openclaw", "main", "anthropic", 1, 3, "anthropic:work", in_use=True, needs_human=Need.SOON),
    )


def test_the_roll_up_falls_back_to_a_key():
    (view,) = looked_at(DEAD, line(DEAD, spare=("ANTHROPIC_API_KEY",))).providers
    assert (view.usable, view.total, view.next) == (1, 2, "ANTHROPIC_API_KEY")


def test_an_inherited_login_is_in_the_roll_up_of_who_inherits_it():
    views = looked_at(GOOD, line(GOOD), line(GOOD, agent="lab")).providers
    assert [(view.agent, view.usable, view.next) for view in views] == [
        ("lab", 1, "anthropic:good"),
        ("main", 1, "anthropic:good"),
    ]


def test_a_source_without_line_ups_gets_a_roll_up_that_claims_no_order():
    alone = looked_at(GOOD).providers[0]
    assert (alone.usable, alone.total, alone.next, alone.in_use) == (1, 1, "anthropic:good", True)
    two = looked_at(GOOD, oauth("anthropic:b")).providers[0]
    assert (two.usable, two.total, two.next) == (2, 2, None)


def test_an_ignored_login_does_not_colour_its_provider():
    assert looked_at(DEAD).providers[0].needs_human is Need.NOW
    assert looked_at(DEAD, before=known(DEAD, ignored=True)).providers[0].needs_human is Need.NO


def test_ten_thousand_dead_logins_in_one_line_up_are_weighed_in_no_time():
    many = [token(f"anthropic:{number}", access=-HOUR) for number in range(10_000)]
    judgement = looked_at(*many, line(*many))
    assert {verdict.needs_human for verdict in judgement.verdicts} == {Need.NOW}
