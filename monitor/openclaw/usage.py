"""Order and usage statistics of a store: cooldowns, disablings, blocks, last use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from monitor.openclaw.releases import MAX_MS, Generation, number, provider_id, text

EXEMPT: Final = frozenset({"openrouter", "kilocode"})  # these never cool down
_PER_MODEL: Final = frozenset({"rate_limit", "timeout", "model_not_found"})


class Usage(NamedTuple):
    """What OpenClaw remembers of using a profile; moments in ms."""

    last_used: float | None = None
    last_failure: float | None = None
    cooldown_until: float | None = None
    cooldown_reason: str | None = None
    cooldown_model: str | None = None
    disabled_until: float | None = None
    disabled_reason: str | None = None
    blocked_until: float | None = None
    blocked_model: str | None = None
    failures: frozenset[str] = frozenset()

    @property
    def until(self) -> float | None:
        """The end of whatever makes the profile unusable, whichever model is asked for."""
        ends = (self.cooldown_until, self.disabled_until, self.blocked_until)
        return max((end for end in ends if end is not None), default=None)

    def active(self, now: float, model: str | None = None) -> bool:
        """Whether it is unusable now, for that model where cooldowns are per model."""
        ends = [self.disabled_until]
        if not (model and self.blocked_model and self.blocked_model != model):
            ends.append(self.blocked_until)
        elsewhere = model and self.cooldown_model and self.cooldown_model != model
        if not (elsewhere and self.cooldown_reason in _PER_MODEL):
            ends.append(self.cooldown_until)
        return any(end is not None and now < end for end in ends)

    def disabled(self, now: float) -> bool:
        """Whether the profile is disabled and not merely cooling down."""
        return self.disabled_until is not None and now < self.disabled_until


class StoreState(NamedTuple):
    """What a store says beside its profiles; provider names are ids."""

    order: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    usage: Mapping[str, Usage] = MappingProxyType({})

    def over(self, base: StoreState) -> StoreState:
        """This state over another: key by key, this one wins."""
        return StoreState({**base.order, **self.order}, {**base.usage, **self.usage})


def store_state(raw: Any, generation: Generation) -> StoreState:
    """The state in a store's JSON or in the row beside it; what is malformed is left out."""
    if not isinstance(raw, Mapping):
        return StoreState()
    orders, stats = raw.get("order"), raw.get("usageStats")
    order = {}
    for provider, ids in orders.items() if isinstance(orders, Mapping) else ():
        listed = [found for one in ids if (found := text(one))] if isinstance(ids, list) else []
        if listed:
            order[provider_id(provider, generation)] = tuple(listed)
    usage = {
        name: _usage(one, generation)
        for name, one in (stats.items() if isinstance(stats, Mapping) else ())
        if isinstance(one, Mapping)
    }
    return StoreState(order, usage)


def _usage(raw: Mapping[str, Any], generation: Generation) -> Usage:
    counts = raw.get("failureCounts")
    known_blocks = generation is not Generation.JSON
    return Usage(
        last_used=number(raw.get("lastUsed")),
        last_failure=number(raw.get("lastFailureAt")),
        cooldown_until=_moment(raw.get("cooldownUntil")),
        cooldown_reason=text(raw.get("cooldownReason")),
        cooldown_model=text(raw.get("cooldownModel")),
        disabled_until=_moment(raw.get("disabledUntil")),
        disabled_reason=text(raw.get("disabledReason")),
        blocked_until=_moment(raw.get("blockedUntil")) if known_blocks else None,
        blocked_model=text(raw.get("blockedModel")) if raw.get("blockedScope") == "model" else None,
        failures=frozenset(k for k, v in counts.items() if number(v)) if isinstance(counts, Mapping) else frozenset(),
    )


def _moment(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and 0 < found <= MAX_MS else None
