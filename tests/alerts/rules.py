"""What must hold in a world after any check, whatever happened; each function fails with the rule that was broken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from alerts.decide import BAD_NEWS, condition_key
from alerts.model import Alert, Channel, Condition, Level, Reason
from alerts.muting import concerns, covers, quiet_window
from alerts.notification_state import Place, agrees, possible_states
from alerts.settle import renewed
from tests.alerts.world import HOUR, Heard, World


def same(mind: Alert | None, alert: Alert) -> bool:
    """Whether what somebody believes is what stands."""
    if mind is None or alert.level is Level.FINE:
        return mind is None and alert.level is Level.FINE
    return (mind.since, mind.rank) == (alert.since, alert.rank)


def meant(channel: Channel, alert: Alert) -> bool:
    """Whether a channel wants to hear of it at all."""
    return (
        alert.level.rank >= channel.at_least.rank
        and concerns(channel.match, alert.labels)
        and alert.key != condition_key(channel.label)
    )


def unsure(world: World) -> set[Place]:
    """Where people may have heard what we do not know of."""
    return {place for place, one in world.attempts.items() if one.outcome.unsure or one.earlier}


def check_heard(world: World, one: Heard, believed: Alert | None, doubtful: bool, seen: Condition | None) -> None:
    """Nothing twice, nothing that is not seen, nothing to those who do not want it.

    `believed` is what people believed before, `doubtful` that we could not know, `seen` what the look found.
    """
    if one.reason in BAD_NEWS:
        assert seen is None or seen.rank >= one.alert.rank, "bad news that this check does not see"
        assert meant(next(c for c in world.channels if c.label == one.channel), one.alert)
    if doubtful:
        return
    if one.reason is Reason.RESOLVED:
        assert believed is not None, "recovered to somebody who was never told"
        return
    repeated = believed is not None and same(believed, one.alert)
    assert repeated == (one.reason is Reason.REMINDER), "the same thing twice, or a reminder of something new"
    if repeated:
        place = (one.address, one.key)
        last = max(h.at for h in world.inbox if (h.address, h.key) == place and h is not one)
        assert one.at - last >= world.remind[0] - 12 * HOUR, "a reminder too early"


def check_settled(
    before: Alert | None, after: Alert, condition: Condition, lower_for: timedelta, span: timedelta
) -> None:
    """Severity rises at once and never falls without a cause; `lower_for` is how long it was seen lower."""
    if not condition.doubt:
        assert after.rank >= condition.rank, "a rise speaks at once"
    if before is None or after.rank == before.rank:
        return
    if after.rank > before.rank:
        assert condition.rank >= after.rank, "a rise nobody saw"
        return
    assert not condition.held, "a held key fell"
    assert renewed(before.login, condition.login) or lower_for >= span, "a fall that did not last"


def check_told(world: World) -> None:
    """What stands is known wherever nothing is in the way: a silence hides nothing worse than it was made for."""
    quiet = quiet_window(world.quiet, world.now) is not None
    failing = {address for address, _ in world.attempts}
    for channel, alert in pairs(world):
        free = alert.seen and meant(channel, alert) and channel.id not in failing
        loud = alert.level is Level.NOW or not quiet
        if free and loud and not hidden(world, alert):
            assert same(world.minds.get((channel.id, alert.key)), alert), "nobody was told"


def hidden(world: World, alert: Alert) -> bool:
    """Whether people asked not to hear of it, as they would put it."""
    silences = (one for one in world.muting.silences if one.until > world.now)
    known = (one for one in world.muting.acknowledgements if not one.until or one.until > world.now)
    return any(one.level.rank >= alert.level.rank and covers(one.match, alert.labels) for one in silences) or any(
        (one.key, one.at) == (alert.key, alert.at) for one in known
    )


def check_beliefs(world: World) -> None:
    """What people believe is among what we think they may believe."""
    for channel, alert in pairs(world):
        place = (channel.id, alert.key)
        ours = possible_states(world.notified.get(place), world.attempts.get(place))
        if len({(one.since, one.rank) if one else None for one in ours}) > 2:
            continue  # so many force the truth to be said, whichever is held
        mind = world.minds.get(place)
        assert any(one is mind is None or (one and mind and agrees(one, mind)) for one in ours), place


def check_end(world: World, truth: dict[str, Condition]) -> None:
    """Once channels work and nothing changes any more, everybody believes the truth."""
    for channel, alert in pairs(world):
        mind = world.minds.get((channel.id, alert.key))
        if alert.key in truth:
            assert alert.rank == truth[alert.key].rank, "it did not settle to what is so"
        if alert.level is Level.FINE:
            assert mind is None, "nobody said that it is over"
        elif meant(channel, alert) and not hidden(world, alert):
            assert same(mind, alert), "lost, or people believe something else"
        else:
            assert mind is None or mind.rank <= alert.rank, "people believe something worse"


def pairs(world: World) -> Iterator[tuple[Channel, Alert]]:
    """Every channel with every alert."""
    return ((channel, one) for one in list(world.alerts.values()) for channel in world.channels)
