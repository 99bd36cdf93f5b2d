"""AWS: the keys in its credentials file, and the logins in its single sign-on cache.

Facts by botocore: a login of the cache is renewed while its `registrationExpiresAt` lies ahead; files without an
`accessToken` are registrations of the program itself. The end of a session in the credentials file is written by the
helper that fetched it, as `x_security_token_expires` or `aws_expiration`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources.ini import sections
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.store_files import StorePlace, apart, json_store, secret, tokens, unclear, unread
from monitor.sources.timestamps import moment
from monitor.system.host import Host, Unreadable

ENDS: Final = ("x_security_token_expires", "aws_expiration", "expiration")
LOCATIONS: Final = (LocationVariable("AWS_SHARED_CREDENTIALS_FILE", LocationValue.FILE),)
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: More logins than anybody has; a bound on what a stranger's folder can make us read.
MOST: Final = 64


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """`aws:PROFILE` for keys, `aws-sso:START_URL` for a login; `aws:default` where all that is there holds none."""
    place = StorePlace.of(host, entry)
    keys = place.file(place.folder("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
    blank = place.blank("aws", "aws:default", Kind.API_KEY, keys)
    found: list[Finding] = [*_keys(place, keys, blank)]
    there = place.host.exists(keys)
    if "path" not in entry.options:
        folder = place.host.path("~/.aws/sso/cache")
        names = [name for name in place.host.names(folder) if name.endswith(".json")][:MOST]
        profiles = _profiles(place) if names else {}
        found += _best(one for name in names for one in _login(place, folder / name, profiles))
        there = there or bool(names)
    lost = blank._replace(evidence=Evidence.ABSENT)
    yield from apart(found) or ([lost._replace(problem=Problem.EMPTY)] if there else [lost] if place.expected else [])


def _keys(place: StorePlace, path: Path, blank: Observation) -> Iterator[Observation]:
    try:
        stored = sections(place.host, path) or {}
    except Unreadable as error:
        yield unread(blank, error)
        return
    for name, pairs in stored.items():
        if "aws_access_key_id" in pairs:
            yield _key(place, name, pairs, path)


def _key(place: StorePlace, name: str, pairs: Mapping[str, str], path: Path) -> Observation:
    session = bool(pairs.get("aws_session_token") or pairs.get("aws_security_token"))
    kind = Kind.SESSION if session else Kind.API_KEY
    seen = place.blank("aws", f"aws:{name}", kind, path)
    parts = [pairs.get(part, "") for part in ("aws_access_key_id", "aws_secret_access_key")]
    seen = secret(place.host, seen, "\n".join(parts) if all(parts) else "")
    if seen.evidence is not Evidence.PRESENT or not session:
        return seen
    try:
        ends = moment(next((pairs[end] for end in ENDS if pairs.get(end)), None))
    except ValueError:
        return unclear(seen, "its expiry is no moment")
    print_of = place.host.fingerprint("\n".join(parts) + str(ends))
    return seen._replace(access_expires_at=ends, fingerprint=print_of)


def _profiles(place: StorePlace) -> Mapping[str, str]:
    """The first profile of the config by the start URL of its single sign-on; none where it cannot be read."""
    try:
        stored = sections(place.host, place.folder("AWS_CONFIG_FILE", "~/.aws/config")) or {}
    except Unreadable:
        return {}
    urls = {name: pairs.get("sso_start_url", "") for name, pairs in stored.items() if name.startswith("sso-session ")}
    found: dict[str, str] = {}
    for section, pairs in stored.items():
        kind, _, name = section.partition(" ")
        if section == "default" or kind == "profile":
            url = pairs.get("sso_start_url") or urls.get(f"sso-session {pairs.get('sso_session', '')}", "")
            found.setdefault(url, name.strip().strip("\"'") or section)
    return found


def _relogin(profile: str) -> str:
    """Logs in with a code for a browser anywhere; without these words it waits for a browser on this machine."""
    named = f"--profile {shlex.quote(profile)} " if profile and not profile.startswith("-") else ""
    return f"aws sso login {named}--no-browser --use-device-code"


def _login(place: StorePlace, path: Path, profiles: Mapping[str, str]) -> Iterator[Finding]:
    blank = place.blank("aws", "aws:default", Kind.OAUTH, path, _relogin(""))
    yield from (
        one
        for one in json_store(place, path, blank, lambda stored: [_sso(place, stored, path, blank, profiles)])
        if _is_login(one)
    )


def _is_login(finding: Finding) -> bool:
    """A registration of the program itself has no access token and is no login."""
    return not (isinstance(finding, Observation) and finding.evidence is Evidence.ABSENT)


def _sso(
    place: StorePlace, stored: Mapping[str, Any], path: Path, blank: Observation, profiles: Mapping[str, str]
) -> Observation:
    if stored.get("accessToken") is None:
        return blank._replace(evidence=Evidence.ABSENT)
    url = stored["startUrl"] if isinstance(stored.get("startUrl"), str) else ""
    who = place.who("aws", f"aws-sso:{url or path.stem}", Kind.OAUTH)
    blank = blank._replace(credential=who, relogin=_relogin(profiles.get(url, "")))
    seen = tokens(place.host, blank, stored, "accessToken", "refreshToken", "expiresAt")
    if not seen.refreshable:
        return seen
    try:
        return seen._replace(login_expires_at=moment(stored.get("registrationExpiresAt")))
    except ValueError:
        return unclear(seen, "registrationExpiresAt is no moment")


def _best(found: Iterator[Finding]) -> list[Finding]:
    """Of several files of one login, the one that lasts longest: the others are left from before."""
    best: dict[str, Finding] = {}
    for one in found:
        key = one.credential.key if isinstance(one, Observation) else repr(one)
        if key not in best or _lasts(one) > _lasts(best[key]):
            best[key] = one
    return list(best.values())


def _lasts(finding: Finding) -> tuple[datetime, datetime]:
    ends = (finding.login_expires_at, finding.access_expires_at) if isinstance(finding, Observation) else (None, None)
    return ends[0] or ends[1] or BEGINNING, ends[1] or BEGINNING
