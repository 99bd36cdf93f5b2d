"""Azure's command line: the accounts in its token cache.

As of msal 1.39.0: `expires_on` is in seconds, stored as text. An account renews itself while there is a refresh token
of the same home account; its `last_modification_time` says when it was last renewed. Microsoft expires a refresh token
that is unused for 90 days. On Windows, and where a keyring is used, the cache is the encrypted `msal_token_cache.bin`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from alerts.timefmt import date
from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, json_store, unclear
from monitor.sources.timestamps import moment
from monitor.system.host import Host

LOGIN: Final = "az login"
LOCATIONS: Final = (LocationVariable("AZURE_CONFIG_DIR"),)

Token = Mapping[str, Any]


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation an account: its id is `azure:USERNAME`."""
    place = StorePlace.of(host, entry)
    folder = place.folder("AZURE_CONFIG_DIR", "~/.azure")
    path = place.file(folder / "msal_token_cache.json")
    blank = place.blank("azure", "azure:default", Kind.OAUTH, path, LOGIN)
    sealed = path.with_suffix(".bin")
    if not place.host.exists(path) and place.host.exists(sealed):
        shown = blank._replace(store=place.outer.show(sealed), host_path=str(sealed))
        yield shown._replace(evidence=Evidence.HIDDEN, problem=Problem.ENCRYPTED)
        return
    for finding in json_store(place, path, blank, lambda stored: _accounts(place, stored, path)):
        lost = isinstance(finding, Observation) and finding.evidence is Evidence.ABSENT
        if not (lost and place.host.exists(folder / "service_principal_entries.json")):  # it logs in without accounts
            yield finding


def _accounts(place: StorePlace, stored: Mapping[str, Any], path: Path) -> Iterator[Observation]:
    access, refresh = _secrets(stored, "AccessToken"), _secrets(stored, "RefreshToken")
    names: dict[str, set[str]] = defaultdict(set)
    for account in _entries(stored, "Account"):
        name, home = account.get("username"), account.get("home_account_id")
        if isinstance(home, str):
            names[name if isinstance(name, str) and name else home].add(home)
    for name, homes in names.items():
        blank = place.blank("azure", f"azure:{name}", Kind.OAUTH, path, LOGIN)
        mine, renewing = ([token for home in homes for token in kind.get(home, ())] for kind in (access, refresh))
        yield _account(place.host, mine, renewing, blank)


def _account(host: Host, access: list[Token], refresh: list[Token], blank: Observation) -> Observation:
    if not access and not refresh:
        return blank._replace(evidence=Evidence.ABSENT)
    try:
        ends = [found for token in access if (found := moment(token.get("expires_on")))]
    except ValueError:
        return unclear(blank, "expires_on is no moment")
    latest: datetime | None = max(ends, default=None)
    print_of = host.fingerprint("\n".join(sorted(str(token["secret"]) for token in refresh or access)))
    notes = (*blank.notes, *_idle(refresh))
    return blank._replace(access_expires_at=latest, refreshable=bool(refresh), fingerprint=print_of, notes=notes)


def _idle(refresh: list[Token]) -> list[str]:
    """When it was last renewed: a source has no clock to say that it is too long ago."""
    try:
        renewed = [found for token in refresh if (found := moment(token.get("last_modification_time")))]
    except ValueError:
        return []
    words = "Microsoft expires a login that is not used for 90 days"
    return [f"last renewed {date(max(renewed))}; {words}"] if renewed else []


def _secrets(stored: Mapping[str, Any], kind: str) -> Mapping[str, list[Token]]:
    """The entries of a kind that hold a secret, by the home account that they belong to."""
    found: dict[str, list[Token]] = defaultdict(list)
    for one in _entries(stored, kind):
        if one.get("secret"):
            found[_home(one)].append(one)
    return found


def _entries(stored: Mapping[str, Any], kind: str) -> list[Token]:
    found = stored.get(kind)
    return [one for one in found.values() if isinstance(one, Mapping)] if isinstance(found, Mapping) else []


def _home(entry: Token) -> str:
    found = entry.get("home_account_id")
    return found if isinstance(found, str) else ""
