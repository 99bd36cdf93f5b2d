"""A program of your own that prints when a credential expires: as a Kubernetes ExecCredential, as an AWS
credential_process, or as `{"expires_at": …}`.

authwatch does not run it if anyone except its own user and root can write the program, a link to it, or a folder on the
way to it (sticky folders such as `/tmp` are accepted).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from monitor.model import Credential, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources.store_files import CUSTOM
from monitor.sources.timestamps import moment
from monitor.system.host import Host, Unreadable, parse_json
from monitor.system.process import only_ours, output_of

TIMEOUT: Final = timedelta(seconds=10)

#: What every program gets of the environment; more only by the option `env`.
PASSED: Final = ("PATH", "LANG")


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The answer of the option `command`, an argv list that no shell sees, run in the home."""
    command = entry.options.get("command")
    if not command:
        return
    who = Credential(entry.id, "-", entry.options.get("provider", CUSTOM), entry.id, Kind.EXEC)
    blank = Observation(who, store=f"the output of {Path(command[0]).name}")
    try:
        yield _asked(host, entry, [*command], blank)
    except Unreadable as error:
        yield blank._replace(problem=error.problem, notes=(error.detail,))


def _asked(host: Host, entry: SourceEntry, command: list[str], blank: Observation) -> Observation:
    environ = _environ(host, entry)
    program = located(host, command[0], environ["PATH"])
    if not entry.trusted:
        why = "a program is run only from a config file that no other user can write"
        raise Unreadable(Problem.EXEC_FAILED, program, why)
    only_ours(program, host.uid)
    host.note(program)
    limit = min(entry.options.get("timeout", TIMEOUT).total_seconds(), host.left())
    raw = output_of([str(program), *command[1:]], environ, limit, folder=host.home)
    expires = _expiry(raw, program)
    print_of = host.fingerprint(raw.decode("utf-8", "replace").strip())
    return blank._replace(access_expires_at=expires, refreshable=False, fingerprint=print_of)


def _environ(host: Host, entry: SourceEntry) -> dict[str, str]:
    asked = {name: host.env(name) for name in (*PASSED, *entry.options.get("env", ()))}
    given = {name: value for name, value in asked.items() if value is not None}
    return {"PATH": os.defpath, "HOME": str(host.home), **given}


def program_of(host: Host, entry: SourceEntry) -> Path | None:
    """The program that an entry names; None where there is none. Raises Unreadable."""
    command = entry.options.get("command")
    return located(host, command[0], _environ(host, entry)["PATH"]) if command else None


def located(host: Host, name: str, path: str) -> Path:
    """The program's file: by PATH for a bare name, else relative to the home."""
    if "/" in name:
        return host.path(name)
    found = shutil.which(name, path=path)
    if found is None:
        raise Unreadable(Problem.EXEC_FAILED, Path(name), "there is no such program on PATH")
    return host.home / found


def _expiry(raw: bytes, program: Path) -> datetime | None:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(Problem.PARSE, program, f"not UTF-8 at byte {error.start}") from None
    found = _stated(parse_json(text, program), program)
    try:
        return moment(found)
    except ValueError:
        raise Unreadable(Problem.PARSE, program, "its expiry is no moment") from None


def _stated(answer: Any, program: Path) -> Any:
    """The expiry as it is written; None where the convention says that the credential does not expire."""
    match answer:
        case {"kind": "ExecCredential", "status": Mapping() as status}:  # client.authentication.k8s.io
            return status.get("expirationTimestamp")
        case {"Expiration": expiry} | {"expires_at": expiry}:
            return expiry
        case {"Version": 1, "AccessKeyId": str()}:  # AWS: without Expiration it is not temporary
            return None
    raise Unreadable(Problem.PARSE, program, "neither an ExecCredential nor AWS credentials nor an expires_at")
