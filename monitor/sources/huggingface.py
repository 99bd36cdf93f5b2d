"""Hugging Face: the token in use, and the named ones that its command line keeps beside it.

Facts by huggingface_hub 2.4.0: `stored_tokens` is an INI file; a login by browser has `expires_at` in seconds and a
`refresh_token`, a token that was pasted has no end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry, Use
from monitor.sources.ini import sections
from monitor.sources.location_variables import LocationValue, LocationVariable
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

_TOKEN: Final = re.compile(r"[\w.-]+", re.ASCII)

Named = Mapping[str, Mapping[str, str]]


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """`huggingface:NAME` for a stored token, `huggingface:default` for one that has no name, and HF_TOKEN."""
    place = StorePlace.of(host, entry)
    base = place.env("HF_HOME")
    home = place.host.path(base) if base else place.folder("XDG_CACHE_HOME", "~/.cache") / "huggingface"
    path = place.file(place.folder("HF_TOKEN_PATH", str(home / "token")))
    stored = place.folder("HF_STORED_TOKENS_PATH", str(path.parent / "stored_tokens"))
    token = place.env("HF_TOKEN")
    if token:
        seen = secret(host, place.blank(PROVIDER, "huggingface:env", Kind.TOKEN, path, LOGIN), token)
        yield seen._replace(store="$HF_TOKEN", host_path="", from_file=False, use=Use(in_use=True))
    yield from apart(_files(place, path, stored, used=not token))


def _files(place: StorePlace, path: Path, stored: Path, *, used: bool) -> Iterator[Finding]:
    """What the two files say; `used`: no variable takes their place."""
    blank = place.blank(PROVIDER, "huggingface:default", Kind.TOKEN, path, LOGIN)
    active: str | None = None
    named: Named = {}
    wrong = []
    try:
        active = _active(place.host, path)
    except Unreadable as error:
        wrong.append(unread(blank, error))
    try:
        named = sections(place.host, stored) or {}
    except Unreadable as error:
        shown = blank._replace(store=place.outer.show(stored), host_path=str(stored))
        wrong.append(unread(shown, error))
    for name, pairs in named.items():
        yield _token(place, name, pairs, stored, in_use=used and bool(active) and pairs.get("hf_token") == active)
    if active and not any(pairs.get("hf_token") == active for pairs in named.values()):
        yield secret(place.host, blank, active)._replace(use=Use(in_use=used))
    elif not wrong and (active == "" or (active is None and place.expected and not named)):
        yield blank._replace(evidence=Evidence.ABSENT, problem=Problem.EMPTY if active == "" else None)
    yield from wrong


def _active(host: Host, path: Path) -> str | None:
    """The token in use; "" where the file is empty, None where there is none."""
    text = host.text(path)
    token = None if text is None else text.strip()
    if token and not _TOKEN.fullmatch(token):
        raise Unreadable(Problem.PARSE, path, "not a token")
    return token


def _token(place: StorePlace, name: str, pairs: Mapping[str, str], path: Path, *, in_use: bool) -> Observation:
    kind = Kind.OAUTH if "refresh_token" in pairs or "expires_at" in pairs else Kind.TOKEN
    blank = place.blank(PROVIDER, f"huggingface:{name}", kind, path, LOGIN)
    oauth = kind is Kind.OAUTH
    seen = tokens(place.host, blank, pairs, "hf_token") if oauth else secret(place.host, blank, pairs.get("hf_token"))
    return seen._replace(use=Use(in_use=in_use))
