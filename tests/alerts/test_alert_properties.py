"""What holds for the alert core whatever happens to credentials, channels, people and passes."""

from __future__ import annotations

import os
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts.belief import agrees, beliefs
from alerts.decide import BAD_NEWS, condition_key
from alerts.hush import concerns, covers, quiet_window
from alerts.model import Channel, Condition, Level, Quiet, Reason, Standing, Told
from alerts.settle import renewed
from tests.alerts.world import DAY, HOUR, MINUTE, REMIND, SETTLE, Fate, Heard, World, login

KEYS = ("a", "b")
LABELS = {"a": {"agent": "main"}, "b": {"agent": "other"}}
CHANNELS = (
    Channel("phone", Level.SOON, address="1"),
    Channel("mail", Level.NOW, address="1"),
    Channel("desk", Level.INFO, match={"agent": "main"}, address="1"),
)
LEVELS = st.sampled_from(
    [(Level.FINE, None)] * 3
    + [(Level.INFO, None), (Level.SOON, 7 * DAY), (Level.SOON, DAY), (Level.SOON, None), (Level.NOW, None)]
)
SPANS = st.one_of(
    st.integers(0, 30).map(lambda n: n * MINUTE),
    st.sampled_from([HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY]),
    st.timedeltas(timedelta(seconds=1), 2 * DAY),
)
QUIET = Quiet(time(22), time(7), ZoneInfo("Europe/Stockholm"))


class Alerts(RuleBasedStateMachine):
    """Credentials, channels and people at random; after every pass the rules are checked."""

    @initialize(quiet=st.sampled_from([None, QUIET]), own=st.booleans())
    def begin(self, quiet: Quiet | None, own: bool) -> None:
        self.world = World(channels=CHANNELS, quiet=quiet, own=own)
        self.generation = dict.fromkeys(KEYS, 0)
        self.truth = {key: Condition(key, Level.FINE, LABELS[key], login=login(0)) for key in KEYS}
        self.lower_since: dict[str, object] = {}
        self.unsure: set[tuple[str, str]] = set()
        self.last_told: dict[tuple[str, str], Heard] = {}
        self.world.look(*self.truth.values())

    # -- what happens -----------------------------------------------------------------------------------------

    @rule(key=st.sampled_from(KEYS), level=LEVELS, doubt=st.booleans(), held=st.integers(0, 4), new=st.booleans())
    def change(self, key: str, level: tuple, doubt: bool, held: int, new: bool) -> None:
        self.generation[key] += new
        self.truth[key] = Condition(
            key,
            level[0],
            LABELS[key],
            step=level[1],
            login=login(self.generation[key]),
            doubt=doubt and level[0] is not Level.FINE,
            held=held == 0,
        )

    @rule(label=st.sampled_from([one.label for one in CHANNELS]), fate=st.sampled_from(Fate))
    def fate(self, label: str, fate: Fate) -> None:
        self.world.fates[label] = fate
        self.world.retry_after = 20 * MINUTE

    @rule(key=st.sampled_from(KEYS), span=st.sampled_from([None, HOUR, DAY]))
    def acknowledge(self, key: str, span: timedelta | None) -> None:
        self.world.acknowledge(key, span and self.world.now + span)

    @rule(match=st.sampled_from([{}, {"agent": "main"}, {"none": "x"}]), level=st.sampled_from([Level.SOON, Level.NOW]))
    def silence(self, match: dict, level: Level) -> None:
        self.world.silence(match, 4 * HOUR, level)

    @rule(span=SPANS, seen=st.sampled_from([KEYS, KEYS, KEYS, ("a",), ()]))
    def look(self, span: timedelta, seen: tuple[str, ...]) -> None:
        self.pass_after(span, seen)

    @rule()
    def look_when_planned(self) -> None:
        if self.world.until:
            self.pass_after(self.world.until - self.world.now, KEYS)

    @rule(passes=st.integers(2, 12), minutes=st.integers(1, 20), key=st.sampled_from(KEYS), level=LEVELS)
    def flap(self, passes: int, minutes: int, key: str, level: tuple) -> None:
        other = self.truth[key]
        for nth in range(passes):
            if nth % 2:
                self.truth[key] = other
            else:
                self.truth[key] = Condition(key, level[0], LABELS[key], step=level[1], login=other.login)
            self.pass_after(minutes * MINUTE, KEYS)

    # -- a checked pass ---------------------------------------------------------------------------------------

    def pass_after(self, span: timedelta, seen: tuple[str, ...]) -> None:
        world = self.world
        self.extra_pass(span, seen)
        old = dict(world.standings)
        unsure = {place for place, one in world.attempts.items() if one.outcome.unsure or one.earlier}
        minds = dict(world.minds)
        heard = world.look(*(self.truth[key] for key in seen), after=span)
        for one in heard:
            self.check_heard(one, minds, unsure)
        for key in seen:
            self.check_settled(key, old.get(key))
        self.check_silence()
        assert self.died() or not world.decide()[0], "a second decide finds nothing left to say"
        assert world.until is None or world.until > world.now

    def extra_pass(self, span: timedelta, seen: tuple[str, ...]) -> None:
        """A pass between two planned moments changes nothing and says nothing."""
        world = self.world
        if seen != KEYS or not getattr(self, "steady", None) == self.truth:
            self.steady = dict(self.truth) if seen == KEYS else None
            return
        kept = (world.now, dict(world.standings), len(world.inbox), len(world.messages))
        middle = world.now + min(span, (world.until or world.now + span) - world.now) / 2
        if self.hush_changed() or world.again:
            return
        if world.now < middle:
            world.now = middle
            world.settle((*self.truth.values(), *world.own_conditions()[0]))
            assert world.standings == kept[1], "an extra pass changed what stands"
            assert self.died() or not world.decide()[0], "an extra pass spoke"
            world.now = kept[0]

    def hush_changed(self) -> bool:
        changed = getattr(self, "hush_seen", None) is not self.world.hush or self.fates_seen != self.world.fates
        self.hush_seen, self.fates_seen = self.world.hush, dict(self.world.fates)
        return changed

    def check_heard(self, one: Heard, minds: dict, unsure: set) -> None:
        place = (one.channel, one.key)
        believed = minds.get(place)
        if one.reason in BAD_NEWS and one.key in self.truth:
            assert self.truth[one.key].rank >= one.standing.rank, "bad news that this look does not see"
        if one.reason in BAD_NEWS:
            channel = next(c for c in CHANNELS if c.label == one.channel)
            assert one.level.rank >= channel.at_least.rank
            assert concerns(channel.match, one.standing.labels)
            assert one.key != condition_key(one.channel)
        if place in unsure:
            return
        if one.reason is Reason.RECOVERED:
            assert believed is not None, "recovered to somebody who was never told"
            return
        same = believed is not None and (believed.since, believed.rank) == (one.standing.since, one.standing.rank)
        assert same == (one.reason is Reason.REMINDER), "the same thing twice, or a reminder of something new"
        if same:
            last = max(h.at for h in self.world.inbox if (h.channel, h.key) == place and h is not one)
            assert one.at - last >= REMIND[0] - 12 * HOUR, "a reminder too early"

    def check_settled(self, key: str, old: Standing | None) -> None:
        standing, condition, now = self.world.standings[key], self.truth[key], self.world.now
        if condition.rank >= (old.rank if old else standing.rank):
            self.lower_since.pop(key, None)
        elif not condition.held:
            self.lower_since.setdefault(key, now)
        if not condition.doubt:
            assert standing.rank >= condition.rank, "a rise speaks at once"
        if old and standing.rank < old.rank:
            assert not condition.held, "a held key fell"
            if not renewed(old.login, condition.login):
                assert now - self.lower_since[key] >= SETTLE, "a fall that did not last"
        if old and standing.rank > old.rank:
            assert condition.rank >= standing.rank, "a rise nobody saw"
        if old and standing.rank != old.rank:
            self.lower_since.pop(key, None)
            if condition.rank < standing.rank:
                self.lower_since[key] = now

    def check_silence(self) -> None:
        """Nothing worse than what it was made for hides behind a silence."""
        world = self.world
        for standing in world.standings.values():
            for channel in CHANNELS:
                place = (channel.label, standing.key)
                if (
                    not standing.seen
                    or standing.level.rank < channel.at_least.rank
                    or standing.key == condition_key(channel.label)
                    or not concerns(channel.match, standing.labels)
                    or any(label == channel.label for label, _ in world.attempts)
                    or (quiet_window(world.quiet, world.now) and standing.level is not Level.NOW)
                    or any(a.key == standing.key and a.at == standing.at for a in world.hush.acknowledgements)
                    or self.died()
                ):
                    continue
                silenced = any(
                    s.until > world.now and s.level.rank >= standing.level.rank and covers(s.match, standing.labels)
                    for s in world.hush.silences
                )
                mind = world.minds.get(place)
                assert silenced or (mind and (mind.since, mind.rank) == (standing.since, standing.rank)), place

    def died(self) -> bool:
        return any(fate.outcome is None for fate in self.world.fates.values())

    @invariant()
    def what_people_believe_is_among_what_we_think_they_believe(self) -> None:
        world = getattr(self, "world", None)
        if world is None:
            return
        for key, standing in world.standings.items():
            for channel in CHANNELS:
                place = (channel.label, key)
                mind = world.minds.get(place)
                ours = beliefs(world.told.get(place), world.attempts.get(place))
                if len({(one.since, one.rank) if one else None for one in ours}) > 2:
                    continue  # three kept beliefs force the truth to be said, whichever is held
                if mind is None:
                    assert None in ours, place
                else:
                    assert any(isinstance(one, Told) and agrees(one, mind) for one in ours), place
                assert standing.key == key

    def teardown(self) -> None:
        """Once channels work and nothing changes any more, everybody comes to believe the truth."""
        world = getattr(self, "world", None)
        if world is None:
            return
        world.fates.clear()
        for key in KEYS:
            level = self.truth[key]
            self.truth[key] = Condition(key, level.level, LABELS[key], step=level.step, login=level.login)
        end = world.now + 9 * DAY
        while world.now < end:
            world.look(*self.truth.values())
            world.now = min(world.until or end, end, world.now + DAY)
        acknowledged = {one.key for one in world.hush.acknowledgements if one.until is None}
        for key in (*KEYS, *(key for key in world.standings if key not in KEYS)):
            for channel in CHANNELS:
                self.check_end(key, channel, acknowledged)

    def check_end(self, key: str, channel: Channel, acknowledged: set[str]) -> None:
        standing, mind = self.world.standings[key], self.world.minds.get((channel.label, key))
        if key in KEYS:
            assert standing.rank == self.truth[key].rank, "it did not settle to what is so"
        if standing.level is Level.FINE:
            assert mind is None, "nobody said that it is over"
        elif (
            standing.level.rank >= channel.at_least.rank
            and concerns(channel.match, standing.labels)
            and key not in acknowledged
        ):
            assert mind is not None, "lost"
            assert (mind.since, mind.rank) == (standing.since, standing.rank), "people believe something else"
        else:
            assert mind is None or mind.rank <= standing.rank, "people believe something worse"


Alerts.TestCase.settings = settings(
    max_examples=int(os.environ.get("AUTHWATCH_EXAMPLES", "200")),
    stateful_step_count=30,
    deadline=None,
    derandomize="AUTHWATCH_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestAlerts = Alerts.TestCase
