"""AWS's caches of logins: those of `aws sso login`, and the sessions of `aws login`.

Facts by botocore 1.44.8: a single sign-on is renewed while its `registrationExpiresAt` lies ahead; files without an
`accessToken` are registrations of the program itself. A session of `aws login` lies in a file named by the SHA-256 of
the `login_session` that the config names; its keys last 15 minutes and are renewed at use, for 12 hours at most.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation
from monitor.sources.aws_config import AwsConfig
from monitor.sources.store_files import StorePlace, json_store, tokens, unclear
from monitor.sources.timestamps import moment

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: What Kiro, which keeps its own login in AWS's cache, writes and AWS does not.
_KIRO: Final = ("profileArn", "authMethod")

#: More logins than anybody has; a bound on what a stranger's folder can make us read.
MOST: Final = 64


def sign_ons(place: StorePlace, config: AwsConfig) -> tuple[list[Finding], bool]:
    """The logins of `aws sso login`, and whether any file there is AWS's."""
    folder = place.host.path("~/.aws/sso/cache")
    paths = [folder / name for name in _names(place, folder)]
    foreign: list[Path] = []
    found = [one for path in paths for one in _sign_on(place, path, config, foreign)]
    # Beside a token of Kiro's, a registration may be Kiro's as well.
    return _best(found), bool(paths) and not foreign


def sessions(place: StorePlace, config: AwsConfig) -> list[Finding]:
    """The sessions of `aws login`."""
    folder = place.folder("AWS_LOGIN_CACHE_DIRECTORY", "~/.aws/login/cache")
    named = {
        hashlib.sha256(session.encode("utf-8", "surrogatepass")).hexdigest(): session
        for pairs in config.profiles.values()
        if (session := pairs.get("login_session", ""))
    }
    found: list[Finding] = []
    for name in _names(place, folder):
        stem = name.removesuffix(".json")
        session = named.get(stem, "")
        relogin = f"aws login {_profile(config.of_session(session) if session else '')}".strip()
        blank = place.blank("aws", f"aws-login:{session or stem}", Kind.OAUTH, folder / name, relogin)
        found += json_store(place, folder / name, blank, partial(_session, place, blank))
    return [one for one in found if _is_login(one)]


def _names(place: StorePlace, folder: Path) -> list[str]:
    return [name for name in place.host.names(folder) if name.endswith(".json")][:MOST]


def _profile(name: str) -> str:
    return f"--profile {shlex.quote(name)}" if name and not name.startswith("-") else ""


def _session(place: StorePlace, blank: Observation, stored: Mapping[str, Any]) -> Iterator[Observation]:
    access = stored.get("accessToken")
    if not isinstance(access, Mapping):
        if access is not None:
            yield unclear(blank, "accessToken is not an object")
        return
    pair = {
        "secret": access.get("secretAccessKey"),
        "refresh": stored.get("refreshToken"),
        "ends": access.get("expiresAt"),
    }
    seen = tokens(place.host, blank, pair, "secret", "refresh", "ends")
    yield seen._replace(notes=(*seen.notes, "a login lasts at most 12 hours")) if seen.refreshable else seen


def _relogin(profile: str) -> str:
    """Logs in with a code for a browser anywhere; without these words it waits for a browser on this machine."""
    return " ".join(filter(None, ("aws sso login", _profile(profile), "--no-browser --use-device-code")))


def _sign_on(place: StorePlace, path: Path, config: AwsConfig, foreign: list[Path]) -> Iterator[Finding]:
    blank = place.blank("aws", "aws:default", Kind.OAUTH, path, _relogin(""))

    def read(stored: Mapping[str, Any]) -> list[Observation]:
        if not stored.get("startUrl") and any(name in stored for name in _KIRO):
            foreign.append(path)
            return []
        return [_sso(place, stored, path, blank, config)]

    yield from (one for one in json_store(place, path, blank, read) if _is_login(one))


def _is_login(finding: Finding) -> bool:
    """A registration of the program itself has no access token and is no login."""
    return not (isinstance(finding, Observation) and finding.evidence is Evidence.ABSENT)


def _sso(
    place: StorePlace, stored: Mapping[str, Any], path: Path, blank: Observation, config: AwsConfig
) -> Observation:
    if stored.get("accessToken") is None:
        return blank._replace(evidence=Evidence.ABSENT)
    url = stored["startUrl"] if isinstance(stored.get("startUrl"), str) else ""
    who = place.who("aws", f"aws-sso:{url or path.stem}", Kind.OAUTH)
    blank = blank._replace(credential=who, relogin=_relogin(config.of_url(url)))
    seen = tokens(place.host, blank, stored, "accessToken", "refreshToken", "expiresAt")
    if not seen.refreshable:
        return seen
    try:
        return seen._replace(login_expires_at=moment(stored.get("registrationExpiresAt")))
    except ValueError:
        return unclear(seen, "registrationExpiresAt is no moment")


def _best(found: Iterable[Finding]) -> list[Finding]:
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
