"""What of several places serves: a program takes the first that holds something, and no other, even where that one is
dead. Facts by program: docs/sources.md, written from each source's `LADDER`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from monitor.model import Evidence, Finding, Lineup, Observation, Rung, Standing


class Place(NamedTuple):
    """What a look found in one place of a ladder.

    `found`: the credentials there. `switch`: it serves without a credential of this source (another cloud, a helper's
    own store). `passed` says, as the end of "not in use: …", why the program does not take what lies there. `at`: where
    exactly, if the ladder's own words do not say it.
    """

    found: tuple[Observation, ...] = ()
    switch: bool = False
    passed: str = ""
    at: str = ""

    @property
    def there(self) -> bool:
        """Whether it holds anything that its program would take; a login that is merely expected is nothing."""
        held = any(one.evidence is not Evidence.ABSENT for one in self.found)
        return not self.passed and (self.switch or held)


def line_up(
    source: str,
    provider: str,
    ladder: Iterable[str],
    places: Mapping[str, Place],
    agent: str = "-",
    *,
    by_name: bool = False,
) -> Iterator[Finding]:
    """Every credential of the places, in the ladder's order, and the line-up that says which one serves.

    `ladder` names the places, the strongest first; `places` what was found in some of them. A login that is expected
    and not there is no loss beside something that serves. Without anything there, nothing is said. `by_name`: the
    provider's other credentials are used where they are named, so that what serves here stands in for none of them.
    """
    held = [(name, places.get(name, Place())) for name in ladder]
    serving = next((name for name, place in held if place.there), None)
    rungs: list[Rung] = []
    keys: list[str] = []
    said: list[Observation] = []
    for name, place in held:
        shown = f"{name} ({place.at})" if place.at else name
        why = place.passed or (f"{serving.removeprefix('$')} serves instead" if serving and serving != name else "")
        for seen in place.found:
            if why and seen.evidence is Evidence.ABSENT:
                continue
            use = seen.use._replace(in_use=False, why_not=why) if why else seen.use
            if name == serving and use.in_use is None:
                use = use._replace(in_use=True)
            said.append(seen._replace(use=use))
        mine = tuple(one.credential.key for one in place.found)
        if name == serving:
            keys += mine
        rungs += [Rung(shown, key, _standing(place, name == serving), place.passed) for key in mine or ("",)]
    yield from said
    if said or serving:
        used = by_name or bool(keys) or serving is None
        yield Lineup(source, agent, provider, tuple(keys), in_use=used, ordered=not by_name, ladder=tuple(rungs))


def _standing(place: Place, serves: bool) -> Standing:
    if serves:
        return Standing.SERVES
    if place.passed:
        return Standing.PASSED
    return Standing.BEHIND if place.there else Standing.EMPTY
