"""Hugging Face: the token in use, and the named tokens that its command line keeps.

As of huggingface_hub 2.4.0: `stored_tokens` is an INI file. A browser login has `expires_at` in seconds and a
`refresh_token`; a pasted token has no expiry date. A resource for which CI fetches tokens comes first, then a variable,
then the file `token`, which holds the selected one of the named tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry, Use
from monitor.sources.ini import sections
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.store_files import StorePlace, apart, secret, tokens, unread
from monitor.system.host import Host, Unreadable

LOGIN: Final = "hf auth login"
PROVIDER: Final = "huggingface"
LOCATIONS: Final = (
    LocationVariable("HF_HOME"),
    LocationVariable("XDG_CACHE_HOME"),
    LocationVariable("HF_TOKEN_PATH", LocationValue.FILE),
    LocationVariable("HF_STORED_TOKENS_PATH", LocationValue.FILE),
)

HF_TOKEN: Final = "$HF_TOKEN"  # noqa: S105  a name
OLDER: Final = "$HUGGING_FACE_HUB_TOKEN"
FILE: Final = "the token of `hf auth login`"
OIDC: Final = "$HF_OIDC_RESOURCE"
LADDER: Final = (OIDC, HF_TOKEN, OLDER, FILE)
#: What the two variables are called here.
VARIABLES: Final = {
    HF_TOKEN: ("huggingface:env", "HF_TOKEN"),
    OLDER: ("huggingface:HUGGING_FACE_HUB_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
}

_TOKEN: Final = re.compile(r"[\w.-]+", re.ASCII)

Named = Mapping[str, Mapping[str, str]]


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """`huggingface:NAME` for a stored token, `huggingface:default` for one that has no name, and the two
    variables."""
    place = StorePlace.of(host, entry)
    base = place.env("HF_HOME")
    home = place.host.path(base) if base else place.folder("XDG_CACHE_HOME", "~/.cache") / "huggingface"
    path = place.file(place.folder("HF_TOKEN_PATH", str(home / "token")))
    stored = place.folder("HF_STORED_TOKENS_PATH", str(path.parent / "stored_tokens"))
    active, others, wrong = _files(place, path, stored)
    places = {rung: Place((_variable(place, *rung_of),)) for rung, rung_of in VARIABLES.items() if place.env(rung[1:])}
    places |= {OIDC: Place(switch=bool(place.env("HF_OIDC_RESOURCE"))), FILE: Place(active)}
    yield from line_up(entry.id, PROVIDER, LADDER, places, by_name=True)
    yield from others
    yield from wrong


def _variable(place: StorePlace, profile: str, name: str) -> Observation:
    blank = place.blank(PROVIDER, profile, Kind.TOKEN, place.host.home, LOGIN)
    return secret(place.host, blank, place.env(name))._replace(store=f"${name}", host_path="", from_file=False)


Found = tuple[tuple[Observation, ...], list[Observation], list[Finding]]


def _files(place: StorePlace, path: Path, stored: Path) -> Found:
    """What the two files say: the token in use, the named ones beside it, and what could not be read."""
    blank = place.blank(PROVIDER, "huggingface:default", Kind.TOKEN, path, LOGIN)
    active: str | None = None
    named: Named = {}
    mine: list[Observation] = []
    others: list[Observation] = []
    wrong: list[Observation] = []
    try:
        active = _active(place.host, path)
    except Unreadable as error:
        mine.append(unread(blank, error))
    try:
        named = sections(place.host, stored) or {}
    except Unreadable as error:
        shown = blank._replace(store=place.outer.show(stored), host_path=str(stored))
        wrong.append(unread(shown, error))
    for name, pairs in named.items():
        chosen = bool(active) and pairs.get("hf_token") == active
        (mine if chosen else others).append(_token(place, name, pairs, stored))
    if active and not mine:
        mine.append(secret(place.host, blank, active))
    elif not (mine or wrong) and (active == "" or (place.expected and not named)):
        mine.append(blank._replace(evidence=Evidence.ABSENT, problem=Problem.EMPTY if active == "" else None))
    unused = Use(in_use=False, why_not="another token is chosen" if active else "no token is chosen")
    rest = apart([*mine, *wrong])[len(mine) :]
    return tuple(mine), [one._replace(use=unused) for one in others], rest


def _active(host: Host, path: Path) -> str | None:
    """The token in use; "" where the file is empty, None where there is none."""
    text = host.text(path)
    token = None if text is None else text.strip()
    if token and not _TOKEN.fullmatch(token):
        raise Unreadable(Problem.PARSE, path, "not a token")
    return token


def _token(place: StorePlace, name: str, pairs: Mapping[str, str], path: Path) -> Observation:
    kind = Kind.OAUTH if "refresh_token" in pairs or "expires_at" in pairs else Kind.TOKEN
    blank = place.blank(PROVIDER, f"huggingface:{name}", kind, path, LOGIN)
    oauth = kind is Kind.OAUTH
    return tokens(place.host, blank, pairs, "hf_token") if oauth else secret(place.host, blank, pairs.get("hf_token"))
