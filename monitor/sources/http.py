"""A URL that says in JSON when a credential expires: `expires_at` names the place of the date in the response.

Proxies and certificate authorities come from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE). An `http://` URL
on this machine is fetched without a proxy. Redirects are not followed, so a secret header never goes to a host that you
did not name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from monitor.model import Credential, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources.store_files import CUSTOM, unread
from monitor.sources.timestamps import moment
from monitor.system.host import Host, Unreadable, parse_json

TIMEOUT: Final = timedelta(seconds=10)
MOST: Final = 1024 * 1024

Header = tuple[str, str]


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """What the address in the option `url` says at the path in `expires_at`, such as `data.keys.0.expires_at`."""
    if "url" not in entry.options:
        return
    who = Credential(entry.id, "-", entry.options.get("provider", CUSTOM), entry.id, Kind.TOKEN)
    blank = Observation(who, from_file=False)
    try:
        url, shown = _address(entry)
        blank = blank._replace(store=shown)
        yield _asked(host, entry, url, blank)
    except Unreadable as error:
        yield unread(blank, error)


def _address(entry: SourceEntry) -> tuple[str, str]:
    """The address, and what of it may be shown: a path or a query can hold a secret."""
    given = entry.options["url"]
    if given is None:
        raise Unreadable(Problem.UNREADABLE, Path(entry.where), "its address cannot be had now")
    url = given.reveal()
    try:
        parts = urlsplit(url)
        shown = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        parts, shown = urlsplit(""), ""
    sound = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not parts.hostname or not sound:
        raise Unreadable(Problem.UNREADABLE, Path(entry.where), "its address is not https://…")
    return url, shown


def _asked(host: Host, entry: SourceEntry, url: str, blank: Observation) -> Observation:
    header = _header(host, entry)
    where = Path(blank.store)
    limit = min(entry.options.get("timeout", TIMEOUT).total_seconds(), host.left())
    raw = _answer(url, header, where, limit)
    try:
        found = _at(parse_json(raw.decode("utf-8-sig"), where), entry.options["expires_at"])
        expires = moment(found)
    except UnicodeDecodeError as error:
        raise Unreadable(Problem.PARSE, where, f"the answer is not UTF-8 at byte {error.start}") from None
    except LookupError:
        why = f"there is no {entry.options['expires_at']} in the answer"
        raise Unreadable(Problem.PARSE, where, why) from None
    except ValueError:
        raise Unreadable(Problem.PARSE, where, f"{entry.options['expires_at']} is no moment") from None
    print_of = host.fingerprint(f"{header}\n{expires}")
    return blank._replace(access_expires_at=expires, refreshable=False, fingerprint=print_of)


def _answer(url: str, header: Header | None, where: Path, limit: float) -> bytes:
    """The body of a 200; else raises Unreadable (unreadable, timeout, too_large), in words that hold no secret."""
    from monitor.system.http_get import Late, Unanswered, get

    try:
        response = get(url, dict([header] if header else []), limit, MOST)
    except Unanswered as error:
        problem = Problem.TIMEOUT if isinstance(error, Late) else Problem.UNREADABLE
        raise Unreadable(problem, where, str(error)) from None
    if 300 <= response.status < 400:
        why = f"it redirects ({response.status}), which is not followed: name the final address"
        raise Unreadable(Problem.UNREADABLE, where, why)
    if response.status != 200:
        raise Unreadable(Problem.UNREADABLE, where, f"it answered {response.status}")
    if not response.whole:
        raise Unreadable(Problem.TOO_LARGE, where, f"the answer has more than {MOST} bytes")
    return response.body


def _header(host: Host, entry: SourceEntry) -> Header | None:
    """The one line `Name: value` of the option `header_file`."""
    if "header_file" not in entry.options:
        return None
    path = host.path(entry.options["header_file"])
    if not entry.trusted:
        why = "a secret is sent only from a config file that no other user can write"
        raise Unreadable(Problem.UNREADABLE, path, why)
    text = host.text(path, 64 * 1024)
    if text is None:
        raise Unreadable(Problem.UNREADABLE, path, "its header file is not there")
    name, colon, value = text.strip().partition(":")
    sound = name.isascii() and name.replace("-", "").isalnum() and value.isascii() and value.strip().isprintable()
    if not colon or not sound:
        raise Unreadable(Problem.PARSE, path, "its header file must hold one line, Name: value")
    return name, value.strip()


def _at(answer: Any, path: str) -> Any:
    """The value at a path of names and numbers joined by dots. LookupError where there is none."""
    for step in path.split("."):
        if isinstance(answer, Mapping):
            answer = answer[step]
        elif isinstance(answer, Sequence) and not isinstance(answer, str) and step.isdecimal():
            answer = answer[int(step)]
        else:
            raise LookupError
    return answer
