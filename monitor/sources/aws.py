"""AWS: the keys in its credentials file, the logins in its caches, and which of them the active profile uses.

As of botocore 1.44.8: the active profile is the one in AWS_DEFAULT_PROFILE or AWS_PROFILE, else `default`. Keys in the
environment come before it, even if one of these variables names a profile. Next come a role (with credentials from
another place), single sign-on, the credentials file, `aws login`, `credential_process`, and keys in the config file. A
key without its secret is an error; AWS does not go on to the next place. Other profiles are used by name. For a session
in the credentials file, the helper that fetched it writes the expiry as `x_security_token_expires` or `aws_expiration`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry, Trouble
from monitor.sources.aws_config import DEFAULT, AwsConfig, Pairs, read_config
from monitor.sources.aws_logins import sessions, sign_ons
from monitor.sources.ini import sections
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.store_files import StorePlace, apart, secret, unclear, unread
from monitor.sources.timestamps import moment
from monitor.system.host import Host, Unreadable

ENDS: Final = ("x_security_token_expires", "aws_expiration", "expiration")
LOCATIONS: Final = (
    LocationVariable("AWS_SHARED_CREDENTIALS_FILE", LocationValue.FILE),
    LocationVariable("AWS_CONFIG_FILE", LocationValue.FILE),
    LocationVariable("AWS_LOGIN_CACHE_DIRECTORY"),
    LocationVariable("AWS_DEFAULT_PROFILE", LocationValue.NAME),
    LocationVariable("AWS_PROFILE", LocationValue.NAME),
)

VARIABLES: Final = "$AWS_ACCESS_KEY_ID with $AWS_SECRET_ACCESS_KEY"
SIGN_ON: Final = "single sign-on of the profile"
KEYS: Final = "keys in ~/.aws/credentials"
SESSION: Final = "login_session of `aws login`"
PROCESS: Final = "credential_process"
CONFIG_KEYS: Final = "keys in ~/.aws/config"
LADDER: Final = (VARIABLES, SIGN_ON, KEYS, SESSION, PROCESS, CONFIG_KEYS)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """`aws:PROFILE` for keys, `aws-sso:START_URL` and `aws-login:SESSION` for logins, `aws:env` for the environment's,
    `aws:PROFILE/credential_process` for a helper; `aws:default` where all that is there holds none."""
    place = StorePlace.of(host, entry)
    path = place.file(place.folder("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
    blank = place.blank("aws", "aws:default", Kind.API_KEY, path)
    found: list[Finding] = [*_keys(place, path, blank)]
    there = place.host.exists(path)
    if "path" not in entry.options:
        config = read_config(place)
        found += _helpers(place, config)
        logins, ours = sign_ons(place, config)
        found += [*logins, *sessions(place, config)]
        there = there or ours
        found = list(_lined_up(place, config, found))
        if config.unread:
            shown = place.outer.show(config.unread.path)
            found.append(Trouble(entry.id, config.unread.problem, shown, config.unread.detail, str(config.unread.path)))
    lost = blank._replace(evidence=Evidence.ABSENT)
    yield from apart(found) or ([lost._replace(problem=Problem.EMPTY)] if there else [lost] if place.expected else [])


def _lined_up(place: StorePlace, config: AwsConfig, found: list[Finding]) -> Iterator[Finding]:
    """The findings, those of the profile in use with the word which of them serves."""
    found = apart(found)
    profile = place.env("AWS_DEFAULT_PROFILE") or place.env("AWS_PROFILE") or DEFAULT
    pairs = config.profiles.get(profile, {})
    places = {VARIABLES: Place(tuple(_environment(place)))}
    if not config.takes_role(profile):
        url = config.start_url(profile) if config.signs_on(profile) else ""
        rungs = {
            SIGN_ON: f"aws-sso:{url}",
            KEYS: f"aws:{profile}",
            SESSION: f"aws-login:{pairs.get('login_session', '')}",
            PROCESS: f"aws:{profile}/{PROCESS}",
            CONFIG_KEYS: f"aws:{profile}@config",
        }
        held = {one.credential.profile: one for one in found if isinstance(one, Observation)}
        places |= {rung: Place((held[name],)) for rung, name in rungs.items() if name in held}
        if url and SIGN_ON not in places:  # nobody is signed on, which is an error and not a step further
            places[SIGN_ON] = Place(switch=True)
    mine = {one.credential.key for each in places.values() for one in each.found}
    yield from line_up(place.entry.id, "aws", LADDER, places, by_name=True)
    yield from (one for one in found if not (isinstance(one, Observation) and one.credential.key in mine))


def _environment(place: StorePlace) -> Iterator[Observation]:
    parts = [place.env("AWS_ACCESS_KEY_ID"), place.env("AWS_SECRET_ACCESS_KEY")]
    if not parts[0]:
        return
    session = bool(place.env("AWS_SESSION_TOKEN") or place.env("AWS_SECURITY_TOKEN"))
    blank = place.blank("aws", "aws:env", Kind.SESSION if session else Kind.API_KEY, place.host.home)
    blank = blank._replace(store="$AWS_ACCESS_KEY_ID", host_path="", from_file=False)
    if not parts[1]:
        yield blank._replace(evidence=Evidence.UNUSABLE, notes=("AWS_SECRET_ACCESS_KEY is not set",))
        return
    yield _ended(place, secret(place.host, blank, "\n".join(parts)), parts, place.env("AWS_CREDENTIAL_EXPIRATION"))


def _keys(place: StorePlace, path: Path, blank: Observation) -> Iterator[Observation]:
    try:
        stored = sections(place.host, path) or {}
    except Unreadable as error:
        yield unread(blank, error)
        return
    for name, pairs in stored.items():
        if "aws_access_key_id" in pairs:
            yield _key(place, f"aws:{name}", pairs, path)


def _helpers(place: StorePlace, config: AwsConfig) -> Iterator[Observation]:
    """What the config file itself holds: keys, and helpers, which are never run."""
    path = place.folder("AWS_CONFIG_FILE", "~/.aws/config")
    for name, pairs in config.profiles.items():
        if pairs.get("aws_access_key_id"):
            yield _key(place, f"aws:{name}@config", pairs, path)
        if pairs.get(PROCESS):
            seen = place.blank("aws", f"aws:{name}/{PROCESS}", Kind.EXEC, path)
            yield seen._replace(evidence=Evidence.HIDDEN, notes=("a helper is asked for the keys",))


def _key(place: StorePlace, profile: str, pairs: Pairs, path: Path) -> Observation:
    session = bool(pairs.get("aws_session_token") or pairs.get("aws_security_token"))
    seen = place.blank("aws", profile, Kind.SESSION if session else Kind.API_KEY, path)
    parts = [pairs.get(part, "") for part in ("aws_access_key_id", "aws_secret_access_key")]
    seen = secret(place.host, seen, "\n".join(parts) if all(parts) else "")
    if seen.evidence is not Evidence.PRESENT or not session:
        return seen
    return _ended(place, seen, parts, next((pairs[end] for end in ENDS if pairs.get(end)), ""))


def _ended(place: StorePlace, seen: Observation, parts: list[str], stated: str) -> Observation:
    """With the end that is stated of a session; one that was fetched anew is another login."""
    try:
        ends = moment(stated)
    except ValueError:
        return unclear(seen, "its expiry is no moment")
    print_of = place.host.fingerprint("\n".join(parts) + str(ends)) if ends else seen.fingerprint
    return seen._replace(access_expires_at=ends, fingerprint=print_of)
