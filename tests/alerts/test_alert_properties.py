"""What holds for the notification core whatever happens to credentials, channels, people, clocks and checks."""

from __future__ import annotations

import os
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from alerts.decide import BAD_NEWS
from alerts.model import Alert, Channel, Condition, Level, QuietHours
from tests.alerts import rules
from tests.alerts.world import DAY, HOUR, MINUTE, Fate, World, login

KEYS = ("a", "b")
LABELS = {"a": {"agent": "main"}, "b": {"agent": "other"}}
CHANNELS = (
    Channel("phone", Level.SOON, address="k:phone-1"),
    Channel("mail", Level.NOW, address="k:mail-1"),
    Channel("desk", Level.INFO, match={"agent": "main"}, address="k:desk-1"),
)
SOON = [(Level.SOON, 7 * DAY), (Level.SOON, DAY), (Level.SOON, None)]
LEVELS = st.sampled_from([*[(Level.FINE, None)] * 3, (Level.INFO, None), *SOON, (Level.NOW, None)])
SPANS = st.one_of(
    st.integers(0, 30).map(lambda n: n * MINUTE),
    st.sampled_from([HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY]),
    st.timedeltas(timedelta(seconds=1), 2 * DAY),
)
QUIET = QuietHours(time(22), time(7), ZoneInfo("Europe/Stockholm"))


class Alerts(RuleBasedStateMachine):
    """Anything in any order; the rules are checked at every check, and at the end that all believe the truth."""

    @initialize(quiet=st.sampled_from([None, QUIET]), own=st.booleans())
    def begin(self, quiet: QuietHours | None, own: bool) -> None:
        self.world = World(channels=CHANNELS, quiet=quiet, own=own, retry_after=20 * MINUTE)
        self.truth = {key: Condition(key, Level.FINE, LABELS[key], login=login(0)) for key in KEYS}
        self.generation = 0
        self.lower_since: dict[str, datetime] = {}
        self.planned = False
        self.look(timedelta(), KEYS)

    # -- what happens -----------------------------------------------------------------------------------------

    @rule(key=st.sampled_from(KEYS), level=LEVELS, doubt=st.booleans(), held=st.integers(0, 4), new=st.booleans())
    def change(self, key: str, level: tuple, doubt: bool, held: int, new: bool) -> None:
        self.generation += new
        self.become(key, level, doubt=doubt, held=held == 0)

    @rule(label=st.sampled_from([one.label for one in CHANNELS]), fate=st.sampled_from(Fate))
    def fare(self, label: str, fate: Fate) -> None:
        self.world.fates[label] = fate

    @rule(label=st.sampled_from([one.label for one in CHANNELS]), number=st.integers(0, 3))
    def readdress(self, label: str, number: int) -> None:
        """To another address, back to one it had, or to none (its URL cannot be read)."""
        address = f"k:{label}-{number}" if number else ""
        self.world.channels = tuple(
            one._replace(address=address) if one.label == label else one for one in self.world.channels
        )
        self.planned = False

    @rule(key=st.sampled_from(KEYS), span=st.sampled_from([None, HOUR, DAY]))
    def acknowledge(self, key: str, span: timedelta | None) -> None:
        self.world.acknowledge(key, span and self.world.now + span)
        self.planned = False

    @rule(match=st.sampled_from([{}, {"agent": "main"}]), level=st.sampled_from([Level.SOON, Level.NOW]))
    def silence(self, match: dict, level: Level) -> None:
        self.world.silence(match, 4 * HOUR, level)
        self.planned = False

    @rule(span=st.sampled_from([MINUTE, HOUR, DAY, 30 * DAY]))
    def set_the_clock_back(self, span: timedelta) -> None:
        self.world.set_back(span)
        self.lower_since = {key: min(at, self.world.now) for key, at in self.lower_since.items()}
        self.planned = False

    @rule(
        checks=st.integers(2, 12),
        minutes=st.integers(1, 20),
        key=st.sampled_from(KEYS),
        level=LEVELS,
        doubt=st.booleans(),
    )
    def flap(self, checks: int, minutes: int, key: str, level: tuple, doubt: bool) -> None:
        usual = self.truth[key]
        for nth in range(checks):
            self.become(key, level, doubt=doubt)
            if nth % 2:
                self.truth[key] = usual
            self.look(minutes * MINUTE, KEYS)

    def become(self, key: str, level: tuple, *, doubt: bool = False, held: bool = False) -> None:
        doubt = doubt and level[0] is not Level.FINE
        self.planned = False
        self.truth[key] = Condition(
            key, level[0], LABELS[key], step=level[1], login=login(self.generation), doubt=doubt, held=held
        )

    # -- checks -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.world.until is not None and self.world.until > self.world.now)
    @rule()
    def look_when_planned(self) -> None:
        self.look(self.world.until - self.world.now, KEYS)

    @rule(span=SPANS, seen=st.sampled_from([KEYS, KEYS, KEYS, ("a",), ()]))
    def look(self, span: timedelta, seen: tuple[str, ...]) -> None:
        world = self.world
        if self.planned:
            self.look_between(span)
        before, minds, unsure = dict(world.alerts), dict(world.minds), rules.unsure(world)
        heard = world.look(*(self.truth[key] for key in seen), after=span)
        for one in heard:
            place = (one.address, one.key)
            assert one.key in seen or one.key not in KEYS or one.reason not in BAD_NEWS, "bad news unseen"
            rules.check_heard(world, one, minds.get(place), place in unsure, self.truth.get(one.key))
        for key in seen:
            self.check_settled(key, before.get(key))
        rules.check_beliefs(world)
        if not world.died:
            rules.check_told(world)
            assert not world.decide()[0], "a second decide finds nothing left to say"
        assert world.until is None or world.until > world.now
        self.planned = seen == KEYS and not world.died and not world.again

    def look_between(self, span: timedelta) -> None:
        """A check between two planned moments changes nothing and says nothing."""
        world, now, alerts = self.world, self.world.now, dict(self.world.alerts)
        gap = span if world.until is None else min(span, world.until - now)
        world.now += gap / 2
        if world.until is None or world.now < world.until:
            world.settle((*self.truth.values(), *world.own_conditions()[0]))
            assert world.alerts == alerts, "an extra check changed what stands"
            assert not world.decide()[0], "an extra check spoke"
        world.now = now

    def check_settled(self, key: str, before: Alert | None) -> None:
        after, condition, now = self.world.alerts[key], self.truth[key], self.world.now
        if condition.rank >= (before.rank if before else after.rank):
            self.lower_since.pop(key, None)
        elif not condition.held:
            self.lower_since.setdefault(key, now)
        lower_for = now - self.lower_since.get(key, now)
        rules.check_settled(before, after, condition, lower_for, self.world.span)
        if before and after.rank != before.rank:
            self.lower_since.pop(key, None)
            if condition.rank < after.rank:
                self.lower_since[key] = now

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        world.fates.clear()
        self.truth = {key: one._replace(doubt=False, held=False) for key, one in self.truth.items()}
        end = world.now + 9 * DAY
        while world.now < end:
            world.look(*self.truth.values())
            world.now = min(world.until or end, end, world.now + DAY)
        rules.check_end(world, self.truth)


Alerts.TestCase.settings = settings(
    max_examples=int(os.environ.get("AUTHWATCH_EXAMPLES", "200")),
    stateful_step_count=30,
    derandomize="AUTHWATCH_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestAlerts = Alerts.TestCase
